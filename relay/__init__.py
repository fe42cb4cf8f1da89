"""Relay: letters, recordings and films between two people who never meet, through a facilitator."""
