"""A document is approved only by who was served every page of it, each one for itself."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from tests.functional.test_uploads import begun, patch
from tests.support import media
from tests.support.web import Exchange
from tests.support.work import work_off

PAGES = 4


@pytest.fixture
async def item(exchange: Exchange, tmp_path: Path) -> str:
    """The path of a document that a facilitator has taken."""
    original = media.document(tmp_path, pages=PAGES).read_bytes()
    item_id = await exchange.start(exchange.victim, "document")
    address = await begun(exchange.victim, item_id, len(original))
    assert (await patch(exchange.victim, address, 0, original)).status_code == 204
    await exchange.victim.do(f"/items/{item_id}/submit")
    await work_off(exchange.room)
    await exchange.desk.do(f"/items/{item_id}/claim")
    return f"/items/{item_id}"


async def show(exchange: Exchange, item: str, *numbers: int) -> None:
    for number in numbers:
        page = await exchange.desk.api("GET", f"{item}/pages/{number}")
        assert page.status_code == 200
        assert (page.headers["content-type"], page.content[:3]) == ("image/jpeg", b"\xff\xd8\xff")


async def approve(exchange: Exchange, item: str) -> Any:
    clean = (await exchange.desk.ask(item))["clean"]
    decision = {"decision": "approve", "rendition_id": clean["id"], "sha256": clean["sha256"]}
    return await exchange.desk.api("POST", f"{item}/decisions", decision)


async def test_every_page_shown_is_all_of_it_seen(exchange: Exchange, item: str) -> None:
    await show(exchange, item, 3, 1, 4, 2)
    assert (await exchange.desk.ask(item))["seen_all"]
    assert (await approve(exchange, item)).status_code == 200


@pytest.mark.parametrize("missing", range(1, PAGES + 1))
async def test_one_page_not_shown_is_not_all_of_it(exchange: Exchange, item: str, missing: int) -> None:
    await show(exchange, item, *({*range(1, PAGES + 1)} - {missing}))
    refused = await approve(exchange, item)
    assert refused.status_code == 409
    assert "not seen all of this" in refused.json()["detail"]
    await show(exchange, item, missing)
    assert (await approve(exchange, item)).status_code == 200


async def test_one_page_does_not_count_for_another(exchange: Exchange, item: str) -> None:
    await show(exchange, item, *([2] * PAGES))
    assert not (await exchange.desk.ask(item))["seen_all"]


async def test_what_was_not_sent_does_not_count(exchange: Exchange, item: str) -> None:
    await show(exchange, item, 1, 2, 3)
    last = f"{item}/pages/{PAGES}"
    size = int((await exchange.desk.api("HEAD", last)).headers["content-length"])
    assert (await exchange.desk.api("GET", last, headers={"Range": f"bytes=1-{size}"})).status_code == 206
    assert not (await exchange.desk.ask(item))["seen_all"]
    assert (await exchange.desk.api("GET", last, headers={"Range": "bytes=0-0"})).status_code == 206
    assert (await exchange.desk.ask(item))["seen_all"]


async def test_a_document_is_shown_as_pictures_and_only_so(exchange: Exchange, item: str) -> None:
    """To its author, to who reviews it and to its recipient: a PDF goes to a device's downloads."""
    await show(exchange, item, *range(1, PAGES + 1))
    reviewed = (await exchange.desk.http.get(item)).text
    assert (await approve(exchange, item)).status_code == 200
    sent = (await exchange.victim.http.get(item)).text
    delivery = await exchange.release(item.rpartition("/")[2])
    await exchange.offender.do(f"/deliveries/{delivery}/choice", {"choice": "open"})
    received = (await exchange.offender.http.get(f"/received/{delivery}")).text
    for page, address in ((reviewed, item), (sent, item), (received, f"/deliveries/{delivery}")):
        for number in range(1, PAGES + 1):
            assert f'<img src="/api/v1{address}/pages/{number}"' in page
        assert not re.search("<(object|embed|iframe)", page)


async def test_there_is_no_page_more(exchange: Exchange, item: str) -> None:
    for number in (0, PAGES + 1, 10**30):
        assert (await exchange.desk.api("GET", f"{item}/pages/{number}")).status_code == 404


async def test_the_page_for_the_reviewer_is_the_one_its_author_sees(exchange: Exchange, item: str) -> None:
    clean = (await exchange.desk.ask(item))["clean"]
    for number in range(1, PAGES + 1):
        shown = (await exchange.desk.api("GET", f"{item}/pages/{number}")).content
        assert shown == (await exchange.victim.api("GET", f"{item}/pages/{number}")).content
    whole = await exchange.desk.api("GET", f"{item}/rendition")
    assert base64.b64encode(hashlib.sha256(whole.content).digest()).decode() == clean["sha256"]
