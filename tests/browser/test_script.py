"""What the small scripts add: quick exit, drafts that are kept, uploads that go on, recording."""

import asyncio
import contextlib
import os
import re
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.async_api import Error, Page, Response, Route, expect

from relay.db.transaction import Surface
from tests.browser.conftest import Town

pytestmark = pytest.mark.browser


async def _gone(page: Page) -> None:
    """Somebody who left sees nothing of before, however they go back, and has no session."""
    await page.wait_for_url("https://www.wikipedia.org/**")
    await _go_back(page)
    await expect(page.get_by_label("Your passphrase")).to_be_visible()
    await expect(page.get_by_text("What nobody may see")).to_have_count(0)
    await expect(page.get_by_label("Your letter")).to_have_count(0)
    answer = await page.request.get("/api/v1/session")
    assert answer.status == 401


async def _go_back(page: Page) -> None:
    """The browser's own button: a script that goes back may be gone before it can say so."""
    browser = await page.context.new_cdp_session(page)
    history = None
    while history is None:
        with contextlib.suppress(Error):  # a page that has just come is not taken for the active one yet
            history = await browser.send("Page.getNavigationHistory")
    before = history["entries"][history["currentIndex"] - 1]
    await browser.send("Page.navigateToHistoryEntry", {"entryId": before["id"]})


async def _at_a_letter(town: Town, *, script: bool = True) -> Page:
    item_id = await town.exchange.start(town.exchange.victim)
    text = {"text": "What nobody may see"}
    await town.exchange.victim.do(f"/items/{item_id}/draft", text, status=204, method="PUT")
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera", script=script)
    await page.goto(f"/items/{item_id}")
    await expect(page.get_by_label("Your letter")).to_have_value("What nobody may see")
    return page


@pytest.mark.parametrize("script", [True, False])
async def test_leave_now_ends_the_session_and_shows_another_site(town: Town, *, script: bool) -> None:
    page = await _at_a_letter(town, script=script)
    await page.get_by_role("button", name="Leave now").click()
    await _gone(page)


async def test_shift_three_times_leaves(town: Town) -> None:
    page = await _at_a_letter(town)
    for _ in range(2):
        await page.keyboard.press("Shift")
    await page.keyboard.press("A")
    await page.keyboard.press("Shift")
    await expect(page.get_by_label("Your letter")).to_be_visible()
    for _ in range(3):
        await page.keyboard.press("Shift")
    await _gone(page)


async def test_nothing_is_stored_in_the_browser(town: Town) -> None:
    page = await _at_a_letter(town)
    stored = await page.evaluate(
        "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,"
        " (await caches.keys()).length, document.cookie]"
    )
    assert stored == [0, 0, 0, 0, ""]


async def test_what_is_written_is_kept_without_pressing_save(town: Town) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await page.clock.install()
    await page.goto(f"/items/{item_id}")
    said = page.locator("[data-saved]")
    await page.get_by_label("Your letter").fill("Half a thought")
    await page.clock.fast_forward("00:04")
    await expect(said).to_have_text(re.compile(r"Saved at \d+:\d\d"))
    await expect(page.get_by_text("There is something in it by now")).to_be_visible()
    await expect(page.get_by_text("There is nothing in it.")).to_have_count(0)
    assert (await town.exchange.victim.ask(f"/items/{item_id}/draft"))["text"] == "Half a thought"
    await page.get_by_label("Your letter").fill("A whole thought")
    await page.clock.fast_forward("00:16")
    await expect_draft(town, item_id, "A whole thought")
    async with page.expect_response("**/api/v1/session"):  # they have typed: it goes on
        await page.clock.fast_forward("05:00")
    await page.clock.fast_forward("17:50")
    await expect(page.get_by_text("session ends in about two minutes")).to_have_count(0)
    await page.clock.fast_forward("01:00")
    await expect(page.get_by_role("alert")).to_contain_text("session ends in about two minutes")
    await page.get_by_role("button", name="Stay signed in").click()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await page.clock.fast_forward("20:10")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Signed out")
    await expect(page.get_by_text("What you wrote is saved.")).to_be_visible()
    await expect(page.get_by_label("Your letter")).to_have_count(0)


async def expect_draft(town: Town, item_id: str, text: str) -> None:
    """Wait until the server has it."""
    for _ in range(100):
        if (await town.exchange.victim.ask(f"/items/{item_id}/draft"))["text"] == text:
            return
        await asyncio.sleep(0.1)
    pytest.fail("it was not saved")


