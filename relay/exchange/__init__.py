"""The exchange: items, their states, uploads, release, delivery."""
