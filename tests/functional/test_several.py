"""Several photographs as one document: by a plain form, by its API, by tus, and through the worker."""

from typing import Any

import httpx
import pytest

from relay.exchange import pages
from tests.functional.test_uploads import begun, patch
from tests.support.media import several
from tests.support.photographs import pages_of, photograph
from tests.support.web import ORIGIN, Client, Exchange
from tests.support.work import work_off

Files = list[tuple[str, tuple[str | None, bytes | str] | tuple[str, bytes, str]]]


def fields(*chosen: tuple[bytes, int]) -> Files:
    files: Files = []
    for content, turn in chosen:
        files.append(("page", ("IMG_2031.jpg" if content else "", content, "image/jpeg")))
        files.append(("turn", (None, str(turn))))
    return files


async def send(client: Client, path: str, files: Files, csrf: str | None = None) -> httpx.Response:
    token = client.csrf if csrf is None else csrf
    return await client.http.post(
        path,
        data={"csrf": token},
        files=files,
        headers={"X-Relay-CSRF": token, "Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"},
    )


async def seen(exchange: Exchange, item_id: str) -> list[tuple[int, bool]]:
    """Send it, and look at the pages that came out."""
    await exchange.victim.do(f"/items/{item_id}/submit")
    await work_off(exchange.room)
    return await pages_of(exchange, item_id)


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
async def test_a_form_sends_photographs_in_order_and_turned(exchange: Exchange, prefix: str) -> None:
    item_id = await exchange.start(exchange.victim, "document")
    chosen = [(photograph(3), 90), (b"", 0), (photograph(1), 0), (b"", 180), (photograph(7), 270), (b"", 0)]
    answer = await send(exchange.victim, f"{prefix}/items/{item_id}/pages", fields(*chosen))
    assert answer.status_code == (201 if prefix else 303), answer.text
    assert (await exchange.victim.ask(f"/items/{item_id}"))["uploaded"] is True
    assert await seen(exchange, item_id) == [(3, True), (1, False), (7, True)]
    original = (await exchange.victim.api("GET", f"/items/{item_id}/original")).content
    kept = [(content, turn) for content, turn in chosen if content]
    assert original == several(*kept, filling=len(original) - len(several(*kept)))


async def test_tus_takes_them_and_goes_on_after_a_cut(exchange: Exchange) -> None:
    item_id = await exchange.start(exchange.victim, "document")
    content = several((photograph(2), 0), (photograph(5), 90))
    address = await begun(exchange.victim, item_id, len(content))
    for start, stop in ((0, 5), (5, 900), (900, len(content) - 3), (len(content) - 3, len(content))):
        assert (await patch(exchange.victim, address, start, content[start:stop])).status_code == 204
    assert await seen(exchange, item_id) == [(2, False), (5, True)]


async def nothing_is_left(exchange: Exchange, item_id: str) -> None:
    assert (await exchange.victim.ask(f"/items/{item_id}"))["uploaded"] is False
    async with exchange.service.worker.database.before_sign_in() as tx:
        assert not await tx.value("SELECT count(*) FROM relay.uploads WHERE state <> 'ended'")


REFUSED: list[tuple[Files, str]] = [
    (fields((b"", 90)), "Choose a file"),
    ([("page", ("1.jpg", photograph(1))), ("turn", (None, "45"))], "0, 90, 180 or 270"),
    (fields(*[(photograph(1), 0)] * (pages.MOST + 1)), "60 pages are the most"),
]


@pytest.mark.parametrize(("files", "words"), REFUSED)
async def test_what_cannot_be_taken_is_said_and_leaves_nothing(
    exchange: Exchange, files: Files, words: str
) -> None:
    item_id = await exchange.start(exchange.victim, "document")
    answer = await send(exchange.victim, f"/api/v1/items/{item_id}/pages", files)
    assert answer.status_code == 400
    assert words in answer.text
    page = await send(exchange.victim, f"/items/{item_id}/pages", files)
    assert (page.status_code, words in page.text) == (400, True)
    await nothing_is_left(exchange, item_id)


async def test_they_are_a_document_and_their_authors_own(exchange: Exchange) -> None:
    files = fields((photograph(1), 0), (photograph(2), 0))
    sound = await exchange.start(exchange.victim, "audio")
    answer = await send(exchange.victim, f"/api/v1/items/{sound}/pages", files)
    assert (answer.status_code, "Start a document" in answer.text) == (400, True)
    item_id = await exchange.start(exchange.victim, "document")
    assert (await send(exchange.offender, f"/api/v1/items/{item_id}/pages", files)).status_code == 404
    for prefix in ("", "/api/v1"):
        for token in ("", exchange.offender.csrf):
            refused = await send(exchange.victim, f"{prefix}/items/{item_id}/pages", files, token)
            assert refused.status_code == 403
    await nothing_is_left(exchange, item_id)


async def test_the_limits_of_size_count_all_of_them(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    from relay.exchange import uploads

    item_id = await exchange.start(exchange.victim, "document")
    one = photograph(4)
    monkeypatch.setattr(uploads, "_largest", lambda *_: 2 * len(one))
    answer = await send(exchange.victim, f"/api/v1/items/{item_id}/pages", fields((one, 0), (one, 0)))
    assert answer.status_code == 413
    await nothing_is_left(exchange, item_id)
    assert (
        await send(exchange.victim, f"/api/v1/items/{item_id}/pages", fields((one, 0)))
    ).status_code == 201


async def test_one_damaged_photograph_is_said_to_its_author(exchange: Exchange) -> None:
    item_id = await exchange.start(exchange.victim, "document")
    files = fields((photograph(4), 0), (photograph(5)[:400], 0))
    assert (await send(exchange.victim, f"/api/v1/items/{item_id}/pages", files)).status_code == 201
    await exchange.victim.do(f"/items/{item_id}/submit")
    await work_off(exchange.room)
    item: Any = await exchange.victim.ask(f"/items/{item_id}")
    assert (item["state"], item["failure"]) == ("failed", "damaged")


async def test_the_form_without_script_has_as_many_fields_as_asked_for(exchange: Exchange) -> None:
    item_id = await exchange.start(exchange.victim, "document")
    for asked, given in (
        ("", 6),
        ("?pages=20", 20),
        ("?pages=60", 60),
        ("?pages=1000", 60),
        ("?pages=-5", 1),
    ):
        page = await exchange.victim.http.get(f"/items/{item_id}{asked}")
        assert page.text.count('name="page"') == page.text.count('name="turn"') == given


async def test_after_a_refusal_nothing_is_offered_that_was_replaced(exchange: Exchange) -> None:
    item_id = await exchange.start(exchange.victim, "document")
    address = f"/items/{item_id}/pages"
    assert (await send(exchange.victim, address, fields((photograph(3), 0)))).status_code == 303
    new = fields((photograph(1), 0), (b"no picture at all", 0))
    assert (await send(exchange.victim, address, new)).status_code == 303
    await exchange.victim.do(f"/items/{item_id}/submit")
    await work_off(exchange.room)
    page = (await exchange.victim.http.get(f"/items/{item_id}")).text
    assert "Page 2 is a kind of file that we cannot open." in page
    assert "Your file has arrived" not in page
    assert "Send it to your facilitator" not in page
    await exchange.victim.do(f"/items/{item_id}/submit", status=409)
