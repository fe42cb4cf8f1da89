"""Every page of both apps: accessible (WCAG 2.2 AA, by axe), whole at 320 px, and neutral."""

from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from relay.db.transaction import Surface
from tests.browser.conftest import Town, in_the_sessions_loop
from tests.support.work import work_off

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


async def look(page: Page, path: str, name: str, gallery: Path | None) -> None:
    """Open a page and hold it against all that every page must meet."""
    await page.goto(path)
    await hold(page, name, gallery)


async def hold(page: Page, name: str, gallery: Path | None) -> None:
    """Hold what is shown against all that every page must meet."""
    assert page.viewport_size is not None
    width = page.viewport_size["width"]
    await page.wait_for_load_state("domcontentloaded")  # a press ends before its page is there
    await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    if gallery:
        await page.screenshot(path=gallery / f"{name}-{width}.png", full_page=True)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is too wide"
    found = await Axe().run(page, options=RULES)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    small = await page.evaluate(
        """() => [...document.querySelectorAll('button, input:not([type=hidden]), select, textarea')]
            .filter((e) => e.getClientRects().length)
            .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
            .filter(([, box]) => box.height < 22 || box.width < 22).map(([html]) => html)"""
    )
    assert small == [], f"{name}: too small to hit: {small}"


@in_the_sessions_loop()
async def lived_in(town: Town) -> tuple[Town, dict[str, str]]:
    """Something of every kind and state."""
    exchange = town.exchange
    ids: dict[str, str] = {}
    ids["draft"] = await exchange.start(exchange.victim)
    ids["film"] = await exchange.start(exchange.victim, "video")
    ids["sound"] = await exchange.start(exchange.victim, "audio")
    note = "It is about that night.\nYou can call me: 01632 960001."
    ids["opened"], ids["delivery"] = await exchange.deliver(exchange.offender, "A few words.\n" * 5, note)
    ids["reviewed"] = await exchange.write(exchange.victim, "What I want to say. " * 30)
    await exchange.desk.do(f"/items/{ids['reviewed']}/claim")
    clean = (await exchange.desk.ask(f"/items/{ids['reviewed']}"))["clean"]
    looked_at = {"rendition_id": clean["id"], "sha256": clean["sha256"]}
    asked = {
        "decision": "request_changes",
        "reasons": ["unreadable", "threats"],
        "guidance": "Please shorten it.",
    }
    await exchange.desk.do(f"/items/{ids['reviewed']}/decisions", looked_at | asked)
    await exchange.victim.do(f"/items/{ids['reviewed']}/submit")
    await work_off(exchange.room)
    await exchange.desk.do(f"/items/{ids['reviewed']}/claim")
    return town, ids


@pytest.mark.parametrize("width", [320, 1280])
async def test_every_page_of_the_participants_app(
    lived_in: tuple[Town, dict[str, str]], width: int, gallery: Path | None
) -> None:
    town, ids = lived_in
    stranger = await town.visit(Surface.PARTICIPANTS, width=width)
    for name, path in (
        ("sign-in", "/sign-in"),
        ("enrol-find", "/enrol"),
        ("enrol-wrong", "/enrol/123e4567-e89b"),
        ("enrol", "/enrol/123e4567-e89b-42d3-a456-426614174000"),
        ("help", "/help"),
        ("missing", "/nowhere"),
    ):
        await look(stranger, path, f"p-{name}", gallery)
        assert await stranger.get_by_role("button", name="Leave now").is_visible()
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera", width=width)
    for name, path in (
        ("home", "/"),
        ("case", f"/cases/{town.exchange.case_id}"),
        ("letter-draft", f"/items/{ids['draft']}"),
        ("film", f"/items/{ids['film']}"),
        ("sound", f"/items/{ids['sound']}"),
        ("letter-reviewed", f"/items/{ids['reviewed']}?done=sent"),
        ("received", "/received"),
        ("delivery", f"/received/{ids['delivery']}"),
        ("step-up", "/step-up"),
    ):
        await look(vera, path, f"p-{name}", gallery)
        assert await vera.get_by_role("button", name="Leave now").is_visible()
        title = (await vera.title()).lower()
        assert not {"justice", "victim", "offender", "crime", "relay"} & {*title.split()}
    await vera.get_by_role("button", name="Go on").click()
    await vera.goto(f"/received/{ids['delivery']}")
    async with vera.expect_navigation():
        await vera.get_by_role("button", name="Let my facilitator hold it").click()
    await hold(vera, "p-delivery-held", gallery)
    await vera.get_by_role("button", name="Open it now").click()
    await look(vera, f"/received/{ids['delivery']}", "p-delivery-opened", gallery)
    await vera.goto(f"/cases/{town.exchange.case_id}")
    async with vera.expect_navigation():
        await vera.get_by_role("button", name="I no longer agree to letters").click()
    async with vera.expect_navigation():
        await vera.get_by_role("button", name="Pause now").click()
    await hold(vera, "p-case-paused", gallery)
    await look(vera, f"/items/{ids['reviewed']}", "p-letter-not-agreed", gallery)


