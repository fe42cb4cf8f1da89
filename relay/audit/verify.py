"""Verify every chain of the service, and that what it says of gates still stands there, as the operator."""

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from relay.audit.chain import Entry, Head, Walk
from relay.audit.tags import Tag
from relay.db.transaction import Reading
from relay.errors import AuditBroken

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


_GATES = {
    "gate.request_recorded": "the request for the exchange",
    "gate.responsibility_recorded": "responsibility",
    "gate.consent_recorded": "somebody's agreement",
    "gate.assessment_recorded": "the safety assessment",
    "gate.restriction_recorded": "a contact restriction",
    "gate.pause_recorded": "a pause",
    "concern": "a concern, or what was written about it",
}


class _Contradicted(msgspec.Struct, frozen=True):
    case_id: UUID
    tag: str


async def verify_gates(tx: Reading) -> None:
    """Raise `AuditBroken` if a gate that counts is not what was recorded last, or a concern what was written.

    Somebody who edits a gate would let pass what its people never agreed to. An entry that they write as well
    makes the two agree; but it stays in the chain, where the facilitators of the case read it.
    """
    found = await tx.all(
        _Contradicted,
        "SELECT case_id, tag FROM relay.contradicted_gates()"
        " UNION ALL SELECT case_id, 'concern' FROM relay.contradicted_concerns() LIMIT 100",
    )
    if found:
        listed = "\n".join(f"  case {one.case_id}: {_GATES.get(one.tag, one.tag)}" for one in found)
        raise AuditBroken(
            f"Gates or concerns were changed in the database behind the audit chain:\n{listed}\n"
            "Find out who could write there. A facilitator of each case reads its record of what was done,"
            " and records the gate anew; then run this again. What was changed of a concern is right in a"
            " backup only: this says so from now on."
        )


class Recovered(msgspec.Struct, frozen=True):
    """How often cases were given to somebody with the recovery key, and how many; once it was said so."""

    times: int
    cases: int


async def recovered(tx: Reading, service_id: UUID) -> Recovered:
    """Count it in the service's chain, which was verified before."""
    found = await tx.one(
        Recovered,
        "SELECT count(*) AS times, coalesce(sum((detail::json ->> 'cases')::int), 0) AS cases"
        " FROM relay.audit_entries WHERE chain = %s AND tag = %s",
        [service_id, str(Tag.RECOVERY_KEY_USED)],
    )
    return found or Recovered(0, 0)


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
