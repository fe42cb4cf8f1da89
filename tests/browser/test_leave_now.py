"""Nothing of a page's content is read or pressed beneath quick exit (WCAG 2.2, 2.4.11)."""

import pytest
from playwright.async_api import Page, expect

from relay.db.transaction import Surface
from tests.browser.conftest import Town
from tests.browser.test_recording import recorded

pytestmark = pytest.mark.browser

STRIP = """() => {
    const box = document.querySelector('.exit button').getBoundingClientRect();
    const found = new Set();
    for (let x = 4; x < innerWidth; x += 8)
        for (const y of [box.top + 1, (box.top + box.bottom) / 2, box.bottom - 1])
            found.add(document.elementFromPoint(x, y)?.closest('header, main')?.localName);
    return [Math.round(box.height), box.right <= innerWidth && box.top >= 0, ...found];
}"""
"""How high the button is, whether all of it is in sight, and what is to be seen on its line."""
PRESSABLE = "main :is(a, button, input:not([type=hidden]), select, textarea, summary, audio, video)"
BAR = "document.querySelector(innerWidth < 608 ? '.exit' : '.leave')"
"""What stays in sight: on a narrow screen the line of the button, else the whole header."""
UNDER = """(selector) => {
    const bar = BAR.getBoundingClientRect();
    return (from) => [...document.querySelectorAll(selector)].filter((one) => {
        if (!one.getClientRects().length) return false;
        scrollTo(0, from);
        one.scrollIntoView({ block: 'nearest', behavior: 'instant' });
        return one.getBoundingClientRect().top < bar.bottom;
    }).map((one) => one.outerHTML.slice(0, 80));
}"""
FOCUSED = """() => {
    const one = document.activeElement;
    const bar = BAR.getBoundingClientRect();
    const inMain = Boolean(one.closest('main'));
    return [one.outerHTML.slice(0, 80), inMain, inMain && one.getBoundingClientRect().top < bar.bottom];
}"""


async def the_page(town: Town, kind: str) -> Page:
    """A long page: a letter that is written on, or a recording that waits to be uploaded."""
    if kind == "audio":
        return await recorded(town)
    item_id = await town.exchange.start(town.exchange.victim)
    text = {"text": "What I want to say.\n" * 60}
    await town.exchange.victim.do(f"/items/{item_id}/draft", text, status=204, method="PUT")
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await page.goto(f"/items/{item_id}")
    return page


@pytest.mark.parametrize("kind", ["letter", "audio"])
async def test_wherever_the_page_is_scrolled_to_nothing_of_it_shares_a_line_with_leave_now(
    town: Town, kind: str
) -> None:
    page = await the_page(town, kind)
    for width in (320, 640, 768, 960, 1280):
        await page.set_viewport_size({"width": width, "height": 568})
        for share in (0, 0.1, 0.35, 0.6, 1):
            await page.evaluate("(share) => scrollTo(0, share * document.body.scrollHeight)", share)
            height, in_sight, *found = await page.evaluate(STRIP)
            assert (in_sight, found) == (True, ["header"]), (width, share)
            assert height >= 44


@pytest.mark.parametrize("width", [320, 768])
@pytest.mark.parametrize("kind", ["letter", "audio"])
async def test_what_is_scrolled_to_or_has_the_focus_is_not_behind_leave_now(
    town: Town, kind: str, width: int
) -> None:
    page = await the_page(town, kind)
    await page.set_viewport_size({"width": width, "height": 568})
    for start in ("0", "document.body.scrollHeight"):
        assert await page.evaluate(f"({UNDER.replace('BAR', BAR)})({PRESSABLE!r})({start})") == []
    seen: set[str] = set()
    for back in (False, True):
        for _ in range(40):
            await page.keyboard.press("Shift+Tab" if back else "Tab")
            html, in_main, under = await page.evaluate(FOCUSED.replace("BAR", BAR))
            assert not under, html
            seen |= {html} if in_main else set()
    assert len(seen) >= 4, seen


async def test_on_a_narrow_screen_signing_out_is_pressed_beside_leave_now_and_is_said(town: Town) -> None:
    page = await the_page(town, "letter")
    await page.set_viewport_size({"width": 320, "height": 568})
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("status")).to_have_text(
        "You are signed out. Close this window too if others use this device."
    )


TOGETHER = """() => {
    const [exit, out] = ['.exit button', '.leave form:not(.exit) button'].map(
        (one) => document.querySelector(one).getBoundingClientRect());
    return exit.left < out.right && out.left < exit.right && exit.top < out.bottom && out.top < exit.bottom;
}"""


async def test_signing_out_is_never_pressed_for_leave_now_at_any_size_of_letters(town: Town) -> None:
    page = await the_page(town, "letter")
    for width in (320, 360, 400, 600, 768, 1280):
        await page.set_viewport_size({"width": width, "height": 640})
        for size in (16, 24, 32):
            await page.evaluate("(size) => document.documentElement.style.fontSize = `${size}px`", size)
            assert not await page.evaluate(TOGETHER), (width, size)
