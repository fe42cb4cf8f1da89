"""Somebody at the desk: what Enter presses, what they type, how long they are there, what was played."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from relay.db.transaction import Surface
from tests.browser.conftest import Town, in_the_sessions_loop
from tests.browser.test_hiding import held, picture
from tests.browser.test_recording import asked_about, until_asked
from tests.functional.test_hiding import sent, taken
from tests.support import media

pytestmark = pytest.mark.browser

WORDS = "Leave out where you live."
NOTE = "It is about that night. You can call me."


async def typing(page: Page, item: str) -> None:
    """Open an item that is in hand, and write half of an answer."""
    await page.goto(item)
    await page.get_by_label("How to put it right").fill(WORDS)


async def go(page: Page, minutes: float) -> None:
    """Let time pass in the browser."""
    await page.clock.fast_forward(round(minutes * 60_000))


@pytest.mark.parametrize("script", [True, False])
async def test_enter_plans_where_a_date_was_typed_and_decides_nothing_on_a_reason(
    town: Town, gallery: Path | None, *, script: bool
) -> None:
    item, look = await taken(town.exchange), held if script else picture
    fatima = await town.signed_in(Surface.DESK, "Fatima", script=script)
    await typing(fatima, item)
    await fatima.get_by_label("Contact details").check()
    await fatima.get_by_label("Contact details").press("Enter")
    if script:
        await expect(fatima.get_by_text("It is kept for you for longer.")).to_be_visible()
    else:
        await fatima.wait_for_url("**/claim")
    await expect(fatima.get_by_label("How to put it right")).to_have_value(WORDS)
    await expect(fatima.get_by_label("Contact details")).to_be_checked()
    assert (await town.exchange.desk.ask(item))["state"] == "in_review"
    await look(fatima, gallery, f"at-desk-decide-{script}")

    await fatima.get_by_role("button", name="Do not pass it on …").click()
    await expect(fatima.get_by_role("heading", name="Do not pass it on?")).to_be_visible()
    await expect(fatima.get_by_text(WORDS)).to_be_visible()
    await look(fatima, gallery, f"at-desk-decline-{script}")
    await fatima.get_by_role("button", name="Back to it").click()
    await expect(fatima.get_by_label("How to put it right")).to_have_value(WORDS)
    await fatima.get_by_role("button", name="Approve it as it is").click()
    await look(fatima, gallery, f"at-desk-approved-{script}")
    await fatima.get_by_role("link", name="Plan it for a time").click()
    date = fatima.get_by_label("To be passed on at")
    await date.fill("2027-12-24T10:00")
    await fatima.get_by_label("A note from you to Oskar").fill(NOTE)
    await date.press("Enter")
    await expect(fatima.get_by_text("Nothing is planned yet.")).to_be_visible()
    await expect(fatima.get_by_role("region", name="A note from your facilitator")).to_contain_text(NOTE)
    await look(fatima, gallery, f"at-desk-plan-{script}")
    await fatima.get_by_role("button", name="Plan it").click()
    await expect(fatima.get_by_text("It is planned.")).to_be_visible()
    await look(fatima, gallery, f"at-desk-planned-{script}")
    assert (await town.exchange.desk.ask(item))["state"] == "scheduled"
    await fatima.get_by_role("button", name="Take that back").click()

    await fatima.get_by_role("link", name="Pass it on now").click()
    await expect(fatima.get_by_role("heading", level=1)).to_have_text("Pass it on to Oskar?")
    await expect(fatima.get_by_label("A note from you to Oskar")).to_have_value(NOTE)
    await look(fatima, gallery, f"at-desk-pass-on-{script}")
    await fatima.get_by_role("link", name="Back to it, and do nothing").click()
    await fatima.get_by_role("link", name="Pass it on now").click()
    await fatima.get_by_role("button", name="Pass it on to Oskar").click()
    await expect(fatima.get_by_text("Nothing has been passed on yet.")).to_be_visible()
    await fatima.get_by_role("button", name="Pass it on to Oskar").click()
    await expect(fatima.get_by_text("It is passed on.")).to_be_visible()
    await look(fatima, gallery, f"at-desk-passed-on-{script}")


async def test_who_typed_nothing_is_asked_nothing(town: Town) -> None:
    case = f"/cases/{town.exchange.case_id}"
    fatima = await town.signed_in(Surface.DESK, "Fatima")
    asked = asked_about(fatima)
    for path in (case, await taken(town.exchange), "/accounts", "/queue"):
        await fatima.goto(path)
        await fatima.locator("h1").click()
        await fatima.get_by_role("link", name="Cases", exact=True).click()
        await expect(fatima.get_by_role("heading", level=1)).to_have_text("Your cases")
    await fatima.goto(case)
    await fatima.get_by_text("Print a cover note").click()
    form = fatima.locator(f'form[action="{case}/cover-note"]')
    await form.get_by_label("A4, large print").check()
    await fatima.get_by_role("link", name="Queue").click()
    await fatima.wait_for_url("**/queue")
    assert not asked
    # and what was ticked elsewhere is asked about
    await fatima.goto(case)
    await fatima.get_by_text("Rules for this case").click()
    await fatima.get_by_label("Two people approve").check()
    await fatima.get_by_role("link", name="Queue").click()
    await until_asked(asked)
    assert asked == ["beforeunload"]


async def test_who_typed_something_is_asked_before_it_is_left(town: Town) -> None:
    item = await taken(town.exchange)
    fatima = await town.signed_in(Surface.DESK, "Fatima")
    await typing(fatima, item)
    asked = asked_about(fatima)
    await fatima.get_by_role("link", name="Queue").first.click()
    await fatima.get_by_role("button", name="Give it back to the queue").click()
    await fatima.wait_for_timeout(300)
    assert asked == ["beforeunload"] * 2
    await expect(fatima.get_by_label("How to put it right")).to_have_value(WORDS)
    # the form that it was typed in goes without a question, and what was refused is asked about again
    await fatima.get_by_role("button", name="Ask for a change").click()
    await expect(fatima.get_by_role("alert")).to_contain_text("Choose at least one reason")
    assert len(asked) == 2
    await fatima.get_by_role("link", name="Queue").first.click()
    await fatima.wait_for_timeout(300)
    assert len(asked) == 3
    await fatima.get_by_label("Contact details").check()
    await fatima.get_by_role("button", name="Ask for a change").click()
    await expect(fatima.get_by_text("It went back to its author")).to_be_visible()
    await fatima.get_by_role("link", name="Queue").first.click()
    await expect(fatima.get_by_role("heading", level=1)).to_have_text("What waits")
    assert len(asked) == 3


async def test_back_leads_to_the_page_that_a_refused_form_is_on(town: Town) -> None:
    item = await taken(town.exchange)
    fatima = await town.signed_in(Surface.DESK, "Fatima")
    await fatima.goto(item)
    await fatima.get_by_role("button", name="Ask for a change").click()
    await expect(fatima.get_by_role("alert")).to_be_visible()
    await fatima.get_by_role("link", name="Queue").first.click()
    await expect(fatima.get_by_role("heading", level=1)).to_have_text("What waits")
    await fatima.go_back()
    await expect(fatima.get_by_role("heading", name="Decide")).to_be_visible()
    assert fatima.url.endswith(item)


@in_the_sessions_loop()
async def at_the_desk(town: Town) -> AsyncIterator[tuple[str, Page]]:
    """A letter that Fatima has in hand, and her window, whose clock is the test's."""
    item = await taken(town.exchange)
    fatima = await town.signed_in(Surface.DESK, "Fatima")
    await fatima.clock.install()
    yield item, fatima


