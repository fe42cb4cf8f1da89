"""Plans that came to nothing at their time: something stood against it then, and the item waits again.

A row of a plan does not say why it ended. The chain does: the worker's entry names the plan and what blocked.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from relay.audit.tags import Tag
from relay.db.transaction import Reading
from relay.review.model import FailedPlan


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    recipient_id: UUID
    due_at: datetime


class _Ended(msgspec.Struct, frozen=True):
    """What an entry says of the plan that ended; one that a facilitator took back is not named in it."""

    release: UUID | None = None
    blocks: str = ""


async def failed_plans(tx: Reading, item_id: UUID, now: datetime) -> dict[UUID, FailedPlan]:
    """Return each recipient's last plan, if that failed and nothing was planned or released since."""
    rows = await tx.all(
        _Row,
        """
        SELECT DISTINCT ON (s.recipient_id) s.id, s.recipient_id, s.due_at FROM relay.scheduled_releases s
        WHERE s.item_id = %(item)s AND s.state = 'cancelled' AND s.due_at <= %(now)s
          AND NOT EXISTS (SELECT FROM relay.scheduled_releases w WHERE w.item_id = s.item_id
                          AND w.recipient_id = s.recipient_id AND w.state = 'waiting')
          AND NOT EXISTS (SELECT FROM relay.releases r WHERE r.item_id = s.item_id
                          AND r.recipient_id = s.recipient_id AND r.released_at >= s.due_at)
        ORDER BY s.recipient_id, s.due_at DESC
        """,
        {"item": item_id, "now": now},
    )
    if not rows:
        return {}
    details = await tx.values(
        "SELECT e.detail FROM relay.audit_entries e JOIN relay.items i ON i.id = %(item)s"
        " WHERE e.chain = i.case_id AND e.subject_id = i.id AND e.tag = %(tag)s",
        {"item": item_id, "tag": str(Tag.SCHEDULE_CANCELLED)},
    )
    ended = [msgspec.json.decode(detail, type=_Ended) for detail in details]
    why = {one.release: tuple(one.blocks.split()) for one in ended if one.release}
    return {
        row.recipient_id: FailedPlan(due_at=row.due_at, blocks=why[row.id]) for row in rows if row.id in why
    }
