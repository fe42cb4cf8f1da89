"""A query that somebody smuggled into one of an app's values: run in the app's own role, as whoever acts."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg

from tests.support.house import Service


@contextmanager
def acting(service: Service, surface: str, actor: UUID) -> Iterator[psycopg.Connection]:
    """Somebody's transaction; a worker's is for the object that its job is about."""
    with psycopg.connect(getattr(service.dsns, surface).url) as connection:
        connection.execute("SELECT set_config('role', %s, true)", [f"relay_{surface}"])
        of_a_job = "'object', " if surface == "worker" else ""
        found = connection.execute(f"SELECT relay.enter_{surface}({of_a_job}%s)", [actor]).fetchone()
        assert found == (True,)
        yield connection
        connection.rollback()


def refused(connection: psycopg.Connection, statement: str, *values: object) -> str | None:
    try:
        with connection.transaction():
            touched = connection.execute(statement.encode(), values).rowcount
    except psycopg.Error as error:
        return error.sqlstate
    assert touched, "there was nothing to try it on"
    return None
