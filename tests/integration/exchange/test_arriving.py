"""While a file is on its way its item is not sent: what was there before is what it replaces."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from relay.db.transaction import Acting
from relay.errors import Conflict, Missing
from relay.exchange import submitting, uploads
from relay.exchange.arriving import arriving, require_arrived
from relay.exchange.items import lock_item, start_item
from relay.exchange.model import Item
from relay.exchange.progress import own_item
from relay.exchange.submitting import submit
from relay.exchange.uploads import Upload, append, create, status, terminate
from tests.support.house import Pair, Service
from tests.support.letters import seat_of
from tests.support.work import make_room

FILE = random.Random(7).randbytes(300_001)  # noqa: S311 - any bytes will do


@pytest.fixture(autouse=True)
async def room(service: Service, tmp_path: Path) -> AsyncIterator[None]:
    """A worker, so that something can be sent."""
    async with make_room(service, tmp_path):
        yield


async def audio(service: Service, pair: Pair) -> UUID:
    seat = await seat_of(service, pair.victim, pair.case_id)
    return await start_item(service.participants, pair.victim, pair.case_id, "audio", (seat,))


async def begun(service: Service, pair: Pair, item_id: UUID, stop: int) -> Upload:
    upload = await create(service.participants, pair.victim, item_id, len(FILE))
    async with append(service.participants, pair.victim, upload.id, 0) as sink:
        await sink.write(FILE[:stop])
    return upload


async def test_nothing_is_sent_while_another_file_is_on_its_way(service: Service, pair: Pair) -> None:
    house, victim = service.participants, pair.victim
    item_id = await audio(service, pair)
    await begun(service, pair, item_id, len(FILE))
    second = await begun(service, pair, item_id, 100_000)
    with pytest.raises(Conflict, match="still on its way"):
        await submit(house, victim, item_id)
    assert [(one.id, one.received) for one in await arriving(house, victim, item_id)] == [
        (second.id, 100_000)
    ]
    async with append(house, victim, second.id, 100_000) as sink:
        await sink.write(FILE[100_000:])
    assert await arriving(house, victim, item_id) == []
    await submit(house, victim, item_id)


async def test_of_an_upload_that_began_when_sending_had_begun_the_same_is_said(
    service: Service, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked again under the item's lock: the first look was before it."""
    item_id = await audio(service, pair)
    await begun(service, pair, item_id, len(FILE))
    asked = 0

    async def and_then_one_begins(*arguments: object) -> None:
        nonlocal asked
        asked += 1
        await require_arrived(*arguments)  # type: ignore[arg-type]
        if asked == 1:
            await create(service.participants, pair.victim, item_id, len(FILE))

    monkeypatch.setattr(submitting, "require_arrived", and_then_one_begins)
    with pytest.raises(Conflict, match="still on its way"):
        await submit(service.participants, pair.victim, item_id)
    assert asked == 2


async def test_of_sending_and_beginning_at_once_one_is_done(service: Service, pair: Pair) -> None:
    item_id = await audio(service, pair)
    await begun(service, pair, item_id, len(FILE))
    sent, new = await asyncio.gather(
        submit(service.participants, pair.victim, item_id),
        create(service.participants, pair.victim, item_id, len(FILE)),
        return_exceptions=True,
    )
    assert isinstance(sent, Conflict) != isinstance(new, Conflict)


async def test_what_expired_keeps_nothing_from_being_sent(service: Service, pair: Pair) -> None:
    item_id = await audio(service, pair)
    await begun(service, pair, item_id, len(FILE))
    await begun(service, pair, item_id, 100_000)
    service.clock.go(hours=service.settings.upload_hours + 1)
    assert await arriving(service.participants, pair.victim, item_id) == []
    await submit(service.participants, pair.victim, item_id)


async def test_what_is_cancelled_leaves_what_had_arrived_and_that_is_sent(
    service: Service, pair: Pair
) -> None:
    house, victim = service.participants, pair.victim
    item_id = await audio(service, pair)
    await begun(service, pair, item_id, len(FILE))
    second = await begun(service, pair, item_id, 100_000)
    with pytest.raises(Missing):
        await terminate(house, pair.offender, second.id, unfinished=True)
    await terminate(house, victim, second.id, unfinished=True)
    with pytest.raises(Missing):
        await status(house, victim, second.id)
    assert (await own_item(house, victim, item_id)).uploaded
    await submit(house, victim, item_id)


async def test_what_has_arrived_is_not_cancelled_any_more(service: Service, pair: Pair) -> None:
    item_id = await audio(service, pair)
    upload = await begun(service, pair, item_id, len(FILE))
    with pytest.raises(Conflict, match="arrived meanwhile"):
        await terminate(service.participants, pair.victim, upload.id, unfinished=True)
    assert (await own_item(service.participants, pair.victim, item_id)).uploaded


async def test_what_is_cancelled_with_its_last_byte_is_gone_and_nothing_fails(
    service: Service, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = await audio(service, pair)
    upload = await create(service.participants, pair.victim, item_id, len(FILE))
    complete = uploads._complete

    async def cancelled_just_before(*arguments: object) -> None:
        await terminate(service.participants, pair.victim, upload.id, unfinished=True)
        await complete(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(uploads, "_complete", cancelled_just_before)
    with pytest.raises(Missing):
        async with append(service.participants, pair.victim, upload.id, 0) as sink:
            await sink.write(FILE)
    assert not (await own_item(service.participants, pair.victim, item_id)).uploaded


async def test_of_several_cancels_at_once_one_ends_it_and_writes_one_entry(
    service: Service, pair: Pair
) -> None:
    house, victim = service.participants, pair.victim
    item_id = await audio(service, pair)
    for unfinished in (True, False):
        upload = await begun(service, pair, item_id, 100_000)
        before = entries(service, pair.case_id)
        done = await asyncio.gather(
            *(terminate(house, victim, upload.id, unfinished=unfinished) for _ in range(3)),
            return_exceptions=True,
        )
        assert sorted(type(one).__name__ for one in done) == ["Missing", "Missing", "NoneType"]
        assert entries(service, pair.case_id) == before + 1


def entries(service: Service, case_id: UUID) -> int:
    """How often it is written in the case's chain that an upload was ended."""
    with psycopg.connect(service.owner.url) as connection:
        [[number]] = connection.execute(
            "SELECT count(*) FROM relay.audit_entries WHERE chain = %s AND tag = 'upload.ended'", [case_id]
        ).fetchall()
    return int(number)


async def test_what_is_cancelled_while_its_end_is_written_replaces_nothing(
    service: Service, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ended after it was found and before the item was locked: what had arrived before stays."""
    house, victim = service.participants, pair.victim
    item_id = await audio(service, pair)
    first = await begun(service, pair, item_id, len(FILE))
    upload = await create(house, victim, item_id, len(FILE))

    async def cancelled_first(act: Acting, locked: UUID) -> Item:
        monkeypatch.setattr(uploads, "lock_item", lock_item)
        await terminate(house, victim, upload.id, unfinished=True)
        return await lock_item(act, locked)

    monkeypatch.setattr(uploads, "lock_item", cancelled_first)
    with pytest.raises(Missing):
        async with append(house, victim, upload.id, 0) as sink:
            await sink.write(FILE)
    assert (await status(house, victim, first.id)).state == "complete"


async def test_only_its_author_is_told_what_is_on_its_way(service: Service, pair: Pair) -> None:
    item_id = await audio(service, pair)
    await begun(service, pair, item_id, 100_000)
    with pytest.raises(Missing):
        await arriving(service.participants, pair.offender, item_id)
