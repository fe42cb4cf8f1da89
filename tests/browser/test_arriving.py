"""While a file is on its way: the page holds back what it would replace, and the upload can be cancelled."""

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from relay.db.transaction import Surface
from tests.browser.conftest import Town
from tests.browser.test_own_files import both_widths
from tests.functional.test_own_files import uploaded
from tests.functional.test_uploads import begun, patch
from tests.support import media

pytestmark = pytest.mark.browser

SEND = "Send it to your facilitator"
CANCEL = "Cancel the upload"
NEW = os.urandom(300_000)


async def held_up(page: Page) -> asyncio.Event:
    """Have the parts of an upload wait until the event is set."""
    go_on = asyncio.Event()

    async def wait(route: Route) -> None:
        if route.request.method == "PATCH":
            await go_on.wait()
        await route.continue_()

    await page.route("**/api/v1/uploads/*", wait)
    return go_on


async def test_while_another_file_is_uploaded_the_one_before_waits_and_is_sent_after_a_cancel(
    town: Town, tmp_path: Path, gallery: Path | None
) -> None:
    old = media.speech(tmp_path).read_bytes()
    item = await uploaded(town.exchange, old, "audio")
    path = tmp_path / "new.wav"
    path.write_bytes(NEW)
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(item)
    await held_up(vera)
    await vera.get_by_label("A sound file").set_input_files(path)
    await vera.get_by_role("button", name="Upload", exact=True).click()
    await expect(vera.get_by_role("button", name=CANCEL)).to_be_visible()
    await expect(vera.get_by_role("button", name=SEND)).to_be_disabled()
    await expect(vera.get_by_text("Another file is on its way and will replace this one.")).to_be_visible()
    await expect(vera.get_by_text("Nothing of it has been sent yet.")).to_be_hidden()
    await both_widths(vera, "p-while-uploading", gallery)
    await vera.get_by_role("button", name=CANCEL).click()
    await expect(vera.get_by_text("The upload was cancelled.")).to_be_visible()
    await expect(vera.get_by_role("button", name=CANCEL)).to_be_hidden()
    assert await town.exchange.victim.ask(f"{item}/uploads") == []
    await vera.get_by_role("button", name=SEND).click()
    await expect(vera.get_by_text("Being prepared for your facilitator")).to_be_visible()
    assert (await town.exchange.victim.api("GET", f"{item}/original")).content == old


