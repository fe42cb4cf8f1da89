"""Who is shown to whom: nobody, before both wishes have existed; and nobody vanishes after that."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Literal
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from relay.cases import limits
from relay.cases.own import own_case, own_cases
from relay.cases.records import (
    record_assessment,
    record_consent,
    record_pause,
    record_request,
    record_restriction,
)
from relay.cases.service import read_case, remove_seat
from relay.errors import Missing
from relay.exchange.items import start_item
from relay.identity.invitations import invite_participant
from relay.identity.model import Person
from tests.support.house import Pair, Service

MARY, ANN, TOM = "the woman", "her mother", "the man"
So = Literal["never", "once", "still"]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case with no gate open, and what can be recorded in it."""

    service: Service
    facilitator: Person
    id: UUID

    async def enrolled(self, part: Literal["victim", "offender"], label: str) -> Person:
        """Invite somebody, who enrols."""
        return await self.service.make_participant(self.facilitator, self.id, part, label.title(), label)

    async def wish(self, victim: Person, *, asked: bool = True) -> None:
        """Record a victim's wish, or that it was taken back."""
        await record_request(self.service.desk, self.facilitator, self.id, victim.id, asked=asked)

    async def agree(self, person: Person, *, given: bool = True) -> None:
        """Record somebody's agreement to letters."""
        desk, by = self.service.desk, self.facilitator
        await record_consent(desk, by, self.id, person.id, "letter", given=given, manner="in_person")

    async def found_safe(self) -> None:
        """Record it, so that of the case nothing stands in the way."""
        until = self.service.clock() + timedelta(days=90)
        await record_assessment(
            self.service.desk, self.facilitator, self.id, safe=True, valid_until=until, reasoning="It is."
        )

    async def take_off(self, person: Person | UUID) -> None:
        """Take somebody off the case."""
        account = person if isinstance(person, UUID) else person.id
        seat = await self.seat(account)
        await remove_seat(self.service.desk, self.facilitator, self.id, seat)

    async def seat(self, account: UUID) -> UUID:
        """Where somebody sits."""
        _, people, _ = await read_case(self.service.desk, self.facilitator, self.id)
        return next(one.seat_id for one in people if one.account_id == account)

    async def shown(self, person: Person) -> list[str] | None:
        """Whom a participant sees, by label; None without a case."""
        found = await own_cases(self.service.participants, person)
        return [one.label for case in found for one in case.counterparts] if found else None

    async def seen(self, person: Person) -> bytes:
        """All that their own page is made of."""
        return msgspec.json.encode(await own_cases(self.service.participants, person))


@pytest.fixture
async def case(service: Service) -> Case:
    facilitator = await service.make_facilitator()
    return Case(service=service, facilitator=facilitator, id=await service.make_case(facilitator))


@pytest.mark.parametrize("agreed", ["never", "once", "still"])
@pytest.mark.parametrize("asked", ["never", "once", "still"])
async def test_the_two_see_one_another_once_both_wishes_have_existed(
    case: Case, asked: So, agreed: So
) -> None:
    mary, tom = await case.enrolled("victim", MARY), await case.enrolled("offender", TOM)
    await case.agree(mary)
    if agreed != "never":
        await case.agree(tom)
    if asked != "never":
        await case.wish(mary)
    if agreed == "once":
        await case.agree(tom, given=False)
    if asked == "once":
        await case.wish(mary, asked=False)
    both = "never" not in {asked, agreed}
    assert await case.shown(mary) == ([TOM] if both else [])
    assert await case.shown(tom) == (None if asked == "never" else [MARY] if both else [])


async def test_a_wish_that_was_only_ever_refused_shows_nobody(case: Case) -> None:
    mary, tom = await case.enrolled("victim", MARY), await case.enrolled("offender", TOM)
    await case.wish(mary)
    await case.agree(tom, given=False)
    assert await case.shown(mary) == await case.shown(tom) == []


async def test_before_that_nothing_tells_that_there_is_anybody(case: Case) -> None:
    await case.found_safe()
    mary = await case.enrolled("victim", MARY)
    await case.agree(mary)
    alone = await case.seen(mary)
    await invite_participant(case.service.desk, case.facilitator, case.id, "Tim", "offender", "the boy")
    assert await case.seen(mary) == alone
    tom = await case.enrolled("offender", TOM)
    assert await case.seen(mary) == alone
    await case.agree(tom)
    assert await case.seen(mary) == alone


async def test_nor_does_it_tell_an_offender(case: Case) -> None:
    await case.found_safe()
    mary, tom = await case.enrolled("victim", MARY), await case.enrolled("offender", TOM)
    await case.wish(mary)
    before = await case.seen(tom)
    ann = await case.enrolled("victim", ANN)
    await case.agree(ann)
    await case.wish(ann)
    await case.agree(mary)
    assert await case.seen(tom) == before


Act = Callable[[Case, Person], Awaitable[object]]


async def _restrict(case: Case, person: Person) -> None:
    until = case.service.clock() + timedelta(days=30)
    await record_restriction(
        case.service.desk, case.facilitator, case.id, person.id, until=until, description="An order."
    )


ACTS: dict[str, Act] = {
    "agreement": lambda case, person: case.agree(person, given=False),
    "pause": lambda case, person: record_pause(
        case.service.desk, case.facilitator, case.id, person.id, paused=True
    ),
    "order": _restrict,
    "off": lambda case, person: case.take_off(person),
}


