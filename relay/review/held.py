"""What recipients chose, or told, that facilitators have to know: that something is held, or is not wanted.

What is held, or not wanted, stays closed until they open it themselves. Only these two are told here: whether
somebody opened something, or leaves it for later, is on no overview.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from relay.cases.model import Medium
from relay.house import House
from relay.identity.model import Person


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is held, for whom, and since when; or (`refused`) that they do not want."""

    item_id: UUID
    case_id: UUID
    kind: Medium
    author_id: UUID
    recipient_id: UUID
    recipient: str
    since: datetime
    refused: bool


class _Row(msgspec.Struct, frozen=True):
    item_id: UUID
    case_id: UUID
    kind: Medium
    author_id: UUID
    recipient_id: UUID
    name_sealed: bytes
    since: datetime
    refused: bool


async def held(house: House, person: Person, case_id: UUID | None = None, *, limit: int = 200) -> list[Held]:
    """Return what is held or not wanted in one case of the person's, or in all; the longest so first."""
    async with house.database.reading(person.id) as tx:
        rows = await tx.all(
            _Row,
            """
            SELECT r.item_id, r.case_id, r.kind, i.author_id, r.recipient_id, a.name_sealed,
                   d.changed_at AS since, d.state = 'refused' AS refused
            FROM relay.deliveries d
            JOIN relay.releases r ON r.id = d.release_id
            JOIN relay.items i ON i.id = r.item_id
            JOIN relay.accounts a ON a.id = r.recipient_id
            WHERE d.state IN ('held', 'refused') AND d.case_id = ANY ((SELECT relay.cases())::uuid[])
              AND (%(case)s::uuid IS NULL OR d.case_id = %(case)s)
              AND NOT EXISTS (SELECT FROM relay.releases later WHERE later.item_id = r.item_id
                              AND later.recipient_id = r.recipient_id AND later.sequence > r.sequence)
            ORDER BY d.changed_at, r.id LIMIT %(limit)s
            """,
            {"case": case_id, "limit": limit},
        )
    return [
        Held(
            item_id=row.item_id,
            case_id=row.case_id,
            kind=row.kind,
            author_id=row.author_id,
            recipient_id=row.recipient_id,
            recipient=house.columns.open("accounts", "name", row.recipient_id, row.name_sealed),
            since=row.since,
            refused=row.refused,
        )
        for row in rows
    ]