async def test_a_cancelled_upload_is_begun_again_with_the_same_file(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "new.wav"
    path.write_bytes(NEW)
    item = f"/items/{await town.exchange.start(town.exchange.victim, 'audio')}"
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(item)
    go_on = await held_up(vera)
    await vera.get_by_label("A sound file").set_input_files(path)
    upload = vera.get_by_role("button", name="Upload", exact=True)
    await upload.click()
    await vera.get_by_role("button", name=CANCEL).click()
    await expect(upload).to_be_focused()
    go_on.set()
    await upload.click()
    await expect(vera.get_by_text("Your file has arrived", exact=True)).to_be_visible(timeout=20_000)
    assert (await town.exchange.victim.api("GET", f"{item}/arrived")).content == NEW


@pytest.mark.parametrize("signed_out", [True, False])
async def test_an_upload_that_could_not_be_cancelled_says_why_and_not_that_nothing_was_sent(
    town: Town, tmp_path: Path, *, signed_out: bool
) -> None:
    path = media.speech(tmp_path)
    item = f"/items/{await town.exchange.start(town.exchange.victim, 'audio')}"
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(item)
    await held_up(vera)
    await vera.get_by_label("A sound file").set_input_files(path)
    nothing_sent = vera.get_by_text("Nothing of it has been sent yet.")
    await expect(nothing_sent).to_be_visible()
    async with vera.expect_request("**/api/v1/uploads/*"):
        await vera.get_by_role("button", name="Upload", exact=True).click()
    if signed_out:
        await vera.context.clear_cookies()
    else:
        await vera.route("**/cancel", lambda route: route.abort("connectionreset"))
    await vera.get_by_role("button", name=CANCEL).click()
    why = (
        "You are signed out, so the upload is not cancelled yet." if signed_out else "There is no connection"
    )
    await expect(vera.get_by_text(why)).to_be_visible()
    await expect(nothing_sent).to_be_hidden()
    assert len(await town.exchange.victim.ask(f"{item}/uploads")) == 1


async def test_a_recording_is_not_uploaded_while_a_file_is(town: Town, tmp_path: Path) -> None:
    item = f"/items/{await town.exchange.start(town.exchange.victim, 'audio')}"
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera", permissions=["microphone"])
    await vera.goto(item)
    await vera.get_by_role("button", name="Start recording").click()
    await vera.wait_for_timeout(1_200)
    await vera.get_by_role("button", name="Stop").click()
    keep = vera.get_by_role("button", name="Upload this recording")
    await expect(keep).to_be_enabled()
    await held_up(vera)
    await vera.get_by_label("A sound file").set_input_files(media.speech(tmp_path))
    await vera.get_by_role("button", name="Upload", exact=True).click()
    await expect(keep).to_be_disabled()
    await vera.get_by_role("button", name=CANCEL).click()
    await expect(keep).to_be_enabled()


@pytest.mark.parametrize("script", [True, False])
async def test_an_upload_that_was_left_behind_is_said_and_cancelled_on_the_page(
    town: Town, tmp_path: Path, gallery: Path | None, *, script: bool
) -> None:
    item = await uploaded(town.exchange, media.speech(tmp_path).read_bytes(), "audio")
    address = await begun(town.exchange.victim, item.removeprefix("/items/"))
    await patch(town.exchange.victim, address, 0, NEW)
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera", script=script)
    await vera.goto(item)
    await expect(vera.get_by_text("Of 1.0 MB, 300.0 kB have arrived.")).to_be_visible()
    await expect(vera.get_by_role("button", name=SEND)).to_have_count(0)
    if script:
        await both_widths(vera, "p-left-behind", gallery)
    await vera.get_by_role("button", name="Cancel this upload").click()
    await expect(vera.get_by_text("The upload was cancelled")).to_be_visible()
    await vera.get_by_role("button", name=SEND).click()
    await expect(vera.get_by_text("Being prepared for your facilitator")).to_be_visible()


async def test_an_upload_that_was_cancelled_elsewhere_stops_and_says_so(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "new.wav"
    path.write_bytes(NEW)
    item = f"/items/{await town.exchange.start(town.exchange.victim, 'audio')}"
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(item)

    async def still_written(route: Route) -> None:
        if route.request.method == "PATCH":
            await route.fulfill(status=409, json={"detail": "It is still being written elsewhere."})
        else:
            await route.continue_()

    await vera.route("**/api/v1/uploads/*", still_written)
    await vera.get_by_label("A sound file").set_input_files(path)
    async with vera.expect_response("**/api/v1/uploads"):
        await vera.get_by_role("button", name="Upload", exact=True).click()
    [one] = await town.exchange.victim.ask(f"{item}/uploads")
    await town.exchange.victim.send(f"{item}/cancel", upload_id=one["id"])
    await expect(vera.get_by_text("The upload was cancelled, or has expired.")).to_be_visible(timeout=20_000)
    await expect(vera.get_by_role("button", name="Upload", exact=True)).to_be_enabled()


async def test_what_was_written_a_moment_ago_is_not_removed_as_if_it_were_empty(town: Town) -> None:
    item = f"/items/{await town.exchange.start(town.exchange.victim)}"
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(item)
    await vera.get_by_label("Your letter").fill("Dear you.")
    await vera.get_by_role("button", name="Remove this draft").click()
    await expect(vera.get_by_text("There is something in this by now")).to_be_visible()
    await expect(vera.get_by_label("Your letter")).to_have_value("Dear you.")


async def test_what_could_not_be_kept_is_not_removed_and_the_page_says_why(town: Town) -> None:
    item = f"/items/{await town.exchange.start(town.exchange.victim)}"
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(item)
    await vera.route("**/api/v1/items/*/draft", lambda route: route.abort("connectionreset"))
    await vera.get_by_label("Your letter").fill("Dear you.")
    await vera.get_by_role("button", name="Remove this draft").click()
    await expect(vera.get_by_text("Not saved: there is no connection")).to_be_in_viewport()
    await expect(vera.get_by_label("Your letter")).to_have_value("Dear you.")
    assert (await town.exchange.victim.ask(item))["state"] == "draft"


async def test_a_list_of_drafts_in_which_the_empty_ones_are_removed_by_one_press(
    town: Town, gallery: Path | None
) -> None:
    exchange = town.exchange
    first, _, third = [await exchange.start(exchange.victim) for _ in range(3)]
    await exchange.victim.do(f"/items/{first}/draft", {"text": "Dear you."}, status=204, method="PUT")
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(f"/cases/{exchange.case_id}")
    await both_widths(vera, "p-list-of-drafts", gallery)
    await vera.get_by_role("button", name="Remove empty letter 2").click()
    await expect(vera.get_by_text("The draft was removed.")).to_be_visible()
    await vera.goto(f"/items/{third}")
    await both_widths(vera, "p-empty-draft", gallery)
    await vera.get_by_role("button", name="Remove this draft").click()
    await expect(vera.get_by_text("The draft was removed.")).to_be_visible()
    await vera.goto(f"/items/{first}")
    await both_widths(vera, "p-draft-with-words", gallery)
    await expect(vera.get_by_role("button", name="Yes: remove it, and what I wrote")).to_be_visible()
