"""What `relay up` refuses before anything runs, and what it asks of PostgreSQL."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest

from relay.cli.stack import _refuse_few_connections
from relay.db.embedded import EmbeddedPostgres
from relay.errors import Unavailable
from relay.settings import Settings
from tests.support.postgres import fast_folder

MANY = Settings(participants_processes=40, database_connections=4)


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(dir=fast_folder()))
    yield made
    shutil.rmtree(made)


def test_a_database_that_takes_too_few_connections_is_refused_in_words(folder: Path) -> None:
    with EmbeddedPostgres(folder, durable=False) as dsn:
        with pytest.raises(Unavailable) as caught:
            _refuse_few_connections(dsn, MANY)
        assert caught.value.public == (
            "PostgreSQL takes 100 connections, and with these settings Relay may open 188. Raise its "
            "max_connections, or write less for participants_processes (40) or database_connections (4)."
        )
        _refuse_few_connections(dsn, msgspec.structs.replace(MANY, participants_processes=18))


def test_our_own_database_takes_as_many_connections_as_the_settings_may_open(folder: Path) -> None:
    with EmbeddedPostgres(folder, durable=False, connections=MANY.connections) as dsn:
        _refuse_few_connections(dsn, MANY)
        with psycopg.connect(dsn.url) as connection:
            assert connection.execute("SHOW max_connections").fetchall() == [("188",)]
