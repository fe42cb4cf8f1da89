"""A recording made in the browser is lost by nothing but its author's word, and quick exit waits for none."""

import asyncio
import os
import re
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.async_api import Dialog, Page, Route, expect

from relay.db.transaction import Surface
from tests.browser.conftest import Town
from tests.browser.test_own_files import both_widths
from tests.support import media
from tests.support.house import PASSPHRASE

pytestmark = pytest.mark.browser

UPLOAD = "Upload this recording"
ARRIVED = "Your file has arrived"
WAITS = "The upload waits for the connection."
THROW = "Throw it away"


async def at_the_recorder(town: Town, kind: str = "audio") -> Page:
    item_id = await town.exchange.start(town.exchange.victim, kind)
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera", permissions=["microphone", "camera"])
    await page.goto(f"/items/{item_id}")
    return page


async def start(page: Page) -> None:
    await page.get_by_role("button", name="Start recording").click()
    await expect(page.get_by_text("Recording:", exact=True)).to_be_visible()
    await asyncio.sleep(1.2)


async def recorded(town: Town, kind: str = "audio") -> Page:
    page = await at_the_recorder(town, kind)
    await start(page)
    await page.get_by_role("button", name="Stop").press("Enter")
    await expect(page.get_by_role("button", name=UPLOAD)).to_be_focused()
    return page


async def signed_in(tab: Page, name: str) -> None:
    await tab.fill("[name=name]", name)
    await tab.fill("[name=passphrase]", PASSPHRASE)
    await tab.click("main button[type=submit]")
    await tab.wait_for_url("**/")


async def signed_in_in_another_tab(page: Page, name: str) -> Page:
    async with page.expect_popup() as opened:
        await page.get_by_role("link", name="Sign in in another tab").click()
    tab = await opened.value
    await signed_in(tab, name)
    return tab


def asked_about(page: Page) -> list[str]:
    """What the browser asks before it leaves; it is told to stay."""
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stay)
    return asked


async def test_a_recording_outlives_its_session_and_is_uploaded_after_signing_in_in_another_tab(
    town: Town, gallery: Path | None
) -> None:
    page = await recorded(town)
    keeps = page.get_by_role("link", name="Save it on this device")
    await expect(keeps).to_be_hidden()
    await both_widths(page, "p-recorded", gallery)
    await page.context.clear_cookies()
    await page.get_by_role("button", name=UPLOAD).click()
    says = page.get_by_text("You are signed out. The recording is still in this window: leave it open")
    await expect(says).to_be_visible()
    await expect(page.locator("[data-preview]")).to_be_visible()
    await expect(page.get_by_role("button", name=UPLOAD)).to_be_focused()
    await expect(page.get_by_text("Others who use this device can then find it there.")).to_be_visible()
    await both_widths(page, "p-recorded-signed-out", gallery)
    async with page.expect_download() as kept:
        await keeps.click()
    path = await (await kept.value).path()
    assert (await kept.value).suggested_filename == "recording.webm"
    assert (await asyncio.to_thread(path.read_bytes))[:4] == b"\x1a\x45\xdf\xa3"  # EBML
    await signed_in_in_another_tab(page, "Vera")
    await page.get_by_role("button", name=UPLOAD).click()
    await expect(page.get_by_text(ARRIVED, exact=True)).to_be_visible(timeout=20_000)


async def test_a_recording_is_not_uploaded_under_another_persons_name(town: Town) -> None:
    page = await recorded(town)
    await page.context.clear_cookies()
    await page.get_by_role("button", name=UPLOAD).click()
    tab = await signed_in_in_another_tab(page, "Oskar")
    await expect(page.get_by_text("Somebody else has signed in, in another window.")).to_be_visible()
    await expect(page.get_by_role("button", name=UPLOAD)).to_have_count(0)
    await page.get_by_role("button", name="show this page again").click()
    await expect(page.get_by_text("Somebody else is signed in by now.")).to_be_visible()
    await tab.get_by_role("button", name="Sign out").click()
    async with page.expect_popup() as opened:
        await page.get_by_role("link", name="Sign in in another window").click()
    await signed_in(await opened.value, "Vera")
    await page.get_by_role("button", name="show this page again").click()
    await page.get_by_role("button", name=UPLOAD).click()
    await expect(page.get_by_text(ARRIVED, exact=True)).to_be_visible(timeout=20_000)


