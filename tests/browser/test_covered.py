"""A page on which somebody was writing or recording is covered, and shown again to nobody but them."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from relay.db.transaction import Surface
from tests.browser.conftest import Town
from tests.browser.test_at_the_desk import WORDS, go, typing
from tests.browser.test_hiding import held
from tests.browser.test_left_open import OWN
from tests.browser.test_recording import asked_about, at_the_recorder, start, until_asked
from tests.browser.test_script import expect_draft
from tests.functional.test_hiding import taken

pytestmark = pytest.mark.browser

TYPED = "What you typed here is not lost"
AGAIN = "show this page again"
GIVEN = "I am the one who did it."
GONE = "What you may have chosen or recorded here is not lost"


async def become(page: Page, town: Town, name: str, surface: Surface = Surface.PARTICIPANTS) -> None:
    """The browser has somebody's session from now on; its windows have not heard of it."""
    await have_session_of(page, await town.signed_in(surface, name))


async def have_session_of(page: Page, another: Page) -> None:
    await page.context.clear_cookies()
    await page.context.add_cookies(await another.context.cookies())  # type: ignore[arg-type]


async def signed_out_elsewhere(page: Page) -> Page:
    """Another window of the browser, in which somebody has signed out."""
    other = await page.context.new_page()
    await other.goto("/")
    await other.get_by_role("button", name="Sign out").click()
    return other


async def answered_late(page: Page) -> tuple[asyncio.Event, asyncio.Event]:
    """When the server has said who is signed in, and when the page may hear of it."""
    held, go_on = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        held.set()
        await go_on.wait()
        await route.fulfill(response=answer)

    await page.route("**/api/v1/session", late)
    return held, go_on


async def covered_letter(town: Town) -> tuple[str, Page, Page]:
    """A letter that is in no other place than its covered window; and another window, signed out."""
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await vera.goto(f"/items/{item_id}")
    await vera.route("**/draft", lambda route: route.abort())
    await vera.get_by_label("Your letter").fill(OWN)
    await expect(vera.get_by_text("Not saved: there is no connection")).to_be_visible()
    other = await signed_out_elsewhere(vera)
    await expect(vera.get_by_text(TYPED)).to_be_visible()
    await vera.unroute("**/draft")
    return item_id, vera, other


async def test_what_somebody_is_writing_is_out_of_sight_until_they_are_back(
    town: Town, gallery: Path | None
) -> None:
    item_id, vera, other = await covered_letter(town)
    await expect(vera.get_by_label("Your letter")).to_have_count(0)
    await held(vera, gallery, "left-open-writing")
    again = vera.get_by_role("button", name=AGAIN)
    await again.click()
    await expect(vera.get_by_text("You are not signed in yet.")).to_be_visible()
    for name, says in (("Oskar", "nobody but who it is from"), ("Vera", None)):
        await become(vera, town, name)
        await other.goto("/")
        await expect(other.get_by_role("button", name="Sign out")).to_be_visible()
        await again.click()
        if says:
            await expect(vera.get_by_text(says)).to_be_visible()
            await expect(vera.get_by_label("Your letter")).to_have_count(0)
    await expect(vera.get_by_label("Your letter")).to_have_value(OWN)
    await expect_draft(town, item_id, OWN)


@pytest.mark.parametrize("status", [429, 502])
async def test_an_answer_that_says_nothing_of_who_is_here_shows_nothing(town: Town, status: int) -> None:
    _, vera, _ = await covered_letter(town)
    await vera.route("**/api/v1/session", lambda route: route.fulfill(status=status, body="busy"))
    await vera.get_by_role("button", name=AGAIN).click()
    await expect(vera.get_by_text("There is no answer at the moment. Try again.")).to_be_visible()
    await expect(vera.get_by_label("Your letter")).to_have_count(0)


async def test_a_late_answer_shows_nothing_to_who_has_come_meanwhile(town: Town) -> None:
    _, vera, other = await covered_letter(town)
    await become(vera, town, "Vera")
    held, go_on = await answered_late(vera)
    await vera.get_by_role("button", name=AGAIN).click()
    await asyncio.wait_for(held.wait(), 30)
    await become(vera, town, "Oskar")
    await other.goto("/")
    await expect(other.get_by_role("button", name="Sign out")).to_be_visible()
    async with vera.expect_response("**/api/v1/session"):
        go_on.set()
    await vera.wait_for_timeout(300)
    await expect(vera.get_by_label("Your letter")).to_have_count(0)


