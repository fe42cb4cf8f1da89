"""That something was printed, for whom and by whom: nothing but the chain says so."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from relay.audit.reading import moment_of
from relay.exchange.items import find_item
from relay.house import House
from relay.identity.model import Person


class Printing(msgspec.Struct, frozen=True, kw_only=True):
    """The last time that something was printed for somebody, and how many times it was in all."""

    printed_at: datetime
    printed_by: UUID
    times: int


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    recipient_id: UUID
    actor_id: UUID
    at_microseconds: int
    times: int


_PRINTED: Final = """
SELECT DISTINCT ON (recipient_id) recipient_id, actor_id, at_microseconds,
       (count(*) OVER (PARTITION BY recipient_id))::int AS times
FROM (SELECT (detail::jsonb ->> 'recipient')::uuid AS recipient_id, actor_id, at_microseconds, sequence
      FROM relay.audit_entries
      WHERE chain = %s AND subject_id = %s AND tag = 'letter.printed') printed
ORDER BY recipient_id, sequence DESC
"""
"""The tag is written out: only so is its index used."""


async def printings(house: House, person: Person, item_id: UUID) -> dict[UUID, Printing]:
    """Return, for a facilitator, when an item was last printed, by the recipient's account.

    Raise `Missing` for what is not of the person's cases.
    """
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        rows = await tx.all(_Row, _PRINTED, [item.case_id, item.id])
    return {
        row.recipient_id: Printing(
            printed_at=moment_of(row.at_microseconds),
            printed_by=row.actor_id,
            times=row.times,
        )
        for row in rows
    }
