"""What a connection is between transactions: a login without a role, without an actor, in no transaction."""

from collections.abc import AsyncIterator
from uuid import uuid4

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from relay.db.transaction import Database, Surface
from relay.errors import SignInNeeded
from tests.support.house import Service
from tests.support.postgres import Dsns


class _Name:
    def __init__(self, name: str) -> None:
        self.name = name


@pytest.fixture
async def database(dsns: Dsns) -> AsyncIterator[Database]:
    """One connection, so that whoever comes next gets the same one."""
    opened = Database(dsns.participants.url, Surface.PARTICIPANTS, size=1)
    await opened.open()
    yield opened
    await opened.close()


async def _between(database: Database) -> tuple[str, str, TransactionStatus]:
    async with database._pool.connection() as connection:
        status = connection.info.transaction_status
        row = await (
            await connection.execute("SELECT current_user::text, current_setting('relay.actor', true)")
        ).fetchone()
    assert row is not None
    return row[0], row[1] or "", status


_NOBODY = ("relay_participants_login", "", TransactionStatus.IDLE)


async def test_a_question_before_sign_in_takes_on_the_role_for_itself_alone(database: Database) -> None:
    asked = await database.ask_before_sign_in(_Name, "SELECT current_user::text AS name", [])
    assert asked is not None
    assert asked.name == "relay_participants"
    assert await _between(database) == _NOBODY


async def test_a_question_that_fails_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        await database.ask_before_sign_in(_Name, "SELECT 1 / %s AS name", [0])
    assert await _between(database) == _NOBODY


async def test_what_is_asked_with_is_a_value_whatever_is_in_it(database: Database) -> None:
    nasty = "'; RESET ROLE; SELECT '\\"
    asked = await database.ask_before_sign_in(_Name, "SELECT %s AS name", [nasty])
    assert asked is not None
    assert asked.name == nasty


async def test_somebody_unknown_begins_no_transaction_and_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(SignInNeeded):
        async with database.reading(uuid4()):
            raise AssertionError
    assert await _between(database) == _NOBODY


async def test_reading_cannot_write_and_is_over_when_it_is_over(service: Service, dsns: Dsns) -> None:
    facilitator = await service.make_facilitator()
    desk = Database(dsns.desk.url, Surface.DESK, size=1)
    await desk.open()
    try:
        async with desk.reading(facilitator.id) as tx:
            assert await tx.value("SELECT relay.actor()") == facilitator.id
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                await tx.run("DELETE FROM relay.claims")
        assert await _between(desk) == ("relay_desk_login", "", TransactionStatus.IDLE)
    finally:
        await desk.close()
