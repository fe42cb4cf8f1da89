"""How many have to approve, who decides that, and whose approval counts."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest

from relay.audit.reading import case_entries
from relay.cases.model import Case
from relay.cases.service import add_facilitator, read_case, remove_seat
from relay.cases.settings import change_settings, confirm_lowering, keep_second_approval
from relay.errors import Conflict, VaultRefused
from relay.exchange import objects
from relay.exchange.delivery import deliveries
from relay.exchange.objects import NewObject
from relay.exchange.release import release, schedule, unschedule
from relay.exchange.transitions import State
from relay.identity.accounts import suspend
from relay.identity.model import Person
from relay.review.decisions import decide
from relay.review.queue import claim, hand_back
from relay.review.reading import item_on_desk
from tests.integration.exchange.test_release import ready
from tests.support.house import Pair, Service
from tests.support.letters import approve, seat_of
from tests.support.work import look_at, make_room
from workers.tasks import make_safe
from workers.tasks.room import WorkRoom
from workers.tasks.upkeep import release_due


@pytest.fixture
async def room(service: Service, tmp_path: Path) -> AsyncIterator[WorkRoom]:
    async with make_room(service, tmp_path) as made:
        yield made


@pytest.fixture
async def filip(service: Service, pair: Pair) -> Person:
    """A second facilitator of the case."""
    found = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, pair.facilitator, pair.case_id, found.id)
    return found


async def set_second(service: Service, pair: Pair, person: Person, *, second: bool) -> None:
    await change_settings(
        service.desk, person, pair.case_id, second_approval=second, cooling_hours=0, is_open=True
    )


async def case_of(service: Service, pair: Pair) -> Case:
    return (await read_case(service.desk, pair.facilitator, pair.case_id))[0]


async def seat_on_case(service: Service, pair: Pair, person: Person) -> UUID:
    _, people, _ = await read_case(service.desk, pair.facilitator, pair.case_id)
    return next(one.seat_id for one in people if one.account_id == person.id)


async def take_off(service: Service, pair: Pair, person: Person, by: Person) -> None:
    _, people, _ = await read_case(service.desk, by, pair.case_id)
    seat = next(one.seat_id for one in people if one.account_id == person.id)
    await remove_seat(service.desk, by, pair.case_id, seat)


# what was seen


async def test_what_one_reviewer_was_shown_does_not_count_for_another(
    service: Service, pair: Pair, room: WorkRoom, filip: Person
) -> None:
    item_id = await ready(service, pair, room)
    rendition, sha256 = await look_at(service, pair.facilitator, item_id)
    await hand_back(service.desk, pair.facilitator, item_id)
    await claim(service.desk, filip, item_id)
    assert not (await item_on_desk(service.desk, filip, item_id)).seen_all
    with pytest.raises(Conflict, match="not seen all of this"):
        await decide(service.desk, filip, item_id, "approve", rendition_id=rendition, sha256=sha256)


async def test_a_file_that_is_not_what_its_hash_says_is_not_approved(
    service: Service, pair: Pair, room: WorkRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was taken over names one file and stores another."""
    real = objects.store

    def lies(*arguments: Any, **named: Any) -> NewObject:
        stored = real(*arguments, **named)
        return msgspec.structs.replace(stored, summary=stored.summary._replace(sha256=bytes(32)))

    with monkeypatch.context() as patched:
        patched.setattr(make_safe, "store", lies)
        item_id = await ready(service, pair, room)
    with pytest.raises(VaultRefused):
        await approve(service, pair.facilitator, item_id)


# how many


