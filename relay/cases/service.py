"""Use cases of a facilitator: open a case, see it, change who is on it. How it is worked: `settings`."""

from datetime import datetime
from uuid import UUID, uuid4

import msgspec

from relay.audit.tags import Tag
from relay.cases import keys
from relay.cases.model import Case, GateFacts, Part, PersonOnCase
from relay.cases.settings import asked_for, checked_cooling
from relay.db.transaction import Reading
from relay.errors import Conflict, Invalid, Missing
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import newest_roster, staff_key, works_on_cases
from relay.vault.statements import Roster

MOST_REFERENCE = 80


class _CaseRow(msgspec.Struct, frozen=True):
    id: UUID
    reference_sealed: bytes
    second_approval: bool
    lowering_asked_by: UUID | None
    lowering_asked_at: datetime | None
    cooling_hours: int
    state: str
    key_version: int
    created_at: datetime


class _PersonRow(msgspec.Struct, frozen=True):
    seat_id: UUID
    account_id: UUID
    part: Part
    name_sealed: bytes
    label_sealed: bytes | None
    state: str
    key_version: int
    vouchers: list[UUID]


_CASES = """
SELECT id, reference_sealed, second_approval,
       CASE WHEN asks THEN lowering_asked_by END AS lowering_asked_by,
       CASE WHEN asks THEN lowering_asked_at END AS lowering_asked_at,
       cooling_hours, state, key_version, created_at
FROM relay.cases CROSS JOIN LATERAL (
    SELECT second_approval AND relay.works_on_case_since(id, lowering_asked_by, lowering_asked_at) AS asks
) AS wish
"""


def checked_reference(reference: str) -> str:
    """Return a case's reference, or raise `Invalid`."""
    reference = reference.strip()
    if not 1 <= len(reference) <= MOST_REFERENCE or not reference.isprintable():
        raise Invalid(
            reference=f"Give the case a reference of 1 to {MOST_REFERENCE} characters, like a file number."
        )
    return reference


async def open_case(
    house: House, person: Person, reference: str, *, second_approval: bool = False, cooling_hours: int = 0
) -> UUID:
    """Open a case with its own key pair and its first facilitator: whoever opens it."""
    reference, cooling_hours = checked_reference(reference), checked_cooling(cooling_hours)
    case_id = uuid4()
    async with house.database.acting(person.id, Tag.CASE_OPENED, chain=case_id, subject=case_id) as act:
        own = await staff_key(act, house, person.id)
        await act.run("SELECT relay.enter_new_case(%s)", [case_id])
        await act.run(
            """
            INSERT INTO relay.cases (id, service_id, reference_sealed, second_approval, cooling_hours,
                                     opened_by)
            VALUES (%s, %s, %s, %s, %s, %s)
            """,
            [
                case_id,
                person.service_id,
                house.columns.seal("cases", "reference", case_id, reference),
                second_approval,
                cooling_hours,
                person.id,
            ],
        )
        await act.run(
            "INSERT INTO relay.seats (id, case_id, account_id, part) VALUES (%s, %s, %s, 'facilitator')",
            [uuid4(), case_id, person.id],
        )
        pair = await keys.make_case_key(act, house, person, case_id, 1)
        await keys.grant_to(act, house, pair, case_id, 1, own)
        await keys.grant_to(act, house, pair, case_id, 1, keys.recovery_key(house))
    return case_id


def _case(house: House, row: _CaseRow) -> Case:
    return Case(
        id=row.id,
        reference=house.columns.open("cases", "reference", row.id, row.reference_sealed),
        second_approval=row.second_approval,
        lowering=asked_for(row.lowering_asked_by, row.lowering_asked_at, house.clock()),
        cooling_hours=row.cooling_hours,
        state=row.state,
        key_version=row.key_version,
        created_at=row.created_at,
    )


async def list_cases(house: House, person: Person, *, limit: int = 200) -> list[Case]:
    """Return the person's own cases, the newest first."""
    async with house.database.reading(person.id) as tx:
        rows = await tx.all(_CaseRow, _CASES + "ORDER BY created_at DESC, id LIMIT %s", [limit])
    return [_case(house, row) for row in rows]


