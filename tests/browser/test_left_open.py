"""What somebody was given does not stay on a screen that nobody sits at any more."""

import pytest
from playwright.async_api import expect

from relay.db.transaction import Surface
from tests.browser.conftest import Town
from tests.browser.test_at_the_desk import go

pytestmark = pytest.mark.browser

WORDS = "I am the one who did it."
OWN = "I still hear the glass break."


async def test_an_opened_letter_is_covered_when_the_session_has_ended(town: Town) -> None:
    _, delivery = await town.exchange.deliver(town.exchange.offender, WORDS)
    await town.exchange.victim.do(f"/deliveries/{delivery}/choice", {"choice": "open"})
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.clock.install()
    await vera.goto(f"/received/{delivery}")
    await expect(vera.get_by_text(WORDS)).to_be_visible()
    await go(vera, 18.5)
    await expect(vera.get_by_role("alert")).to_contain_text("Your session ends in about two minutes")
    await go(vera, 2)
    await expect(vera.get_by_role("heading", level=1)).to_have_text("Signed out")
    assert WORDS not in await vera.content()
    assert await vera.title() == "Signed out – Pages"
    # whoever signs in next is not led to what was somebody's
    await expect(vera.get_by_role("link", name="Sign in")).to_have_attribute("href", "/sign-in")
    await expect(vera.get_by_role("button", name="Leave now")).to_be_visible()


async def test_leaving_in_one_window_covers_the_others_and_nobody_is_asked(town: Town) -> None:
    _, delivery = await town.exchange.deliver(town.exchange.offender, WORDS)
    await town.exchange.victim.do(f"/deliveries/{delivery}/choice", {"choice": "open"})
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(f"/received/{delivery}")
    sent = await vera.context.new_page()
    await sent.goto(f"/items/{await town.exchange.write(town.exchange.victim, OWN)}")
    await expect(sent.get_by_text(OWN)).to_be_visible()
    other = await vera.context.new_page()
    await other.goto(f"/cases/{town.exchange.case_id}")
    asked: list[object] = []
    other.on("dialog", lambda dialog: asked.append(dialog))  # noqa: PLW0108 - a bound method cannot be marked
    await other.route("https://www.wikipedia.org/**", lambda route: route.fulfill(body="Elsewhere"))
    await other.get_by_role("radio").nth(1).check()
    await other.get_by_role("button", name="Leave now").click()
    await expect(other.get_by_text("Elsewhere")).to_be_visible()
    assert not asked
    for window, words in ((vera, WORDS), (sent, OWN)):
        await expect(window.get_by_role("heading", level=1)).to_have_text("Signed out")
        assert words not in await window.content()