async def test_an_upload_that_the_end_of_a_session_stopped_goes_on_where_it_was(
    town: Town, tmp_path: Path
) -> None:
    path = tmp_path / "long.wav"
    await asyncio.to_thread(path.write_bytes, os.urandom(20_000_000))
    page = await at_the_recorder(town)
    parts: list[str] = []

    async def ends(route: Route) -> None:
        if route.request.method == "PATCH":
            parts.append(route.request.headers["upload-offset"])
        if len(parts) == 2 and route.request.method == "PATCH":
            await page.context.clear_cookies()
            await route.fulfill(status=401, json={"detail": "Please sign in."})
        else:
            await route.continue_()

    await page.route("**/api/v1/uploads/*", ends)
    await page.get_by_label("A sound file").set_input_files(path)
    upload = page.get_by_role("button", name="Upload", exact=True)
    await upload.click()
    says = page.get_by_text("You are signed out. What you chose is still in this")
    await expect(says).to_be_visible(timeout=20_000)
    another = await page.context.new_page()
    await another.goto("/sign-in")
    await signed_in(another, "Oskar")
    await expect(page.get_by_text("Somebody else has signed in, in another window.")).to_be_visible()
    await another.get_by_role("button", name="Sign out").click()
    await another.goto("/sign-in")
    await signed_in(another, "Vera")
    await page.get_by_role("button", name="show this page again").click()
    await upload.click()
    await expect(page.get_by_text(ARRIVED, exact=True)).to_be_visible(timeout=20_000)
    await expect(page.get_by_text("A file for this is on its way.")).to_have_count(0)
    assert parts[1] == parts[2] != "0"


KEPT = """
const real = window.fetch;
window.kept = [];
window.fetch = (...given) => {
    if (String(given[0]).endsWith('/api/v1/session')) kept.push(performance.now() / 60_000);
    return real(...given);
};
"""
"""Notes when the session was kept, in minutes, by the page's own clock."""


@pytest.mark.parametrize("stopped", [True, False])
async def test_a_session_does_not_end_while_somebody_records_and_not_much_later(
    town: Town, *, stopped: bool
) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera", permissions=["microphone"])
    item_id = await town.exchange.start(town.exchange.victim, "audio")
    await page.clock.install(time=0)
    await page.add_init_script(KEPT)
    await page.goto(f"/items/{item_id}")
    await start(page)
    if stopped:
        await page.get_by_role("button", name="Stop").click()
        await expect(page.get_by_role("button", name=UPLOAD)).to_be_visible()
    begun = await page.evaluate("performance.now() / 60_000")
    for _ in range(90):
        await page.clock.run_for(60_000)
        await page.evaluate("0")
    kept = [minute - begun for minute in await page.evaluate("kept")]
    assert kept[0] < 1
    assert all(later - sooner < 20 - 5 for sooner, later in pairwise(kept)), kept
    assert (45 < kept[-1] <= 60) if stopped else kept[-1] > 80, kept


@pytest.mark.parametrize("stopped", [True, False])
async def test_a_recording_holds_nobody_elses_session_open(town: Town, *, stopped: bool) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera", permissions=["microphone"])
    item_id = await town.exchange.start(town.exchange.victim, "audio")
    await page.clock.install(time=0)
    await page.add_init_script(KEPT)
    await page.goto(f"/items/{item_id}")
    await start(page)
    if stopped:
        await page.get_by_role("button", name="Stop").click()
        await expect(page.get_by_role("button", name=UPLOAD)).to_be_visible()
    other = await town.signed_in(Surface.PARTICIPANTS, "Oskar")
    await page.context.add_cookies(await other.context.cookies())  # type: ignore[arg-type]
    says = page.get_by_text("Somebody else is signed in by now. The recording")
    for _ in range(120):
        await page.clock.run_for(10_000)  # less at once than an answer is waited for
        await asyncio.sleep(0.05)
        if await says.count():
            break
    await expect(says).to_be_visible()
    kept = len(await page.evaluate("kept"))
    for _ in range(30):
        await page.clock.run_for(60_000)
        await page.evaluate("0")
    assert len(await page.evaluate("kept")) == kept
    # whoever made it is back: it is theirs again, and holds their session
    anew = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await page.context.add_cookies(await anew.context.cookies())  # type: ignore[arg-type]
    if not stopped:
        await page.get_by_role("button", name="Stop").click()
    await page.get_by_role("button", name=UPLOAD).click()
    await page.clock.run_for(1_000)
    await expect(page.get_by_text(ARRIVED, exact=True)).to_be_visible(timeout=20_000)


