"""What comes out of the media room plays in a real browser, for every family of input that goes in."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route

from tests.support import media
from tests.support.families import FAMILIES, SECONDS
from workers.media.clean import clean
from workers.media.model import Kind, Role
from workers.sandbox.window import File

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PLAY = """async (element) => {
    await element.play();
    if (!element.ended) await new Promise((resolve, reject) => {
        element.onended = resolve;
        element.onerror = () => reject(element.error.message);
    });
    return {
        duration: element.duration,
        ended: element.ended,
        reached: element.currentTime,
        shape: [element.videoWidth ?? 0, element.videoHeight ?? 0],
    };
}"""
RECORDINGS = [name for name, family in FAMILIES.items() if family.kind is not Kind.DOCUMENT]


async def _page(browser: Browser, content: bytes, media_type: str) -> Page:
    """A page with nothing but a player of this file."""
    element = "audio" if media_type.startswith("audio") else "video"
    page = await browser.new_page()

    async def answer(route: Route) -> None:
        if route.request.url.endswith("/file"):
            await route.fulfill(body=content, content_type=media_type)
        else:
            html = f"<!doctype html><title>player</title><{element} src=/file></{element}>"
            await route.fulfill(body=html, content_type="text/html")

    await page.route("**/*", answer)
    await page.goto("http://player.test/")
    return page


@pytest.mark.parametrize("name", RECORDINGS)
async def test_it_plays_to_its_end(name: str, browser: Browser, tmp_path: Path) -> None:
    family = FAMILIES[name]
    with family.make(tmp_path).open("rb") as file, clean(family.kind, File(file.fileno())) as made:
        content, media_type = media.content(made.files[Role.CLEAN]), made.media_type(Role.CLEAN)
        shape = [made.facts.width, made.facts.height]
    page = await _page(browser, content, media_type)
    played = await page.locator("audio, video").evaluate(PLAY)
    assert played["ended"]
    assert played["duration"] == pytest.approx(SECONDS, abs=0.1)
    assert played["reached"] == pytest.approx(played["duration"], abs=0.05)
    assert played["shape"] == (shape if family.kind is Kind.VIDEO else [0, 0])
    await page.close()
