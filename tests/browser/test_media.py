"""Sound, films and documents: uploaded by a form, played to the end by the reviewer, passed on, played."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from relay.db.transaction import Surface
from tests.browser.conftest import Town
from tests.browser.test_pages import hold
from tests.support import media
from tests.support.work import work_off

pytestmark = pytest.mark.browser

MAKE: dict[str, Callable[[Path], Path]] = {
    "audio": media.speech,
    "video": media.film,
    "document": lambda folder: media.document(folder, pages=PAGES),
}
LABEL = {"audio": "A sound file", "video": "A film", "document": "A PDF or a picture"}
PAGES = 9
SHOWN = """async (picture) => {
    if (!picture.complete) await new Promise(loaded => picture.addEventListener("load", loaded));
    await picture.decode();
    return picture.naturalWidth;
}"""
PLAY = """async (element) => {
    await element.play();
    if (!element.ended) await new Promise((resolve, reject) => {
        element.onended = resolve;
        element.onerror = () => reject(element.error.message);
    });
    return [element.duration, element.videoWidth ?? 0];
}"""


async def _look(page: Page, kind: str) -> None:
    """Play it to its end, or go through the whole document."""
    if kind == "document":
        sheets = page.locator(".sheets img")
        await expect(sheets).to_have_count(PAGES)
        for number in range(PAGES):
            await sheets.nth(number).scroll_into_view_if_needed()
            assert await sheets.nth(number).evaluate(SHOWN) > 200
        return
    length, width = await page.locator(".player").evaluate(PLAY)
    assert length > 1
    assert (width > 0) == (kind == "video")


@pytest.mark.parametrize("kind", ["audio", "video", "document"])
async def test_a_file_crosses_by_hand(town: Town, tmp_path: Path, kind: str, gallery: Path | None) -> None:
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera", script=False)
    await vera.goto(f"/cases/{town.exchange.case_id}")
    await vera.locator(f"input[name=kind][value={kind}]").check()
    await vera.get_by_role("button", name="Start").click()
    await vera.get_by_label(LABEL[kind]).set_input_files(MAKE[kind](tmp_path))
    await vera.get_by_role("button", name="Upload", exact=True).click()
    await vera.get_by_role("button", name="Send it to your facilitator").click()
    await work_off(town.exchange.room)

    fatima = await town.signed_in(Surface.DESK, "Fatima")
    await fatima.goto("/queue")
    await fatima.locator("main li a").click()
    await fatima.get_by_role("button", name="Take it").click()
    await fatima.get_by_role("button", name="Approve it as it is").press("Enter")
    await expect(fatima.get_by_role("alert")).to_contain_text("You have not seen all of this yet")
    await fatima.goto(fatima.url.removesuffix("/decision"))
    await _look(fatima, kind)
    if gallery:
        await fatima.wait_for_timeout(1500)
        await fatima.screenshot(path=gallery / f"d-review-{kind}.png", full_page=True)
    await fatima.set_viewport_size({"width": 320, "height": 700})
    await hold(fatima, f"d-review-{kind}", gallery)
    await fatima.get_by_role("button", name="Approve it as it is").click()
    await fatima.get_by_role("link", name="Pass it on now").click()
    await fatima.get_by_role("button", name="Pass it on to Oskar").click()
    await expect(fatima.locator(".sheet").get_by_text("Passed on")).to_be_visible()

    oskar = await town.signed_in(Surface.PARTICIPANTS, "Oskar")
    await oskar.goto("/received")
    await oskar.locator("main li a").click()
    await expect(oskar.locator(".player, .sheets")).to_have_count(0)
    await oskar.get_by_role("button", name="Open it now").click()
    await _look(oskar, kind)
    if gallery:
        await oskar.wait_for_timeout(1500)
        await oskar.screenshot(path=gallery / f"p-opened-{kind}.png", full_page=True)
