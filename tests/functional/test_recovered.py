"""A case that was recovered: its facilitators read of it, and its participants see nothing of it."""

from pathlib import Path

import pytest

from relay.audit.tags import Tag
from relay.cases.lost import Order, Reason
from relay.db.transaction import Surface
from tests.functional.test_audit_page import facts_of
from tests.support.house import Pair, Service
from tests.support.recovery import Lost, given, make_lost
from tests.support.web import Client, seated


@pytest.fixture
async def lost(service: Service, pair: Pair, tmp_path: Path) -> Lost:
    return await make_lost(service, pair, tmp_path)


async def test_its_facilitators_read_who_did_it_for_whom_and_why(
    service: Service, pair: Pair, lost: Lost
) -> None:
    await given(service, Order("Gita", Reason.FORGOTTEN, "Fatima"))
    for facilitator in (lost.gita, pair.facilitator):
        desk = await seated(service, Surface.DESK, facilitator)
        page = (await desk.http.get(f"/cases/{pair.case_id}/audit")).text
        assert "Case given to somebody with the service’s recovery key" in page
        assert 'data-label="Who">whoever runs the service’s machine</td>' in page
        assert facts_of(page, Tag.CASE_RECOVERED) == [
            "Whom: Gita; In place of: Fatima; Key version: 2; Reason: Passphrase forgotten"
        ]
        entries = await desk.ask(f"/cases/{pair.case_id}/audit")
        assert [one["tag"] for one in entries[:1]] == ["case.recovered"]
        await desk.http.aclose()


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.FORGOTTEN, "Passphrase forgotten"),
        (Reason.LEFT, "Left the service"),
        (Reason.OUT_OF_REACH, "Out of reach"),
        (Reason.DAMAGED, "Keys damaged"),
    ],
)
async def test_each_reason_has_words(service: Service, pair: Pair, reason: Reason, words: str) -> None:
    gita = await service.make_facilitator("Gita")
    await given(service, Order("Gita", reason, "Fatima"))
    desk = await seated(service, Surface.DESK, gita)
    page = (await desk.http.get(f"/cases/{pair.case_id}/audit")).text
    await desk.http.aclose()
    [told] = facts_of(page, Tag.CASE_RECOVERED)
    assert told.endswith(f"Reason: {words}")


async def seen(client: Client, pair: Pair, *more: str) -> dict[str, bytes]:
    """Everything that a participant can look at, by address: pages, and what the API answers."""
    case = f"/cases/{pair.case_id}"
    paths = ["/", "/help", "/received", case, *more]
    paths += [f"/api/v1{path}" for path in ("/cases", case, f"{case}/items", "/deliveries")]
    found = {path: await client.http.get(path) for path in paths}
    assert {path: answer.status_code for path, answer in found.items()} == dict.fromkeys(paths, 200)
    return {path: answer.content for path, answer in found.items()}


async def test_participants_see_nothing_of_it(service: Service, pair: Pair, lost: Lost) -> None:
    victim = await seated(service, Surface.PARTICIPANTS, pair.victim)
    offender = await seated(service, Surface.PARTICIPANTS, pair.offender)
    own = (f"/items/{lost.waits}", f"/received/{lost.released}")
    before = await seen(victim, pair, *own), await seen(offender, pair)
    await given(service, Order("Gita", Reason.LEFT, "Fatima"))
    assert (await seen(victim, pair, *own), await seen(offender, pair)) == before
    for client in (victim, offender):
        await client.http.aclose()
