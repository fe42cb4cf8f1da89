"""What one person can pile up in a case has an end; what keeps a person safe has none."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import LiteralString
from uuid import UUID

import psycopg
import pytest

from relay.cases.own import choose_consent, choose_pause, own_case
from relay.cases.records import record_consent, record_pause
from relay.errors import Conflict, Missing, TooLarge
from relay.exchange import uploads
from relay.exchange.items import start_item, withdraw
from relay.exchange.progress import own_item
from relay.exchange.renditions import own_content
from tests.support.house import Pair, Service, make_pair, make_service
from tests.support.postgres import Dsns

MOST = 3


@pytest.fixture
async def service(dsns: Dsns, tmp_path: Path) -> AsyncIterator[Service]:
    limits = {"case_items": MOST, "case_choices": MOST, "person_quota": 1000}
    async with make_service(dsns, tmp_path, **limits) as made:
        yield made


@pytest.fixture
async def pair(service: Service) -> Pair:
    return await make_pair(service)


def rows(service: Service, question: LiteralString, *values: object) -> int:
    with psycopg.connect(service.dsns.superuser.url) as connection:
        found = connection.execute(question, values).fetchone()
    assert found is not None
    return int(found[0])


async def film(service: Service, pair: Pair) -> UUID:
    case = await own_case(service.participants, pair.victim, pair.case_id)
    seats = (case.counterparts[0].seat_id,)
    return await start_item(service.participants, pair.victim, pair.case_id, "video", seats)


async def sent(service: Service, pair: Pair, item_id: UUID, length: int) -> UUID:
    upload = await uploads.create(service.participants, pair.victim, item_id, length)
    async with uploads.append(service.participants, pair.victim, upload.id, 0) as sink:
        await sink.write(bytes(length))
    return upload.id


async def test_agreeing_has_a_limit_and_taking_it_back_has_none(service: Service, pair: Pair) -> None:
    house, victim, case_id = service.participants, pair.victim, pair.case_id
    for _ in range(MOST):
        await choose_consent(house, victim, case_id, "letter", given=False)
        await choose_consent(house, victim, case_id, "letter", given=True)
    with pytest.raises(Conflict, match="Your facilitator can record it for you"):
        await choose_consent(house, victim, case_id, "audio", given=True)
    before = rows(service, "SELECT count(*) FROM relay.consents")
    for _ in range(5):
        await choose_consent(house, victim, case_id, "letter", given=False)
    assert rows(service, "SELECT count(*) FROM relay.consents") == before + 1
    case = await own_case(house, victim, case_id)
    assert [one.given for one in case.consents if one.medium == "letter"] == [False]
    await record_consent(
        service.desk, pair.facilitator, case_id, victim.id, "letter", given=True, manner="in_person"
    )
    await choose_consent(house, victim, case_id, "letter", given=False)
    case = await own_case(house, victim, case_id)
    assert [one.given for one in case.consents if one.medium == "letter"] == [False]
    await choose_consent(house, pair.offender, case_id, "letter", given=True)  # each has their own


async def test_going_on_has_a_limit_and_pausing_has_none(service: Service, pair: Pair) -> None:
    house, victim, case_id = service.participants, pair.victim, pair.case_id
    for _ in range(MOST):
        await choose_pause(house, victim, case_id, paused=True)
        await choose_pause(house, victim, case_id, paused=False)
    for _ in range(5):
        await choose_pause(house, victim, case_id, paused=True)
    assert rows(service, "SELECT count(*) FROM relay.pauses WHERE account_id = %s", victim.id) == 2 * MOST + 1
    with pytest.raises(Conflict, match="pausing, always work"):
        await choose_pause(house, victim, case_id, paused=False)
    await record_pause(service.desk, pair.facilitator, case_id, victim.id, paused=False)
    await choose_pause(house, victim, case_id, paused=True)
    assert (await own_case(house, victim, case_id)).paused


async def test_items_have_a_limit_that_taking_back_does_not_lift(service: Service, pair: Pair) -> None:
    for _ in range(MOST):
        await withdraw(service.participants, pair.victim, await film(service, pair))
    with pytest.raises(Conflict, match="Talk with your facilitator"):
        await film(service, pair)


async def test_taking_an_item_back_frees_the_room_of_its_files(service: Service, pair: Pair) -> None:
    first = await film(service, pair)
    uploaded = await sent(service, pair, first, 900)
    unfinished = await uploads.create(service.participants, pair.victim, first, 50)
    second = await film(service, pair)
    with pytest.raises(TooLarge):
        await uploads.create(service.participants, pair.victim, second, 900)
    await withdraw(service.participants, pair.victim, first)
    assert {uploaded, unfinished.id}.isdisjoint({*service.blobs.names(), *service.blobs.unfinished()})
    await sent(service, pair, second, 900)
    assert (await own_item(service.participants, pair.victim, first)).state == "withdrawn"
    for which in ("original", "clean"):
        with pytest.raises((Missing, Conflict)):
            await own_content(service.participants, pair.victim, first, which)
