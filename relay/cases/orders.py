"""Court orders and licence conditions on a case that are in force, as its facilitators read them."""

from datetime import datetime
from uuid import UUID

import msgspec

from relay.cases.keys import case_text
from relay.cases.records import checked_text, record_restriction
from relay.cases.service import gate_facts
from relay.db.transaction import Reading
from relay.errors import Conflict, Invalid, Refusal, VaultRefused
from relay.house import House
from relay.identity.model import Person


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. `excepted`: indirect contact is permitted. `said`: what was written about it, in order.

    `said` is empty where this facilitator cannot open it: they made new keys since. `newest` is the last
    record of it, which the next one follows.
    """

    newest: UUID
    restriction_id: UUID
    account_id: UUID
    until: datetime
    excepted: bool
    said: tuple[str, ...]


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    newest: UUID
    restriction_id: UUID
    account_id: UUID
    until: datetime
    excepted: bool
    records: list[UUID]


_IN_FORCE = """
SELECT r.id AS newest, r.restriction_id, r.account_id, r.until, r.excepted,
       ARRAY(SELECT o.id FROM relay.restrictions o
             WHERE o.case_id = r.case_id AND o.restriction_id = r.restriction_id ORDER BY o.number) AS records
FROM relay.restrictions r
WHERE r.case_id = %s AND r.until > %s AND NOT r.lifted AND NOT EXISTS (
    SELECT FROM relay.restrictions later
    WHERE later.case_id = r.case_id AND later.restriction_id = r.restriction_id AND later.number > r.number)
ORDER BY r.until, r.number
"""


async def orders(house: House, person: Person, case_id: UUID) -> list[Order]:
    """Return what was not lifted and is not over. Raise `Missing` for a case that is not theirs."""
    async with house.database.reading(person.id) as tx:
        await gate_facts(tx, case_id)
        rows = await tx.all(_Row, _IN_FORCE, [case_id, house.clock()])
        return [
            Order(
                newest=row.newest,
                restriction_id=row.restriction_id,
                account_id=row.account_id,
                until=row.until,
                excepted=row.excepted,
                said=await written(tx, house, person, case_id, row.records, "restriction", "exception"),
            )
            for row in rows
        ]


async def written(
    tx: Reading, house: House, person: Person, case_id: UUID, records: list[UUID], *purposes: str
) -> tuple[str, ...]:
    """Return what was written with records of gates, each text once; nothing if they cannot open it."""
    try:
        found = [
            await case_text(tx, house, person, case_id, purpose, record)
            for record in records
            for purpose in purposes
        ]
    except (Refusal, VaultRefused):
        return ()
    return tuple(dict.fromkeys(text for text in found if text))


async def go_on(
    house: House,
    person: Person,
    case_id: UUID,
    restriction_id: UUID,
    seen: UUID,
    known: str,
    *,
    lifted: bool,
    excepted: bool,
) -> None:
    """Record what became of an order in force, with how that is known. Its end stays.

    `excepted`: indirect contact is permitted, and `known` is the evidence. `seen` is the newest record of it
    that whoever decides this has read. Raises `Conflict` if there is another by now.
    """
    found = next(
        (one for one in await orders(house, person, case_id) if one.restriction_id == restriction_id), None
    )
    if found is None:
        raise Conflict("This is not in force any more: it was lifted, or has run out. Nothing was recorded.")
    if found.newest != seen:
        raise Conflict("Something was recorded about this order meanwhile. Read it, and then decide.")
    if not known.strip():
        raise Invalid(known="Write down how you know, and from whom.")
    known = checked_text("known", known)
    await record_restriction(
        house,
        person,
        case_id,
        found.account_id,
        until=found.until,
        description=known,
        exception_evidence=known if excepted else None,
        lifted=lifted,
        restriction_id=restriction_id,
    )
