"""Workers: leases, two at once, stopped or killed at any point, and the end of their keys."""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from relay.db.transaction import Acting
from relay.errors import Conflict
from relay.exchange import processing
from relay.exchange.items import withdraw
from relay.exchange.progress import own_item
from relay.exchange.submitting import submit
from tests.support.house import Pair, Service
from tests.support.letters import send_letter
from tests.support.work import make_room, work_off
from workers.media.budget import NoMemory
from workers.tasks import make_safe as task
from workers.tasks.keys import publish, retire
from workers.tasks.make_safe import make_safe
from workers.tasks.room import WorkRoom


@pytest.fixture
async def room(service: Service, tmp_path: Path) -> AsyncIterator[WorkRoom]:
    async with make_room(service, tmp_path) as made:
        yield made


async def sent(service: Service, pair: Pair) -> tuple[UUID, UUID]:
    """A letter that waits for a worker: the item and its revision."""
    item_id = await send_letter(service, pair.victim, pair.case_id)
    async with service.participants.database.reading(pair.victim.id) as tx:
        revision: UUID = await tx.value("SELECT id FROM relay.revisions WHERE item_id = %s", [item_id])
    return item_id, revision


async def state_of(service: Service, pair: Pair, item_id: UUID) -> str:
    return (await own_item(service.participants, pair.victim, item_id)).state


async def renditions(service: Service, pair: Pair, item_id: UUID) -> int:
    async with service.participants.database.reading(pair.victim.id) as tx:
        number: int = await tx.value("SELECT count(*) FROM relay.renditions WHERE item_id = %s", [item_id])
    return number


async def test_of_many_workers_at_once_one_does_it(service: Service, pair: Pair, room: WorkRoom) -> None:
    item_id, revision = await sent(service, pair)
    await asyncio.gather(*(make_safe(room, revision) for _ in range(5)))
    assert await state_of(service, pair, item_id) == "in_review"
    assert await renditions(service, pair, item_id) == 1


