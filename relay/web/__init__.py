"""The two web apps: the participants' and the desk's. They share `relay.web.shared` and never import each other."""
