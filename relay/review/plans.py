"""Plans that came to nothing at their time: something stood against it then, and the item waits again.

A row of a plan does not say why it ended. The chain does: the worker's entry names the plan and what blocked.
"""

from collections.abc import Iterable
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


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    case_id: UUID
    item_id: UUID
    recipient_id: UUID
    due_at: datetime


class _NamedRow(_Row, frozen=True):
    kind: Medium
    name_sealed: bytes


class _Ended(msgspec.Struct, frozen=True):
    """What an entry says of the plan that ended; one that a facilitator took back is not named in it."""

    release: UUID | None = None
    blocks: str = ""


_LAST: Final = """
SELECT s.id, s.case_id, s.item_id, s.recipient_id, s.due_at FROM relay.scheduled_releases s
WHERE s.state = 'cancelled' AND s.due_at <= %(now)s
  AND NOT EXISTS (SELECT FROM relay.scheduled_releases w WHERE w.item_id = s.item_id
                  AND w.recipient_id = s.recipient_id AND w.sequence > s.sequence)
  AND NOT EXISTS (SELECT FROM relay.releases r WHERE r.item_id = s.item_id
                  AND r.recipient_id = s.recipient_id AND r.sequence > s.sequence)
"""
"""The last that was planned or released of an item for somebody, if it was a plan that ended in its time."""
_OF_AN_ITEM: Final = " AND s.item_id = %(item)s"
_OF_THE_DESK: Final = "SELECT s.*, i.kind, a.name_sealed FROM ("
_NAMED: Final = """
  AND s.case_id = ANY ((SELECT relay.cases())::uuid[])
  AND EXISTS (SELECT FROM relay.seats t WHERE t.case_id = s.case_id AND t.account_id = s.recipient_id
              AND t.removed_at IS NULL)
) s JOIN relay.items i ON i.id = s.item_id AND i.state IN ('approved', 'scheduled', 'released')
    AND i.taken_back_at IS NULL
JOIN relay.cases c ON c.id = s.case_id AND c.state <> 'closed'
JOIN relay.accounts a ON a.id = s.recipient_id ORDER BY s.due_at, s.id LIMIT %(limit)s
"""
# the tag is written out: only so is its index used
_WHY: Final = """
SELECT detail FROM relay.audit_entries
WHERE chain = ANY(%(chains)s) AND subject_id = ANY(%(items)s) AND tag = 'item.schedule_cancelled'
"""


async def failed_plans(tx: Reading, item_id: UUID, now: datetime) -> dict[UUID, FailedPlan]:
    """Return each recipient's last plan, if that failed and nothing was planned or released since."""
    rows = await tx.all(_Row, _LAST + _OF_AN_ITEM, {"item": item_id, "now": now})
    failed = await _failed(tx, rows)
    return {row.recipient_id: failed[row.id] for row in rows if row.id in failed}


async def failed_on_desk(house: House, person: Person, *, limit: int = 200) -> list[FailedOnDesk]:
    """Return what did not happen in the person's cases and can still be passed on, the oldest first."""
    async with house.database.reading(person.id) as tx:
        rows = await tx.all(_NamedRow, _OF_THE_DESK + _LAST + _NAMED, {"now": house.clock(), "limit": limit})
        failed = await _failed(tx, rows)
    return [
        FailedOnDesk(
            item_id=row.item_id,
            case_id=row.case_id,
            kind=row.kind,
            recipient=house.columns.open("accounts", "name", row.recipient_id, row.name_sealed),
            plan=failed[row.id],
        )
        for row in rows
        if row.id in failed
    ]


async def _failed(tx: Reading, rows: Iterable[_Row]) -> dict[UUID, FailedPlan]:
    """Return those of the plans that failed, with why; none of those that a facilitator took back."""
    due = {row.id: row.due_at for row in rows}
    if not due:
        return {}
    chains, items = list({row.case_id for row in rows}), list({row.item_id for row in rows})
    details = await tx.values(_WHY, {"chains": chains, "items": items})
    ended = [msgspec.json.decode(detail, type=_Ended) for detail in details]
    return {
        one.release: FailedPlan(due_at=due[one.release], blocks=tuple(one.blocks.split()))
        for one in ended
        if one.release in due
    }
