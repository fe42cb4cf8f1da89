"""A real PostgreSQL for the tests: one server a test process, one migrated template, one clone a test.

On tmpfs where there is room: a clone then takes 20 to 40 ms instead of 200.
"""

import contextlib
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
from psycopg import sql

from relay.db import roles
from relay.db.dsn import Dsn
from relay.db.embedded import EmbeddedPostgres

_PREFIX = "relay-tests-"
_TEMPLATE = "relay_template"
_ROOM = 2 * 2**30


class Dsns(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of one test's own database: `superuser` passes every wall, `owner` runs migrations."""

    superuser: Dsn
    owner: Dsn
    participants: Dsn
    desk: Dsn
    worker: Dsn


class TestServer:
    """The running server; `clone` gives databases."""

    __test__ = False  # the name is not a test's

    def __init__(self, administrator: Dsn) -> None:
        self.administrator = administrator
        self._passwords = {
            name: f"password of {name}" for name in (roles.OWNER, *map(roles.login, roles.SURFACES))
        }
        self._numbers = itertools.count(1)
        self._migrated = False

    @contextlib.contextmanager
    def clone(self, *, migrated: bool = True, of: Dsns | None = None) -> Iterator[Dsns]:
        """A database of its own, migrated or empty, and dropped at the end with whoever is still in it.

        `of` names another one to copy, with all that is in it; nobody may be connected to that.
        """
        if migrated and not self._migrated:
            # on first need: tests of the server alone do without
            roles.set_up(self.administrator, self._passwords, database=_TEMPLATE)
            self._migrated = True
        template = _TEMPLATE if of is None else of.superuser.database
        name = f"relay_{next(self._numbers)}"
        with psycopg.connect(self.administrator.url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY {}").format(
                    sql.Identifier(name),
                    sql.Identifier(roles.OWNER if migrated else "postgres"),
                    sql.Identifier(template if migrated else "template1"),
                    sql.Identifier("wal_log"),
                )
            )
            try:
                yield self._dsns(name)
            finally:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _dsns(self, database: str) -> Dsns:
        def of(name: str) -> Dsn:
            return self.administrator.but(user=name, password=self._passwords[name], database=database)

        return Dsns(
            superuser=self.administrator.but(database=database),
            owner=of(roles.OWNER),
            participants=of(roles.login("participants")),
            desk=of(roles.login("desk")),
            worker=of(roles.login("worker")),
        )


@contextlib.contextmanager
def test_server() -> Iterator[TestServer]:
    """Start a server in a folder of its own and take both away at the end."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=fast_folder()))
    server = EmbeddedPostgres(folder, durable=False)
    try:
        yield TestServer(server.start())
    finally:
        server.stop()
        shutil.rmtree(folder)


test_server.__test__ = False  # type: ignore[attr-defined]


def fast_folder() -> str | None:
    """Memory where there is enough of it; otherwise wherever temporary files go."""
    memory = Path("/dev/shm")
    with contextlib.suppress(OSError):
        if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM:
            return str(memory)
    return None


def _sweep() -> None:
    """Remove what a killed test run left: older than a minute, and nobody holds its lock."""
    for place in {fast_folder() or tempfile.gettempdir(), tempfile.gettempdir()}:
        for folder in Path(place).glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError):
                old = time.time() - folder.stat().st_mtime > 60
                if old and EmbeddedPostgres.running(folder) is None:
                    shutil.rmtree(folder, ignore_errors=True)