@pytest.mark.parametrize(("kind", "minutes"), [("audio", 60), ("video", 30)])
async def test_a_recording_stops_before_it_is_too_long_to_be_taken(
    town: Town, kind: str, minutes: int
) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera", permissions=["microphone", "camera"])
    item_id = await town.exchange.start(town.exchange.victim, kind)
    await page.clock.install(time=0)
    await page.goto(f"/items/{item_id}")
    at_most = {60: "1 hour", 30: "30 minutes"}[minutes]
    await expect(page.get_by_text(f"Up to {at_most} long.")).to_be_visible()
    await expect(page.get_by_text(f"It can last {at_most} at most")).to_be_visible()
    await start(page)
    for _ in range(minutes - 4):
        await page.clock.run_for(60_000)
    await expect(page.get_by_text("Recording:", exact=True)).to_be_visible()
    await page.clock.run_for(60_000)
    await expect(page.get_by_text("It stops by itself in two minutes.")).to_be_visible()
    await page.clock.run_for(120_000)
    await expect(page.get_by_text("Recorded. It is as long as one can be.")).to_be_visible()
    await expect(page.get_by_role("button", name=UPLOAD)).to_be_visible()


async def test_how_long_it_has_lasted_is_shown_and_not_read_out_each_second(town: Town) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera", permissions=["microphone"])
    item_id = await town.exchange.start(town.exchange.victim, "audio")
    await page.clock.install(time=0)
    await page.goto(f"/items/{item_id}")
    lasted = page.get_by_role("timer", include_hidden=True)
    await expect(lasted).to_be_hidden()
    await start(page)
    await page.evaluate(SAID)
    before = await page.evaluate(IN_SECONDS)
    await page.clock.run_for(14_000)
    assert await page.evaluate(IN_SECONDS) - before >= 14
    await expect(lasted).to_have_attribute("aria-live", "off")
    await page.clock.run_for(60_000)
    await expect(lasted).to_have_text(re.compile(r"^1:\d\d$"))
    assert await page.evaluate("said") == 0
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_role("button", name=UPLOAD)).to_be_visible()
    await expect(lasted).to_be_hidden()


SAID = """() => {
    window.said = 0;
    const observer = new MutationObserver((changes) => { window.said += changes.length; });
    const all = { childList: true, characterData: true, subtree: true };
    for (const one of document.querySelectorAll('[role=status]')) observer.observe(one, all);
}"""
"""Counts what is read out from now on."""
IN_SECONDS = """() => {
    const [minutes, seconds] = document.querySelector('[role=timer]').textContent.split(':');
    return 60 * minutes + Number(seconds);
}"""


async def test_an_empty_draft_is_not_said_to_be_empty_while_something_is_in_this_window(
    town: Town, tmp_path: Path
) -> None:
    page = await at_the_recorder(town)
    nothing = page.get_by_text("There is nothing in it.")
    chosen = page.get_by_text("What you chose is not uploaded.")
    recording = page.get_by_text("Your recording is only in this window so far.")
    await expect(nothing).to_be_visible()
    field = page.get_by_label("A sound file")
    await field.set_input_files(media.speech(tmp_path))
    await expect(chosen).to_be_visible()
    await start(page)
    await expect(recording).to_be_visible()
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_role("button", name=UPLOAD)).to_be_visible()
    await expect(recording).to_be_visible()
    await expect(nothing).to_have_count(0)
    await page.get_by_text(THROW, exact=True).click()
    await page.get_by_role("button", name="Yes: throw it away").click()
    await expect(chosen).to_be_visible()
    await field.set_input_files([])
    await expect(nothing).to_be_visible()
    await page.goto(f"/items/{await town.exchange.start(town.exchange.victim, 'document')}")
    await page.get_by_label("A PDF, or pictures of the pages").set_input_files(media.speech(tmp_path))
    await expect(chosen).to_be_visible()
    await page.get_by_role("button", name="Page 1: remove").click()
    await expect(nothing).to_be_visible()


async def test_a_session_that_ends_all_the_same_is_said_while_the_recording_waits(town: Town) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera", permissions=["microphone"])
    item_id = await town.exchange.start(town.exchange.victim, "audio")
    await page.clock.install(time=0)
    await page.goto(f"/items/{item_id}")
    await start(page)
    await page.context.clear_cookies()
    await page.clock.run_for(5 * 60_000)
    await expect(page.get_by_text("You are signed out. The recording goes on.")).to_be_visible()
    await expect(page.get_by_role("link", name="Sign in in another tab")).to_be_visible()


