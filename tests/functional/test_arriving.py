"""A file on its way over the API and on the page: what it replaces is not sent, and it can be cancelled."""

import re

import pytest

from relay.exchange import uploads
from tests.functional.test_own_files import uploaded
from tests.functional.test_uploads import TUS, begun, patch
from tests.support.web import Exchange

OLD = b"RIFF" + b"the old one" * 50
WAITS = "You can send this once the file that is on its way has arrived, or you have cancelled it."
BUTTON = "Send it to your facilitator"


async def test_what_a_file_on_its_way_replaces_is_not_sent(exchange: Exchange) -> None:
    victim = exchange.victim
    item = await uploaded(exchange, OLD, "audio")
    item_id = item.removeprefix("/items/")
    address = await begun(victim, item_id)
    await patch(victim, address, 0, b"x" * 250_000)
    refused = await victim.api("POST", f"{item}/submit", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "Wait until it has arrived, or cancel that upload; then send it." in refused.json()["detail"]
    pressed = await victim.send(f"{item}/submit", voice="yes")
    assert pressed.status_code == 409
    for page in (pressed.text, (await victim.http.get(item)).text):
        assert WAITS in page
        assert BUTTON not in page
        assert "Of 1.0 MB, 250.0 kB have arrived." in page
        assert "the file that has arrived stays as it is" in page
    [one] = await victim.ask(f"{item}/uploads")
    assert (address, one["received"]) == (f"/uploads/{one['id']}", 250_000)
    await exchange.offender.ask(f"{item}/uploads", 404)
    assert (await victim.ask(item))["state"] == "draft"


async def test_an_abandoned_upload_is_cancelled_by_a_press_and_the_file_before_is_sent(
    exchange: Exchange,
) -> None:
    victim = exchange.victim
    item = await uploaded(exchange, OLD, "audio")
    address = await begun(victim, item.removeprefix("/items/"))
    page = (await victim.http.get(item)).text
    assert f'action="{item}/cancel"' in page
    [upload_id] = re.findall(r'name="upload_id" value="([^"]+)"', page)
    assert (await exchange.offender.send(f"{item}/cancel", upload_id=upload_id)).status_code == 404
    for _ in range(2):  # twice is once
        cancelled = await victim.send(f"{item}/cancel", upload_id=upload_id)
        assert (cancelled.status_code, cancelled.headers["location"]) == (303, f"{item}?done=cancelled")
    assert (await victim.api("HEAD", address, headers=TUS)).status_code == 404
    page = (await victim.http.get(f"{item}?done=cancelled")).text
    assert "The upload was cancelled" in page
    assert BUTTON in page
    assert WAITS not in page
    assert (await victim.send(f"{item}/submit")).headers["location"] == f"{item}?done=sent"
    assert (await victim.api("GET", f"{item}/original")).content == OLD


async def test_a_file_that_arrived_before_the_press_stays(exchange: Exchange) -> None:
    item = await uploaded(exchange, OLD, "audio")
    address = await begun(exchange.victim, item.removeprefix("/items/"), 5)
    await patch(exchange.victim, address, 0, b"12345")
    upload_id = address.removeprefix("/uploads/")
    too_late = await exchange.victim.send(f"{item}/cancel", upload_id=upload_id)
    assert too_late.status_code == 409
    assert "has arrived meanwhile" in too_late.text
    assert (await exchange.victim.api("GET", f"{item}/arrived")).content == b"12345"


async def test_a_file_of_which_only_the_end_is_missing_is_finished_when_its_author_looks(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = f"/items/{await exchange.start(exchange.victim, 'audio')}"
    address = await begun(exchange.victim, item.removeprefix("/items/"), 5)

    async def crash(*_: object) -> None:
        raise ConnectionAbortedError

    with monkeypatch.context() as patched:
        patched.setattr(uploads, "_complete", crash)
        assert (await patch(exchange.victim, address, 0, b"12345")).status_code == 500
    page = (await exchange.victim.http.get(item)).text
    assert "data-on-its-way" not in page
    assert "Your file has arrived" in page
    assert (await exchange.victim.ask(item))["uploaded"] is True