async def test_an_idle_desk_warns_and_then_covers_its_page(
    at_the_desk: tuple[str, Page], gallery: Path | None
) -> None:
    item, fatima = at_the_desk
    await fatima.goto(item)
    warning = fatima.get_by_role("alert")
    await go(fatima, 17.5)
    await expect(warning).to_have_count(0)
    await go(fatima, 1)
    await expect(warning).to_contain_text("Your session ends in about two minutes")
    await picture(fatima, gallery, "at-desk-warned")
    await fatima.get_by_role("button", name="Stay signed in").click()
    await go(fatima, 0.1)
    await expect(warning).to_have_count(0)
    await go(fatima, 19)
    await expect(warning).to_be_visible()
    await go(fatima, 2)
    await expect(fatima.get_by_role("heading", level=1)).to_have_text("Signed out")
    await expect(fatima.get_by_text("Anna says hello")).to_have_count(0)
    assert "Vera" not in await fatima.title()
    await held(fatima, gallery, "at-desk-covered")
    await expect(fatima.get_by_role("link", name="Sign in")).to_have_attribute(
        "href", f"/sign-in?then={item.replace('/', '%2F')}"
    )


async def test_typing_and_playing_keep_the_session_open(at_the_desk: tuple[str, Page], town: Town) -> None:
    item, fatima = at_the_desk
    clock = town.exchange.service.clock
    await typing(fatima, item)
    for _ in range(4):
        async with fatima.expect_response("**/api/v1/session") as answering:
            await fatima.get_by_label("How to put it right").press("a")
            clock.go(minutes=6)
            await go(fatima, 6)
        assert (await answering.value).status == 200
    await fatima.evaluate("document.querySelector('main').dispatchEvent(new Event('timeupdate'))")
    async with fatima.expect_response("**/api/v1/session"):
        await go(fatima, 6)


