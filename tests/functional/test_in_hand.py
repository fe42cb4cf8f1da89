"""An item in hand: it stays with whoever goes on with it, and its page follows what becomes of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relay.cases.service import add_facilitator
from relay.db.transaction import Surface
from tests.functional.test_hiding import made, sent, taken
from tests.support import media
from tests.support.house import Service
from tests.support.web import Client, Exchange, make_exchange, seated
from tests.support.work import work_off


@pytest.fixture
async def exchange(service: Service, tmp_path: Path) -> AsyncIterator[Exchange]:
    async with make_exchange(service, tmp_path) as made_exchange:
        yield made_exchange


@pytest.fixture
async def filip(exchange: Exchange) -> Client:
    service = exchange.service
    person = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, exchange.people.facilitator, exchange.people.case_id, person.id)
    exchange.desk.app.litestar.state.house = service.desk
    return await seated(service, Surface.DESK, person)


async def standing(client: Client, item: str, opened: str, used: str = "false") -> str:
    answer = await client.http.get(f"{item}/standing", params={"opened": opened, "used": used})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    return answer.text


def mark(page: str) -> str:
    return page.partition('data-opened="')[2].partition('"')[0]


async def test_looking_at_it_again_keeps_it_in_hand(exchange: Exchange, filip: Client) -> None:
    item, clock = await taken(exchange), exchange.service.clock
    for _ in range(3):
        clock.go(minutes=19)
        assert "You have this in hand until" in (await exchange.desk.http.get(item)).text
        await filip.http.get("/queue")  # their session goes on
    refused = await filip.api("POST", f"{item}/claim", {})
    assert refused.status_code == 409
    assert "A colleague is looking at this" in refused.text


async def test_nobody_elses_look_keeps_it(exchange: Exchange, filip: Client) -> None:
    item, clock = await taken(exchange), exchange.service.clock
    clock.go(minutes=18)
    page = (await filip.http.get(item)).text
    assert "Fatima is looking at this" in page
    assert "in hand until" not in page
    await standing(filip, item, mark(page), used="true")
    clock.go(minutes=13)
    await filip.do(f"{item}/claim")


async def test_what_nobody_took_meanwhile_is_still_in_hand(exchange: Exchange, filip: Client) -> None:
    item, clock = await taken(exchange), exchange.service.clock
    await exchange.desk.api("GET", f"{item}/rendition")
    clean = (await exchange.desk.ask(item))["clean"]
    for _ in range(3):
        clock.go(minutes=15)
        assert [one["state"] for one in await exchange.desk.ask("/queue")] == ["in_review"]
        await filip.http.get("/queue")  # their session goes on
    assert [one["claimed_by"] for one in await filip.ask("/queue")] == [None]
    decision = {"decision": "approve", "rendition_id": clean["id"], "sha256": clean["sha256"]}
    await exchange.desk.do(f"{item}/decisions", decision)


async def test_playing_it_keeps_it(exchange: Exchange, filip: Client) -> None:
    item, clock = await taken(exchange), exchange.service.clock
    for _ in range(2):
        clock.go(minutes=18)
        assert (await exchange.desk.api("GET", f"{item}/rendition")).status_code == 200
        await filip.http.get("/queue")
    assert (await filip.api("POST", f"{item}/claim", {})).status_code == 409


async def test_who_hides_parts_has_it_in_hand_when_that_is_made(exchange: Exchange) -> None:
    item, desk = await taken(exchange), exchange.desk
    await made(desk, item, words="Anna")
    waiting = (await desk.http.get(item)).text
    assert "The version with hidden parts is being made" in waiting
    assert f'<a href="{item}">Look again</a>' in waiting
    assert "data-awaited" in waiting
    opened = mark(waiting)
    assert opened.startswith("submitted-")
    assert "data-ready" not in await standing(desk, item, opened)
    await work_off(exchange.room)
    ready = await standing(desk, item, opened)
    assert "It is made, and ready to be looked at." in ready
    assert "data-ready" in ready
    page = (await desk.http.get(item)).text
    assert "You have this in hand until" in page
    assert "Take it</button>" not in page
    assert "What it says" in page


async def test_the_page_is_told_when_all_of_it_was_served(exchange: Exchange, tmp_path: Path) -> None:
    item = await sent(exchange, media.speech(tmp_path, seconds=2).read_bytes(), "audio")
    desk = exchange.desk
    page = (await desk.http.get(item)).text
    assert "Not all of it was sent to your browser yet" in page
    assert "Length</dt><dd>2 seconds</dd>" in page
    opened = mark(page)
    assert "data-awaited" in await standing(desk, item, opened)
    await desk.api("GET", f"{item}/rendition")
    told = await standing(desk, item, opened)
    assert "All of it was sent to your browser." in told
    assert "data-awaited" not in told
    assert "This has changed" not in told


async def test_the_page_is_told_of_a_colleagues_doing(exchange: Exchange, filip: Client) -> None:
    item, desk = await taken(exchange), exchange.desk
    opened = mark((await desk.http.get(item)).text)
    assert "This has changed" not in await standing(desk, item, opened, used="true")
    await desk.send(f"{item}/hand-back")
    await filip.do(f"{item}/claim")
    told = await standing(desk, item, opened)
    assert "This has changed since you opened this page." in told
    assert f'<a href="{item}">Show it as it is now</a>' in told


async def test_what_was_written_is_shown_when_a_colleague_has_taken_it(
    exchange: Exchange, filip: Client
) -> None:
    item, desk = await taken(exchange), exchange.desk
    clean = (await desk.ask(item))["clean"]
    exchange.service.clock.go(minutes=15)
    await desk.http.get("/queue")
    await filip.http.get("/queue")
    exchange.service.clock.go(minutes=16)
    await filip.do(f"{item}/claim")
    fields = {"rendition_id": clean["id"], "sha256": clean["sha256"]}
    refused = await desk.send(
        f"{item}/decision",
        decision="decline",
        reasons="threats",
        guidance="Leave out line three.",
        **fields,
    )
    assert refused.status_code == 409
    assert "Leave out line three." in refused.text
    assert "It was not sent." in refused.text
    hidden = await desk.send(
        f"{item}/hide", then="check", words="Anna", note="A name is hidden.", revision="1"
    )
    assert hidden.status_code == 409
    assert "A name is hidden." in hidden.text
