"""The participants' app: pages, and the JSON API of `relay.api.participants`."""