async def test_what_was_typed_is_there_again_for_who_signs_in_in_another_window(
    at_the_desk: tuple[str, Page], town: Town, gallery: Path | None
) -> None:
    item, fatima = at_the_desk
    await typing(fatima, item)
    await go(fatima, 21)
    town.exchange.service.clock.go(minutes=30)
    await expect(fatima.get_by_text("What you typed here is not lost")).to_be_visible()
    await held(fatima, gallery, "at-desk-covered-typed")
    await fatima.get_by_role("button", name="show this page again").click()
    await expect(fatima.get_by_text("You are not signed in yet.")).to_be_visible()
    assert WORDS not in await fatima.content()
    again = await town.signed_in(Surface.DESK, "Fatima")
    await fatima.context.clear_cookies()
    await fatima.context.add_cookies(await again.context.cookies())  # type: ignore[arg-type]
    await fatima.get_by_role("button", name="show this page again").click()
    await expect(fatima.get_by_label("How to put it right")).to_have_value(WORDS)
    await fatima.get_by_label("Contact details").check()
    await fatima.get_by_role("button", name="Ask for a change").click()
    await expect(fatima.get_by_text("It went back to its author")).to_be_visible()


async def test_signing_out_in_one_window_covers_the_other_for_good(
    at_the_desk: tuple[str, Page],
) -> None:
    item, fatima = at_the_desk
    covered, asked = asyncio.Event(), asyncio.Event()

    async def made(route: Route) -> None:
        await route.fulfill(content_type="text/html", body="<div id='standing' data-ready></div>")

    async def late(route: Route) -> None:
        answer = await route.fetch()
        if route.request.resource_type == "fetch":
            asked.set()
            await covered.wait()
        await route.fulfill(response=answer)

    # a version that is waited for is made; the page asks for itself once more, and is answered late
    await fatima.route("**/standing?*", made)
    await fatima.route(f"**{item}", late)
    await fatima.goto(item)
    await fatima.evaluate("document.getElementById('standing').toggleAttribute('data-awaited', true)")
    await go(fatima, 0.1)
    await asyncio.wait_for(asked.wait(), 30)
    other = await fatima.context.new_page()
    await other.goto("/queue")
    await other.get_by_role("button", name="Sign out").click()
    await expect(fatima.get_by_role("heading", level=1)).to_have_text("Signed out")
    async with fatima.expect_response(f"**{item}"):
        covered.set()
    await fatima.wait_for_timeout(300)
    await expect(fatima.get_by_text("You have signed out in another window.")).to_be_visible()
    await expect(fatima.get_by_text("Anna says hello")).to_have_count(0)


async def test_who_signs_in_in_another_window_keeps_nobody_elses_page_open(
    at_the_desk: tuple[str, Page], town: Town
) -> None:
    item, fatima = at_the_desk
    await fatima.goto(item)
    await expect(fatima.get_by_text("Anna says hello")).to_be_visible()
    anna = await town.seated(Surface.DESK, await town.exchange.service.make_staff("administrator", "Anna"))
    await fatima.context.clear_cookies()
    await fatima.context.add_cookies(await anna.context.cookies())  # type: ignore[arg-type]
    await (await fatima.context.new_page()).goto("/accounts")
    await expect(fatima.get_by_role("heading", level=1)).to_have_text("Signed out")
    await expect(fatima.get_by_text("Somebody else has signed in, in another window.")).to_be_visible()
    await expect(fatima.get_by_text("Anna says hello")).to_have_count(0)


async def test_how_much_was_played_stands_beside_the_decision(
    town: Town, tmp_path: Path, gallery: Path | None
) -> None:
    item = await sent(town.exchange, media.film(tmp_path, seconds=9).read_bytes(), "video")
    fatima = await town.signed_in(Surface.DESK, "Fatima")
    await fatima.goto(item)
    played = fatima.locator("#played")
    await expect(played).to_have_text("Nothing of it was played on this page since you opened it.")
    await fatima.locator(".player").evaluate(
        """async (film) => {
            await film.play();
            await new Promise((reached) => {
                film.ontimeupdate = () => film.currentTime > 0.7 && reached();
            });
            film.pause();
        }"""
    )
    await expect(fatima.locator("#seen")).to_have_text("All of it was sent to your browser.")
    await expect(played).to_contain_text("Only 0:01 of 0:09 was played on this page since you opened it.")
    await held(fatima, gallery, "at-desk-played")
    await fatima.locator(".player").evaluate("film => { film.ontimeupdate = null; film.play(); }")
    await expect(played).to_have_text("All of it was played on this page.", timeout=20_000)
