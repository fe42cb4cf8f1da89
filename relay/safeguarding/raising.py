"""Raising a concern, about an item or about a case."""

from uuid import UUID, uuid4

from relay.audit.tags import Tag
from relay.cases.service import gate_facts
from relay.db.transaction import Acting
from relay.errors import Missing
from relay.exchange.items import find_item, lock_item
from relay.exchange.scheduled import given_up
from relay.house import House
from relay.identity.model import Person
from relay.safeguarding.model import Noticed
from relay.safeguarding.rules import checked_noticed
from relay.safeguarding.sealing import seal_noticed


async def raise_about_item(
    house: House, person: Person, item_id: UUID, noticed: Noticed, *, stops_case: bool = False
) -> UUID:
    """Raise a concern about something that was sent, whatever became of it. Return the concern's id.

    The item stands still from this commit on. What was planned of it is taken back: who passes it on later
    decides so knowing of this. Its author is told nothing, and sees nothing that they did not see before.
    Raise `Missing` for what is not of the person's cases, or was not sent.
    """
    async with house.database.acting(person.id, Tag.CONCERN_RAISED) as act:
        item = await lock_item(act, item_id)
        if item.revision == 0:
            raise Missing  # what an author has not sent is theirs alone, and that it is there
        concern_id = await _raise(act, house, person, item.case_id, item_id, noticed, stops_case=stops_case)
        plans = await _take_plans_back(act, item.case_id, None if stops_case else item_id)
        act.note(concern=concern_id, stops_case=stops_case, plans=plans)
    return concern_id


async def raise_about_case(
    house: House, person: Person, case_id: UUID, noticed: Noticed, *, stops_case: bool = False
) -> UUID:
    """Raise a concern about something else, such as what was said on the telephone. Return its id.

    By itself it stops nothing; if it stops the case, what was planned there is taken back. Raise `Missing`
    for a case that is not theirs.
    """
    async with house.database.acting(person.id, Tag.CONCERN_RAISED, chain=case_id) as act:
        await act.lock_case(case_id)
        concern_id = await _raise(act, house, person, case_id, None, noticed, stops_case=stops_case)
        act.subject = concern_id
        plans = await _take_plans_back(act, case_id, None) if stops_case else 0
        act.note(concern=concern_id, stops_case=stops_case, plans=plans)
    return concern_id


async def _raise(
    act: Acting,
    house: House,
    person: Person,
    case_id: UUID,
    item_id: UUID | None,
    noticed: Noticed,
    *,
    stops_case: bool,
) -> UUID:
    facts = (await gate_facts(act, case_id)).as_authors_see_it()
    noticed = checked_noticed(
        noticed, {seat.account_id for seat in facts.seats if seat.part != "facilitator"}
    )
    concern_id = uuid4()
    sealed = await seal_noticed(act, house, case_id, concern_id, noticed)
    await act.run(
        """
        INSERT INTO relay.concerns (id, case_id, item_id, stops_case, raised_by, raised_at, case_key_version,
                                    sealed)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            concern_id,
            case_id,
            item_id,
            stops_case,
            person.id,
            house.clock(),
            sealed.case_key_version,
            sealed.sealed,
        ],
    )
    return concern_id


async def _take_plans_back(act: Acting, case_id: UUID, item_id: UUID | None) -> int:
    """Take back what is planned in a case (which is locked), or of one item of it; return how many plans."""
    items = await act.values(
        "UPDATE relay.scheduled_releases SET state = 'cancelled'"
        " WHERE case_id = %(case)s AND item_id = coalesce(%(item)s, item_id) AND state = 'waiting'"
        " RETURNING item_id",
        {"case": case_id, "item": item_id},
    )
    for planned in set(items):
        edge = await given_up(act, await find_item(act, planned), "desk")
        await act.run("UPDATE relay.items SET state = %s WHERE id = %s", [edge.target, planned])
    return len(items)
