"""How a case is worked: approvals, cooling-off time, open or closed.

Asking for a second approval is one facilitator's decision. Giving it up is not: one asks, another who is on
the case confirms. Until then nothing changes; and what came into review before keeps asking for two even then
(`check_item_move` in SQL).
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from relay.audit.tags import Tag
from relay.cases.model import Lowering
from relay.db.transaction import Acting
from relay.errors import Conflict, Invalid, Missing
from relay.house import House
from relay.identity.model import Person

MOST_COOLING_HOURS = 24 * 365
WISH_LASTS = timedelta(days=14)
"""Who confirms should still know why it was asked: after this it is asked anew."""


class _Settings(msgspec.Struct, frozen=True):
    second_approval: bool
    lowering_asked_by: UUID | None
    lowering_asked_at: datetime | None
    cooling_hours: int
    state: str


# a wish counts while whoever asked is on the case
_SETTINGS = """
SELECT second_approval, cooling_hours, state,
       CASE WHEN asks THEN lowering_asked_by END AS lowering_asked_by,
       CASE WHEN asks THEN lowering_asked_at END AS lowering_asked_at
FROM relay.cases CROSS JOIN LATERAL (
    SELECT second_approval AND relay.works_on_case_since(id, lowering_asked_by, lowering_asked_at) AS asks
) AS wish WHERE id = %s FOR UPDATE OF cases
"""


def checked_cooling(hours: int) -> int:
    """Return a cooling-off time, or raise `Invalid`."""
    if not 0 <= hours <= MOST_COOLING_HOURS:
        raise Invalid(cooling_hours=f"Write a number of hours from 0 to {MOST_COOLING_HOURS}.")
    return hours


def asked_for(asked_by: UUID | None, asked_at: datetime | None, now: datetime) -> Lowering | None:
    """Return the wish that one approval be enough, if there is one that counts."""
    if asked_by is None or asked_at is None or asked_at + WISH_LASTS <= now:
        return None
    return Lowering(asked_by=asked_by, until=asked_at + WISH_LASTS)


async def change_settings(
    house: House,
    person: Person,
    case_id: UUID,
    *,
    second_approval: bool | None = None,
    cooling_hours: int | None = None,
    is_open: bool | None = None,
) -> None:
    """Change how a case is worked. Closing it stops everything that has not been released.

    What is left out stays as it is by then: a colleague may have changed it since it was shown. Two approvals
    become one only after `confirm_lowering` by a colleague: here it is asked for.
    """
    if cooling_hours is not None:
        cooling_hours = checked_cooling(cooling_hours)
    async with house.database.acting(person.id, Tag.CASE_SETTINGS, chain=case_id, subject=case_id) as act:
        before = await _locked(act, case_id)
        cooling_hours = before.cooling_hours if cooling_hours is None else cooling_hours
        is_open = before.state == "open" if is_open is None else is_open
        second_approval = before.second_approval if second_approval is None else second_approval
        lowering = before.second_approval and not second_approval
        wish = asked_for(before.lowering_asked_by, before.lowering_asked_at, house.clock())
        await act.run(
            """
            UPDATE relay.cases SET second_approval = %s, cooling_hours = %s, state = %s,
                lowering_asked_by = CASE WHEN %s THEN %s ELSE lowering_asked_by END,
                lowering_asked_at = CASE WHEN %s THEN %s ELSE lowering_asked_at END
            WHERE id = %s
            """,
            [
                before.second_approval or second_approval,
                cooling_hours,
                "open" if is_open else "closed",
                asks := lowering and wish is None,
                person.id,
                asks,
                house.clock(),
                case_id,
            ],
        )
        act.note(
            approvals=2 if before.second_approval or second_approval else 1,
            approvals_before=2 if before.second_approval else 1,
            lowering_asked=asks,
            cooling_hours=cooling_hours,
            cooling_hours_before=before.cooling_hours,
            open=is_open,
            open_before=before.state == "open",
        )


async def confirm_lowering(house: House, person: Person, case_id: UUID) -> None:
    """Confirm that one approval is enough from now on; a colleague asked for it.

    Raise `Conflict` if nobody on the case did, or the person did so themselves.
    """
    async with house.database.acting(person.id, Tag.APPROVALS_LOWERED, chain=case_id, subject=case_id) as act:
        before = await _locked(act, case_id)
        wish = asked_for(before.lowering_asked_by, before.lowering_asked_at, house.clock())
        if wish is None:
            raise Conflict("Nobody on the case asks for this any more. Two approvals are still needed.")
        if wish.asked_by == person.id:
            raise Conflict(
                "You asked for this yourself. Another facilitator of the case has to confirm it;"
                " if there is none, add a colleague first."
            )
        await act.run(
            "UPDATE relay.cases SET second_approval = false, lowering_asked_by = NULL,"
            " lowering_asked_at = NULL WHERE id = %s",
            [case_id],
        )
        act.note(approvals=1, approvals_before=2, asked_by=wish.asked_by)


async def keep_second_approval(house: House, person: Person, case_id: UUID) -> None:
    """Refuse what a colleague asked for, or take one's own wish back: two approvals stay."""
    async with house.database.acting(person.id, Tag.APPROVALS_KEPT, chain=case_id, subject=case_id) as act:
        before = await _locked(act, case_id)
        if before.lowering_asked_by is None:
            raise Conflict("Nobody on the case asks for this any more.")
        await act.run(
            "UPDATE relay.cases SET lowering_asked_by = NULL, lowering_asked_at = NULL WHERE id = %s",
            [case_id],
        )
        act.note(approvals=2, asked_by=before.lowering_asked_by)


async def _locked(act: Acting, case_id: UUID) -> _Settings:
    await act.lock_case(case_id)
    found = await act.one(_Settings, _SETTINGS, [case_id])
    if found is None:
        raise Missing
    return found
