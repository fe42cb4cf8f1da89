"""Verify every chain of the service, as the operator."""

from collections.abc import AsyncIterator
from uuid import UUID

from psycopg.rows import class_row

from relay.audit.chain import Entry, Head, Walk
from relay.db.transaction import Reading

_PAGE = 1000


async def heads(tx: Reading) -> list[Head]:
    """Return where each chain stands."""
    return await tx.all(Head, "SELECT chain, sequence, hash FROM relay.audit_chains ORDER BY chain")


async def verify(tx: Reading) -> tuple[int, int]:
    """Raise `AuditBroken` at the first break. Return how many chains and entries there are."""
    found = await heads(tx)
    for head in found:
        walk = Walk(head.chain)
        async for entry in _entries(tx, head.chain):
            walk.step(entry)
        walk.finish(head)
    return len(found), sum(head.sequence for head in found)


async def _entries(tx: Reading, chain: UUID) -> AsyncIterator[Entry]:
    """Give out the entries in order, a page at a time."""
    async with tx.connection.cursor("entries", row_factory=class_row(Entry)) as cursor:
        cursor.itersize = _PAGE
        await cursor.execute(
            """
            SELECT chain, sequence, service_id, tag, actor_id, subject_id, detail, at_microseconds, previous,
                   hash
            FROM relay.audit_entries WHERE chain = %s ORDER BY sequence
            """,
            [chain],
        )
        async for entry in cursor:
            yield entry
