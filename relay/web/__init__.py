"""The two web apps, participants' and desk. They share `relay.web.shared` and never import each other."""
