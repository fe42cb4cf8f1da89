"""Hiding parts, in a browser: the whole journey by hand without script, and what the script adds."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from relay.db.transaction import Surface
from relay.exchange.edits import MASK
from tests.browser.conftest import Town
from tests.browser.test_pages import hold
from tests.functional.test_hiding import sent
from tests.support import media
from tests.support.work import work_off

pytestmark = pytest.mark.browser

TEXT = "Dear you,\n\nI live at 4 Mill Lane, by the mill. Anna says hello."
HIDDEN = f"I live at {MASK}, by the mill. {MASK} says hello."


async def picture(page: Page, gallery: Path | None, name: str) -> None:
    """The page at both ends of widths; nothing of it is wider than the screen."""
    await page.wait_for_load_state("domcontentloaded")  # a press ends before its page is there
    for width in (320, 1280):
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        if gallery:
            await page.screenshot(path=gallery / f"hide-{name}-{width}.png", full_page=True)


async def held(page: Page, gallery: Path | None, name: str) -> None:
    """The same, and whatever else every page must meet: that is looked at by a script."""
    for width in (320, 1280):
        await page.set_viewport_size({"width": width, "height": 900})
        await hold(page, f"hide-{name}", gallery)


async def _letter_taken(town: Town, *, script: bool) -> tuple[str, Page]:
    """A letter that Fatima has in hand, on her page."""
    item_id = await town.exchange.write(town.exchange.victim, TEXT)
    fatima = await town.signed_in(Surface.DESK, "Fatima", script=script)
    await fatima.goto(f"/items/{item_id}")
    await fatima.get_by_role("button", name="Take it").click()
    return item_id, fatima


async def test_words_are_hidden_agreed_to_and_passed_on_without_script(
    town: Town, gallery: Path | None
) -> None:
    item_id, fatima = await _letter_taken(town, script=False)
    await fatima.get_by_role("link", name="Hide parts of it").click()
    await picture(fatima, gallery, "letter")
    await fatima.get_by_label("Words to hide").fill("4 Mill Lane\nAnne")
    await fatima.get_by_label("What you say to Vera").fill("Your address is hidden. Nobody can find you.")
    await fatima.get_by_role("button", name="Show me what this hides").click()
    await expect(fatima.get_by_role("alert")).to_contain_text("“Anne”")
    await picture(fatima, gallery, "refused")
    await expect(fatima.get_by_label("What you say to Vera")).to_have_value(re.compile("Nobody can find you"))
    await fatima.get_by_label("Words to hide").fill("4 Mill Lane\nAnna")
    await fatima.get_by_role("button", name="Show me what this hides").click()
    await expect(fatima.get_by_text("2 places of the letter covered by a block.")).to_be_visible()
    await expect(fatima.get_by_text(HIDDEN)).to_be_visible()
    await picture(fatima, gallery, "shown")
    await fatima.get_by_role("button", name="Make this version").click()
    await expect(fatima.get_by_text("The new version is being made")).to_be_visible()

    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera", script=False)
    await vera.goto(f"/items/{item_id}")
    await expect(vera.get_by_text("Your facilitator hides parts of this")).to_be_visible()
    await work_off(town.exchange.room)

    await fatima.get_by_role("link", name="Look again").click()
    await expect(fatima.get_by_text("You have this in hand until")).to_be_visible()
    await expect(fatima.get_by_text("Waiting for the author’s agreement")).to_be_visible()
    await expect(fatima.get_by_text("Vera has to agree to this version first.")).to_be_visible()
    await expect(fatima.get_by_role("button", name="Approve it as it is")).to_have_count(0)
    await picture(fatima, gallery, "waiting")

    await vera.goto(f"/cases/{town.exchange.case_id}")
    await expect(vera.get_by_text("Your facilitator asks for your agreement")).to_be_visible()
    await vera.goto(f"/items/{item_id}")
    await expect(vera.get_by_text(HIDDEN)).to_be_visible()
    await picture(vera, gallery, "asked")
    await vera.get_by_role("button", name="I agree to this version").click()
    await expect(vera.get_by_text("You agreed to this version")).to_be_visible()
    await picture(vera, gallery, "agreed")

    await fatima.goto(f"/items/{item_id}")
    await expect(fatima.get_by_text("Vera agreed")).to_be_visible()
    await fatima.get_by_role("button", name="Approve it as it is").click()
    await fatima.get_by_role("link", name="Pass it on now").click()
    await fatima.get_by_role("button", name="Pass it on to Oskar").click()
    oskar = await town.signed_in(Surface.PARTICIPANTS, "Oskar", script=False)
    await oskar.get_by_role("link", name="See what it is").click()
    await oskar.locator("main").get_by_role("link", name="Letter").click()
    await oskar.get_by_role("button", name="Open it now").click()
    await expect(oskar.get_by_text(HIDDEN)).to_be_visible()
    await fatima.goto(f"/cases/{town.exchange.case_id}/audit")
    await expect(fatima.get_by_text("Its author agreed to the version with hidden parts")).to_be_visible()


async def test_an_author_takes_it_back_and_writes_it_anew_without_script(town: Town) -> None:
    item_id, fatima = await _letter_taken(town, script=False)
    await fatima.goto(f"/items/{item_id}/hide")
    await fatima.get_by_label("Words to hide").fill("Anna")
    await fatima.get_by_label("What you say to Vera").fill("A name.")
    await fatima.get_by_role("button", name="Show me what this hides").click()
    await fatima.get_by_role("button", name="Make this version").click()
    await work_off(town.exchange.room)
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera", script=False)
    await vera.goto(f"/items/{item_id}")
    await vera.get_by_role("button", name="Take it back and write it anew").click()
    await expect(vera.get_by_label("Your letter")).to_have_value(TEXT)
    assert item_id not in vera.url
    await fatima.goto(f"/items/{item_id}")
    await expect(fatima.get_by_text("Taken back")).to_be_visible()


async def test_selected_words_are_added_by_a_button(town: Town, gallery: Path | None) -> None:
    item_id, fatima = await _letter_taken(town, script=True)
    await fatima.goto(f"/items/{item_id}/hide")
    nothing = fatima.get_by_text("Nothing is selected. Mark the words in the letter above")
    await expect(nothing).to_be_hidden()
    await fatima.get_by_role("button", name="Add the words that I have selected").click()
    await expect(nothing).to_be_visible()
    await fatima.evaluate(
        """() => {
            const pieces = [...document.querySelector("[data-selectable]").childNodes];
            const text = pieces.find((piece) => piece.data?.includes("by the"));
            const range = document.createRange();
            const start = text.data.indexOf("by the");
            range.setStart(text, start);
            range.setEnd(text, start + 11);
            document.getSelection().addRange(range);
        }"""
    )
    await fatima.get_by_role("button", name="Add the words that I have selected").click()
    await expect(fatima.get_by_label("Words to hide")).to_have_value("by the mill\n")
    await expect(nothing).to_be_hidden()
    await expect(fatima.locator("[data-selectable] mark")).not_to_have_count(0)
    await held(fatima, gallery, "letter-with-script")


async def test_times_are_taken_from_the_player(town: Town, tmp_path: Path, gallery: Path | None) -> None:
    original = media.film(tmp_path, seconds=4).read_bytes()
    path = await sent(town.exchange, original, "video")
    fatima = await town.signed_in(Surface.DESK, "Fatima")
    await fatima.goto(f"{path}/hide")
    player = fatima.locator("[data-player]")
    for button, at in (("From where it stands now", 1.25), ("To where it stands now", 2.5)):
        await player.evaluate("(player, at) => { player.currentTime = at; }", at)
        await fatima.get_by_role("button", name=button).first.click()
    await expect(fatima.get_by_label("From", exact=True).first).to_have_value("0:01.250")
    await expect(fatima.get_by_label("To", exact=True).first).to_have_value("0:02.500")
    await fatima.get_by_label("In its place").first.select_option(label="Black and silent")
    await fatima.get_by_label("Change the voice").check()
    await fatima.get_by_role("button", name="More rows").click()
    await expect(fatima.get_by_label("To", exact=True).first).to_have_value("0:02.500")
    await fatima.get_by_label("What you say to Vera").fill("A number is said there.")
    await fatima.get_by_role("button", name="Show me what this hides").click()
    await expect(fatima.get_by_text("1 stretch muted: 0:01.250 to 0:02.500.")).to_be_visible()
    await expect(fatima.get_by_text("1 stretch with a black picture: 0:01.250 to 0:02.500.")).to_be_visible()
    await expect(fatima.get_by_text("From 0:01.250 to 0:02.500: black and silent.")).to_be_visible()
    await fatima.get_by_role("button", name="Play from 0:00.000").click()
    await expect(player).to_have_js_property("paused", False)
    assert await player.evaluate("player => player.currentTime") < 1.25
    await fatima.get_by_label("From", exact=True).first.fill("0:03.5")
    await player.evaluate("player => player.pause()")
    await fatima.get_by_role("button", name="Play from two seconds before").first.click()
    await expect(player).to_have_js_property("paused", False)
    assert 1.4 < await player.evaluate("player => player.currentTime") < 3.5
    await held(fatima, gallery, "film")


async def test_an_area_is_drawn_on_the_page(town: Town, tmp_path: Path, gallery: Path | None) -> None:
    path = await sent(town.exchange, media.document(tmp_path, pages=2).read_bytes(), "document")
    fatima = await town.signed_in(Surface.DESK, "Fatima")
    await fatima.goto(f"{path}/hide")
    page = fatima.locator(".sheets img").nth(1)
    await page.scroll_into_view_if_needed()
    box = await page.bounding_box()
    assert box is not None
    start = await page.evaluate("page => page.getBoundingClientRect().top")
    await fatima.mouse.move(box["x"] + box["width"] * 0.25, start + box["height"] * 0.1)
    await fatima.mouse.down()
    await fatima.mouse.move(box["x"] + box["width"] * 0.75, start + box["height"] * 0.2, steps=4)
    await fatima.mouse.up()
    await expect(fatima.get_by_label("Page", exact=True).first).to_have_value("2")
    for name, value in (("left", 25), ("top", 10), ("right", 75), ("bottom", 20)):
        found = await fatima.locator(f"[name={name}]").first.input_value()
        assert abs(float(found) - value) < 1
    await expect(fatima.locator(".drawn")).to_have_count(1)
    await fatima.get_by_label("What you say to Vera").fill("A name.")
    await fatima.get_by_role("button", name="Show me what this hides").click()
    await expect(fatima.get_by_text("1 area of page 2 covered in black.")).to_be_visible()
    await held(fatima, gallery, "document")
    await fatima.get_by_role("button", name="Make this version").click()
    await work_off(town.exchange.room)
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(path)
    await held(vera, gallery, "asked-document")
    await fatima.goto(path)
    await held(fatima, gallery, "waiting-document")


async def test_an_area_is_drawn_with_a_finger_and_taken_away(
    town: Town, tmp_path: Path, gallery: Path | None
) -> None:
    path = await sent(town.exchange, media.document(tmp_path, pages=1).read_bytes(), "document")
    fatima = await town.signed_in(Surface.DESK, "Fatima", width=390, has_touch=True)
    await fatima.goto(f"{path}/hide")
    page = fatima.locator(".sheets img")
    await expect(page).to_have_js_property("complete", True)
    await page.scroll_into_view_if_needed()
    devtools = await fatima.context.new_cdp_session(fatima)

    async def drag(*shares: tuple[float, float]) -> None:
        box = await page.bounding_box()
        assert box is not None
        points = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in shares]
        for kind, at in zip(("touchStart", "touchMove", "touchMove"), points, strict=True):
            touched = [{"x": at[0], "y": at[1]}]
            await devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})
        await devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    await drag((0.2, 0.3), (0.3, 0.4), (0.6, 0.5))  # by itself a finger scrolls
    await expect(fatima.locator(".drawn")).to_have_count(0)
    await fatima.get_by_label("Draw on the pages with a finger or a pen.").check()
    await page.scroll_into_view_if_needed()
    await drag((0.2, 0.3), (0.3, 0.4), (0.6, 0.5))
    await expect(fatima.locator(".drawn")).to_have_count(1)
    for name, value in (("left", 20), ("top", 30), ("right", 60), ("bottom", 50)):
        found = await fatima.locator(f"[name={name}]").first.input_value()
        assert abs(float(found) - value) < 2
    await held(fatima, gallery, "finger")
    await fatima.get_by_role("button", name="Take this area away").first.click()
    await expect(fatima.locator(".drawn")).to_have_count(0)
    await expect(fatima.get_by_label("Page", exact=True).first).to_have_value("")


async def test_an_author_asks_for_a_disguise_without_script(
    town: Town, tmp_path: Path, gallery: Path | None
) -> None:
    item_id = await town.exchange.start(town.exchange.victim, "audio")
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera", script=False)
    await vera.goto(f"/items/{item_id}")
    await vera.get_by_label("A sound file").set_input_files(media.speech(tmp_path, seconds=3))
    await vera.get_by_role("button", name="Upload").click()
    await vera.get_by_label("Change my voice").check()
    await picture(vera, gallery, "disguise")
    await vera.set_viewport_size({"width": 320, "height": 900})
    legend = vera.get_by_text("If you do not want your voice to be recognised easily")
    words, around = await legend.bounding_box(), await legend.locator("..").bounding_box()
    assert words
    assert around
    assert around["x"] < words["x"]
    assert words["x"] + words["width"] < around["x"] + around["width"]
    assert around["y"] < words["y"]
    await vera.get_by_role("button", name="Send it to your facilitator").click()
    await work_off(town.exchange.room)
    fatima = await town.signed_in(Surface.DESK, "Fatima", script=False)
    await fatima.goto(f"/items/{item_id}")
    await expect(fatima.get_by_text("Its author asked for a disguise")).to_be_visible()
    await expect(fatima.get_by_text("A disguise: the voice changed.")).to_be_visible()
    await vera.goto(f"/items/{item_id}")
    await expect(vera.get_by_text("I agree to this version")).to_have_count(0)
    await expect(vera.get_by_text("What can be passed on")).to_be_visible()
