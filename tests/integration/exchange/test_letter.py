"""A letter from one side to the other, through the real services, PostgreSQL and a real worker."""

from pathlib import Path
from uuid import UUID

import pytest

from relay.cases.service import read_case, remove_seat
from relay.errors import Blocked, Conflict, Invalid, Missing
from relay.exchange.delivery import choose, content, deliveries, sender
from relay.exchange.items import save_draft, withdraw
from relay.exchange.objects import opened
from relay.exchange.progress import feedback, own_item, own_items
from relay.exchange.release import release
from relay.exchange.submitting import submit
from relay.identity.invitations import invite_again
from relay.review.decisions import decide
from relay.review.model import Reason
from relay.review.queue import queue
from relay.review.reading import open_rendition
from relay.vault.padding import unpad
from tests.support.house import Pair, Service
from tests.support.letters import LETTER, approve, seat_of, send_letter, write_letter
from tests.support.work import look_at, make_room, work_off


async def test_a_letter_goes_from_victim_to_offender_after_a_change_was_asked_for(
    service: Service, pair: Pair, tmp_path: Path
) -> None:
    async with make_room(service, tmp_path) as room:
        item_id = await send_letter(service, pair.victim, pair.case_id)
        assert (await own_item(service.participants, pair.victim, item_id)).state == "submitted"
        assert await work_off(room) == 1

        assert [entry.item_id for entry in await queue(service.desk, pair.facilitator)] == [item_id]
        rendition, sha256 = await look_at(service, pair.facilitator, item_id)
        await decide(
            service.desk,
            pair.facilitator,
            item_id,
            "request_changes",
            rendition_id=rendition,
            sha256=sha256,
            reasons=(Reason.CONTACT_DETAILS,),
            guidance="Please leave out the telephone number.",
        )
        said = await feedback(service.participants, pair.victim, item_id)
        assert [(one.decision, one.reasons, one.guidance) for one in said] == [
            ("request_changes", ("contact_details",), "Please leave out the telephone number.")
        ]
        await save_draft(service.participants, pair.victim, item_id, LETTER + "Second version.")
        await submit(service.participants, pair.victim, item_id)
        await work_off(room)

        with pytest.raises(Conflict, match="newer version"):
            await decide(
                service.desk, pair.facilitator, item_id, "approve", rendition_id=rendition, sha256=sha256
            )
        await approve(service, pair.facilitator, item_id)
        assert await deliveries(service.participants, pair.offender) == []
        seat = await seat_of(service, pair.victim, pair.case_id)
        release_id = await release(service.desk, pair.facilitator, item_id, seat)

        waiting = await deliveries(service.participants, pair.offender)
        assert [(one.id, one.state) for one in waiting] == [(release_id, "waiting")]
        with pytest.raises(Conflict, match="not opened"):
            await content(service.participants, pair.offender, release_id)
        await choose(service.participants, pair.offender, release_id, "open")
        opened_content = await content(service.participants, pair.offender, release_id)
        with opened(service.participants, opened_content) as reader:
            text = unpad(reader.read_all(1 << 20)).decode()
        assert text == (LETTER + "Second version.").replace("\u200b", "").replace("\u202e", "")


async def test_only_the_recipient_finds_a_delivery(service: Service, pair: Pair, tmp_path: Path) -> None:
    async with make_room(service, tmp_path) as room:
        release_id, _ = await released_letter(service, pair, room)
    with pytest.raises(Missing):
        await content(service.participants, pair.victim, release_id)
    with pytest.raises(Missing):
        await choose(service.participants, pair.victim, release_id, "open")


async def released_letter(service: Service, pair: Pair, room: object) -> tuple[UUID, UUID]:
    """A letter of the victim's that was released. Return the release's id and the item's."""
    item_id = await send_letter(service, pair.victim, pair.case_id)
    await work_off(room)  # type: ignore[arg-type]
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    return await release(service.desk, pair.facilitator, item_id, seat), item_id


async def test_an_author_cannot_tell_approved_from_released(
    service: Service, pair: Pair, tmp_path: Path
) -> None:
    async with make_room(service, tmp_path) as room:
        item_id = await send_letter(service, pair.victim, pair.case_id)
        await work_off(room)
        await approve(service, pair.facilitator, item_id)
        approved = await own_items(service.participants, pair.victim, pair.case_id)
        release_id = await release(
            service.desk, pair.facilitator, item_id, await seat_of(service, pair.victim, pair.case_id)
        )
        await choose(service.participants, pair.offender, release_id, "refuse")
        assert await own_items(service.participants, pair.victim, pair.case_id) == approved
        await withdraw(service.participants, pair.victim, item_id)
        assert (await own_item(service.participants, pair.victim, item_id)).state == "withdrawn"


