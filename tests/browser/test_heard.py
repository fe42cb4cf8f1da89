"""What a machine heard: a press on a line's time plays from there."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from relay.db.transaction import Surface
from tests.browser.conftest import Town
from tests.functional.test_transcripts import listening
from tests.support import spoken
from tests.support.work import work_off

pytestmark = pytest.mark.browser


async def test_a_lines_time_is_where_it_plays(town: Town, tmp_path: Path, gallery: Path | None) -> None:
    exchange = listening(town.exchange, spoken.model())
    said = spoken.speech(
        tmp_path / "said.wav", (1.0, "Front_Center"), (12.0, "Side_Left"), (24.0, "Rear_Right")
    )
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera", script=False)
    await vera.goto(f"/cases/{exchange.case_id}")
    await vera.locator("input[name=kind][value=audio]").check()
    await vera.get_by_role("button", name="Start").click()
    await vera.get_by_label("A sound file").set_input_files(said)
    await vera.get_by_role("button", name="Upload", exact=True).click()
    await vera.get_by_role("button", name="Send it to your facilitator").click()
    await work_off(exchange.room)

    fatima = await town.signed_in(Surface.DESK, "Fatima")
    await fatima.goto("/queue")
    await fatima.locator("main li a").click()
    await fatima.get_by_role("button", name="Take it").click()
    last = fatima.locator(".heard button").last
    await last.click()
    await expect(fatima.locator(".player")).to_have_js_property("paused", False)
    at = float(str(await last.get_attribute("data-at")))
    assert at > 5
    assert await fatima.locator(".player").evaluate("player => player.currentTime") >= at
    for width in (1280, 320):
        await fatima.set_viewport_size({"width": width, "height": 900})
        assert await fatima.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if gallery:
            await fatima.screenshot(path=gallery / f"d-heard-{width}.png", full_page=True)
