"""The staff desk app: pages, and the JSON API of `relay.api.desk`."""
