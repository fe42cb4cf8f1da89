"""Somebody lost their passphrase and enrolled anew: a facilitator gives them again what they had."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
import pytest

from relay.audit.reading import case_entries
from relay.cases.own import choose_pause
from relay.cases.service import add_facilitator
from relay.errors import Blocked, Conflict
from relay.exchange.delivery import choose, content, deliveries
from relay.exchange.items import withdraw
from relay.exchange.objects import opened
from relay.exchange.release import release, schedule
from relay.identity.invitations import invite_again
from relay.identity.model import Person
from relay.identity.vouching import vouch
from relay.review.reading import item_on_desk
from relay.vault.padding import unpad
from relay.vault.release import ReleaseRecord
from tests.integration.exchange.test_release import ready, settings
from tests.support.house import Pair, Service
from tests.support.letters import approve, seat_of
from tests.support.work import make_room
from workers.tasks.room import WorkRoom


@pytest.fixture
async def room(service: Service, tmp_path: Path) -> AsyncIterator[WorkRoom]:
    async with make_room(service, tmp_path) as made:
        yield made


async def released(service: Service, pair: Pair, room: WorkRoom) -> tuple[UUID, UUID, UUID]:
    """A letter that was released: the item, the recipient's seat, the release."""
    item_id = await ready(service, pair, room)
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    return item_id, seat, await release(service.desk, pair.facilitator, item_id, seat)


async def enrolled_anew(service: Service, pair: Pair, *, confirmed: bool = True) -> Person:
    invitation = await invite_again(service.desk, pair.facilitator, pair.case_id, pair.offender.id)
    person = await service.enrol_quickly(service.participants, invitation)
    if confirmed:
        await vouch(service.desk, pair.facilitator, pair.case_id, person.id)
    return person


async def test_what_somebody_had_opens_with_their_new_keys_once_it_is_given_again(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    await settings(service, pair, cooling=0)
    item_id, seat, first = await released(service, pair, room)
    house, desk, facilitator = service.participants, service.desk, pair.facilitator
    await choose(house, pair.offender, first, "open")
    with pytest.raises(Conflict, match="released to this person already"):
        await release(desk, facilitator, item_id, seat)

    oskar = await enrolled_anew(service, pair, confirmed=False)
    with pytest.raises(Conflict, match="keys that you no longer have"):
        await content(house, oskar, first)
    with pytest.raises(Conflict, match="confirm this person's keys"):
        await release(desk, facilitator, item_id, seat)
    await vouch(desk, facilitator, pair.case_id, oskar.id)
    [recipient] = (await item_on_desk(desk, facilitator, item_id)).recipients
    assert (recipient.released, recipient.renewed) == (True, True)
    with pytest.raises(Conflict, match="Give it to them again now"):
        await schedule(desk, facilitator, item_id, seat, service.clock() + timedelta(days=1))

    await settings(service, pair, cooling=24)  # it is over for what was released before
    second = await release(desk, facilitator, item_id, seat)
    [recipient] = (await item_on_desk(desk, facilitator, item_id)).recipients
    assert not recipient.renewed
    [delivery] = await deliveries(house, oskar)
    assert (delivery.id, delivery.state) == (second, "opened")  # they had opened it before
    with opened(house, await content(house, oskar, second)) as reader:
        assert "I want you to know how it was" in unpad(reader.read_all(1 << 20)).decode()
    with pytest.raises(Conflict, match="released to this person already"):
        await release(desk, facilitator, item_id, seat)
    assert (await case_entries(desk, facilitator, pair.case_id))[0].tag == "item.released_again"

    with psycopg.connect(service.dsns.superuser.url) as connection:
        rows = connection.execute("SELECT record FROM relay.releases ORDER BY sequence").fetchall()
    before, after = [msgspec.json.decode(row[0], type=ReleaseRecord) for row in rows]
    assert (before.rendition, before.sha256, before.object) == (after.rendition, after.sha256, after.object)
    assert (before.recipient_key_version, after.recipient_key_version) == (1, 2)
    assert after.recipient_key == oskar.keys.public.fingerprint


async def test_what_they_had_refused_stays_refused(service: Service, pair: Pair, room: WorkRoom) -> None:
    item_id, seat, first = await released(service, pair, room)
    await choose(service.participants, pair.offender, first, "refuse")
    oskar = await enrolled_anew(service, pair)
    second = await release(service.desk, pair.facilitator, item_id, seat)
    assert [one.state for one in await deliveries(service.participants, oskar)] == ["refused"]
    with pytest.raises(Conflict, match="not opened"):
        await content(service.participants, oskar, second)


async def test_it_is_given_again_only_by_who_looked_and_only_if_it_may_pass(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, seat, _ = await released(service, pair, room)
    filip = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, pair.facilitator, pair.case_id, filip.id)
    oskar = await enrolled_anew(service, pair)
    with pytest.raises(Conflict, match="Read it and approve it first"):
        await release(service.desk, filip, item_id, seat)
    await choose_pause(service.participants, oskar, pair.case_id, paused=True)
    with pytest.raises(Blocked):
        await release(service.desk, pair.facilitator, item_id, seat)
    await choose_pause(service.participants, oskar, pair.case_id, paused=False)
    await withdraw(service.participants, pair.victim, item_id)
    with pytest.raises(Conflict, match="taken this back"):
        await release(service.desk, pair.facilitator, item_id, seat)
    assert len(await deliveries(service.participants, oskar)) == 1  # the one that their old keys opened