@pytest.mark.parametrize("side", ["victim", "offender"])
async def test_whatever_one_takes_back_the_other_sees_the_same(case: Case, side: str) -> None:
    mary, tom = await case.enrolled("victim", MARY), await case.enrolled("offender", TOM)
    await case.wish(mary)
    for person in (mary, tom):
        await case.agree(person)
    acting, looking = (mary, tom) if side == "victim" else (tom, mary)
    before = await case.seen(looking)
    assert (MARY if looking is tom else TOM).encode() in before
    if side == "victim":
        await case.wish(mary, asked=False)
        assert await case.seen(looking) == before
    for what, act in ACTS.items():
        await act(case, acting)
        assert await case.seen(looking) == before, what


async def test_an_agreement_that_runs_out_shows_on_the_other_side_as_little(case: Case) -> None:
    mary, tom = await case.enrolled("victim", MARY), await case.enrolled("offender", TOM)
    await case.wish(mary)
    await case.agree(tom)
    before = await case.seen(mary)
    case.service.clock.go(days=181)
    assert await case.seen(mary) == before


async def test_of_several_victims_an_offender_sees_who_asked(case: Case) -> None:
    # put on the case first, and seen last: their order tells nothing of who was there without a wish
    ann, mary = await case.enrolled("victim", ANN), await case.enrolled("victim", MARY)
    tom = await case.enrolled("offender", TOM)
    await case.wish(mary)
    await case.agree(tom)
    await case.agree(ann)
    assert await case.shown(tom) == [MARY]
    assert await case.shown(ann) == []
    house = case.service.participants
    await limits.record_read(house, tom, case.id, limits.VERSION)
    with pytest.raises(Missing):
        await start_item(house, tom, case.id, "letter", (await case.seat(ann.id),))
    await case.wish(ann)
    assert await case.shown(tom) == [MARY, ANN]
    assert await case.shown(ann) == [TOM]
    await start_item(house, tom, case.id, "letter", (await case.seat(ann.id),))


async def test_a_victim_of_several_who_never_asked_leaves_no_trace(case: Case) -> None:
    mary, ann = await case.enrolled("victim", MARY), await case.enrolled("victim", ANN)
    tom = await case.enrolled("offender", TOM)
    await case.wish(mary)
    await case.agree(tom)
    before = await case.seen(tom)
    await case.take_off(ann)
    assert await case.seen(tom) == before


async def test_who_was_off_the_case_before_anybody_could_look_is_not_shown(case: Case) -> None:
    mary, ann = await case.enrolled("victim", MARY), await case.enrolled("victim", ANN)
    invited = await invite_participant(case.service.desk, case.facilitator, case.id, "Tom", "offender", TOM)
    await case.wish(mary)
    await case.wish(ann)
    await record_consent(
        case.service.desk,
        case.facilitator,
        case.id,
        invited.account_id,
        "letter",
        given=True,
        manner="in_person",
    )
    await case.take_off(ann)
    tom = await case.service.enrol_quickly(case.service.participants, invited)
    assert await case.shown(tom) == [MARY]


async def test_who_was_off_the_case_before_the_other_agreed_is_not_shown_afterwards(case: Case) -> None:
    mary, ann = await case.enrolled("victim", MARY), await case.enrolled("victim", ANN)
    tom = await case.enrolled("offender", TOM)
    await case.wish(mary)
    await case.wish(ann)
    await case.take_off(ann)
    await case.agree(tom)
    assert await case.shown(tom) == [MARY]


async def test_a_case_is_opened_to_an_offender_by_a_victim_who_is_on_it(case: Case) -> None:
    mary = await case.enrolled("victim", MARY)
    await case.wish(mary)
    await case.take_off(mary)
    tom = await case.enrolled("offender", TOM)
    await case.agree(tom)
    assert await case.shown(tom) is None
    ann = await case.enrolled("victim", ANN)
    assert await case.shown(tom) is None
    await case.wish(ann)
    assert await case.shown(tom) == [ANN]


async def test_and_does_not_vanish_with_the_victim_who_opened_it(case: Case) -> None:
    mary, tom = await case.enrolled("victim", MARY), await case.enrolled("offender", TOM)
    await case.wish(mary)
    before = await case.seen(tom)
    await case.take_off(mary)
    assert await case.seen(tom) == before


async def test_beneath_the_application_nothing_is_addressed_to_who_is_not_shown(
    service: Service, pair: Pair
) -> None:
    ann = await service.make_participant(pair.facilitator, pair.case_id, "victim", "Ann", ANN)
    [mary] = (await own_case(service.participants, pair.offender, pair.case_id)).counterparts
    _, people, _ = await read_case(service.desk, pair.facilitator, pair.case_id)
    anns = next(one.seat_id for one in people if one.account_id == ann.id)
    with psycopg.connect(service.dsns.participants.url) as connection:
        connection.execute("SELECT set_config('role', 'relay_participants', true)")
        connection.execute("SELECT relay.enter_participants(%s)", [pair.offender.id])
        item = uuid4()
        connection.execute(
            "INSERT INTO relay.items (id, service_id, case_id, author_id, kind)"
            " VALUES (%s, %s, %s, %s, 'letter')",
            [item, service.id, pair.case_id, pair.offender.id],
        )
        statement = (
            "INSERT INTO relay.item_recipients (item_id, seat_id, case_id, author_id) VALUES (%s, %s, %s, %s)"
        )
        with pytest.raises(InsufficientPrivilege), connection.transaction():
            connection.execute(statement, [item, anns, pair.case_id, pair.offender.id])
        connection.execute(statement, [item, mary.seat_id, pair.case_id, pair.offender.id])
        connection.rollback()
