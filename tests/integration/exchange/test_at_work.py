"""A worker at work on a film: how far it is shows meanwhile, and it stops when nobody wants it any more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
from procrastinate.exceptions import ConnectorException

from relay.errors import Unavailable
from relay.exchange import processing
from relay.exchange.items import start_item, withdraw
from relay.exchange.model import OwnItem
from relay.exchange.progress import own_item
from relay.exchange.submitting import submit
from relay.exchange.uploads import append, create
from tests.support import media
from tests.support.house import Pair, Service
from tests.support.letters import seat_of, send_letter
from tests.support.work import make_room
from workers.tasks import make_safe as task
from workers.tasks.app import FILES, PROMPT, make_app, work
from workers.tasks.make_safe import make_safe
from workers.tasks.room import WorkRoom


@pytest.fixture
async def room(service: Service, tmp_path: Path) -> AsyncIterator[WorkRoom]:
    async with make_room(service, tmp_path) as made:
        yield made


async def sent_film(service: Service, pair: Pair, content: bytes) -> tuple[UUID, UUID]:
    """A film that waits for a worker: the item and its revision."""
    house, author = service.participants, pair.victim
    seat = await seat_of(service, author, pair.case_id)
    item_id = await start_item(house, author, pair.case_id, "video", (seat,))
    upload = await create(house, author, item_id, len(content))
    async with append(house, author, upload.id, 0) as sink:
        await sink.write(content)
    await submit(house, author, item_id)
    return item_id, await revision_of(service, pair, item_id)


async def revision_of(service: Service, pair: Pair, item_id: UUID) -> UUID:
    async with service.desk.database.reading(pair.facilitator.id) as tx:
        revision: UUID = await tx.value("SELECT id FROM relay.revisions WHERE item_id = %s", [item_id])
    return revision


async def taken_back(service: Service, pair: Pair, item: OwnItem, revision: UUID) -> None:
    del revision
    await withdraw(service.participants, pair.victim, item.id)


async def taken_over(service: Service, pair: Pair, item: OwnItem, revision: UUID) -> None:
    """By another worker, as if this one had been too slow to renew its lease."""
    del pair, item
    async with asyncio.timeout(20):
        while True:
            service.clock.go(minutes=3)
            if await processing.take(service.worker, revision) is not None:
                return


def children() -> set[str]:
    """Processes that this one has started."""
    threads = Path("/proc/self/task").glob("*/children")
    return {child for listed in threads for child in listed.read_text().split()}


@pytest.mark.parametrize(("ends", "state"), [(taken_back, "withdrawn"), (taken_over, "submitted")])
async def test_how_far_a_film_is_shows_and_it_stops_when_it_is_not_wanted(
    service: Service,
    pair: Pair,
    room: WorkRoom,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ends: Callable[[Service, Pair, OwnItem, UUID], Awaitable[None]],
    state: str,
) -> None:
    film = media.film(tmp_path, "long.mp4", 20, "-preset", "ultrafast", size="1280x720").read_bytes()
    item_id, revision = await sent_film(service, pair, film)
    monkeypatch.setattr(task, "RENEW_SECONDS", 0.05)
    handed_in: list[object] = []

    async def too_late(*arguments: object) -> None:
        handed_in.append(arguments)

    monkeypatch.setattr(processing, "hand_in", too_late)
    before = children()
    working = asyncio.ensure_future(make_safe(room, revision))
    while (item := await own_item(service.participants, pair.victim, item_id)).percent == 0:
        assert not working.done(), "it was made before anything of it could be read"
        await asyncio.sleep(0.05)
    assert item.percent < 100
    assert children() - before, "somebody is at work"
    await ends(service, pair, item, revision)
    await asyncio.wait_for(working, 60)
    assert children() <= before
    assert handed_in == [], "it went on to the end"
    assert (await own_item(service.participants, pair.victim, item_id)).state == state
    async with service.participants.database.reading(pair.victim.id) as tx:
        assert await tx.value("SELECT count(*) FROM relay.renditions WHERE item_id = %s", [item_id]) == 0


async def test_the_queue_hands_out_short_before_long_and_nobody_starves(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    """As a worker fetches them, of jobs that were enqueued in another order."""
    _, revision = await sent_film(service, pair, b"a film")
    begun = datetime(2026, 11, 22, 12, tzinfo=UTC)
    arrivals = {
        "a page on the next day": (begun + timedelta(days=1), 0),
        "a film of 4 GiB": (begun, 4096),
        "a page two hours later": (begun + timedelta(hours=2), 0),
        "a page half an hour later": (begun + timedelta(minutes=30), 0),
        "a film of 1 GiB at the same time": (begun, 1024),
    }
    names = {}
    async with await psycopg.AsyncConnection.connect(service.dsns.superuser.url) as owner:
        await owner.execute("SET session_replication_role = replica")  # revisions are never edited
        await owner.execute("DELETE FROM jobs.procrastinate_jobs")
        for name, (at, mebibytes) in arrivals.items():
            await owner.execute("UPDATE relay.revisions SET submitted_at = %s WHERE id = %s", [at, revision])
            await owner.execute(
                "UPDATE relay.objects SET plaintext_size = %s"
                " WHERE id = (SELECT object_id FROM relay.revisions WHERE id = %s)",
                [mebibytes * 2**20, revision],
            )
            names[await enqueued(owner, "make_safe", revision)] = name
    assert await fetched(service, room, FILES, names) == [
        "a film of 1 GiB at the same time",
        "a page half an hour later",
        "a film of 4 GiB",
        "a page two hours later",
        "a page on the next day",
    ]


async def test_a_letter_and_a_release_that_is_due_are_not_in_the_queue_of_films(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    _, film = await sent_film(service, pair, b"a film")
    letter = await revision_of(service, pair, await send_letter(service, pair.offender, pair.case_id))
    async with await psycopg.AsyncConnection.connect(service.dsns.superuser.url) as owner:
        await owner.execute("SET session_replication_role = replica")  # the queue's own triggers
        await owner.execute("DELETE FROM jobs.procrastinate_jobs")
        names = {
            await enqueued(owner, "make_safe", film): "a film",
            await enqueued(owner, "make_safe", letter): "a letter",
            await enqueued(owner, "release_due", uuid4()): "a release that is due",
        }
    assert await fetched(service, room, PROMPT, names) == ["a release that is due", "a letter"]
    assert await fetched(service, room, FILES, names) == ["a film"]


async def fetched(service: Service, room: WorkRoom, queue: str, names: dict[int, str]) -> list[str]:
    """What a worker would take from a queue, in this order."""
    settings = msgspec.structs.replace(service.settings, database=service.dsns.worker.url)
    app, found = make_app(settings, room), []
    async with app.open_async():
        worker = await app.job_manager.register_worker()
        while job := await app.job_manager.fetch_job(queues=[queue], worker_id=worker):
            assert job.id is not None
            found.append(names[job.id])
    return found


async def test_a_letter_is_ready_while_a_film_takes_its_time(
    service: Service, pair: Pair, room: WorkRoom, tmp_path: Path
) -> None:
    """With a worker that makes one film at a time."""
    film = media.film(tmp_path, "long.mp4", 20, "-preset", "ultrafast", size="1280x720").read_bytes()
    film_id, _ = await sent_film(service, pair, film)
    settings = msgspec.structs.replace(service.settings, database=service.dsns.worker.url)
    app = make_app(settings, room)
    async with app.open_async(), asyncio.timeout(120):
        working = asyncio.ensure_future(work(app, 1))
        try:
            while not (made := await own_item(service.participants, pair.victim, film_id)).percent:
                assert (made.state, working.done()) == ("submitted", False)
                await asyncio.sleep(0.05)
            letter_id = await send_letter(service, pair.offender, pair.case_id)
            while (await own_item(service.participants, pair.offender, letter_id)).state != "in_review":
                assert (await own_item(service.participants, pair.victim, film_id)).state == "submitted"
                await asyncio.sleep(0.05)
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working


async def test_a_worker_with_one_queue_left_ends_so_that_another_is_started(
    service: Service, room: WorkRoom
) -> None:
    settings = msgspec.structs.replace(service.settings, database=service.dsns.worker.url)
    app = make_app(settings, room)
    async with app.open_async(), asyncio.timeout(60):
        beat, beats = app.job_manager.update_heartbeat, []

        async def fails_once(worker_id: int) -> None:
            beats.append(worker_id)
            if len(beats) == 2:  # of the second queue
                raise ConnectorException("one query failed")
            await beat(worker_id)

        app.job_manager.update_heartbeat = fails_once  # type: ignore[method-assign]  # a database's bad moment
        with pytest.raises(Unavailable):
            await work(app, 1)


async def enqueued(owner: psycopg.AsyncConnection, name: str, subject: UUID) -> int:
    """Enqueue a job and return its id. Its lock is let go, so that another of the same subject may wait."""
    await owner.execute("SELECT relay.enqueue(%s, %s, NULL)", [name, subject])
    lets_go = "UPDATE jobs.procrastinate_jobs SET queueing_lock = NULL WHERE queueing_lock = %s RETURNING id"
    found = await (await owner.execute(lets_go, [f"{name}:{subject}"])).fetchone()
    assert found is not None
    return int(found[0])