async def test_a_letter_that_could_not_be_saved_says_so_stays_and_is_saved_later(town: Town) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await page.clock.install()
    await page.goto(f"/items/{item_id}")
    said = page.locator("[data-saved]")
    await page.context.set_offline(offline=True)
    await page.get_by_label("Your letter").fill("Half a thought")
    await page.clock.fast_forward("00:04")
    await expect(said).to_have_text(re.compile("^Not saved: there is no connection"))
    await expect(page.get_by_label("Your letter")).to_have_value("Half a thought")
    await page.context.set_offline(offline=False)
    await page.clock.fast_forward("00:16")
    await expect(said).to_have_text(re.compile("^Saved at"))
    await expect_draft(town, item_id, "Half a thought")
    await page.context.clear_cookies()
    await page.get_by_label("Your letter").fill("A whole thought")
    await page.clock.fast_forward("00:16")
    await expect(said).to_have_text(re.compile("^Not saved: you are signed out"))
    await expect(page.get_by_label("Your letter")).to_have_value("A whole thought")


@pytest.mark.parametrize(("gap", "words", "saves"), [(500, 45, 2), (2_000, 12, 4)])
async def test_words_are_kept_while_somebody_types_and_not_more_often_than_is_needed(
    town: Town, gap: int, words: int, saves: int
) -> None:
    """Without a pause of a second and a half: every ten seconds. With pauses: no two within five."""
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await page.clock.install()
    await page.goto(f"/items/{item_id}")
    await page.clock.pause_at(await page.evaluate("Date.now() / 1000 + 1"))
    line = await _line(page)
    line.go_on.set()
    letter = page.get_by_label("Your letter")
    for number in range(1, words + 1):
        await letter.fill("word " * number)
        await page.clock.run_for(gap)
        await line.quiet.wait()
    assert line.answers == [204] * saves
    kept = (await town.exchange.victim.ask(f"/items/{item_id}/draft"))["text"]
    assert kept.count("word") >= words - 10_000 // gap
    await expect(letter).to_have_value("word " * words)


