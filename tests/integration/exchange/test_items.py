"""Authors: two submissions at once, what a letter may be, foreign things, a gate that closes meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from relay.cases import limits
from relay.cases.own import choose_consent, own_case, own_cases
from relay.cases.records import record_pause, record_request
from relay.cases.service import read_case
from relay.errors import Blocked, Conflict, Invalid, Missing, Refusal
from relay.exchange import items, objects, submitting
from relay.exchange.delivery import choose, content, deliveries
from relay.exchange.items import read_draft, save_draft, start_item, withdraw
from relay.exchange.progress import feedback, own_item
from relay.exchange.renditions import own_content
from relay.exchange.submitting import submit
from relay.exchange.uploads import create
from relay.identity.model import Person
from tests.support.house import Pair, Service
from tests.support.letters import seat_of, write_letter
from tests.support.work import make_room
from workers.tasks.room import WorkRoom


@pytest.fixture(autouse=True)
async def room(service: Service, tmp_path: Path) -> AsyncIterator[WorkRoom]:
    async with make_room(service, tmp_path) as made:
        yield made


async def outcomes(*work: Awaitable[object]) -> tuple[int, list[Refusal]]:
    """How many went through, and what the others were told."""
    done = await asyncio.gather(*work, return_exceptions=True)
    refused = [one for one in done if isinstance(one, Refusal)]
    assert all(one is None or isinstance(one, Refusal) for one in done), done
    return len(done) - len(refused), refused


async def test_of_two_submissions_of_one_letter_at_once_one_wins(service: Service, pair: Pair) -> None:
    item_id = await write_letter(service, pair.victim, pair.case_id)
    house = service.participants
    won, refused = await outcomes(*(submit(house, pair.victim, item_id) for _ in range(4)))
    assert (won, {type(one).code for one in refused}) == (1, {"illegal-move"})
    assert (await own_item(house, pair.victim, item_id)).revision == 1


async def test_of_two_letters_to_one_person_at_once_one_is_taken_and_the_other_kept(
    service: Service, pair: Pair
) -> None:
    house = service.participants
    texts = ("One.", "Two.", "Three.")
    made = [await write_letter(service, pair.victim, pair.case_id, text) for text in texts]
    won, refused = await outcomes(*(submit(house, pair.victim, item_id) for item_id in made))
    assert won == 1
    assert all("one at a time" in one.public for one in refused)
    drafts = [x for x in made if (await own_item(house, pair.victim, x)).state == "draft"]
    assert len(drafts) == 2
    assert {await read_draft(house, pair.victim, one) for one in drafts} < {"One.", "Two.", "Three."}


async def test_both_sides_can_write_at_the_same_time(service: Service, pair: Pair) -> None:
    mine = await write_letter(service, pair.victim, pair.case_id)
    theirs = await write_letter(service, pair.offender, pair.case_id)
    house = service.participants
    won, _ = await outcomes(submit(house, pair.victim, mine), submit(house, pair.offender, theirs))
    assert won == 2


async def test_taking_back_and_sending_at_once_end_in_one_of_the_two(service: Service, pair: Pair) -> None:
    item_id = await write_letter(service, pair.victim, pair.case_id)
    house = service.participants
    await outcomes(submit(house, pair.victim, item_id), withdraw(house, pair.victim, item_id))
    assert (await own_item(house, pair.victim, item_id)).state == "withdrawn"


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f"])
async def test_control_characters_are_refused_by_name_and_the_draft_is_kept(
    service: Service, pair: Pair, character: str
) -> None:
    text = f"Dear{character} you"
    item_id = await write_letter(service, pair.victim, pair.case_id, text)
    with pytest.raises(Invalid, match=rf"U\+{ord(character):04X}"):
        await submit(service.participants, pair.victim, item_id)
    assert await read_draft(service.participants, pair.victim, item_id) == text


async def test_a_letter_that_is_too_long_is_refused_before_it_replaces_the_draft(
    service: Service, pair: Pair
) -> None:
    item_id = await write_letter(service, pair.victim, pair.case_id, "Short.")
    most = service.settings.letter_characters
    with pytest.raises(Invalid, match="characters"):
        await save_draft(service.participants, pair.victim, item_id, "x" * (most + 1))
    assert await read_draft(service.participants, pair.victim, item_id) == "Short."
    await save_draft(service.participants, pair.victim, item_id, "x" * most)


async def test_what_is_not_theirs_and_what_is_not_there_are_the_same(service: Service, pair: Pair) -> None:
    theirs = await write_letter(service, pair.offender, pair.case_id)
    house, person = service.participants, pair.victim
    acts: list[Callable[[UUID], Awaitable[object]]] = [
        lambda one: own_item(house, person, one),
        lambda one: read_draft(house, person, one),
        lambda one: save_draft(house, person, one, "Mine now."),
        lambda one: submit(house, person, one),
        lambda one: withdraw(house, person, one),
        lambda one: feedback(house, person, one),
        lambda one: own_content(house, person, one, "original"),
        lambda one: create(house, person, one, 10),
        lambda one: content(house, person, one),
        lambda one: choose(house, person, one, "open"),
        lambda one: start_item(house, person, one, "letter", (uuid4(),)),
    ]
    for act in acts:
        told = set()
        for item_id in (theirs, uuid4()):
            with pytest.raises(Missing) as refused:
                await act(item_id)
            told.add(refused.value.public)
        assert len(told) == 1


async def test_nobody_writes_to_their_own_side_or_to_somebody_elsewhere(service: Service, pair: Pair) -> None:
    other_case = await service.make_case(pair.facilitator, "2026/2")
    await service.make_participant(pair.facilitator, other_case, "offender", "Otto")
    own_seat = await seat_of(service, pair.offender, pair.case_id)
    for seat in (own_seat, uuid4()):
        with pytest.raises(Missing):
            await start_item(service.participants, pair.victim, pair.case_id, "letter", (seat,))


async def test_an_agreement_that_lapses_in_the_middle_of_a_submission_stops_it_and_nothing_is_lost(
    service: Service, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = await write_letter(service, pair.victim, pair.case_id, "Kept.")
    real = objects.store_bytes

    async def half_a_year_later(*arguments: object) -> object:
        stored = await real(*arguments)  # type: ignore[arg-type]
        service.clock.go(days=181)
        return stored

    monkeypatch.setattr(submitting, "store_bytes", half_a_year_later)
    with pytest.raises(Blocked) as blocked:
        await submit(service.participants, pair.victim, item_id)
    assert "It is time to ask you again" in blocked.value.blocks[0]
    assert (await own_item(service.participants, pair.victim, item_id)).state == "draft"
    assert await read_draft(service.participants, pair.victim, item_id) == "Kept."


async def test_what_the_other_side_closed_stops_no_writing(service: Service, pair: Pair) -> None:
    await choose_consent(service.participants, pair.offender, pair.case_id, "letter", given=False)
    await record_pause(service.desk, pair.facilitator, pair.case_id, pair.offender.id, paused=True)
    await submit(service.participants, pair.victim, await write_letter(service, pair.victim, pair.case_id))


async def test_an_offender_finds_nothing_before_a_victim_asked_and_starts_nothing_before_they_agreed(
    service: Service,
) -> None:
    facilitator = await service.make_facilitator()
    case_id = await service.make_case(facilitator)
    victim = await service.make_participant(facilitator, case_id, "victim", "Vera")
    offender: Person = await service.make_participant(facilitator, case_id, "offender", "Oskar")
    _, people, _ = await read_case(service.desk, facilitator, case_id)
    victims_seat = next(one.seat_id for one in people if one.account_id == victim.id)
    with pytest.raises(Missing):
        await start_item(service.participants, offender, case_id, "letter", (victims_seat,))
    with pytest.raises(Missing):
        await own_case(service.participants, offender, case_id)
    assert await own_cases(service.participants, offender) == []
    assert await deliveries(service.participants, offender) == []
    await record_request(service.desk, facilitator, case_id, victim.id, asked=True)
    assert (await own_case(service.participants, offender, case_id)).counterparts == ()
    with pytest.raises(Missing):
        await start_item(service.participants, offender, case_id, "letter", (victims_seat,))
    await choose_consent(service.participants, offender, case_id, "letter", given=True)
    assert await seat_of(service, offender, case_id) == victims_seat
    await limits.record_read(service.participants, offender, case_id, limits.VERSION)
    await start_item(service.participants, offender, case_id, "letter", (victims_seat,))


async def test_there_are_only_so_many_drafts(service: Service, pair: Pair) -> None:
    seat = await seat_of(service, pair.victim, pair.case_id)
    house = service.participants
    made = [
        await start_item(house, pair.victim, pair.case_id, "letter", (seat,))
        for _ in range(items.MOST_DRAFTS)
    ]
    with pytest.raises(Conflict, match="unfinished"):
        await start_item(house, pair.victim, pair.case_id, "letter", (seat,))
    await withdraw(house, pair.victim, made[0])
    await start_item(house, pair.victim, pair.case_id, "letter", (seat,))
