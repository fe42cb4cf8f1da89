"""Release: two approvals by two people, cooling-off, plans that are carried out once or not at all."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
import pytest

from relay.cases.own import choose_pause, own_case
from relay.cases.service import add_facilitator
from relay.cases.settings import change_settings
from relay.errors import Conflict, Invalid, Missing, Refusal
from relay.exchange.delivery import choose, content, deliveries, delivery
from relay.exchange.items import withdraw
from relay.exchange.release import release, schedule, unschedule
from relay.exchange.transitions import State
from relay.identity.invitations import invite_again
from relay.identity.model import Person
from relay.review.decisions import reopen
from relay.review.queue import hand_back
from relay.review.reading import item_on_desk
from relay.vault.release import ReleaseRecord
from tests.support.house import Pair, Service
from tests.support.letters import approve, seat_of, send_letter
from tests.support.work import make_room, work_off
from workers.tasks.room import WorkRoom
from workers.tasks.upkeep import reconcile, release_due


@pytest.fixture
async def room(service: Service, tmp_path: Path) -> AsyncIterator[WorkRoom]:
    async with make_room(service, tmp_path) as made:
        yield made


async def ready(service: Service, pair: Pair, room: WorkRoom) -> UUID:
    item_id = await send_letter(service, pair.victim, pair.case_id)
    await work_off(room)
    return item_id


async def settings(service: Service, pair: Pair, *, second: bool = False, cooling: int = 0) -> None:
    await change_settings(
        service.desk,
        pair.facilitator,
        pair.case_id,
        second_approval=second,
        cooling_hours=cooling,
        is_open=True,
    )


async def colleague(service: Service, pair: Pair) -> Person:
    filip = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, pair.facilitator, pair.case_id, filip.id)
    return filip


async def state(service: Service, pair: Pair, item_id: UUID) -> str:
    return (await item_on_desk(service.desk, pair.facilitator, item_id)).state


async def test_where_two_have_to_approve_one_person_is_not_two(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    filip = await colleague(service, pair)
    await settings(service, pair, second=True)
    item_id = await ready(service, pair, room)
    seat = await seat_of(service, pair.victim, pair.case_id)
    await approve(service, pair.facilitator, item_id)
    assert await state(service, pair, item_id) == State.IN_REVIEW
    with pytest.raises(Conflict, match="somebody else"):
        await approve(service, pair.facilitator, item_id)
    await hand_back(service.desk, pair.facilitator, item_id)
    with pytest.raises(Conflict):
        await release(service.desk, pair.facilitator, item_id, seat)
    await approve(service, filip, item_id)
    await release(service.desk, filip, item_id, seat)


async def test_only_somebody_who_approved_releases(service: Service, pair: Pair, room: WorkRoom) -> None:
    filip = await colleague(service, pair)
    item_id = await ready(service, pair, room)
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    with pytest.raises(Conflict, match="who approved"):
        await release(service.desk, filip, item_id, seat)


async def test_what_was_approved_before_it_was_reopened_does_not_count(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await ready(service, pair, room)
    await approve(service, pair.facilitator, item_id)
    service.clock.go(hours=-1)  # on a machine whose clock is behind
    await reopen(service.desk, pair.facilitator, item_id)
    service.clock.go(hours=1)
    on_desk = await item_on_desk(service.desk, pair.facilitator, item_id)
    assert (on_desk.state, on_desk.approvals) == (State.IN_REVIEW, 0)


async def test_nothing_is_reopened_while_the_next_is_looked_at(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    first = await ready(service, pair, room)
    await approve(service, pair.facilitator, first)
    await ready(service, pair, room)
    with pytest.raises(Conflict, match="Decide on that one first"):
        await reopen(service.desk, pair.facilitator, first)


async def test_of_two_releases_to_one_person_at_once_one_wins(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await ready(service, pair, room)
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    done = await asyncio.gather(
        *(release(service.desk, pair.facilitator, item_id, seat) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(one, UUID) for one in done) == 1
    assert sum(isinstance(one, Refusal) for one in done) == 2
    assert len(await deliveries(service.participants, pair.offender)) == 1


async def test_the_record_says_what_to_whom_by_whom_and_when(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await ready(service, pair, room)
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    release_id = await release(service.desk, pair.facilitator, item_id, seat)
    with psycopg.connect(service.dsns.superuser.url) as connection:
        row = connection.execute(
            "SELECT r.record, n.id, n.sha256, n.object_id, n.revision_id FROM relay.releases r"
            " JOIN relay.renditions n ON n.id = r.rendition_id WHERE r.id = %s",
            [release_id],
        ).fetchone()
    assert row is not None
    record = msgspec.json.decode(row[0], type=ReleaseRecord)
    assert (record.rendition, record.sha256, record.object, record.revision) == row[1:]
    assert (record.service, record.case, record.item) == (service.id, pair.case_id, item_id)
    assert (record.recipient, record.recipient_key) == (
        pair.offender.id,
        pair.offender.keys.public.fingerprint,
    )
    assert (record.facilitators, record.sequence) == ((pair.facilitator.id,), 1)
    assert abs(record.released_at - service.clock().timestamp()) < 60


async def test_the_cooling_off_time_counts_from_the_approval_and_what_is_told_can_be_given(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    await settings(service, pair, cooling=24)
    item_id = await ready(service, pair, room)
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    with pytest.raises(Conflict, match="cooling-off"):
        await release(service.desk, pair.facilitator, item_id, seat)
    with pytest.raises(Invalid, match="cooling-off"):
        await schedule(
            service.desk, pair.facilitator, item_id, seat, service.clock() + timedelta(hours=23, minutes=50)
        )
    told = (service.clock() + timedelta(hours=24, minutes=1)).replace(second=0, microsecond=0)
    await schedule(service.desk, pair.facilitator, item_id, seat, told)


async def planned(service: Service, pair: Pair, room: WorkRoom) -> tuple[UUID, UUID]:
    item_id = await ready(service, pair, room)
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    due = service.clock() + timedelta(days=2)
    return item_id, await schedule(service.desk, pair.facilitator, item_id, seat, due)


async def test_a_plan_is_carried_out_once_however_many_workers_come(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, release_id = await planned(service, pair, room)
    await release_due(room, release_id)
    assert await deliveries(service.participants, pair.offender) == []
    service.clock.go(days=3)
    assert await reconcile(room) == 1
    await asyncio.gather(*(release_due(room, release_id) for _ in range(4)), return_exceptions=True)
    assert [one.id for one in await deliveries(service.participants, pair.offender)] == [release_id]
    assert await state(service, pair, item_id) == State.RELEASED
    await choose(service.participants, pair.offender, release_id, "open")
    assert (await content(service.participants, pair.offender, release_id)).size > 0


async def test_a_plan_waits_for_a_facilitator_when_a_gate_has_closed(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, release_id = await planned(service, pair, room)
    await choose_pause(service.participants, pair.offender, pair.case_id, paused=True)
    service.clock.go(days=3)
    await release_due(room, release_id)
    await choose_pause(service.participants, pair.offender, pair.case_id, paused=False)
    await release_due(room, release_id)  # it is over: only a facilitator begins anew
    assert await state(service, pair, item_id) == State.APPROVED
    assert await deliveries(service.participants, pair.offender) == []


async def test_a_plan_that_was_given_up_never_happens(service: Service, pair: Pair, room: WorkRoom) -> None:
    item_id, release_id = await planned(service, pair, room)
    await unschedule(service.desk, pair.facilitator, item_id)
    service.clock.go(days=3)
    await release_due(room, release_id)
    assert await deliveries(service.participants, pair.offender) == []


async def test_a_plan_for_keys_that_the_recipient_no_longer_has_comes_back_to_the_facilitator(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    """They lost their passphrase meanwhile: what was sealed for the old key would never open."""
    item_id, release_id = await planned(service, pair, room)
    invitation = await invite_again(service.desk, pair.facilitator, pair.case_id, pair.offender.id)
    await service.enrol_quickly(service.participants, invitation)
    service.clock.go(days=3)
    await release_due(room, release_id)
    assert await state(service, pair, item_id) == State.APPROVED


async def test_a_plan_with_one_approval_does_not_pass_where_two_are_asked_for_by_then(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, release_id = await planned(service, pair, room)
    await settings(service, pair, second=True)
    service.clock.go(days=3)
    await release_due(room, release_id)
    assert await state(service, pair, item_id) == State.APPROVED


async def test_what_a_recipient_chose_can_be_taken_back_until_it_was_opened(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await ready(service, pair, room)
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    release_id = await release(service.desk, pair.facilitator, item_id, seat)
    house, reader = service.participants, pair.offender
    for choice, became in (("refuse", "refused"), ("hold", "held"), ("later", "later")):
        await choose(house, reader, release_id, choice)  # type: ignore[arg-type]
        (one,) = await deliveries(house, reader)
        assert one.state == became
        with pytest.raises(Conflict, match="not opened"):
            await content(house, reader, release_id)
    await choose(house, reader, release_id, "open")
    with pytest.raises(Conflict):
        await choose(house, reader, release_id, "refuse")
    with pytest.raises(Missing):
        await content(house, pair.victim, release_id)


async def two_recipients(service: Service, pair: Pair, room: WorkRoom) -> tuple[UUID, Person, UUID, UUID]:
    """A letter to two people, approved. Return it, the second of them, and the seats of both."""
    olga = await service.make_participant(pair.facilitator, pair.case_id, "offender", "Olga", "Olga")
    await service.open_gates(pair.facilitator, pair.case_id, pair.victim, olga)
    item_id = await ready(service, pair, room)
    await approve(service, pair.facilitator, item_id)
    first, second = (await own_case(service.participants, pair.victim, pair.case_id)).counterparts
    return item_id, olga, first.seat_id, second.seat_id


async def test_what_is_planned_for_one_recipient_does_not_hold_up_another(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, olga, oskars, olgas = await two_recipients(service, pair, room)
    desk, facilitator = service.desk, pair.facilitator
    due = service.clock() + timedelta(days=2)
    planned_id = await schedule(desk, facilitator, item_id, oskars, due)
    released_id = await release(desk, facilitator, item_id, olgas)
    assert [one.id for one in await deliveries(service.participants, olga)] == [released_id]
    assert await state(service, pair, item_id) == State.RELEASED
    with pytest.raises(Conflict, match="planned for this person already"):
        await schedule(desk, facilitator, item_id, oskars, due)
    with pytest.raises(Conflict, match="planned for this person already"):
        await release(desk, facilitator, item_id, oskars)
    service.clock.go(days=3)
    await release_due(room, planned_id)
    assert [one.id for one in await deliveries(service.participants, pair.offender)] == [planned_id]


async def test_each_plan_of_an_item_is_taken_back_or_fails_on_its_own(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, olga, oskars, olgas = await two_recipients(service, pair, room)
    desk, facilitator = service.desk, pair.facilitator
    due = service.clock() + timedelta(days=2)
    await schedule(desk, facilitator, item_id, oskars, due)
    for_olga = await schedule(desk, facilitator, item_id, olgas, due)
    await unschedule(desk, facilitator, item_id, oskars)
    assert await state(service, pair, item_id) == State.SCHEDULED
    with pytest.raises(Conflict, match="planned any more"):
        await unschedule(desk, facilitator, item_id, oskars)
    for_oskar = await schedule(desk, facilitator, item_id, oskars, due)
    await choose_pause(service.participants, pair.offender, pair.case_id, paused=True)
    service.clock.go(days=3)
    await release_due(room, for_oskar)
    assert await state(service, pair, item_id) == State.SCHEDULED
    await release_due(room, for_olga)
    assert await state(service, pair, item_id) == State.RELEASED
    assert len(await deliveries(service.participants, olga)) == 1
    assert await deliveries(service.participants, pair.offender) == []


async def test_taking_an_item_back_ends_what_is_planned_for_the_rest_of_its_recipients(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, _, oskars, olgas = await two_recipients(service, pair, room)
    due = service.clock() + timedelta(days=2)
    planned_id = await schedule(service.desk, pair.facilitator, item_id, oskars, due)
    await release(service.desk, pair.facilitator, item_id, olgas)
    await withdraw(service.participants, pair.victim, item_id)
    service.clock.go(days=3)
    await release_due(room, planned_id)
    assert await deliveries(service.participants, pair.offender) == []


async def test_each_recipient_reads_what_was_written_to_them(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, olga, oskars, olgas = await two_recipients(service, pair, room)
    desk, house, facilitator = service.desk, service.participants, pair.facilitator
    due = service.clock() + timedelta(days=2)
    to_olga = await release(desk, facilitator, item_id, olgas, "For Olga.")
    to_oskar = await schedule(desk, facilitator, item_id, oskars, due, "For Oskar.")
    service.clock.go(days=3)
    await release_due(room, to_oskar)
    assert (await delivery(house, olga, to_olga)).note == "For Olga."
    assert (await delivery(house, pair.offender, to_oskar)).note == "For Oskar."
    found = (await item_on_desk(desk, facilitator, item_id)).recipients
    written = {one.seat_id: one.note.text for one in found if one.note}
    assert written == {oskars: "For Oskar.", olgas: "For Olga."}
