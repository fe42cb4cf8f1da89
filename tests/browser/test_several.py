"""Several photographs as one document: chosen, put in order and turned by hand, with script and without."""

import asyncio
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, Route, expect

from relay.db.transaction import Surface
from tests.browser.conftest import Town
from tests.browser.test_pages import hold
from tests.support import media
from tests.support.photographs import pages_of, photograph
from tests.support.work import work_off

pytestmark = pytest.mark.browser

UPRIGHT, SIDEWAYS = True, False
LOOK = (
    """canvas => [canvas.height > canvas.width, canvas.getContext("2d").getImageData(5, 5, 1, 1).data[0]]"""
)


async def at_a_document(town: Town, **more: object) -> tuple[Page, str]:
    item_id = await town.exchange.start(town.exchange.victim, "document")
    page = await town.signed_in(Surface.PARTICIPANTS, "Vera", **more)
    await page.goto(f"/items/{item_id}")
    return page, item_id


def taken(folder: Path, number: int, orientation: int = 1) -> Path:
    path = folder / f"IMG_{number}.jpg"
    path.write_bytes(photograph(number, orientation, (1600, 1200)))
    return path


async def order(page: Page) -> list[tuple[int, bool]]:
    """What the small pictures show."""
    previews = page.locator(".photos canvas")
    shown = [await previews.nth(place).evaluate(LOOK) for place in range(await previews.count())]
    return [(round(grey / 20), upright) for upright, grey in shown]


async def sent(town: Town, page: Page, item_id: str) -> list[tuple[int, bool]]:
    await expect(page.get_by_text("Your file has arrived", exact=True)).to_be_visible(timeout=20_000)
    await page.get_by_role("button", name="Send it to your facilitator").click()
    await work_off(town.exchange.room)
    return await pages_of(town.exchange, item_id)


@pytest.mark.parametrize("width", [1280, 320])
async def test_photographs_are_put_in_order_and_turned(
    town: Town, tmp_path: Path, gallery: Path | None, width: int
) -> None:
    page, item_id = await at_a_document(town, width=width)
    await hold(page, "p-several-none", gallery)
    await expect(page.get_by_text("Several photographs as one document")).to_have_count(0)
    chosen = page.get_by_label("A PDF, or pictures of the pages").or_(page.get_by_label("Add more pages"))
    first = media.document(tmp_path, pages=1)
    await chosen.set_input_files([taken(tmp_path, 2), taken(tmp_path, 9, orientation=6), taken(tmp_path, 4)])
    await expect(page.locator(".photos canvas")).to_have_count(3)
    await chosen.set_input_files([taken(tmp_path, 7)])  # one more, later
    await expect(page.locator(".photos canvas")).to_have_count(4)
    assert await order(page) == [(2, SIDEWAYS), (9, UPRIGHT), (4, SIDEWAYS), (7, SIDEWAYS)]

    await page.get_by_role("button", name="Page 4: earlier").click()
    await expect(page.get_by_role("status").get_by_text("It is page 3 now.")).to_be_visible()
    await expect(page.get_by_role("button", name="Page 3: earlier")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Page 1: later").click()
    await page.get_by_role("button", name="Page 1: turn left").click()
    await page.get_by_role("button", name="Page 2: turn right").click()
    await page.get_by_role("button", name="Page 2: turn right").click()
    await page.get_by_role("button", name="Page 4: remove").click()
    await page.get_by_role("button", name="Page 1: earlier").press("Enter")  # where there is none
    assert await order(page) == [(7, UPRIGHT), (2, SIDEWAYS), (9, UPRIGHT)]
    await expect(page.get_by_role("img", name="Page 2, turned upside down")).to_be_visible()
    await chosen.set_input_files([first])
    await expect(page.get_by_text("It cannot be shown here. It is sent all the same.")).to_be_visible()
    await page.evaluate("scrollTo(0, 0)")
    await hold(page, "p-several-chosen", gallery)

    await page.get_by_role("button", name="Upload", exact=True).click()
    found = await sent(town, page, item_id)
    assert found[:3] == [(7, UPRIGHT), (2, SIDEWAYS), (9, UPRIGHT)]
    assert len(found) == 4
    # the page shows itself anew once it is made
    await expect(page.locator(".sheets img")).to_have_count(4, timeout=30_000)


async def test_one_file_by_itself_is_sent_as_it_is(town: Town, tmp_path: Path) -> None:
    page, item_id = await at_a_document(town)
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.get_by_text("Choose a file first.")).to_be_visible()
    path = media.document(tmp_path)
    await page.get_by_label("A PDF, or pictures of the pages").set_input_files(path)
    await page.get_by_role("button", name="Upload", exact=True).click()
    assert len(await sent(town, page, item_id)) == 2
    original = await town.exchange.victim.api("GET", f"/items/{item_id}/original")
    assert original.content == await asyncio.to_thread(path.read_bytes)


