"""Printing from the desk's page in a real browser: the letter opens as a PDF beside the page."""

from pathlib import Path

import pytest
from playwright.async_api import Response

from relay.db.transaction import Surface
from tests.browser.conftest import Town
from tests.support.paper import fonts_are_there

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", [320, 1280])
async def test_a_facilitator_prints_a_letter_with_and_without_script(
    town: Town, width: int, gallery: Path | None, *, script: bool
) -> None:
    fonts_are_there()
    item_id, _ = await town.exchange.deliver(town.exchange.offender, "Dear you.\n\nمجھے افسوس ہے۔")
    fatima = await town.signed_in(Surface.DESK, "Fatima", width=width, script=script)
    await fatima.goto(f"/items/{item_id}")
    await fatima.get_by_label("A4, large print").check()
    if gallery:
        await fatima.screenshot(path=gallery / f"d-print-{width}.png", full_page=True)
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    fatima.context.on("response", note)
    async with fatima.expect_popup() as opened:
        await fatima.get_by_role("button", name="Print it for").click()
    beside = await opened.value
    await beside.wait_for_load_state()
    [printed] = [answer for answer in answers if answer.url.endswith("/print")]
    assert printed.status == 200
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.headers["cache-control"] == "no-store"
    assert fatima.url.endswith(f"/items/{item_id}"), "the page stays"
    await fatima.goto(f"/cases/{town.exchange.case_id}")
    await fatima.get_by_text("Print a cover note or a consent form").click()
    if gallery:
        await fatima.screenshot(path=gallery / f"d-case-print-{width}.png", full_page=True)
    assert await fatima.evaluate("document.documentElement.scrollWidth <= innerWidth")
