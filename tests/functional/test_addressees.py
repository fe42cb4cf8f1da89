"""When somebody is taken off a case, the other side's pages stay as they were, byte for byte."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.house import Service
from tests.support.web import Client, Exchange, make_exchange


@pytest.fixture
async def exchange(service: Service, tmp_path: Path) -> AsyncIterator[Exchange]:
    async with make_exchange(service, tmp_path) as made:
        yield made


async def taken_off(exchange: Exchange, account_id: str) -> None:
    people = (await exchange.desk.ask(f"/cases/{exchange.case_id}"))["people"]
    seat = next(one["seat_id"] for one in people if one["account_id"] == account_id)
    await exchange.desk.do(f"/cases/{exchange.case_id}/people/{seat}", method="DELETE", status=204)


async def everything_shown(client: Client, case_id: str, items: list[str]) -> list[bytes]:
    """Each page and each answer of the API that this participant can ask for."""
    pages = ["/", f"/cases/{case_id}", *(f"/items/{one}" for one in items), "/received"]
    answers = ["/cases", f"/cases/{case_id}", f"/cases/{case_id}/items", *(f"/items/{one}" for one in items)]
    found = [await client.http.get(path) for path in [*pages, *(f"/api/v1{path}" for path in answers)]]
    assert {one.status_code for one in found} <= {200, 404}
    return [one.content for one in found]


@pytest.mark.parametrize("part", ["victim", "offender"])
async def test_an_author_cannot_see_that_their_addressee_was_taken_off_the_case(
    exchange: Exchange, part: str
) -> None:
    victim_writes = part == "victim"
    author = exchange.victim if victim_writes else exchange.offender
    other_id = exchange.offender_id if victim_writes else exchange.victim_id
    delivered, _ = await exchange.deliver(author)
    waiting = await exchange.write(author)
    draft = await exchange.start(author)
    items = [delivered, waiting, draft]
    before = await everything_shown(author, exchange.case_id, items)
    assert b"the other person" in before[0]

    await taken_off(exchange, other_id)
    assert await everything_shown(author, exchange.case_id, items) == before

    # nor by doing: what they write is taken as before, and stops where a facilitator reads why
    await author.do(f"/items/{waiting}/withdraw")
    sent = await exchange.write(author, "Are you there?")
    assert (await author.ask(f"/items/{sent}"))["state"] == "in_review"
    await exchange.approve(sent)
    seat = (await exchange.desk.ask(f"/items/{sent}"))["recipients"][0]
    assert seat["blocks"]
    refused = await exchange.desk.api("POST", f"/items/{sent}/release", {"seat_id": seat["seat_id"]})
    assert refused.status_code == 409
    assert "no longer on the case" in refused.text


async def test_somebody_who_was_invited_by_mistake_was_never_shown(exchange: Exchange) -> None:
    before = await everything_shown(exchange.victim, exchange.case_id, [])
    path = f"/cases/{exchange.case_id}/people"
    body = {"name": "Olga", "part": "offender", "label": "Somebody else"}
    invited = await exchange.desk.do(path, body, status=201)
    assert await everything_shown(exchange.victim, exchange.case_id, []) == before
    await taken_off(exchange, invited["account_id"])
    assert await everything_shown(exchange.victim, exchange.case_id, []) == before


@pytest.mark.parametrize("part", ["victim", "offender"])
async def test_nobody_can_see_that_the_other_took_back_their_wish(exchange: Exchange, part: str) -> None:
    """On every page, and in every answer."""
    looking = exchange.offender if part == "victim" else exchange.victim
    acting = exchange.victim_id if part == "victim" else exchange.offender_id
    item = await exchange.write(looking)
    before = await everything_shown(looking, exchange.case_id, [item])
    gates = f"/cases/{exchange.case_id}/gates"
    for medium in ("letter", "audio", "video", "document"):
        consent = {"account_id": acting, "medium": medium, "given": False, "manner": "by_telephone"}
        await exchange.desk.do(f"{gates}/consents", consent, status=204)
    if part == "victim":
        await exchange.desk.do(f"{gates}/requests", {"account_id": acting, "asked": False}, status=204)
    assert await everything_shown(looking, exchange.case_id, [item]) == before