MAY_LEAVE = "dispatchEvent(new Event('beforeunload', { cancelable: true }))"
"""Whether the page would be left without a question."""


async def test_a_recording_is_thrown_away_by_two_presses_and_another_is_made(
    town: Town, gallery: Path | None
) -> None:
    page = await recorded(town)
    await expect(page.get_by_role("button", name=re.compile("record", re.IGNORECASE))).to_have_text([UPLOAD])
    sure = page.get_by_role("button", name=f"Yes: {THROW[0].lower()}{THROW[1:]}")
    await expect(sure).to_be_hidden()
    assert not await page.evaluate(MAY_LEAVE)
    await page.keyboard.press("Tab")
    await expect(page.get_by_text(THROW, exact=True)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-preview]")).to_be_visible()
    await both_widths(page, "p-throwing-away", gallery)
    await page.keyboard.press("Tab")
    await expect(sure).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-preview]")).to_be_hidden()
    await expect(page.get_by_role("button", name=UPLOAD)).to_be_hidden()
    await expect(page.get_by_role("button", name="Start recording")).to_be_focused()
    assert await page.evaluate(MAY_LEAVE)
    await expect(page.locator("[data-preview]")).not_to_have_attribute("src", re.compile("."))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Stop")).to_be_focused()
    await asyncio.sleep(1.2)
    await page.keyboard.press("Enter")
    await expect(sure).to_be_hidden()
    await page.get_by_role("button", name=UPLOAD).click()
    await expect(page.get_by_text(ARRIVED, exact=True)).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("stopped", [True, False])
async def test_a_draft_is_not_removed_while_a_recording_waits_in_it(
    town: Town, gallery: Path | None, *, stopped: bool
) -> None:
    page = await recorded(town) if stopped else await at_the_recorder(town)
    if not stopped:
        await start(page)
    await page.get_by_role("button", name="Remove this draft").click()
    says = page.get_by_text("There is a recording in this window that is not uploaded yet")
    await expect(says).to_be_in_viewport()
    await both_widths(page, f"p-not-removed-{stopped}", gallery)
    if not stopped:
        await page.get_by_role("button", name="Stop").click()
        await expect(page.get_by_role("button", name=UPLOAD)).to_be_visible()
    sure = page.get_by_role("button", name="Yes: throw it away")
    if not await sure.is_visible():
        await page.get_by_text(THROW, exact=True).click()
    await sure.click()
    await expect(says).to_have_count(0)
    await page.get_by_role("button", name="Remove this draft").click()
    await expect(page.get_by_text("The draft was removed.")).to_be_visible()


@pytest.mark.parametrize("stopped", [True, False])
async def test_a_link_is_asked_about_while_there_is_a_recording_and_not_before_or_after(
    town: Town, *, stopped: bool
) -> None:
    page = await at_the_recorder(town)
    asked = asked_about(page)
    item = page.url
    help_page = page.get_by_role("link", name="How this works")
    await help_page.click()
    await page.wait_for_url("**/help")
    await page.goto(item)
    assert asked == []
    await start(page)
    if stopped:
        await page.get_by_role("button", name="Stop").click()
        await expect(page.get_by_role("button", name=UPLOAD)).to_be_visible()
    await help_page.click(no_wait_after=True)
    await until_asked(asked)
    assert asked == ["beforeunload"]
    assert page.url == item
    if not stopped:
        await page.get_by_role("button", name="Stop").click()
    await page.get_by_role("button", name=UPLOAD).click()
    await expect(page.get_by_text(ARRIVED, exact=True)).to_be_visible(timeout=20_000)
    await help_page.click()
    await page.wait_for_url("**/help")
    assert asked == ["beforeunload"]


async def until_asked(asked: list[str]) -> None:
    """Wait for the browser's question."""
    for _ in range(100):
        if asked:
            return
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("stopped", [True, False])
@pytest.mark.parametrize("way", ["the button", "three times Shift", "the button, its script missing"])
async def test_leave_now_asks_nothing_also_while_there_is_a_recording(
    town: Town, way: str, *, stopped: bool
) -> None:
    page = await at_the_recorder(town)
    asked = asked_about(page)
    if "missing" in way:
        await page.route("**/static/leave.js", lambda route: route.abort())
        await page.reload()
    await start(page)
    if stopped:
        await page.get_by_role("button", name="Stop").click()
        await expect(page.get_by_role("button", name=UPLOAD)).to_be_visible()
    if "Shift" in way:
        for _ in range(3):
            await page.keyboard.press("Shift")
    else:
        await page.get_by_role("button", name="Leave now").click()
    await page.wait_for_url("https://www.wikipedia.org/**", timeout=10_000)
    assert asked == []


