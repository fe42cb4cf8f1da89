"""The desk's JSON API."""
