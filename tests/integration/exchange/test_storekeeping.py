"""Every object has a row, every row its object; and worker keys end when nothing waits for them."""

from pathlib import Path
from uuid import uuid4

from tests.support.house import Pair, Service
from tests.support.letters import send_letter
from tests.support.work import make_room, work_off
from workers.tasks import storekeeping
from workers.tasks.keys import publish, retire


async def test_a_blob_without_a_row_is_removed_and_others_stay(
    service: Service, pair: Pair, tmp_path: Path
) -> None:
    async with make_room(service, tmp_path) as room:
        await send_letter(service, pair.victim, pair.case_id)
        await work_off(room)
        kept = set(service.blobs.names())
        for finish in (True, False):
            with service.blobs.create(uuid4()) as writer:
                writer.write(b"left over")
                if finish:
                    writer.commit()
        assert await storekeeping.tidy(room) == 2
        assert set(service.blobs.names()) == kept
        assert list(service.blobs.unfinished()) == []


async def test_an_object_that_is_not_in_the_store_is_noticed(
    service: Service, pair: Pair, tmp_path: Path
) -> None:
    async with make_room(service, tmp_path) as room:
        await send_letter(service, pair.victim, pair.case_id)
        assert await storekeeping.missing(room) == 0
        service.blobs.delete(next(service.blobs.names()))
        assert await storekeeping.missing(room) == 1


async def test_a_past_epochs_key_is_destroyed_when_nothing_is_sealed_to_it_any_more(
    service: Service, pair: Pair, tmp_path: Path
) -> None:
    async with make_room(service, tmp_path) as room:
        first = (await publish(room.house, room.keys)).key_version
        await send_letter(service, pair.victim, pair.case_id)
        service.clock.go(days=2)
        assert (await publish(room.house, room.keys)).key_version == first + 1
        assert await retire(room.house, room.keys) == [], "a submission may just now be sealed to the old key"
        service.clock.go(hours=2)
        assert await retire(room.house, room.keys) == [], "an original waits that only the old key opens"
        await work_off(room)
        assert [one.key_version for one in await retire(room.house, room.keys)] == [first]
        assert [one.key_version for one in room.keys.held()] == [first + 1]
