"""The one way to PostgreSQL.

A transaction takes on its surface's role, sets the actor for row-level security, makes the change, writes
exactly one audit entry and enqueues the job: all of it, or nothing. Without an actor no row is seen.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any, LiteralString, NamedTuple, TypeVar
from uuid import UUID

import psycopg
from psycopg import AsyncClientCursor, AsyncConnection
from psycopg.rows import TupleRow, class_row, scalar_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from relay.errors import Busy, IllegalMove, RelayError, SignInNeeded, Unavailable

Row = TypeVar("Row")
Params = Mapping[str, Any] | Sequence[Any] | None

_TAKE_ROLE: LiteralString = "SELECT set_config('role', %s, true); "


class Surface(StrEnum):
    """Whose process this is; each has its own login and group role."""

    PARTICIPANTS = "participants"
    DESK = "desk"
    WORKER = "worker"


class Job(NamedTuple):
    """What a worker acts for: the one thing that its job names. It sees that thing's case and no other."""

    kind: LiteralString
    id: UUID


class Reading:
    """An open transaction. Rows come back as the frozen Structs that are asked for."""

    def __init__(self, connection: AsyncConnection[TupleRow]) -> None:
        """Only `Database` makes these."""
        self.connection = connection

    async def one(self, row: type[Row], sql: LiteralString, params: Params = None) -> Row | None:
        """Return the first row as `row`, or None."""
        async with self.connection.cursor(row_factory=class_row(row)) as cursor:
            await cursor.execute(sql, params)
            return await cursor.fetchone()

    async def all(self, row: type[Row], sql: LiteralString, params: Params = None) -> list[Row]:
        """Return every row as `row`. The query itself carries the limit."""
        async with self.connection.cursor(row_factory=class_row(row)) as cursor:
            await cursor.execute(sql, params)
            return await cursor.fetchall()

    async def value(self, sql: LiteralString, params: Params = None) -> Any:
        """Return the first column of the first row, or None."""
        async with self.connection.cursor(row_factory=scalar_row) as cursor:
            await cursor.execute(sql, params)
            return await cursor.fetchone()

    async def values(self, sql: LiteralString, params: Params = None) -> list[Any]:
        """Return the first column of every row."""
        async with self.connection.cursor(row_factory=scalar_row) as cursor:
            await cursor.execute(sql, params)
            return await cursor.fetchall()

    async def run(self, sql: LiteralString, params: Params = None) -> int:
        """Execute, and return how many rows it touched."""
        return (await self.connection.execute(sql, params)).rowcount

    async def lock_case(self, case_id: UUID) -> None:
        """Wait for every other change of gates, submission or release in this case; held to the end."""
        await self.run("SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 1))", [case_id])


class Acting(Reading):
    """A transaction that changes something, and so leaves one audit entry."""

    def __init__(
        self, connection: AsyncConnection[TupleRow], tag: StrEnum, chain: UUID | None, subject: UUID | None
    ) -> None:
        """Only `Database.acting` makes these. The body may set tag, chain or subject when it learns them."""
        super().__init__(connection)
        self.tag = tag
        self.chain = chain
        self.subject = subject
        self._detail: dict[str, str | int | bool | None] = {}

    def note(self, **detail: str | int | bool | UUID | None) -> None:
        """Add identifiers, states or numbers to the audit entry. Never a name, a text or a key."""
        self._detail |= {
            key: str(value) if isinstance(value, UUID) else value for key, value in detail.items()
        }

    async def enqueue(self, task: LiteralString, subject: UUID, at: datetime | None = None) -> None:
        """Defer a job that carries this one id. It exists if and only if this transaction commits."""
        await self.run("SELECT relay.enqueue(%s, %s, %s)", [task, subject, at])

    async def also(self, tag: StrEnum, subject: UUID) -> None:
        """Go on to another action in the same transaction: both are done, each with its entry, or neither."""
        await self.write_entry()
        self.tag, self.subject, self._detail = tag, subject, {}

    async def write_entry(self) -> None:
        """Append the entry, once for each action; `Database.acting` the last. No entry, no action."""
        if self.chain is None or self.subject is None:
            raise RelayError
        detail = json.dumps(self._detail, sort_keys=True, separators=(",", ":"))
        await self.run(
            "SELECT relay.audit_append(%s, %s, %s, %s)", [self.chain, str(self.tag), self.subject, detail]
        )


