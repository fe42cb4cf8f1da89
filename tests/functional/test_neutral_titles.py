"""What a tab and a history show: no word of a facilitator's about anybody, and nothing about a harm."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from tests.support.house import Pair, Service
from tests.support.web import Exchange, make_exchange, open_gates, read_limits

LABEL = "The man who came in that night"
OWN_LABEL = "The woman of the burglary"
NEUTRAL = {
    "Start",
    "Overview",
    "For you",
    "Letter 1",
    "How this works",
    "Sign in",
    "Please sign in",
    "Start with an invitation",
    "Start with your invitation",
    "Your passphrase once more",
    "This did not work",
}


class Labelled(NamedTuple):
    """An exchange whose people are called something by their facilitator, and what is in it."""

    exchange: Exchange
    named: dict[str, str]


@pytest.fixture
async def labelled(service: Service, pair: Pair, tmp_path: Path) -> AsyncIterator[Labelled]:
    facilitator = pair.facilitator
    case_id = await service.make_case(facilitator, "2026/2")
    victim = await service.make_participant(facilitator, case_id, "victim", "Vanda", OWN_LABEL)
    offender = await service.make_participant(facilitator, case_id, "offender", "Otto", LABEL)
    people = Pair(facilitator=facilitator, case_id=case_id, victim=victim, offender=offender)
    async with make_exchange(service, tmp_path, people) as exchange:
        await open_gates(exchange.desk, exchange.case_id, exchange.victim_id, exchange.offender_id)
        await read_limits(exchange.case_id, exchange.victim, exchange.offender)
        _, delivery = await exchange.deliver(exchange.offender)
        item = await exchange.write(exchange.victim)
        named = {"case_id": exchange.case_id, "item_id": item, "delivery_id": delivery}
        yield Labelled(exchange, named | {"invitation_id": str(uuid4())})


def addresses(labelled: Labelled) -> list[str]:
    """Every address of a page, with what is there."""
    found = []
    for route in labelled.exchange.victim.app.litestar.routes:
        path = route.path_format
        if path.startswith(("/api/", "/static/", "/health")) or "GET" not in route.methods:
            continue
        for name, value in labelled.named.items():
            path = path.replace(f"{{{name}}}", value)
        found.append(path)
    return found


def title(answer: httpx.Response) -> str:
    found = re.search(r"<title>(.*?)</title>", answer.text, re.DOTALL)
    assert found is not None
    name, dash, service = found[1].partition(" – ")
    assert (dash, service) == (" – ", "Pages")
    return name


async def test_the_title_of_every_participants_page_is_neutral(labelled: Labelled) -> None:
    victim = labelled.exchange.victim
    seen = set()
    for path in [*addresses(labelled), "/nowhere", "/enrol", "/enrol/x", "/items/x"]:
        answer = await victim.http.get(path)
        assert answer.headers["content-type"].startswith("text/html"), path
        assert title(answer) in NEUTRAL, path
        seen.add(path)
    assert {f"/{kind}s/{labelled.named[f'{kind}_id']}" for kind in ("case", "item")} < seen
    delivery = f"/received/{labelled.named['delivery_id']}"
    await victim.do(f"/deliveries/{labelled.named['delivery_id']}/choice", {"choice": "open"})
    assert title(await victim.http.get(delivery)) in NEUTRAL


async def test_the_heading_keeps_its_words(labelled: Labelled) -> None:
    page = (await labelled.exchange.victim.http.get(f"/cases/{labelled.exchange.case_id}")).text
    assert f"<h1>With {LABEL}</h1>" in page
    page = (await labelled.exchange.victim.http.get(f"/received/{labelled.named['delivery_id']}")).text
    assert "<h1>Letter 1 for you</h1>" in page


async def test_so_is_that_of_a_refusal(labelled: Labelled) -> None:
    exchange = labelled.exchange
    for path in (
        "/sign-in",
        "/step-up",
        "/enrol",
        f"/enrol/{uuid4()}",
        f"/items/{labelled.named['item_id']}/submit",
    ):
        answer = await exchange.victim.send(path, text=LABEL)
        assert answer.status_code >= 400, path
        assert title(answer) in NEUTRAL, path
    for path in ("items", "consents"):
        answer = await exchange.victim.send(f"/cases/{exchange.case_id}/{path}", kind=LABEL)
        assert answer.status_code == 400
        assert title(answer) in NEUTRAL