async def test_one_facilitator_alone_does_not_end_the_second_approval(
    service: Service, pair: Pair, filip: Person
) -> None:
    await set_second(service, pair, pair.facilitator, second=True)
    await set_second(service, pair, pair.facilitator, second=False)
    case = await case_of(service, pair)
    assert case.second_approval
    assert case.lowering is not None
    assert case.lowering.asked_by == pair.facilitator.id
    await set_second(service, pair, pair.facilitator, second=False)  # however often they ask
    with pytest.raises(Conflict, match="Another facilitator"):
        await confirm_lowering(service.desk, pair.facilitator, pair.case_id)
    assert (await case_of(service, pair)).second_approval

    await confirm_lowering(service.desk, filip, pair.case_id)
    case = await case_of(service, pair)
    assert (case.second_approval, case.lowering) == (False, None)
    newest = (await case_entries(service.desk, filip, pair.case_id))[0]
    assert newest.tag == "case.approvals_lowered"
    assert '"approvals":1,"approvals_before":2' in newest.detail
    assert str(pair.facilitator.id) in newest.detail
    with pytest.raises(Conflict, match="Nobody on the case asks"):
        await confirm_lowering(service.desk, filip, pair.case_id)


async def test_what_a_colleague_asked_for_is_refused_runs_out_and_goes_with_them(
    service: Service, pair: Pair, filip: Person
) -> None:
    await set_second(service, pair, pair.facilitator, second=True)
    await set_second(service, pair, filip, second=False)
    await keep_second_approval(service.desk, pair.facilitator, pair.case_id)
    with pytest.raises(Conflict):
        await confirm_lowering(service.desk, pair.facilitator, pair.case_id)

    await set_second(service, pair, filip, second=False)
    service.clock.go(days=15)
    with pytest.raises(Conflict):
        await confirm_lowering(service.desk, pair.facilitator, pair.case_id)

    await set_second(service, pair, filip, second=False)
    await take_off(service, pair, filip, by=pair.facilitator)
    assert (await case_of(service, pair)).lowering is None
    with pytest.raises(Conflict):
        await confirm_lowering(service.desk, pair.facilitator, pair.case_id)
    assert (await case_of(service, pair)).second_approval


async def test_an_item_in_review_keeps_asking_for_two_and_a_later_one_for_one(
    service: Service, pair: Pair, filip: Person, room: WorkRoom
) -> None:
    await set_second(service, pair, pair.facilitator, second=True)
    item_id = await ready(service, pair, room)
    await set_second(service, pair, filip, second=False)
    await confirm_lowering(service.desk, pair.facilitator, pair.case_id)
    await approve(service, pair.facilitator, item_id)
    on_desk = await item_on_desk(service.desk, pair.facilitator, item_id)
    assert (on_desk.state, on_desk.approvals_needed) == (State.IN_REVIEW, 2)
    seat = await seat_of(service, pair.victim, pair.case_id)
    await approve(service, filip, item_id)
    await release(service.desk, filip, item_id, seat)

    later = await ready(service, pair, room)
    await approve(service, filip, later)
    await release(service.desk, filip, later, seat)


async def test_a_case_that_comes_to_ask_for_two_asks_it_of_what_is_approved_too(
    service: Service, pair: Pair, filip: Person, room: WorkRoom
) -> None:
    item_id = await ready(service, pair, room)
    await approve(service, pair.facilitator, item_id)
    await set_second(service, pair, filip, second=True)
    seat = await seat_of(service, pair.victim, pair.case_id)
    with pytest.raises(Conflict, match="two approvals"):
        await release(service.desk, pair.facilitator, item_id, seat)
    await approve(service, filip, item_id)  # it need not go back into review
    await release(service.desk, pair.facilitator, item_id, seat)


@pytest.mark.parametrize("wish", [None, "own", "of somebody who is gone"])
async def test_postgresql_itself_keeps_the_second_approval(
    service: Service, pair: Pair, filip: Person, wish: str | None
) -> None:
    await set_second(service, pair, pair.facilitator, second=True)
    if wish == "own":
        await set_second(service, pair, pair.facilitator, second=False)
    elif wish:
        await set_second(service, pair, filip, second=False)
        await take_off(service, pair, filip, by=pair.facilitator)
    with psycopg.connect(service.dsns.desk.url) as connection:
        connection.execute("SELECT set_config('role', 'relay_desk', true)")
        connection.execute("SELECT relay.enter_desk(%s)", [pair.facilitator.id])
        for change, values in (
            ("second_approval = false", []),
            ("lowering_asked_by = %s, lowering_asked_at = now()", [filip.id]),
        ):
            with pytest.raises(psycopg.Error) as refused, connection.transaction():
                connection.execute(
                    f"UPDATE relay.cases SET {change} WHERE id = %s",  # noqa: S608 - from the list above
                    [*values, pair.case_id],
                )
            assert refused.value.sqlstate == "RL002"
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute("UPDATE relay.items SET approvals_needed = 1")


