"""An author's own files in a browser: heard before and after the upload, looked through, compared."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from relay.db.transaction import Surface
from relay.exchange import processing
from tests.browser.conftest import Town
from tests.browser.test_media import SHOWN
from tests.browser.test_pages import hold
from tests.functional.test_answering import MUTE
from tests.functional.test_hiding import sent
from tests.functional.test_own_files import AREA, hidden, other_picture, uploaded
from tests.functional.test_several import fields, send
from tests.support import media
from tests.support.photographs import photograph

pytestmark = pytest.mark.browser

LENGTH = """async (player) => {
    if (!player.readyState) await new Promise((loaded, failed) => {
        player.addEventListener("loadedmetadata", loaded);
        player.addEventListener("error", () => failed(player.error.message));
        setTimeout(() => failed("it took too long"), 20_000);
    });
    return player.duration;
}"""


async def both_widths(page: Page, name: str, gallery: Path | None) -> None:
    for width in (320, 1280):
        await page.set_viewport_size({"width": width, "height": 900})
        await hold(page, name, gallery)


async def test_a_chosen_file_is_heard_before_anything_is_sent_and_again_when_it_arrived(
    town: Town, tmp_path: Path, gallery: Path | None
) -> None:
    item_id = await town.exchange.start(town.exchange.victim, "audio")
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(f"/items/{item_id}")
    asked: list[str] = []
    vera.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    await vera.get_by_label("A sound file").set_input_files(media.speech(tmp_path, seconds=3))
    player = vera.locator("[data-local] .player")
    await expect(player).to_be_visible()
    assert abs(await player.evaluate(LENGTH) - 3) < 0.2
    await expect(vera.get_by_text("Nothing of it has been sent yet")).to_be_visible()
    assert not [one for one in asked if not one.startswith("GET ") or "/api/" in one]
    await both_widths(vera, "p-before-upload", gallery)
    await vera.get_by_role("button", name="Upload", exact=True).click()
    arrived = vera.locator("[data-own]")
    await expect(arrived).to_be_visible(timeout=20_000)
    assert abs(await arrived.evaluate(LENGTH) - 3) < 0.2
    await both_widths(vera, "p-arrived-audio", gallery)


async def test_a_file_that_the_browser_cannot_play_says_so(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "strange.wav"
    path.write_bytes(b"no sound at all\0" * 100)
    item_id = await town.exchange.start(town.exchange.victim, "audio")
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(f"/items/{item_id}")
    await vera.get_by_label("A sound file").set_input_files(path)
    says = vera.get_by_text("Your browser cannot play this kind of file. You can send it all the same")
    await expect(says).to_be_visible()
    await expect(vera.locator("[data-local] .player")).to_be_hidden()
    await vera.get_by_label("A sound file").set_input_files(media.speech(tmp_path, "good.wav"))
    await expect(says).to_have_count(0)
    await expect(vera.locator("[data-local] .player")).to_be_visible()
    await vera.get_by_label("A sound file").set_input_files(path)
    await vera.get_by_role("button", name="Upload", exact=True).click()
    await expect(vera.get_by_text("Your file has arrived", exact=True)).to_be_visible(timeout=20_000)
    await expect(says.first).to_be_visible()
    await expect(vera.locator("[data-own]")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.wav", b"", "The file is empty. Choose another one."),
        ("things.zip", b"PK\x03\x04" + bytes(99), "This file does not look like a recording of sound."),
        ("things.txt", b"a list of things", "This file does not look like a recording of sound."),
    ],
)
async def test_of_a_file_that_cannot_become_anything_one_thing_is_said_once(
    town: Town, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    item_id = await town.exchange.start(town.exchange.victim, "audio")
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(f"/items/{item_id}")
    await vera.get_by_label("A sound file").set_input_files(path)
    await expect(vera.get_by_text(words)).to_have_count(1)
    await expect(vera.locator("[data-local] .player")).to_be_hidden()
    await expect(vera.get_by_text("You can send it all the same")).to_have_count(0)
    if not content:
        await expect(vera.get_by_text("This is on your device")).to_be_hidden()
        await vera.get_by_role("button", name="Upload", exact=True).click()
        await expect(vera.get_by_text(words)).to_have_count(1)
        await expect(vera.get_by_text("Uploading")).to_be_hidden()
        await vera.get_by_label("A sound file").set_input_files(media.speech(tmp_path, "good.wav"))
        await expect(vera.get_by_text(words)).to_have_count(0)
        await expect(vera.locator("[data-local] .player")).to_be_visible()


async def test_pages_are_looked_through_when_they_have_arrived(
    town: Town, tmp_path: Path, gallery: Path | None
) -> None:
    item_id = await town.exchange.start(town.exchange.victim, "document")
    chosen = fields(
        (photograph(4, size=(1600, 1200)), 90),
        (other_picture("TIFF"), 0),
        (media.document(tmp_path).read_bytes(), 0),
        (photograph(9, size=(900, 1200)), 0),
    )
    assert (await send(town.exchange.victim, f"/items/{item_id}/pages", chosen)).status_code == 303
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(f"/items/{item_id}")
    await vera.get_by_text("Look through all 4 pages before you send").click()
    for number in (1, 4):
        picture = vera.get_by_alt_text(f"Page {number}, as it arrived")
        await picture.scroll_into_view_if_needed()
        assert await picture.evaluate(SHOWN) > 200
    await both_widths(vera, "p-arrived-pages", gallery)
    await vera.get_by_role("button", name="Send it to your facilitator").click()
    await expect(vera.get_by_text("Being prepared for your facilitator")).to_be_visible()


async def test_removing_a_file_says_what_is_lost_first(town: Town, tmp_path: Path) -> None:
    item = await uploaded(town.exchange, media.speech(tmp_path).read_bytes(), "audio")
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera", script=False)
    await vera.goto(item)
    sure = vera.get_by_role("button", name="Yes: remove it, and my file")
    await expect(sure).to_be_hidden()
    await vera.locator("summary").get_by_text("Remove this draft").click()
    await sure.click()
    await expect(vera.get_by_text("The draft was removed.")).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
async def test_a_file_is_not_removed_by_beginning_anew_before_that_was_said(
    town: Town, tmp_path: Path, gallery: Path | None, *, script: bool
) -> None:
    item = await sent(town.exchange, media.speech(tmp_path).read_bytes(), "audio")
    await hidden(town.exchange, item, MUTE)
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera", script=script)
    await vera.goto(item)
    await expect(vera.get_by_role("button", name="Take it back and make it anew")).to_have_count(0)
    sure = vera.get_by_role("button", name="Yes: remove my file, and begin anew")
    await expect(sure).to_be_hidden()
    ask = vera.locator("summary").get_by_text("Take it back and make it anew")
    await ask.focus()
    await ask.press("Enter")
    await expect(vera.get_by_text("The file that you sent is removed for good").first).to_be_visible()
    if script:
        await both_widths(vera, "p-anew", gallery)
    await sure.focus()
    await sure.press("Enter")
    await expect(vera.get_by_role("button", name="Start recording" if script else "Upload")).to_be_visible()
    assert item not in vera.url


@pytest.mark.parametrize("kind", ["audio", "video", "document"])
async def test_what_was_sent_is_beside_what_is_hidden(
    town: Town, tmp_path: Path, kind: str, gallery: Path | None
) -> None:
    make: dict[str, Callable[[Path], Path]] = {
        "audio": media.speech,
        "video": media.film,
        "document": media.document,
    }
    item = await sent(town.exchange, make[kind](tmp_path).read_bytes(), kind)
    await hidden(town.exchange, item, AREA if kind == "document" else MUTE)
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(item)
    if kind == "document":
        for name in ("as it would be given", "as you sent it"):
            assert await vera.get_by_alt_text(f"Page 1 of 2, {name}").evaluate(SHOWN) > 200
    else:
        players = vera.locator(".player")
        await expect(players).to_have_count(2)
        for n in (0, 1):
            await players.nth(n).evaluate("player => { player.preload = 'auto'; player.load(); }")
        lengths = [await players.nth(n).evaluate(LENGTH) for n in (0, 1)]
        assert abs(lengths[0] - lengths[1]) < 0.2
    await both_widths(vera, f"p-compared-{kind}", gallery)


async def test_the_page_brings_the_step_up_to_date_by_itself(town: Town, tmp_path: Path) -> None:
    item = await uploaded(town.exchange, media.speech(tmp_path).read_bytes(), "audio")
    await town.exchange.victim.do(f"{item}/submit")
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera")
    await vera.goto(item)
    await expect(vera.get_by_text("It waits for its turn")).to_be_visible()
    house = town.exchange.service.worker
    async with house.database.before_sign_in() as tx:
        (revision_id,) = await tx.values("SELECT relay.unfinished_revisions(%s)", [house.clock()])
    work = await processing.take(house, revision_id)
    assert work is not None
    assert await processing.keep(house, work, 40)
    await expect(vera.get_by_text("40 % of it is written.")).to_be_visible(timeout=20_000)
    assert await processing.keep(house, work, 99, "listening")
    await expect(vera.get_by_text("A machine here writes down what is said")).to_be_visible(timeout=20_000)
    await expect(vera.get_by_text("40 % of it is written.")).to_have_count(0)