async def test_what_was_not_saved_while_it_was_covered_is_saved_then(town: Town) -> None:
    item_id, vera, _ = await covered_letter(town)
    asked = asked_about(vera)
    await vera.get_by_role("link", name="Start").click()
    await vera.wait_for_timeout(300)
    assert asked == ["beforeunload"], "the words are nowhere else"
    await become(vera, town, "Vera")
    await vera.get_by_role("button", name=AGAIN).click()
    await expect(vera.get_by_label("Your letter")).to_have_value(OWN)
    await expect_draft(town, item_id, OWN)
    assert await vera.evaluate("document.activeElement.localName") == "main"


async def test_quick_exit_asks_nothing_where_a_letter_is_covered(town: Town) -> None:
    _, vera, _ = await covered_letter(town)
    asked = asked_about(vera)
    await vera.get_by_role("button", name="Leave now").click()
    await vera.wait_for_url("https://www.wikipedia.org/**")
    assert not asked


async def test_what_was_refused_is_not_said_to_be_saved(town: Town) -> None:
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(f"/items/{await town.exchange.start(town.exchange.victim)}")
    await vera.get_by_label("Your letter").fill(OWN + "x" * 20_000)
    await vera.get_by_role("button", name="Save", exact=True).click()
    await expect(vera.locator("#problem")).to_be_visible()
    await signed_out_elsewhere(vera)
    await expect(vera.get_by_text(TYPED)).to_be_visible()
    await expect(vera.get_by_text("What you wrote is saved.")).to_have_count(0)


async def saved_elsewhere(town: Town) -> tuple[str, Page]:
    """A letter's page that has read that another window saved it meanwhile."""
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await town.exchange.victim.do(f"/items/{item_id}/draft", {"text": OWN}, status=204, method="PUT")
    await vera.goto(f"/items/{item_id}")
    newer = {"text": "The other window's"}
    await town.exchange.victim.do(f"/items/{item_id}/draft", newer, status=204, method="PUT")
    await vera.get_by_role("button", name="Save and send").click()
    await expect(vera.locator("#problem")).to_be_visible()
    return item_id, vera


async def test_what_another_window_saved_is_written_over_by_nothing_but_a_press(town: Town) -> None:
    item_id, vera = await saved_elsewhere(town)
    await expect(vera.get_by_text("It is saved when you press Save.")).to_be_visible()
    await expect(vera.get_by_text("It is saved by itself")).to_have_count(0)
    await expect(vera.locator("[data-saved]")).to_have_text("Not saved. It is kept once you press Save.")
    sent: list[str] = []
    vera.on("request", lambda one: sent.append(one.method) if one.url.endswith("/draft") else None)
    await vera.get_by_label("Your letter").fill(OWN + " And more.")
    await vera.get_by_role("button", name="Sign out").click()
    await vera.wait_for_timeout(2_500)  # longer than a pause
    asked = asked_about(vera)
    await vera.get_by_role("link", name="Start").click()
    await until_asked(asked)
    assert (sent, asked) == ([], ["beforeunload"])
    assert (await town.exchange.victim.ask(f"/items/{item_id}/draft"))["text"] == "The other window's"
    await vera.get_by_role("button", name="Save", exact=True).click()
    await vera.wait_for_url("**?done=saved")
    await expect_draft(town, item_id, OWN + " And more.")
    await expect(vera.get_by_text("It is saved by itself")).to_be_visible()
    assert asked == ["beforeunload"]


async def test_who_leaves_in_a_hurry_or_has_read_why_is_asked_nothing(town: Town) -> None:
    for press, leads in (("Leave now", "https://www.wikipedia.org/**"), ("Sign out", "**/sign-in?done=out")):
        _, vera = await saved_elsewhere(town)
        asked = asked_about(vera)
        await vera.get_by_role("button", name=press).click()
        if press == "Sign out":
            await vera.get_by_role("button", name=press).click()
        await vera.wait_for_url(leads)
        assert not asked