async def test_a_file_that_arrives_while_a_recording_waits_does_not_take_that_away(
    town: Town, tmp_path: Path
) -> None:
    page = await recorded(town)
    asked = asked_about(page)
    await page.get_by_label("A sound file").set_input_files(media.speech(tmp_path))
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.get_by_text("Your file has arrived. It is shown when")).to_be_visible(timeout=20_000)
    assert asked == ["beforeunload"]
    await page.get_by_role("button", name=UPLOAD).click()
    await expect(page.get_by_text(ARRIVED, exact=True)).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("heard", [True, False])
async def test_an_upload_that_could_not_begin_is_begun_when_there_is_a_line_again(
    town: Town, gallery: Path | None, *, heard: bool
) -> None:
    """Pressed without a connection; or the answer was lost, and what was begun is gone on with."""
    page = await recorded(town)
    begun: list[str] = []

    async def cut_twice(route: Route) -> None:
        begun.append(route.request.method)
        if len(begun) == 1 and not heard:
            await route.fetch()
        if len(begun) < 3 - (not heard):
            await route.abort("internetdisconnected")
        else:
            await route.continue_()

    await page.route("**/api/v1/uploads", cut_twice)
    await page.get_by_role("button", name=UPLOAD).click()
    await expect(page.get_by_text(WAITS)).to_be_visible()
    await expect(page.get_by_text("Failed to fetch")).to_have_count(0)
    await expect(page.get_by_role("button", name="Cancel the upload")).to_be_in_viewport()
    if heard:  # it waits for long enough
        await both_widths(page, "p-upload-waits", gallery)
    await expect(page.get_by_text(ARRIVED, exact=True)).to_be_visible(timeout=20_000)
    await expect(page.get_by_text("is on its way")).to_have_count(0)
    assert len(begun) == (3 if heard else 1)


async def test_an_upload_goes_on_when_nobody_says_in_time_who_is_here_by_now(town: Town) -> None:
    page = await recorded(town)
    told: list[str] = []

    async def refuse_once(route: Route) -> None:
        if route.request.method == "PATCH" and not told:
            told.append("refused")
            await route.fulfill(status=403, json={"detail": "Your session is another one by now."})
        else:
            await route.continue_()

    async def answer_later(route: Route) -> None:
        if told.count("asked"):
            await route.continue_()
        else:
            told.append("asked")
            await asyncio.Event().wait()

    await page.route("**/api/v1/uploads/**", refuse_once)
    await page.route("**/api/v1/session", answer_later)
    await page.get_by_role("button", name=UPLOAD).click()
    await expect(page.get_by_text(ARRIVED, exact=True)).to_be_visible(timeout=60_000)
    assert told == ["refused", "asked"]


async def test_an_upload_goes_on_as_soon_as_the_connection_is_back(town: Town) -> None:
    page = await recorded(town)
    await page.clock.install()
    await page.clock.pause_at(await page.evaluate("Date.now() / 1000 + 1"))
    await page.context.set_offline(offline=True)
    await page.get_by_role("button", name=UPLOAD).click()
    await expect(page.get_by_text(WAITS)).to_be_visible()
    await page.context.set_offline(offline=False)
    await expect(page.get_by_text(ARRIVED, exact=True)).to_be_visible(timeout=20_000)


async def test_after_tries_enough_the_recording_stays_and_is_uploaded_by_another_press(town: Town) -> None:
    page = await recorded(town)
    await page.clock.install()
    await page.route("**/api/v1/uploads", lambda route: route.abort("internetdisconnected"))
    await page.get_by_role("button", name=UPLOAD).click()
    gave_up = page.get_by_text("Please look to your connection and start it again.")
    for _ in range(60):
        if await gave_up.count():
            break
        await page.clock.run_for(33_000)
        await asyncio.sleep(0.1)
    await expect(gave_up).to_be_visible()
    await expect(page.get_by_role("link", name="Save it on this device")).to_be_visible()
    await page.unroute("**/api/v1/uploads")
    await page.get_by_role("button", name=UPLOAD).click()
    await expect(page.get_by_text(ARRIVED, exact=True)).to_be_visible(timeout=20_000)
