"""`relay migrate`: bring the schema up to date, with nothing else running or with everything running."""

import argparse

from relay.cli.common import add_data, logins, settings_for
from relay.db import migrate
from relay.identity import founding
from relay.vault.pins import Pins


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_data(parser)


def run(arguments: argparse.Namespace) -> int:
    """Migrate, and say what the database is at now."""
    settings = settings_for(arguments)
    Pins.read(settings.keyring / founding.PINS)  # a folder without a service is not made into half of one
    with logins(settings):
        print(f"The database is at version {migrate.newest()}.")
    return 0