class Database:
    """A pool of connections of one surface's login. Open it before use, close it at the end."""

    def __init__(self, dsn: str, surface: Surface, *, size: int = 10) -> None:
        """`dsn` is the surface's own login: it has no rights until a transaction takes on the role."""
        self.surface = surface
        self._role = f"relay_{surface}"
        self._pool: AsyncConnectionPool[AsyncConnection[TupleRow]] = AsyncConnectionPool(
            dsn,
            min_size=1,
            max_size=size,
            open=False,
            timeout=10,
            # transactions are begun by `_enter`, together with whose they are
            kwargs={"application_name": self._role, "autocommit": True},
        )

    async def open(self) -> None:
        """Connect, or raise `Unavailable`."""
        try:
            await self._pool.open(wait=True, timeout=30)
        except PoolTimeout:
            raise Unavailable(
                "The database cannot be reached. Check that PostgreSQL runs and the address is right."
            ) from None

    async def close(self) -> None:
        """Let every connection go."""
        await self._pool.close()

    @asynccontextmanager
    async def before_sign_in(self) -> AsyncIterator[Reading]:
        """Open a transaction without an actor: it sees no row, and may call the functions that need none."""
        async with self._transaction(None) as connection:
            yield Reading(connection)

    @asynccontextmanager
    async def reading(self, actor: UUID | Job) -> AsyncIterator[Reading]:
        """Open a transaction that only looks: PostgreSQL refuses a change in it."""
        async with self._transaction(actor, begin="BEGIN READ ONLY") as connection:
            yield Reading(connection)

    @asynccontextmanager
    async def keeping(self, actor: UUID | Job) -> AsyncIterator[Reading]:
        """Open a transaction for book-keeping, which leaves no audit entry.

        Progress, leases, coverage, rows of objects that nobody can see yet.
        """
        async with self._transaction(actor) as connection:
            yield Reading(connection)

    @asynccontextmanager
    async def acting(
        self, actor: UUID | Job, tag: StrEnum, *, chain: UUID | None = None, subject: UUID | None = None
    ) -> AsyncIterator[Acting]:
        """Open a transaction that does one action, and write its audit entry at the end.

        `chain` is the case, or the service for what belongs to no case.
        """
        async with self._transaction(actor) as connection:
            act = Acting(connection, tag, chain, subject)
            yield act
            await act.write_entry()

    async def ask_before_sign_in(
        self, row: type[Row], sql: LiteralString, params: Sequence[Any]
    ) -> Row | None:
        """Ask one question in a transaction of its own, without an actor, in one round trip."""
        async with self._connection() as connection:
            cursor = AsyncClientCursor(connection, row_factory=class_row(row))
            # several statements in one message are one transaction, which ends with it
            await cursor.execute(_TAKE_ROLE + sql, [self._role, *params])
            cursor.nextset()
            return await cursor.fetchone()

    @asynccontextmanager
    async def _transaction(
        self, actor: UUID | Job | None, *, begin: LiteralString = "BEGIN"
    ) -> AsyncIterator[AsyncConnection[TupleRow]]:
        async with self._connection() as connection:
            await self._enter(connection, actor, begin)
            yield connection

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[TupleRow]]:
        """Give a connection; whatever was begun on it is committed at the end, or undone."""
        try:
            async with self._pool.connection() as connection:
                yield connection
        except PoolTimeout:
            raise Busy(
                "Too much is going on at the moment. Please try again.", retry_after=5, status=503
            ) from None
        except psycopg.Error as error:
            translated = _translated(error)
            if translated is None:
                raise
            raise translated from error

    async def _enter(
        self, connection: AsyncConnection[TupleRow], actor: UUID | Job | None, begin: LiteralString
    ) -> None:
        """Begin, take on the role, say who acts: one message, for a round trip costs more than all three."""
        # the role first: the login itself has no rights
        head = begin + "; " + _TAKE_ROLE
        match actor:
            case None:
                await AsyncClientCursor(connection).execute(head + "SELECT true", [self._role])
                return
            case Job(kind, subject):
                question, who = "SELECT relay.enter_worker(%s, %s)", [kind, subject]
            case account:
                # a fixed choice of two literals, so that no name is ever put together
                question = (
                    "SELECT relay.enter_desk(%s)"
                    if self.surface is Surface.DESK
                    else "SELECT relay.enter_participants(%s)"
                )
                who = [account]
        cursor = await AsyncClientCursor(connection).execute(head + question, [self._role, *who])
        while cursor.nextset():
            pass
        if await cursor.fetchone() != (True,):
            raise SignInNeeded


def _translated(error: psycopg.Error) -> RelayError | None:
    """Own codes become own errors.

    None for what stays as it is: something that the caller expects, or a bug, which is logged by class and
    code and shown to nobody.
    """
    if error.sqlstate == "RL001":
        return IllegalMove()
    if isinstance(error, psycopg.OperationalError) and not isinstance(error, psycopg.errors.LockNotAvailable):
        return Unavailable()
    return None
