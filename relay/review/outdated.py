"""What was passed on to somebody who has enrolled anew since, and was not given to them again.

Their new keys do not open it. Whether they had opened it, or want it at all, is not told here.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from relay.cases.model import Medium
from relay.house import House
from relay.identity.model import Person


class Outdated(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that waits to be given again, to whom, and when it was passed on."""

    item_id: UUID
    kind: Medium
    author_id: UUID
    recipient_id: UUID
    released_at: datetime


async def outdated(house: House, person: Person, case_id: UUID, *, limit: int = 200) -> list[Outdated]:
    """Return what waits for that in a case of the person's, as far as it can be given; the oldest first."""
    async with house.database.reading(person.id) as tx:
        return await tx.all(
            Outdated,
            """
            SELECT r.item_id, r.kind, i.author_id, r.recipient_id, max(r.released_at) AS released_at
            FROM relay.releases r
            JOIN relay.items i ON i.id = r.item_id AND i.taken_back_at IS NULL
            JOIN relay.accounts a ON a.id = r.recipient_id
            WHERE r.case_id = %s AND EXISTS (
                SELECT FROM relay.seats s
                WHERE s.case_id = r.case_id AND s.account_id = r.recipient_id AND s.removed_at IS NULL)
            GROUP BY r.item_id, r.kind, i.author_id, r.recipient_id, a.key_version
            HAVING a.key_version > max(r.holder_key_version)
            ORDER BY released_at, r.item_id LIMIT %s
            """,
            [case_id, limit],
        )
