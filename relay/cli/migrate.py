"""`relay migrate`: bring the schema up to date, with nothing else running or with everything running."""

import argparse

from relay.cli.common import add_data, logins, settings_for
from relay.db import migrate


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_data(parser)


def run(arguments: argparse.Namespace) -> int:
    """Migrate, and say what the database is at now."""
    with logins(settings_for(arguments)):
        print(f"The database is at version {migrate.newest()}.")
    return 0
