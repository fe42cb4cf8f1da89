"""The participants' JSON API."""