async def test_a_lease_keeps_others_out_until_it_runs_out(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    _, revision = await sent(service, pair)
    first = await processing.take(room.house, revision)
    assert first is not None
    assert await processing.take(room.house, revision) is None
    service.clock.go(seconds=110)
    assert await processing.keep(room.house, first, 50)
    service.clock.go(seconds=30)
    assert await processing.take(room.house, revision) is None
    service.clock.go(minutes=3)
    second = await processing.take(room.house, revision)
    assert second is not None
    assert second.tries == 2
    assert not await processing.keep(room.house, first, 60)


async def test_what_a_worker_without_the_lease_hands_in_is_refused(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, revision = await sent(service, pair)
    slow = await processing.take(room.house, revision)
    assert slow is not None
    made = await task._made(room, slow)
    service.clock.go(minutes=3)
    await make_safe(room, revision)
    with pytest.raises(Conflict):
        await processing.hand_in(room.house, slow, made)
    assert await renditions(service, pair, item_id) == 1


async def test_what_is_handed_in_while_another_worker_has_the_lease_is_refused(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, revision = await sent(service, pair)
    slow = await processing.take(room.house, revision)
    assert slow is not None
    made = await task._made(room, slow)
    service.clock.go(minutes=3)
    second = await processing.take(room.house, revision)
    assert second is not None
    with pytest.raises(Conflict):
        await processing.hand_in(room.house, slow, made)
    assert await state_of(service, pair, item_id) == "submitted"
    await processing.hand_in(room.house, second, await task._made(room, second))
    assert await renditions(service, pair, item_id) == 1


POINTS: list[tuple[object, str]] = [
    (processing, "worker_holders"),
    (processing, "original"),
    (task, "announce"),
    (task, "store"),
    (processing, "hand_in"),
    (processing, "finish"),
    (processing, "add_grant"),
    (Acting, "write_entry"),
]


@pytest.mark.parametrize(("where", "name"), POINTS, ids=[name for _, name in POINTS])
async def test_a_worker_stopped_at_any_point_leaves_it_to_the_next(
    service: Service,
    pair: Pair,
    room: WorkRoom,
    monkeypatch: pytest.MonkeyPatch,
    where: object,
    name: str,
) -> None:
    """Stopped by a real cancellation: SIGTERM past its grace."""
    item_id, revision = await sent(service, pair)
    working: asyncio.Task[None] | None = None
    loop = asyncio.get_running_loop()

    def stopping(real: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*arguments: Any, **named: Any) -> Any:
            assert working is not None
            loop.call_soon_threadsafe(working.cancel)
            return real(*arguments, **named)

        return instead

    with monkeypatch.context() as patched:
        patched.setattr(where, name, stopping(getattr(where, name)))
        working = asyncio.ensure_future(make_safe(room, revision))
        await asyncio.wait([working])
    if await state_of(service, pair, item_id) == "submitted":  # otherwise it came too late to matter
        assert working.cancelled()
        assert await work_off(room) == 1, "it was not given back at once"
    assert await state_of(service, pair, item_id) == "in_review"
    assert await renditions(service, pair, item_id) == 1


async def test_being_stopped_is_no_try(
    service: Service, pair: Pair, room: WorkRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id, revision = await sent(service, pair)

    async def is_stopped(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(processing, "worker_holders", is_stopped)
        for _ in range(processing.MOST_TRIES * 2):
            with pytest.raises(asyncio.CancelledError):
                await make_safe(room, revision)
    await make_safe(room, revision)
    assert await state_of(service, pair, item_id) == "in_review"


@pytest.mark.parametrize(
    "trouble", [NoMemory(640 * 2**20, 100 * 2**20), OSError(errno.ENOSPC, "No space left on device")]
)
async def test_a_machine_without_memory_walls_or_room_on_its_disk_is_no_try(
    service: Service, pair: Pair, room: WorkRoom, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    item_id, revision = await sent(service, pair)

    async def has_none(*_: object) -> None:
        raise trouble

    with monkeypatch.context() as patched:
        patched.setattr(processing, "worker_holders", has_none)
        for _ in range(processing.MOST_TRIES * 2):
            with pytest.raises(type(trouble)):
                await make_safe(room, revision)
    assert await state_of(service, pair, item_id) == "submitted"
    await make_safe(room, revision)
    assert await state_of(service, pair, item_id) == "in_review"


@pytest.mark.parametrize(
    "trouble", [NoMemory(640 * 2**20, 100 * 2**20), OSError(errno.ENOSPC, "No space left on device")]
)
async def test_what_has_found_no_room_for_more_than_a_day_ends_in_a_reason(
    service: Service, pair: Pair, room: WorkRoom, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    item_id, revision = await sent(service, pair)

    async def has_none(*_: object) -> None:
        raise trouble

    monkeypatch.setattr(processing, "worker_holders", has_none)
    service.clock.go(days=1, minutes=1)
    for _ in range(processing.MOST_TRIES):
        with pytest.raises(type(trouble)):
            await make_safe(room, revision)
    await make_safe(room, revision)
    item = await own_item(service.participants, pair.victim, item_id)
    assert (item.state, item.failure) == ("failed", "out-of-time")


async def test_a_worker_that_dies_again_and_again_ends_in_a_reason(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, revision = await sent(service, pair)
    for _ in range(processing.MOST_TRIES):
        assert await processing.take(room.house, revision) is not None
        service.clock.go(minutes=3)
    await make_safe(room, revision)
    item = await own_item(service.participants, pair.victim, item_id)
    assert (item.state, item.failure) == ("failed", "out-of-time")
    # nothing is lost: the draft is there, and can be sent again
    await submit(service.participants, pair.victim, item_id)
    await work_off(room)
    assert await state_of(service, pair, item_id) == "in_review"


async def test_what_its_author_takes_back_meanwhile_is_not_handed_in(
    service: Service, pair: Pair, room: WorkRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id, revision = await sent(service, pair)
    real = processing.hand_in

    async def after_it_was_taken_back(*arguments: Any) -> None:
        await withdraw(service.participants, pair.victim, item_id)
        await real(*arguments)

    monkeypatch.setattr(processing, "hand_in", after_it_was_taken_back)
    await make_safe(room, revision)
    assert await state_of(service, pair, item_id) == "withdrawn"
    assert await renditions(service, pair, item_id) == 0


async def test_a_key_goes_when_its_epoch_is_over_and_nothing_waits_for_it(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    taken_back, _ = await sent(service, pair)
    (old,) = room.keys.held()
    service.clock.go(hours=25)
    new = await publish(room.house, room.keys)
    service.clock.go(hours=2)
    assert await retire(room.house, room.keys) == []
    assert set(room.keys.held()) == {old, new}
    await withdraw(service.participants, pair.victim, taken_back)
    assert await retire(room.house, room.keys) == [old]
    assert room.keys.held() == [new]


async def test_what_was_sent_under_the_last_epoch_is_still_made_safe(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, _ = await sent(service, pair)
    service.clock.go(hours=25)
    await publish(room.house, room.keys)
    service.clock.go(hours=2)
    await retire(room.house, room.keys)
    await work_off(room)
    assert await state_of(service, pair, item_id) == "in_review"
    assert len(await retire(room.house, room.keys)) == 1


async def test_of_many_workers_that_begin_an_epoch_at_once_one_wins(service: Service, room: WorkRoom) -> None:
    service.clock.go(hours=25)
    holders = await asyncio.gather(*(publish(room.house, room.keys) for _ in range(4)))
    assert len(set(holders)) == 1
    assert len(room.keys.held()) == 2


@pytest.mark.usefixtures("room")  # which publishes the worker's keys
async def test_short_goes_before_long_and_nobody_starves(service: Service, pair: Pair) -> None:
    """The queue hands out the highest number first."""
    _, revision = await sent(service, pair)
    day = timedelta(days=1)
    begun = datetime(2026, 11, 22, 12, tzinfo=UTC)
    arrivals = {
        "a film of 4 GiB": (begun, 4096),
        "a letter half an hour later": (begun + timedelta(minutes=30), 0),
        "a film of 1 GiB at the same time": (begun, 1024),
        "a letter two hours later": (begun + timedelta(hours=2), 0),
        "a letter on the next day": (begun + day, 0),
    }
    urgency = {}
    async with await psycopg.AsyncConnection.connect(service.dsns.superuser.url) as owner:
        await owner.execute("SET session_replication_role = replica")  # revisions are never edited
        for name, (at, mebibytes) in arrivals.items():
            await owner.execute("UPDATE relay.revisions SET submitted_at = %s WHERE id = %s", [at, revision])
            await owner.execute(
                "UPDATE relay.objects SET plaintext_size = %s"
                " WHERE id = (SELECT object_id FROM relay.revisions WHERE id = %s)",
                [mebibytes * 2**20, revision],
            )
            found = await (await owner.execute("SELECT relay.urgency(%s)", [revision])).fetchone()
            assert found is not None
            urgency[name] = found[0]
        await owner.rollback()
    assert sorted(urgency, key=lambda name: -urgency[name]) == [
        "a film of 1 GiB at the same time",
        "a letter half an hour later",
        "a film of 4 GiB",
        "a letter two hours later",
        "a letter on the next day",
    ]
    assert max(urgency.values()) < 0, "what is no file goes before all"
