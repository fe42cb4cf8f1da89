"""How often somebody may change their mind by themselves.

Taking agreement back and pausing always work, however often it was done: they are what keeps a person safe.
So only agreeing and going on are counted; and what is taken back already is not written down a second time.
With that neither grows without end.
"""

from uuid import UUID

import msgspec

from relay.cases.model import Medium
from relay.db.transaction import Reading
from relay.errors import Conflict
from relay.house import House


class Past(msgspec.Struct, frozen=True):
    """What one person chose by themselves so far: how often yes, and what counts now (empty if nothing)."""

    times: int
    now: bool | None


async def consents(tx: Reading, case_id: UUID, account_id: UUID, medium: Medium) -> Past | None:
    """Return how often somebody agreed in a case, to whatever medium, and whether they agree to this one."""
    return await tx.one(
        Past,
        """
        SELECT (SELECT count(*) FROM relay.consents WHERE case_id = %(c)s AND account_id = %(a)s
                AND recorded_by = account_id AND given) AS times,
               (SELECT given FROM relay.consents
                WHERE case_id = %(c)s AND account_id = %(a)s AND medium = %(m)s
                 ORDER BY number DESC LIMIT 1) AS now
        """,
        {"c": case_id, "a": account_id, "m": medium},
    )


async def pauses(tx: Reading, case_id: UUID, account_id: UUID) -> Past | None:
    """Return how often somebody went on in a case, and whether they go on now."""
    return await tx.one(
        Past,
        """
        SELECT (SELECT count(*) FROM relay.pauses WHERE case_id = %(c)s AND account_id = %(a)s
                AND recorded_by = account_id AND NOT paused) AS times,
               (SELECT NOT paused FROM relay.pauses WHERE case_id = %(c)s AND account_id = %(a)s
                ORDER BY number DESC LIMIT 1) AS now
        """,
        {"c": case_id, "a": account_id},
    )


def is_new(house: House, past: Past | None, *, to: bool) -> bool:
    """Tell whether choosing `to` is to be written down. Raise `Conflict` for a yes above the limit."""
    if past is None:
        return True
    if not to:
        return past.now is not False
    if past.times >= house.settings.case_choices:
        raise Conflict(
            f"You have chosen this {past.times:,} times here, and that is the most by yourself. Your"
            " facilitator can record it for you: please tell them. Taking it back, and pausing, always work."
        )
    return True
