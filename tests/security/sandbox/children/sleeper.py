"""A child that does nothing until its input ends."""

import os


def main() -> None:
    """Wait."""
    os.read(3, 1)