class Line:
    """What a page's saves come through, once `go_on` is set."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.quiet = asyncio.Event()
        self.quiet.set()
        self.under_way = 0
        self.most_at_once = 0
        self.answers: list[int] = []


async def _line(page: Page) -> Line:
    line = Line()

    async def pass_on(route: Route) -> None:
        line.under_way += 1
        line.quiet.clear()
        line.most_at_once = max(line.most_at_once, line.under_way)
        await line.go_on.wait()
        await asyncio.sleep(0.1)
        await route.continue_()

    def answered(answer: Response) -> None:
        if answer.request.method == "PUT":
            line.under_way -= 1
            if not line.under_way:
                line.quiet.set()
            line.answers.append(answer.status)

    await page.route("**/api/v1/items/*/draft", pass_on)
    page.on("response", answered)
    return line


async def test_on_a_slow_line_one_save_at_a_time_sets_out_and_all_is_kept(town: Town) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await page.clock.install()
    await page.goto(f"/items/{item_id}")
    await page.clock.pause_at(await page.evaluate("Date.now() / 1000 + 1"))
    line = await _line(page)
    letter = page.get_by_label("Your letter")
    for number in range(1, 10):  # eighteen seconds, in which the first is not answered
        await letter.fill("word " * number)
        await page.clock.run_for(2_000)
    assert line.under_way == 1
    line.go_on.set()
    await expect_draft(town, item_id, "word " * 9)
    await letter.fill("The last words")
    await page.clock.run_for(6_000)
    await expect_draft(town, item_id, "The last words")
    await expect(page.locator("[data-saved]")).to_have_text(re.compile("^Saved at"))
    assert (line.most_at_once, line.answers) == (1, [204] * 3)


async def test_the_page_says_when_what_is_typed_is_kept(town: Town) -> None:
    by_itself = "what you typed in the last seconds can be lost"
    for script in (True, False):
        page = await _at_a_letter(town, script=script)
        await expect(page.get_by_text(by_itself)).to_have_count(1 if script else 0)
        await expect(page.get_by_text("It is saved when you press Save.")).to_have_count(0 if script else 1)


ASKED = """
const real = fetch;
window.fetch = (...given) => {
    console.log(`asks ${given[0]}`);
    return real(...given);
};
"""


@pytest.mark.parametrize("under_way", [True, False])
async def test_leaving_sends_what_was_typed_ahead_and_waits_for_nothing(
    town: Town, *, under_way: bool
) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await page.add_init_script(ASKED)
    await page.clock.install(time=0)
    await page.goto(f"/items/{item_id}")
    await page.clock.pause_at(60)  # nothing is saved by itself from here on
    asked: list[str] = []
    page.on("console", lambda one: asked.append(one.text))
    await page.route("**/draft", lambda _: None)  # no save comes to an end
    letter = page.get_by_label("Your letter")
    if under_way:
        await letter.fill("One")
        async with page.expect_request("**/draft"):
            await page.clock.run_for(1_600)
    await letter.fill("Typed a moment ago")
    async with page.expect_request("**/draft") as sent:
        await page.get_by_role("button", name="Leave now").click()
    assert "Typed a moment ago" in ((await sent.value).post_data or "")
    await page.wait_for_url("https://www.wikipedia.org/**", timeout=10_000)
    asked = [one.rpartition("/")[2] for one in asked if one.startswith("asks ")]
    assert asked == ["draft"] * (2 if under_way else 1) + ["leave"]


async def test_signing_out_keeps_first_what_was_just_typed(town: Town) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await page.goto(f"/items/{item_id}")
    await page.get_by_label("Your letter").fill("The last words")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Your passphrase")).to_be_visible()
    await expect_draft(town, item_id, "The last words")


async def test_signing_out_says_once_what_cannot_be_kept_and_then_goes(town: Town) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await page.goto(f"/items/{item_id}")
    await page.route("**/draft", lambda route: route.abort())
    await page.get_by_label("Your letter").fill("The last words")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.locator("[data-saved]")).to_have_text(re.compile("^Not saved: there is no connection"))
    await expect(page.get_by_label("Your letter")).to_have_value("The last words")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Your passphrase")).to_be_visible()


async def test_taking_a_letter_back_keeps_first_what_was_just_typed(town: Town) -> None:
    item_id = await town.exchange.write(town.exchange.victim)
    await town.exchange.send_back(item_id)
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await page.goto(f"/items/{item_id}")
    await page.get_by_label("Your letter").fill("The last words")
    await page.get_by_role("button", name="Take this back").click()
    await expect(page.get_by_text("You have taken this back.")).to_be_visible()
    await expect(page.locator(".letter-text").last).to_have_text("The last words")


async def test_save_loses_no_words_without_a_connection_or_after_signing_out_elsewhere(town: Town) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await page.goto(f"/items/{item_id}")
    letter, said = page.get_by_label("Your letter"), page.locator("[data-saved]")
    save = page.get_by_role("button", name="Save", exact=True)
    await page.context.set_offline(offline=True)
    await letter.fill("Written on a train")
    await save.click()
    await expect(said).to_have_text(re.compile("^Not saved: there is no connection"))
    await page.context.set_offline(offline=False)
    await page.context.clear_cookies()
    await letter.fill("Written on a train, and signed out")
    await save.click()
    await expect(said).to_have_text(re.compile("^Not saved: you are signed out"))
    await expect(letter).to_have_value("Written on a train, and signed out")
    # somebody else of this device: nothing of it is sent in their name
    other = await town.signed_in(Surface.PARTICIPANTS, "Oskar")
    await page.context.add_cookies(await other.context.cookies())  # type: ignore[arg-type]
    await save.click()
    await expect(said).to_have_text(re.compile("^Not saved: you are signed out"))
    anew = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await page.context.add_cookies(await anew.context.cookies())  # type: ignore[arg-type]
    await save.click()
    await expect(said).to_have_text(re.compile("^Saved at"))
    await expect_draft(town, item_id, "Written on a train, and signed out")
    await letter.fill("And now it goes")
    await page.get_by_role("button", name="Save and send").click()
    await page.wait_for_url("**/*done=sent")
    await expect(page.get_by_text("And now it goes")).to_be_visible()


async def test_words_that_were_taken_out_again_do_not_stay_where_an_answer_was_lost(town: Town) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    before = {"text": "What I want to say."}
    await town.exchange.victim.do(f"/items/{item_id}/draft", before, status=204, method="PUT")
    await page.goto(f"/items/{item_id}")

    async def lose_the_answer(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/draft", lose_the_answer)
    letter = page.get_by_label("Your letter")
    await letter.fill("What I want to say. And this.")
    await expect(page.locator("[data-saved]")).to_have_text(re.compile("^Not saved: there is no connection"))
    await expect_draft(town, item_id, "What I want to say. And this.")
    await page.unroute("**/draft")
    await letter.fill("What I want to say.")
    await expect_draft(town, item_id, "What I want to say.")


async def test_a_save_that_the_page_left_behind_is_kept(town: Town) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await page.goto(f"/items/{item_id}")
    await page.get_by_label("Your letter").fill("Ä" * 19_000)  # 38,000 bytes
    await page.goto("https://elsewhere.example/")
    await expect_draft(town, item_id, "Ä" * 19_000)


async def test_what_was_saved_in_another_window_is_not_written_over_unseen(town: Town) -> None:
    first = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await first.clock.install()
    await first.goto(f"/items/{item_id}")
    for words in ("One", "One, two", "One, two, three"):  # its own are no other window's
        await first.get_by_label("Your letter").fill(words)
        await first.clock.fast_forward("00:16")
        await expect_draft(town, item_id, words)
    second = await first.context.new_page()
    await second.goto(f"/items/{item_id}")
    await second.get_by_label("Your letter").fill("The other window's")
    await second.get_by_role("button", name="Save", exact=True).click()
    await expect_draft(town, item_id, "The other window's")
    await first.get_by_label("Your letter").fill("The first window's")
    await first.clock.fast_forward("00:16")
    await expect(first.locator("[data-saved]")).to_have_text(re.compile("^Not saved: .* another window"))
    await expect(first.get_by_role("button", name="Save and send")).to_have_count(0)
    await first.get_by_label("Your letter").fill("The first window's, longer")
    await first.clock.fast_forward("00:30")
    await expect_draft(town, item_id, "The other window's")
    await first.get_by_role("button", name="Save", exact=True).click()
    await expect_draft(town, item_id, "The first window's, longer")


@pytest.mark.parametrize("button", ["Save", "Save and send to your facilitator"])
async def test_a_press_that_finds_another_windows_version_writes_and_sends_nothing(
    town: Town, button: str
) -> None:
    first = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await first.goto(f"/items/{item_id}")
    second = await first.context.new_page()
    await second.goto(f"/items/{item_id}")
    await second.get_by_label("Your letter").fill("The other window's")
    await second.get_by_role("button", name="Save", exact=True).click()
    await expect_draft(town, item_id, "The other window's")
    await first.clock.install()
    await first.clock.pause_at(
        await first.evaluate("Date.now() / 1000 + 1")
    )  # it has not saved by itself yet
    await first.get_by_label("Your letter").fill("The first window's")
    await first.get_by_role("button", name=button, exact=True).click()
    await expect(first.locator("[data-saved]")).to_have_text(re.compile("^Not saved: .* another window"))
    await expect(first.get_by_role("button", name="Save and send")).to_have_count(0)
    await asyncio.sleep(0.5)
    await expect_draft(town, item_id, "The other window's")
    assert (await town.exchange.victim.ask(f"/items/{item_id}"))["state"] == "draft"
    await first.get_by_role("button", name="Save", exact=True).click()
    await expect_draft(town, item_id, "The first window's")


async def test_a_letter_is_saved_when_another_page_is_shown(town: Town) -> None:
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await page.goto(f"/items/{item_id}")
    await page.get_by_label("Your letter").fill("Half a thought")
    await page.get_by_role("link", name="How this works").click()
    await expect_draft(town, item_id, "Half a thought")


async def test_an_upload_waits_while_the_part_before_is_still_awaited(town: Town, tmp_path: Path) -> None:
    """A line that died without a word: until the server gives it up, the next part is refused (409)."""
    path = tmp_path / "a recording.wav"
    path.write_bytes(os.urandom(1_000_000))
    item_id = await town.exchange.start(town.exchange.victim, "audio")
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await page.goto(f"/items/{item_id}")
    tries: list[float] = []

    async def refuse_twice(route: Route) -> None:
        if route.request.method == "PATCH" and len(tries) < 3:
            tries.append(asyncio.get_running_loop().time())
        if route.request.method == "PATCH" and len(tries) < 3:
            await route.fulfill(status=409, json={"detail": "It is still being written elsewhere."})
        else:
            await route.continue_()

    await page.route("**/api/v1/uploads/*", refuse_twice)
    await page.get_by_label("A sound file").set_input_files(path)
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.get_by_text("Your file has arrived", exact=True)).to_be_visible(timeout=20_000)
    assert all(after - before > 1.5 for before, after in pairwise(tries))


async def test_an_upload_goes_on_after_the_connection_was_cut(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "a recording.wav"
    path.write_bytes(os.urandom(20_000_000))
    item_id = await town.exchange.start(town.exchange.victim, "audio")
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await page.goto(f"/items/{item_id}")
    cuts = iter([False, True])

    async def cut_once(route: Route) -> None:
        if route.request.method == "PATCH" and next(cuts, False):
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.route("**/api/v1/uploads/*", cut_once)
    await page.get_by_label("A sound file").set_input_files(path)
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.get_by_text("Your file has arrived", exact=True)).to_be_visible(timeout=20_000)
    await page.get_by_role("button", name="Send it to your facilitator").click()
    original = await town.exchange.victim.api("GET", f"/items/{item_id}/original")
    assert original.content == await asyncio.to_thread(path.read_bytes)


@pytest.mark.parametrize("kind", ["audio", "video"])
async def test_somebody_records_listens_and_sends_it(town: Town, kind: str) -> None:
    item_id = await town.exchange.start(town.exchange.victim, kind)
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera", permissions=["microphone", "camera"])
    await page.goto(f"/items/{item_id}")
    await page.get_by_role("button", name="Start recording").click()
    await expect(page.get_by_text("Recording:", exact=True)).to_be_visible()
    await page.wait_for_timeout(1500)
    await page.get_by_role("button", name="Stop").click()
    await expect(page.locator("[data-preview]")).to_be_visible()
    await page.get_by_role("button", name="Upload this recording").click()
    await expect(page.get_by_text("Your file has arrived", exact=True)).to_be_visible(timeout=20_000)


async def test_the_long_code_goes_from_the_link_into_its_field_and_out_of_sight(town: Town) -> None:
    page = await town.visit(Surface.PARTICIPANTS)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto("/enrol/123e4567-e89b-42d3-a456-426614174000#ABCD-EFGH")
    await expect(page.locator("[name=secret]")).to_have_value("ABCD-EFGH")
    assert "ABCD" not in page.url
    assert not any("ABCD" in url for url in asked[1:])


@pytest.mark.parametrize("surface", [Surface.PARTICIPANTS, Surface.DESK])
async def test_who_asks_sees_what_they_type_as_a_passphrase_until_it_is_sent(
    town: Town, surface: Surface
) -> None:
    page = await town.visit(surface)
    await page.goto("/sign-in")
    field = page.get_by_label("Your passphrase")
    button = page.get_by_role("button", name="Show what I type")
    sent = "document.querySelector('main form').addEventListener('submit', (event) => event.preventDefault())"
    await page.evaluate(sent)
    await page.get_by_label("The name you sign in with").fill("river3673")
    await page.keyboard.press("Tab")
    await page.keyboard.type("seven quiet lanterns")
    for key, pressed, kind in (("Space", "true", "text"), ("Enter", "false", "password")):
        await page.keyboard.press("Tab") if kind == "text" else None
        await expect(button).to_be_focused()
        await page.keyboard.press(key)
        await expect(button).to_have_attribute("aria-pressed", pressed)
        await expect(field).to_have_attribute("type", kind)
    await button.click()
    await field.press("Enter")  # the button is not what Enter presses
    await expect(field).to_have_attribute("type", "password")
    await expect(button).to_have_attribute("aria-pressed", "false")
    await expect(field).to_have_value("seven quiet lanterns")
    await expect(field).to_have_attribute("autocomplete", "current-password")


async def test_both_fields_of_a_new_passphrase_are_shown_by_one_button_and_by_none_without_script(
    town: Town,
) -> None:
    address = "/enrol/123e4567-e89b-42d3-a456-426614174000"
    page = await town.visit(Surface.PARTICIPANTS)
    await page.goto(address)
    await page.get_by_role("button", name="Show what I type").click()
    for label in ("Your passphrase", "Your passphrase, once more"):
        await expect(page.get_by_label(label, exact=True)).to_have_attribute("type", "text")
    plain = await town.visit(Surface.PARTICIPANTS, script=False)
    await plain.goto(address)
    await expect(plain.get_by_label("Your passphrase", exact=True)).to_have_attribute("type", "password")
    await expect(plain.get_by_role("button", name="Show what I type")).to_have_count(0)
