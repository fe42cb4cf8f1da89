"""Plans that came to nothing at their time: something stood against it then, and the item waits again.

A row of a plan does not say why it ended. The chain does: the worker's entry names the plan and what blocked.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from relay.cases.model import Medium
from relay.db.transaction import Reading
from relay.house import House
from relay.identity.model import Person
from relay.review.model import FailedPlan


class FailedOnDesk(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that came to nothing, as a facilitator's first page names it."""

    item_id: UUID
    case_id: UUID
    kind: Medium
    recipient: str
    plan: FailedPlan


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    case_id: UUID
    item_id: UUID
    recipient_id: UUID
    due_at: datetime
    kind: Medium
    blocks: str


class _NamedRow(_Row, frozen=True, kw_only=True):
    name_sealed: bytes


_FAILED: Final = """
SELECT s.case_id, s.item_id, s.recipient_id, s.due_at, i.kind, why.blocks FROM relay.scheduled_releases s
JOIN relay.items i ON i.id = s.item_id
JOIN relay.revisions v ON (v.id, v.item_id, v.number) = (s.revision_id, i.id, i.revision)
JOIN LATERAL (SELECT coalesce(detail::jsonb ->> 'blocks', '') AS blocks FROM relay.audit_entries
              WHERE chain = s.case_id AND subject_id = s.item_id AND tag = 'item.schedule_cancelled'
                AND detail::jsonb ->> 'release' = s.id::text LIMIT 1) why ON true
WHERE s.state = 'cancelled' AND s.due_at <= %(now)s
  AND NOT EXISTS (SELECT FROM relay.scheduled_releases w WHERE w.item_id = s.item_id
                  AND w.recipient_id = s.recipient_id AND w.sequence > s.sequence)
  AND NOT EXISTS (SELECT FROM relay.releases r WHERE r.item_id = s.item_id
                  AND r.recipient_id = s.recipient_id AND r.sequence > s.sequence)
"""
"""The last that was planned or released of an item's newest version for somebody, if a plan that failed.
One that a facilitator took back is named in no entry. The tag is written out: only so is its index used.
"""
_OF_AN_ITEM: Final = " AND s.item_id = %(item)s"
_OF_THE_DESK: Final = "SELECT s.*, a.name_sealed FROM ("
_NAMED: Final = """
  AND i.state IN ('approved', 'scheduled', 'released') AND i.taken_back_at IS NULL
  AND s.case_id = ANY ((SELECT relay.cases())::uuid[])
  AND EXISTS (SELECT FROM relay.seats t WHERE t.case_id = s.case_id AND t.account_id = s.recipient_id
              AND t.removed_at IS NULL)
) s JOIN relay.cases c ON c.id = s.case_id AND c.state <> 'closed'
JOIN relay.accounts a ON a.id = s.recipient_id ORDER BY s.due_at, s.item_id, s.recipient_id LIMIT %(limit)s
"""


async def failed_plans(tx: Reading, item_id: UUID, now: datetime) -> dict[UUID, FailedPlan]:
    """Return each recipient's last plan, if that failed and nothing was planned or released since."""
    rows = await tx.all(_Row, _FAILED + _OF_AN_ITEM, {"item": item_id, "now": now})
    return {row.recipient_id: _failed(row) for row in rows}


async def failed_on_desk(house: House, person: Person, *, limit: int = 200) -> list[FailedOnDesk]:
    """Return what did not happen in the person's cases and can still be passed on, the oldest first."""
    async with house.database.reading(person.id) as tx:
        rows = await tx.all(
            _NamedRow, _OF_THE_DESK + _FAILED + _NAMED, {"now": house.clock(), "limit": limit}
        )
    return [
        FailedOnDesk(
            item_id=row.item_id,
            case_id=row.case_id,
            kind=row.kind,
            recipient=house.columns.open("accounts", "name", row.recipient_id, row.name_sealed),
            plan=_failed(row),
        )
        for row in rows
    ]


def _failed(row: _Row) -> FailedPlan:
    return FailedPlan(due_at=row.due_at, blocks=tuple(row.blocks.split()))
