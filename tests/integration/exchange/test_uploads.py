"""Uploads under the services: cuts at any byte, lost acknowledgements, two writers, crashes, quotas."""

import asyncio
import errno
import itertools
import random
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from relay.blobs.folder import FolderWriter
from relay.errors import BlobMissing, Conflict, Gone, Invalid, Missing, TooLarge
from relay.exchange import uploads
from relay.exchange.items import start_item, withdraw
from relay.exchange.objects import opened
from relay.exchange.progress import own_item
from relay.exchange.renditions import own_content
from relay.exchange.sink import Sink
from relay.exchange.submitting import submit
from relay.exchange.uploads import append, create, status, terminate
from tests.support.house import Pair, Service, make_pair, make_service
from tests.support.letters import seat_of
from tests.support.postgres import Dsns
from tests.support.work import make_room, work_off
from workers.tasks.room import WorkRoom
from workers.tasks.upkeep import sweep

FILE = random.Random(7).randbytes(700_001)  # noqa: S311 - any bytes will do


@pytest.fixture(autouse=True)
async def room(service: Service, tmp_path: Path) -> AsyncIterator[WorkRoom]:
    async with make_room(service, tmp_path) as made:
        yield made


async def audio(service: Service, pair: Pair) -> UUID:
    seat = await seat_of(service, pair.victim, pair.case_id)
    return await start_item(service.participants, pair.victim, pair.case_id, "audio", (seat,))


async def send(
    service: Service, pair: Pair, upload_id: UUID, start: int, stop: int, step: int = 65_536
) -> None:
    async with append(service.participants, pair.victim, upload_id, start) as sink:
        for place in range(start, stop, step):
            await sink.write(FILE[place : min(place + step, stop)])


async def arrived(service: Service, pair: Pair, item_id: UUID) -> bytes:
    """What the author gets back of what they sent."""
    await submit(service.participants, pair.victim, item_id)
    content = await own_content(service.participants, pair.victim, item_id, "original")
    with opened(service.participants, content) as reader:
        return reader.read_all(1 << 20)


@pytest.mark.parametrize("cuts", [[1], [262_144], [262_143, 262_145], [1, 2, 3, 699_999, 700_000]])
async def test_an_upload_that_is_cut_anywhere_goes_on_there(
    service: Service, pair: Pair, cuts: list[int]
) -> None:
    item_id = await audio(service, pair)
    upload = await create(service.participants, pair.victim, item_id, len(FILE))
    places = [0, *cuts, len(FILE)]
    for start, stop in itertools.pairwise(places):
        await send(service, pair, upload.id, start, stop)
        assert (await status(service.participants, pair.victim, upload.id)).received == stop
    assert await arrived(service, pair, item_id) == FILE


async def test_what_came_before_a_connection_broke_was_kept(service: Service, pair: Pair) -> None:
    item_id = await audio(service, pair)
    upload = await create(service.participants, pair.victim, item_id, len(FILE))
    with pytest.raises(ConnectionResetError):  # noqa: PT012 - it breaks in the middle
        async with append(service.participants, pair.victim, upload.id, 0) as sink:
            await sink.write(FILE[:300_000])
            raise ConnectionResetError
    assert (await status(service.participants, pair.victim, upload.id)).received == 300_000
    await send(service, pair, upload.id, 300_000, len(FILE))
    assert await arrived(service, pair, item_id) == FILE