async def test_a_letter_whose_script_did_not_arrive_is_not_said_to_be_saved(town: Town) -> None:
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.route("**/static/draft.js", lambda route: route.abort())
    await vera.goto(f"/items/{await town.exchange.start(town.exchange.victim)}")
    await vera.get_by_label("Your letter").fill(OWN)
    await signed_out_elsewhere(vera)
    await expect(vera.get_by_text(TYPED)).to_be_visible()
    await expect(vera.get_by_text("What you wrote is saved.")).to_have_count(0)
    await become(vera, town, "Vera")
    await vera.get_by_role("button", name=AGAIN).click()
    await expect(vera.get_by_label("Your letter")).to_have_value(OWN)


async def test_words_that_came_too_late_to_be_saved_are_had_again(town: Town) -> None:
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    victim = town.exchange.victim
    item_id = await town.exchange.start(victim)
    await victim.do(f"/items/{item_id}/draft", {"text": "First"}, status=204, method="PUT")
    await vera.goto(f"/items/{item_id}")
    await victim.do(f"/items/{item_id}/submit")
    await vera.route("**/api/v1/items/*/draft", lambda route: route.fulfill(status=204))
    await vera.get_by_label("Your letter").fill(OWN)
    await vera.get_by_role("button", name="Save and send").click()
    only_here = vera.get_by_label("Not saved anywhere")
    await expect(only_here).to_have_value(OWN)
    await signed_out_elsewhere(vera)
    await expect(vera.get_by_text(TYPED)).to_be_visible()
    await become(vera, town, "Vera")
    await vera.get_by_role("button", name=AGAIN).click()
    await expect(only_here).to_have_value(OWN)


async def test_an_answer_that_never_comes_keeps_nothing_on_the_screen(town: Town) -> None:
    _, delivery = await town.exchange.deliver(town.exchange.offender, GIVEN)
    await town.exchange.victim.do(f"/deliveries/{delivery}/choice", {"choice": "open"})
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.clock.install()
    await vera.goto(f"/received/{delivery}")
    await expect(vera.get_by_text(GIVEN)).to_be_visible()
    hung = asyncio.Event()

    async def hang(_: Route) -> None:
        hung.set()
        await asyncio.Event().wait()

    await vera.route("**/api/v1/session", hang)
    await vera.mouse.wheel(0, 50)
    await go(vera, 5)
    await asyncio.wait_for(hung.wait(), 30)
    for _ in range(6):
        await go(vera, 6)
        await vera.evaluate("0")
    await expect(vera.get_by_role("heading", level=1)).to_have_text("Signed out")
    assert GIVEN not in await vera.content()


async def test_a_save_that_is_never_answered_is_tried_again(town: Town) -> None:
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await vera.clock.install()
    await vera.goto(f"/items/{item_id}")
    hung = asyncio.Event()

    async def hang(route: Route) -> None:
        if hung.is_set():
            await route.continue_()
        else:
            hung.set()
            await asyncio.Event().wait()

    await vera.route("**/draft", hang)
    await vera.get_by_label("Your letter").fill(OWN)
    await go(vera, 0.1)
    await asyncio.wait_for(hung.wait(), 30)
    await go(vera, 1.1)
    await expect(vera.locator("[data-saved]")).to_contain_text("Not saved: there is no connection")
    await go(vera, 0.5)
    await expect_draft(town, item_id, OWN)


async def test_a_covered_page_signs_nobody_out(town: Town) -> None:
    _, vera, other = await covered_letter(town)
    await expect(vera.get_by_role("button", name="Sign out")).to_have_count(0)
    await become(vera, town, "Vera")
    await vera.get_by_role("button", name=AGAIN).click()
    await expect(vera.get_by_role("button", name="Sign out")).to_be_visible()
    await other.close()


async def test_a_late_answer_covers_nothing_of_who_has_come_meanwhile(town: Town) -> None:
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    other = await vera.context.new_page()
    await vera.clock.install()
    await vera.goto("/received")
    held, go_on = await answered_late(vera)
    await vera.mouse.wheel(0, 50)
    await go(vera, 5)
    await asyncio.wait_for(held.wait(), 30)
    await become(vera, town, "Oskar")
    await other.goto("/")
    await expect(vera.get_by_role("heading", level=1)).to_have_text("Signed out")
    async with vera.expect_response("**/api/v1/session"):
        go_on.set()
    await vera.wait_for_timeout(300)
    await expect(other.get_by_role("heading", level=1)).to_have_text("Start")


