"""What is done on the machine itself: as the owner of the schema, with the service as the actor.

Row-level security is forced on the owner too (relay/db/sql/08_operator.sql): the service, its staff and its
roster are there, no participant and no case. What a case that nobody can open takes is answered by functions
(relay/db/sql/13_recovery.sql).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from relay.audit.tags import Tag
from relay.db.dsn import Dsn
from relay.db.transaction import Acting, Reading
from relay.errors import Unavailable


@asynccontextmanager
async def looking(owner: Dsn, service_id: UUID) -> AsyncIterator[Reading]:
    """Open a transaction that changes nothing that counts as an action."""
    async with _connected(owner, service_id) as connection:
        yield Reading(connection)


@asynccontextmanager
async def operating(owner: Dsn, service_id: UUID, tag: Tag, subject: UUID) -> AsyncIterator[Acting]:
    """Open a transaction that does one action and leaves its entry in the service's chain.

    What is done to a case sets `chain` to it: the entry is for its facilitators to read.
    """
    async with _connected(owner, service_id) as connection:
        act = Acting(connection, tag, service_id, subject)
        yield act
        await act.write_entry()


@asynccontextmanager
async def _connected(owner: Dsn, service_id: UUID) -> AsyncIterator[AsyncConnection[TupleRow]]:
    try:
        connection = await AsyncConnection.connect(owner.url, connect_timeout=10)
    except psycopg.OperationalError:
        raise Unavailable(
            "The database cannot be reached. Check that PostgreSQL runs and the address is right."
        ) from None
    async with connection:
        await connection.execute(
            "SELECT set_config('relay.actor', %s, true), set_config('relay.service', %s, true)",
            [str(service_id), str(service_id)],
        )
        yield connection