LINES = """() => [...document.querySelectorAll('.top button, .top li')]
    .map((one) => one.getBoundingClientRect())
    .map((box) => [box.left, (box.top + box.bottom) / 2, box.right])"""


@pytest.mark.parametrize("width", [320, 360, 1280])
async def test_the_participants_header_has_two_lines_at_most_and_nothing_under_leave_now(
    town: Town, width: int
) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera", width=width)
    lines = await page.evaluate(LINES)
    leave, others = lines[0], lines[1:]
    middles = {round(middle / 8) for _, middle, _ in lines}
    assert len(middles) <= (2 if width < 1280 else 1)
    assert all(right <= leave[0] for _, middle, right in others if abs(middle - leave[1]) < 8)
    below = "() => parseFloat(getComputedStyle(document.querySelector('main')).paddingBottom)"
    assert await page.evaluate(below) >= 2 * 44  # what is last can be scrolled clear of it


@pytest.mark.parametrize("width", [320, 1280])
async def test_every_page_of_the_desk(
    lived_in: tuple[Town, dict[str, str]], width: int, gallery: Path | None
) -> None:
    town, ids = lived_in
    stranger = await town.visit(Surface.DESK, width=width)
    for name, path in (("sign-in", "/sign-in"), ("enrol", "/enrol/123e4567-e89b-42d3-a456-426614174000")):
        await look(stranger, path, f"d-{name}", gallery)
    fatima = await town.signed_in(Surface.DESK, "Fatima", width=width)
    for name, path in (
        ("cases", "/"),
        ("case", f"/cases/{town.exchange.case_id}"),
        ("queue", "/queue"),
        ("item", f"/items/{ids['reviewed']}"),
        ("item-released", f"/items/{ids['opened']}"),
        ("audit", f"/cases/{town.exchange.case_id}/audit"),
        ("step-up", "/step-up"),
        ("missing", "/nowhere"),
    ):
        await look(fatima, path, f"d-{name}", gallery)
    concern = await _concern(town, ids["reviewed"])
    for name, path in (
        ("raise-concern", f"/items/{ids['reviewed']}/concern"),
        ("concern", concern),
    ):
        await look(fatima, path, f"d-{name}", gallery)


async def _concern(town: Town, item_id: str) -> str:
    """One that is open, with all that is written about one; its address."""
    desk, words = town.exchange.desk, "What I want to say. " * 5
    noticed = {"kind": "threat", "words": words, "about": town.exchange.victim_id, "stops_case": True}
    made = await desk.do(f"/items/{item_id}/concerns", noticed, status=201)
    path = f"/concerns/{made['concern']['id']}"
    told = {
        "whom": "B. Nowak, police",
        "what": words,
        "why": words,
        "agreed": False,
        "ground": "Duty to warn",
    }
    await desk.do(f"{path}/disclosures", told | {"told_at": "2026-01-02T10:30:00Z"}, status=201)
    await desk.do(f"{path}/notes", {"words": words}, status=201)
    return path