async def test_a_single_photograph_can_be_turned(town: Town, tmp_path: Path) -> None:
    page, item_id = await at_a_document(town)
    await page.get_by_label("A PDF, or pictures of the pages").set_input_files(taken(tmp_path, 6))
    await page.get_by_role("button", name="Page 1: turn right").click()
    await page.get_by_role("button", name="Upload", exact=True).click()
    assert await sent(town, page, item_id) == [(6, UPRIGHT)]


async def test_no_more_than_sixty_are_taken(town: Town, tmp_path: Path) -> None:
    page, _ = await at_a_document(town)
    files = []
    for number in range(62):
        files.append(tmp_path / f"{number}.png")
        Image.new("RGB", (30, 40), (200, 200, 200)).save(files[-1])
    await page.get_by_label("A PDF, or pictures of the pages").set_input_files(files)
    await expect(
        page.get_by_text("60 pages are the most. 2 of those you chose were left out.")
    ).to_be_visible()
    await expect(page.locator(".photos > li")).to_have_count(60)


async def test_their_upload_goes_on_after_the_connection_was_cut(town: Town, tmp_path: Path) -> None:
    page, item_id = await at_a_document(town)
    files = []
    for number in (1, 2, 3):
        path = tmp_path / f"{number}.png"
        noise = await asyncio.to_thread(Image.effect_noise, (2400, 1800), 90)
        noise.point(lambda grey, number=number: 60 * number + grey // 12).save(path, compress_level=0)
        files.append(path)
    cuts = iter([False, True])

    async def cut_once(route: Route) -> None:
        if route.request.method == "PATCH" and next(cuts, False):
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.route("**/api/v1/uploads/*", cut_once)
    await page.get_by_label("A PDF, or pictures of the pages").set_input_files(files)
    await page.get_by_role("button", name="Page 3: earlier").click()
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.get_by_text("Your file has arrived", exact=True)).to_be_visible(timeout=20_000)
    assert next(cuts, None) is None
    await page.get_by_role("button", name="Send it to your facilitator").click()
    original = (await town.exchange.victim.api("GET", f"/items/{item_id}/original")).content
    contents = [path.read_bytes() for path in files]
    assert original == media.several((contents[0], 0), (contents[2], 0), (contents[1], 0))


@pytest.mark.parametrize("width", [1280, 320])
async def test_without_script_there_is_a_field_for_each_page(
    town: Town, tmp_path: Path, gallery: Path | None, width: int
) -> None:
    page, item_id = await at_a_document(town, script=False, width=width)
    await page.get_by_role("link", name="I have up to 20").click()
    await expect(page.get_by_role("group", name="Page 20")).to_be_visible()
    if gallery:
        await page.screenshot(path=gallery / f"p-several-plain-{width}.png", full_page=True)
    for number, (shown, turn) in {
        1: (8, "To the right, by a quarter"),
        3: (2, ""),
        12: (5, "Upside down"),
    }.items():
        group = page.get_by_role("group", name=f"Page {number}", exact=True)
        await group.get_by_label("Picture").set_input_files(taken(tmp_path, shown))
        if turn:
            await group.get_by_label("Turn it").select_option(turn)
    await page.get_by_role("button", name="Upload all pages").click()
    assert await sent(town, page, item_id) == [(8, UPRIGHT), (2, SIDEWAYS), (5, SIDEWAYS)]


async def test_choosing_again_replaces_what_had_arrived_and_says_so(town: Town, tmp_path: Path) -> None:
    page, item_id = await at_a_document(town)
    await page.get_by_label("A PDF, or pictures of the pages").set_input_files([taken(tmp_path, 2)])
    await expect(page.get_by_label("Add more pages")).to_have_count(1)
    await page.get_by_role("button", name="Upload", exact=True).click()
    again = page.get_by_label("Choose all pages again: what you upload now replaces what is there")
    await expect(again).to_have_count(1, timeout=20_000)
    empty, text = tmp_path / "empty.jpg", tmp_path / "things.txt"
    empty.write_bytes(b"")
    text.write_text("a list of things")
    await again.set_input_files([taken(tmp_path, 5), empty, text])
    await expect(page.get_by_text("One file was empty and left out. 2 chosen.")).to_be_visible()
    await expect(page.get_by_text("This does not look like a picture or a PDF.")).to_be_visible()
    await expect(page.get_by_text("It is sent all the same.")).to_have_count(0)
    await expect(page.get_by_label("Add more pages to these: they replace what is there")).to_have_count(1)
    await page.get_by_role("button", name="Page 2: remove").click()
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(again).to_have_count(1, timeout=20_000)
    assert await sent(town, page, item_id) == [(5, SIDEWAYS)]
