"""What several commands share: the data folder's settings, a way to its database, how to name a command."""

import argparse
import os
import secrets
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from relay.db import roles
from relay.db.dsn import Dsn
from relay.db.embedded import EmbeddedPostgres
from relay.process.files import private_folder, read_secret, write_secret
from relay.settings import Settings, load


def add_data(parser: argparse.ArgumentParser, more: str = "") -> None:
    """Add `--data DIR`; `more` is added to what is said of it."""
    parser.add_argument(
        "--data",
        metavar="DIR",
        type=Path,
        help=f"the data folder (default: RELAY_DATA, or ./data){more}",
    )


def told(*words: str | Path) -> str:
    """Return a `relay` command as the reader can run it: called as this process was, and quoted."""
    return shlex.join([*_called(Path(sys.argv[0])), *map(str, words)])


def _called(by: Path) -> list[str]:
    if by.name == "__main__.py" and by.parent.name == "cli":
        return [sys.executable, "-m", "relay.cli"]
    found = shutil.which("relay")
    if by.name != "relay" or (found is not None and Path(found).resolve() == by.resolve()):
        return ["relay"]
    return [str(by)]


def settings_for(arguments: argparse.Namespace) -> Settings:
    """Read the settings of the data folder that `--data` names."""
    named = {"RELAY_DATA": str(arguments.data)} if arguments.data is not None else {}
    return load(os.environ | named)


def passwords(settings: Settings) -> dict[str, str]:
    """Each login's password, by login: made once, kept in `run/` with mode 0600."""
    private_folder(settings.data)
    found = {}
    for name in (roles.OWNER, *map(roles.login, roles.SURFACES)):
        path = settings.run_folder / f"{name}.password"
        password = read_secret(path)
        if password is None:
            password = secrets.token_urlsafe(32)
            write_secret(path, password)
        found[name] = password
    return found


@contextmanager
def logins(settings: Settings) -> Iterator[dict[str, Dsn]]:
    """Give the Dsn of each login to the stack's database, its schema up to date.

    The database is the one that `postgres` in the settings names, or that of a running `relay up`, or one
    that is started for as long as the block runs.
    """
    if settings.postgres:
        yield roles.set_up(Dsn.parse(settings.postgres), passwords(settings))
    elif (running := EmbeddedPostgres.running(settings.data)) is not None:
        yield roles.set_up(running, passwords(settings))
    else:
        with EmbeddedPostgres(settings.data) as administrator:
            yield roles.set_up(administrator, passwords(settings))
