"""Thousands of damaged files through the media room: `python -m tests.hostile`, `make hostile`."""