# whose


@pytest.mark.parametrize("how", ["taken off the case", "left the service", "taken off and back"])
async def test_an_approval_by_somebody_who_has_left_does_not_count(
    service: Service, pair: Pair, filip: Person, room: WorkRoom, how: str
) -> None:
    frida = await service.make_facilitator("Frida")
    await add_facilitator(service.desk, pair.facilitator, pair.case_id, frida.id)
    await set_second(service, pair, pair.facilitator, second=True)
    item_id = await ready(service, pair, room)
    await approve(service, filip, item_id)
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    if how == "left the service":
        administrator = await service.make_staff("administrator", "Anna")
        await suspend(service.desk, administrator, filip.id)
    else:
        await take_off(service, pair, filip, by=pair.facilitator)
    if how == "taken off and back":
        await add_facilitator(service.desk, pair.facilitator, pair.case_id, filip.id)

    with pytest.raises(Conflict, match="two people who are on the case now"):
        await release(service.desk, pair.facilitator, item_id, seat)
    on_desk = await item_on_desk(service.desk, pair.facilitator, item_id)
    assert (on_desk.approvals, on_desk.lapsed) == (1, (filip.id,))
    assert set(on_desk.may_approve) == ({filip.id, frida.id} if how == "taken off and back" else {frida.id})
    await approve(service, frida, item_id)
    await hand_back_if_held(service, frida, item_id)
    await release(service.desk, pair.facilitator, item_id, seat)
    assert len(await deliveries(service.participants, pair.offender)) == 1


async def hand_back_if_held(service: Service, person: Person, item_id: UUID) -> None:
    on_desk = await item_on_desk(service.desk, person, item_id)
    if on_desk.claimed_by == person.id:
        await hand_back(service.desk, person, item_id)


async def test_a_former_member_of_the_roster_is_not_counted_even_if_their_account_is_not_stopped(
    service: Service, pair: Pair, filip: Person, room: WorkRoom
) -> None:
    item_id = await ready(service, pair, room)
    await approve(service, filip, item_id)
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute("UPDATE relay.accounts SET state = 'suspended' WHERE id = %s", [filip.id])
    await service.sign_roster()
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute("UPDATE relay.accounts SET state = 'active' WHERE id = %s", [filip.id])
    on_desk = await item_on_desk(service.desk, pair.facilitator, item_id)
    assert (on_desk.approvals, on_desk.lapsed, on_desk.may_approve) == (
        0,
        (filip.id,),
        (pair.facilitator.id,),
    )


@pytest.mark.parametrize("how", ["taken off the case", "left the service"])
async def test_a_plan_of_somebody_who_has_left_is_not_carried_out(
    service: Service, pair: Pair, filip: Person, room: WorkRoom, how: str
) -> None:
    item_id = await ready(service, pair, room)
    await approve(service, filip, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    due = service.clock() + timedelta(days=2)
    release_id = await schedule(service.desk, filip, item_id, seat, due)
    if how == "left the service":
        administrator = await service.make_staff("administrator", "Anna")
        await suspend(service.desk, administrator, filip.id)
    else:
        await take_off(service, pair, filip, by=pair.facilitator)
    service.clock.go(days=3)
    await release_due(room, release_id)
    on_desk = await item_on_desk(service.desk, pair.facilitator, item_id)
    assert on_desk.state == State.APPROVED
    assert await deliveries(service.participants, pair.offender) == []
    newest = (await case_entries(service.desk, pair.facilitator, pair.case_id))[0]
    assert "approval-lapsed" in newest.detail
    with pytest.raises(Conflict):
        await unschedule(service.desk, pair.facilitator, item_id)
    await approve(service, pair.facilitator, item_id)
    await release(service.desk, pair.facilitator, item_id, seat)