@pytest.mark.parametrize("text", ["", "  \n ", "\u200b\u2060"])
async def test_an_empty_letter_is_refused_and_kept(
    service: Service, pair: Pair, tmp_path: Path, text: str
) -> None:
    async with make_room(service, tmp_path):
        item_id = await write_letter(service, pair.victim, pair.case_id, text)
        with pytest.raises(Invalid, match="empty"):
            await submit(service.participants, pair.victim, item_id)
        assert (await own_item(service.participants, pair.victim, item_id)).state == "draft"


async def test_one_item_at_a_time_to_one_person(service: Service, pair: Pair, tmp_path: Path) -> None:
    async with make_room(service, tmp_path):
        first = await write_letter(service, pair.victim, pair.case_id)
        second = await write_letter(service, pair.victim, pair.case_id)
        await submit(service.participants, pair.victim, first)
        with pytest.raises(Conflict, match="one at a time"):
            await submit(service.participants, pair.victim, second)
        assert (await own_item(service.participants, pair.victim, second)).state == "draft"
        await withdraw(service.participants, pair.victim, first)
        await submit(service.participants, pair.victim, second)


@pytest.mark.parametrize("released", [False, True])
async def test_what_its_author_took_back_is_not_read_by_a_facilitator_any_more(
    service: Service, pair: Pair, tmp_path: Path, *, released: bool
) -> None:
    async with make_room(service, tmp_path) as room:
        item_id = await send_letter(service, pair.victim, pair.case_id)
        await work_off(room)
        if released:
            await approve(service, pair.facilitator, item_id)
            seat = await seat_of(service, pair.victim, pair.case_id)
            await release(service.desk, pair.facilitator, item_id, seat)
        await open_rendition(service.desk, pair.facilitator, item_id, "clean")
        await withdraw(service.participants, pair.victim, item_id)
        with pytest.raises(Conflict, match="its author took it back"):
            await open_rendition(service.desk, pair.facilitator, item_id, "clean")


async def test_a_pause_between_approval_and_release_stops_it(
    service: Service, pair: Pair, tmp_path: Path
) -> None:
    from relay.cases.own import choose_pause

    async with make_room(service, tmp_path) as room:
        item_id = await send_letter(service, pair.victim, pair.case_id)
        await work_off(room)
        await approve(service, pair.facilitator, item_id)
        await choose_pause(service.participants, pair.offender, pair.case_id, paused=True)
        seat = await seat_of(service, pair.victim, pair.case_id)
        with pytest.raises(Blocked, match="offender has paused"):
            await release(service.desk, pair.facilitator, item_id, seat)


async def test_a_delivery_says_whom_it_is_from_also_after_they_left_the_case(
    service: Service, pair: Pair, tmp_path: Path
) -> None:
    other = await service.make_participant(pair.facilitator, pair.case_id, "victim", "Wanda", "the shop")
    async with make_room(service, tmp_path) as room:
        release_id, _ = await released_letter(service, pair, room)
    assert await sender(service.participants, pair.offender, release_id) == "the other person"
    _, people, _ = await read_case(service.desk, pair.facilitator, pair.case_id)
    for gone in (pair.victim, pair.offender):
        seat = next(one.seat_id for one in people if one.account_id == gone.id)
        await remove_seat(service.desk, pair.facilitator, pair.case_id, seat)
    assert await sender(service.participants, pair.offender, release_id) == "the other person"
    for stranger in (pair.victim, other):
        with pytest.raises(Missing):
            await sender(service.participants, stranger, release_id)


async def test_who_enrols_anew_is_told_that_older_deliveries_do_not_open(
    service: Service, pair: Pair, tmp_path: Path
) -> None:
    async with make_room(service, tmp_path) as room:
        release_id, _ = await released_letter(service, pair, room)
    await choose(service.participants, pair.offender, release_id, "open")
    again = await invite_again(service.desk, pair.facilitator, pair.case_id, pair.offender.id)
    anew = await service.enrol_quickly(service.participants, again)
    with pytest.raises(Conflict, match="keys that you no longer have"):
        await content(service.participants, anew, release_id)