async def read_case(
    house: House, person: Person, case_id: UUID
) -> tuple[Case, list[PersonOnCase], GateFacts]:
    """Return one case of theirs, who is on it, and the facts of its gates. Raise `Missing`."""
    async with house.database.reading(person.id) as tx:
        row = await tx.one(_CaseRow, _CASES + "WHERE id = %s", [case_id])
        if row is None:
            raise Missing
        people = await tx.all(
            _PersonRow,
            """
            SELECT s.id AS seat_id, s.account_id, s.part, a.name_sealed, s.label_sealed, a.state,
                   a.key_version,
                   ARRAY(SELECT v.facilitator_id FROM relay.vouches v
                         WHERE v.case_id = s.case_id AND v.account_id = s.account_id
                           AND v.key_version = a.key_version) AS vouchers
            FROM relay.seats s JOIN relay.accounts a ON a.id = s.account_id
            WHERE s.case_id = %s AND s.removed_at IS NULL ORDER BY s.added_at, s.id
            """,
            [case_id],
        )
        facts = await facts_for_staff(tx, case_id)
        signed = await newest_roster(tx, house.pins)
    return _case(house, row), [_person(house, one, signed) for one in people], facts


def _person(house: House, row: _PersonRow, signed: Roster | None) -> PersonOnCase:
    return PersonOnCase(
        seat_id=row.seat_id,
        account_id=row.account_id,
        part=row.part,
        name=house.columns.open("accounts", "name", row.account_id, row.name_sealed),
        label=house.columns.open("seats", "label", row.seat_id, row.label_sealed)
        if row.label_sealed
        else None,
        state=row.state,
        key_version=row.key_version,
        vouched=signed is not None and any(works_on_cases(signed, one) for one in row.vouchers),
        left=row.part == "facilitator"
        and (row.state != "active" or signed is None or not works_on_cases(signed, row.account_id)),
    )


async def gate_facts(tx: Reading, case_id: UUID) -> GateFacts:
    """Return the latest record of each gate of a case of the actor's. Raise `Missing` for any other."""
    found = await tx.value("SELECT relay.gate_facts(%s)", [case_id])
    if found is None:
        raise Missing
    return msgspec.convert(found, GateFacts)


async def facts_for_staff(tx: Reading, case_id: UUID) -> GateFacts:
    """Return the same with what only staff and workers may ask: whether an open concern stops the case."""
    facts = await gate_facts(tx, case_id)
    stopped = await tx.value(
        "SELECT EXISTS (SELECT FROM relay.open_concerns(%s) WHERE stops_case)", [case_id]
    )
    return msgspec.structs.replace(facts, stopped=stopped)


async def add_facilitator(house: House, person: Person, case_id: UUID, account_id: UUID) -> UUID:
    """Give a colleague a seat and the case's keys. Their own keys must be on the signed roster."""
    seat_id = uuid4()
    async with house.database.acting(person.id, Tag.SEAT_ADDED, chain=case_id, subject=account_id) as act:
        await act.lock_case(case_id)
        facts = await gate_facts(act, case_id)
        if facts.seat_of(account_id) is not None:
            raise Conflict("This person is on the case already.")
        await keys.admit(act, house, person, case_id, account_id)
        await act.run(
            "INSERT INTO relay.seats (id, case_id, account_id, part) VALUES (%s, %s, %s, 'facilitator')",
            [seat_id, case_id, account_id],
        )
        act.note(seat=seat_id, part="facilitator")
    return seat_id


async def remove_seat(house: House, person: Person, case_id: UUID, seat_id: UUID) -> None:
    """Take somebody off the case.

    If it is a facilitator, the case's key changes: they open nothing that is made afterwards.
    """
    async with house.database.acting(person.id, Tag.SEAT_REMOVED, chain=case_id, subject=seat_id) as act:
        await act.lock_case(case_id)
        facts = await gate_facts(act, case_id)
        seat = facts.seat(seat_id)
        if seat is None:
            raise Missing
        remaining = [s.account_id for s in facts.seats if s.part == "facilitator" and s.id != seat_id]
        if not remaining:
            raise Conflict("A case keeps at least one facilitator. Add another before you take this one off.")
        if seat.part == "facilitator":
            act.note(key_version=await keys.rotate(act, house, person, case_id, remaining))
            await act.run(
                "DELETE FROM relay.claims WHERE case_id = %s AND facilitator_id = %s",
                [case_id, seat.account_id],
            )
        await act.run("UPDATE relay.seats SET removed_at = %s WHERE id = %s", [house.clock(), seat_id])
        act.note(part=seat.part, account=seat.account_id)