async def test_who_types_on_without_a_connection_is_not_covered(town: Town) -> None:
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await vera.clock.install()
    await vera.goto(f"/items/{item_id}")
    await vera.context.set_offline(offline=True)
    for number in range(1, 13):
        await vera.get_by_label("Your letter").fill("word " * number)
        await go(vera, 2)
    await expect(vera.get_by_label("Your letter")).to_have_value("word " * 12)


async def test_a_sign_out_that_waits_for_words_that_cannot_be_saved_covers_nothing(town: Town) -> None:
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    item_id = await town.exchange.start(town.exchange.victim)
    await vera.goto(f"/items/{item_id}")
    other = await vera.context.new_page()
    await other.goto("/")
    await vera.route("**/draft", lambda route: route.abort())
    await vera.get_by_label("Your letter").fill(OWN)
    await vera.get_by_role("button", name="Sign out").click()
    await expect(vera.get_by_text("Not saved: there is no connection")).to_be_visible()
    await vera.wait_for_timeout(300)
    await expect(other.get_by_role("heading", level=1)).to_have_text("Start")
    await vera.unroute("**/draft")
    await vera.get_by_role("button", name="Save", exact=True).click()
    await expect_draft(town, item_id, OWN)
    await vera.get_by_role("button", name="Sign out").click()
    await vera.wait_for_url("**/sign-in?done=out")
    await expect(other.get_by_role("heading", level=1)).to_have_text("Signed out")


async def test_nobody_is_recorded_behind_a_page_that_is_covered(town: Town) -> None:
    page = await at_the_recorder(town)
    await page.clock.install()
    await page.reload()
    await start(page)
    await signed_out_elsewhere(page)
    await expect(page.get_by_text(GONE)).to_be_visible()
    await become(page, town, "Vera")
    asked: list[int] = []
    page.on("response", lambda one: asked.append(one.status) if one.url.endswith("/session") else None)
    for _ in range(5):
        await go(page, 6)
        await page.evaluate("0")
    assert not asked, "what is covered holds no session"
    await page.get_by_role("button", name=AGAIN).click()
    await expect(page.get_by_text("Recorded. Listen to it, then upload it.")).to_be_visible()


async def until(page: Page, true: str) -> None:
    """Wait until this holds on a page whose own rules allow no `eval`."""
    for _ in range(100):
        if await page.evaluate(true):
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"never: {true}")


ALLOWED_LATER = """
const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (...given) => {
    await new Promise((resolve) => (window.allow = resolve));
    return (window.stream = await real(...given));
};
"""


async def test_no_recording_begins_behind_a_page_that_is_covered(town: Town) -> None:
    page = await at_the_recorder(town, "video")
    await page.add_init_script(ALLOWED_LATER)
    await page.reload()
    await page.get_by_role("button", name="Start recording").click()
    await until(page, "!!window.allow")
    await signed_out_elsewhere(page)
    await expect(page.get_by_text(GONE)).to_be_visible()
    await page.evaluate("allow()")
    await until(page, "window.stream?.getTracks().every((track) => track.readyState === 'ended')")
    await become(page, town, "Vera")
    await page.get_by_role("button", name=AGAIN).click()
    await expect(page.get_by_role("button", name="Start recording")).to_be_enabled()


async def test_what_a_colleague_was_typing_is_not_thrown_away_by_who_comes_after(town: Town) -> None:
    item = await taken(town.exchange)
    fatima = await town.signed_in(Surface.DESK, "Fatima")
    await typing(fatima, item)
    gita = await town.exchange.service.make_facilitator("Gita")
    await have_session_of(fatima, await town.seated(Surface.DESK, gita))
    await (await fatima.context.new_page()).goto("/")
    await expect(fatima.get_by_text(TYPED)).to_be_visible()
    await fatima.get_by_role("button", name=AGAIN).click()
    await expect(fatima.get_by_text("nobody but who it is from")).to_be_visible()
    await become(fatima, town, "Fatima", Surface.DESK)
    await fatima.get_by_role("button", name=AGAIN).click()
    await expect(fatima.get_by_label("How to put it right")).to_have_value(WORDS)