async def test_nothing_of_a_request_counts_of_which_a_part_could_not_be_written(
    service: Service, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = await audio(service, pair)
    length = 3 * Sink.PORTION
    upload = await create(service.participants, pair.victim, item_id, length)
    written = FolderWriter.write_at
    places: list[int] = []

    def full_once(self: FolderWriter, offset: int, data: memoryview) -> None:
        places.append(offset)
        if len(places) == 2:
            raise OSError(errno.ENOSPC, "full")
        written(self, offset, data)

    monkeypatch.setattr(FolderWriter, "write_at", full_once)
    with pytest.raises(OSError, match="full"):
        async with append(service.participants, pair.victim, upload.id, 0) as sink:
            await sink.write(bytes(length))
    assert (await status(service.participants, pair.victim, upload.id)).received == 0
    async with append(service.participants, pair.victim, upload.id, 0) as sink:
        await sink.write(bytes(length))
    assert (await status(service.participants, pair.victim, upload.id)).state == "complete"


async def test_a_request_that_is_cancelled_again_and_again_is_recorded_and_only_then_closed(
    service: Service, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = await audio(service, pair)
    length = 2 * Sink.PORTION
    upload = await create(service.participants, pair.victim, item_id, length)
    written = FolderWriter.write_at
    began = threading.Event()

    def slow(self: FolderWriter, offset: int, data: memoryview) -> None:
        began.set()
        time.sleep(0.1)
        written(self, offset, data)

    async def send_part() -> None:
        async with append(service.participants, pair.victim, upload.id, 0) as sink:
            await sink.write(bytes(length - 1))

    monkeypatch.setattr(FolderWriter, "write_at", slow)
    sending = asyncio.create_task(send_part())
    await asyncio.to_thread(began.wait, 10)
    for _ in range(3):
        sending.cancel()
        await asyncio.sleep(0.02)
    with pytest.raises(asyncio.CancelledError):
        await sending
    deadline = time.monotonic() + 20
    while not (received := (await status(service.participants, pair.victim, upload.id)).received):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    async with append(service.participants, pair.victim, upload.id, received) as sink:
        await sink.write(bytes(length - received))
    assert (await status(service.participants, pair.victim, upload.id)).state == "complete"


async def test_after_a_lost_acknowledgement_the_same_part_again_is_refused_and_the_next_taken(
    service: Service, pair: Pair
) -> None:
    item_id = await audio(service, pair)
    upload = await create(service.participants, pair.victim, item_id, len(FILE))
    await send(service, pair, upload.id, 0, 400_000)
    with pytest.raises(Conflict):
        await send(service, pair, upload.id, 0, 400_000)
    await send(service, pair, upload.id, 400_000, len(FILE))
    assert await arrived(service, pair, item_id) == FILE


async def test_of_two_writers_at_once_one_is_acknowledged_and_the_file_is_whole(
    service: Service, pair: Pair
) -> None:
    item_id = await audio(service, pair)
    upload = await create(service.participants, pair.victim, item_id, len(FILE))
    done = await asyncio.gather(
        *(send(service, pair, upload.id, 0, 500_000, step) for step in (10_000, 65_536)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["Conflict", "NoneType"]
    await send(service, pair, upload.id, 500_000, len(FILE))
    assert await arrived(service, pair, item_id) == FILE


async def test_what_was_discarded_moves_nothing(service: Service, pair: Pair) -> None:
    item_id = await audio(service, pair)
    upload = await create(service.participants, pair.victim, item_id, len(FILE))
    await send(service, pair, upload.id, 0, 100)
    async with append(service.participants, pair.victim, upload.id, 100) as sink:
        await sink.write(bytes(1000))
        sink.discard()
    assert (await status(service.participants, pair.victim, upload.id)).received == 100
    await send(service, pair, upload.id, 100, len(FILE))
    assert await arrived(service, pair, item_id) == FILE


async def test_a_crash_between_the_blob_and_its_row_is_made_good_when_the_author_asks(
    service: Service, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = await audio(service, pair)
    upload = await create(service.participants, pair.victim, item_id, len(FILE))
    real = uploads._finish_blob

    def and_then_the_power_goes(*arguments: object) -> bytes:
        real(*arguments)  # type: ignore[arg-type]
        raise ConnectionAbortedError

    with monkeypatch.context() as patched:
        patched.setattr(uploads, "_finish_blob", and_then_the_power_goes)
        with pytest.raises(ConnectionAbortedError):
            await send(service, pair, upload.id, 0, len(FILE))
    assert (await status(service.participants, pair.victim, upload.id)).state == "complete"
    assert (await own_item(service.participants, pair.victim, item_id)).uploaded
    assert await arrived(service, pair, item_id) == FILE


async def test_more_bytes_than_were_announced_are_refused_and_nothing_before_is_lost(
    service: Service, pair: Pair
) -> None:
    upload = await create(service.participants, pair.victim, await audio(service, pair), 1000)
    await send(service, pair, upload.id, 0, 900)
    with pytest.raises(TooLarge):
        await send(service, pair, upload.id, 900, 1100)
    assert (await status(service.participants, pair.victim, upload.id)).received == 900


async def test_what_nobody_continues_expires_and_is_swept_with_its_bytes(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    upload = await create(service.participants, pair.victim, await audio(service, pair), len(FILE))
    await send(service, pair, upload.id, 0, 300_000)
    service.clock.go(hours=service.settings.upload_hours + 1)
    with pytest.raises(Gone):
        await status(service.participants, pair.victim, upload.id)
    assert await sweep(room) >= 1
    assert upload.id not in set(service.blobs.unfinished())
    with pytest.raises(Missing):
        await status(service.participants, pair.victim, upload.id)


async def test_an_upload_that_was_ended_leaves_nothing(service: Service, pair: Pair) -> None:
    upload = await create(service.participants, pair.victim, await audio(service, pair), len(FILE))
    await send(service, pair, upload.id, 0, 300_000)
    await terminate(service.participants, pair.victim, upload.id)
    assert upload.id not in set(service.blobs.unfinished())
    with pytest.raises(Missing):
        await send(service, pair, upload.id, 300_000, len(FILE))


async def test_a_file_for_an_item_that_was_taken_back_is_not_added(service: Service, pair: Pair) -> None:
    item_id = await audio(service, pair)
    upload = await create(service.participants, pair.victim, item_id, len(FILE))
    await send(service, pair, upload.id, 0, 300_000)
    await withdraw(service.participants, pair.victim, item_id)
    with pytest.raises((Conflict, Missing)):
        await send(service, pair, upload.id, 300_000, len(FILE))
    with pytest.raises(Conflict):
        await create(service.participants, pair.victim, item_id, 10)


async def test_what_is_part_of_a_submission_cannot_be_ended(service: Service, pair: Pair) -> None:
    item_id = await audio(service, pair)
    upload = await create(service.participants, pair.victim, item_id, len(FILE))
    await send(service, pair, upload.id, 0, len(FILE))
    await submit(service.participants, pair.victim, item_id)
    with pytest.raises(Conflict):
        await terminate(service.participants, pair.victim, upload.id)


async def test_nothing_is_sent_before_a_file_is_there(service: Service, pair: Pair) -> None:
    item_id = await audio(service, pair)
    with pytest.raises(Conflict, match="no new file"):
        await submit(service.participants, pair.victim, item_id)
    with pytest.raises(Invalid, match="empty"):
        await create(service.participants, pair.victim, item_id, 0)


async def test_a_person_can_store_only_so_much(dsns: Dsns, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    async with make_service(dsns, folder, person_quota=1000, audio_bytes=900) as service:
        pair = await make_pair(service)
        item_id = await audio(service, pair)
        with pytest.raises(TooLarge, match="900"):
            await create(service.participants, pair.victim, item_id, 901)
        first = await create(service.participants, pair.victim, item_id, 600)
        with pytest.raises(TooLarge):
            await create(service.participants, pair.victim, item_id, 600)
        await terminate(service.participants, pair.victim, first.id)
        await create(service.participants, pair.victim, item_id, 600)


async def test_what_was_replaced_is_gone_for_good_and_what_was_begun_later_goes_on(
    service: Service, pair: Pair
) -> None:
    item_id = await audio(service, pair)
    house, victim = service.participants, pair.victim
    waiting = await create(house, victim, item_id, len(FILE))
    await send(service, pair, waiting.id, 0, len(FILE))
    halfway = await create(house, victim, item_id, len(FILE))
    await send(service, pair, halfway.id, 0, 65_536)
    new = await create(house, victim, item_id, len(FILE))
    later = await create(house, victim, item_id, len(FILE))
    await send(service, pair, new.id, 0, len(FILE))
    for replaced in (waiting, halfway):
        with pytest.raises(Missing):
            await status(house, victim, replaced.id)
        with pytest.raises(BlobMissing):
            house.blobs.open(replaced.id)
    assert (await status(house, victim, later.id)).state == "open"
    assert (await status(house, victim, new.id)).state == "complete"
    async with house.database.reading(victim.id) as tx:
        gone = await tx.values("SELECT id FROM relay.objects WHERE state = 'gone'")
    assert set(gone) == {waiting.id, halfway.id}


async def test_a_file_that_was_sent_is_not_replaced(service: Service, pair: Pair, room: WorkRoom) -> None:
    item_id = await audio(service, pair)
    first = await create(service.participants, pair.victim, item_id, len(FILE))
    await send(service, pair, first.id, 0, len(FILE))
    assert await arrived(service, pair, item_id) == FILE
    await work_off(room)
    assert (await own_item(service.participants, pair.victim, item_id)).state == "failed"
    second = await create(service.participants, pair.victim, item_id, len(FILE))
    await send(service, pair, second.id, 0, len(FILE))
    assert (await status(service.participants, pair.victim, first.id)).state == "complete"


async def test_what_an_older_relay_left_waiting_goes_when_the_newest_is_sent(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await audio(service, pair)
    first, second = [await create(service.participants, pair.victim, item_id, len(FILE)) for _ in range(2)]
    await send(service, pair, first.id, 0, len(FILE))
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute("SET session_replication_role = replica")  # no rule binds
        connection.execute(
            "UPDATE relay.uploads SET created_at = created_at + interval '1 hour' WHERE object_id = %s",
            [first.id],
        )
        connection.execute("UPDATE relay.uploads SET state = 'complete' WHERE object_id = %s", [second.id])
    await submit(service.participants, pair.victim, item_id)
    await work_off(room)
    item = await own_item(service.participants, pair.victim, item_id)
    assert (item.state, item.uploaded) == ("failed", False)
    assert (await status(service.participants, pair.victim, first.id)).state == "complete"
