"""A participant's view of their cases.

Their own part, whom they may address, what they agreed to, and what stands in the way. Nothing of the other
side's.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from relay.cases import gates, limits
from relay.cases.model import MEDIA, Consent, GateFacts, Medium, Part, Seat
from relay.cases.records import record_consent, record_pause
from relay.cases.service import gate_facts
from relay.db.transaction import Reading
from relay.errors import Missing
from relay.house import House
from relay.identity.model import Person


class Counterpart(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom a participant may address: a seat, and the name that a facilitator set; no account.

    Only once both wishes have existed (`relay.counterparts` in SQL). Also somebody who was taken off the case
    after that: what is written to them stops at its release.
    """

    seat_id: UUID
    label: str


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a facilitator has to pass on, in words, and whether the participant has read this version."""

    version: int
    words: tuple[str, ...]
    read: bool


class OwnCase(msgspec.Struct, frozen=True, kw_only=True):
    """One case, as one participant sees it. `blocks` is by medium, in words for them.

    `lapsed`: to what they agreed until a day that has passed; they are asked again while the case is open.
    """

    id: UUID
    part: Part
    counterparts: tuple[Counterpart, ...]
    consents: tuple[Consent, ...]
    lapsed: tuple[Medium, ...]
    paused: bool
    blocks: dict[Medium, tuple[str, ...]]
    limits: Limits


class CounterpartRow(msgspec.Struct, frozen=True):
    """Somebody of the other side, as SQL answers them."""

    id: UUID
    part: str
    label_sealed: bytes | None


async def own_cases(house: House, person: Person) -> list[OwnCase]:
    """Return the participant's cases. An offender's are only those that a victim asked for."""
    async with house.database.reading(person.id) as tx:
        found = await tx.values("SELECT id FROM relay.cases ORDER BY id LIMIT 50")
        return [await _own_case(tx, house, person, case_id) for case_id in found]


async def own_case(house: House, person: Person, case_id: UUID) -> OwnCase:
    """Return one of them, or raise `Missing`."""
    async with house.database.reading(person.id) as tx:
        return await _own_case(tx, house, person, case_id)


async def _own_case(tx: Reading, house: House, person: Person, case_id: UUID) -> OwnCase:
    facts = await gate_facts(tx, case_id)
    seat = facts.seat_of(person.id)
    if seat is None or seat.part == "facilitator":
        raise Missing
    read = await limits.have_read(tx, case_id, person.id)
    rows = await tx.all(CounterpartRow, "SELECT * FROM relay.counterparts(%s)", [case_id])
    blocks = {medium: _blocks(facts, seat, medium, house, anybody_shown=bool(rows)) for medium in MEDIA}
    return OwnCase(
        id=case_id,
        part=seat.part,
        counterparts=tuple(Counterpart(seat_id=row.id, label=label_of(house, row)) for row in rows),
        consents=tuple(consent for consent in facts.consents if consent.account_id == person.id),
        lapsed=_lapsed(facts, person.id, house.clock()),
        paused=any(pause.paused for pause in facts.pauses if pause.account_id == person.id),
        blocks=blocks,
        limits=Limits(version=limits.VERSION, words=limits.WORDS, read=read),
    )


def _lapsed(facts: GateFacts, account_id: UUID, now: datetime) -> tuple[Medium, ...]:
    if facts.state == "closed":
        return ()
    ended = {
        one.medium
        for one in facts.consents
        if one.account_id == account_id and one.given and one.ask_again_at <= now
    }
    return tuple(medium for medium in MEDIA if medium in ended)


def label_of(house: House, row: CounterpartRow) -> str:
    """Return what somebody is called: the facilitator's word for them, or the service's for everybody."""
    if row.label_sealed is None:
        return house.settings.other_person
    return house.columns.open("seats", "label", row.id, row.label_sealed)


def _blocks(
    facts: GateFacts, seat: Seat, medium: Medium, house: House, *, anybody_shown: bool
) -> tuple[str, ...]:
    """What this participant reads about sending `medium`. Nothing in it is the other person's.

    Nor whether there is one: before anybody is shown there is something to prepare, whoever was invited.
    """
    found = gates.own_blocks(facts, seat.account_id, medium, house.clock())
    told = gates.for_participant(found, seat.account_id)
    if anybody_shown or gates.SOMETHING_TO_PREPARE in told:
        return told
    return (*told, gates.SOMETHING_TO_PREPARE)


async def choose_consent(house: House, person: Person, case_id: UUID, medium: Medium, *, given: bool) -> None:
    """Record the participant's own agreement to a medium, or take it back in one step."""
    await record_consent(house, person, case_id, person.id, medium, given=given)


async def choose_pause(house: House, person: Person, case_id: UUID, *, paused: bool) -> None:
    """Pause or go on. No reason is asked, and the other side is told nothing."""
    await record_pause(house, person, case_id, person.id, paused=paused)
