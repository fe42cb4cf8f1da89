"""What comes out of the media room plays in a real browser, for every family of input that goes in."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route

from relay.web.shared.contents import Text
from relay.web.shared.page_pictures import Picture
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
LISTEN = """async () => {
    const file = await (await fetch('/file')).arrayBuffer();
    const sound = (await new OfflineAudioContext(1, 1, 48000).decodeAudioData(file)).getChannelData(0);
    return sound.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0);
}"""
DRAWN = """(picture) => {
    const canvas = new OffscreenCanvas(picture.naturalWidth, picture.naturalHeight);
    const drawing = canvas.getContext('2d');
    drawing.drawImage(picture, 0, 0);
    const { data } = drawing.getImageData(0, 0, canvas.width, canvas.height);
    return data.reduce((darkest, value, place) => place % 4 < 3 ? Math.min(darkest, value) : darkest, 255);
}"""
RECORDINGS = [name for name, family in FAMILIES.items() if family.kind is not Kind.DOCUMENT]
DOCUMENTS = [name for name, family in FAMILIES.items() if family.kind is Kind.DOCUMENT]


async def _page(browser: Browser, element: str, content: bytes, media_type: str) -> Page:
    """A page with nothing but this file in this element."""
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
        shape, has_sound = [made.facts.width, made.facts.height], bool(made.facts.peaks)
    page = await _page(browser, "audio" if family.kind is Kind.AUDIO else "video", content, media_type)
    played = await page.locator("audio, video").evaluate(PLAY)
    assert played["ended"]
    assert played["duration"] == pytest.approx(SECONDS, abs=0.1)
    assert played["reached"] == pytest.approx(played["duration"], abs=0.05)
    assert played["shape"] == (shape if family.kind is Kind.VIDEO else [0, 0])
    if has_sound:
        assert await page.evaluate(LISTEN) > 0.01, "there is something to hear"
    await page.close()


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_its_pages_are_shown(name: str, browser: Browser, tmp_path: Path) -> None:
    """As the apps serve them: each page a picture."""
    family = FAMILIES[name]
    with family.make(tmp_path).open("rb") as file, clean(family.kind, File(file.fileno())) as made:
        document = Text(media.content(made.files[Role.CLEAN]))
    for number in range(1, family.pages + 1):
        picture = b"".join(map(bytes, Picture(document, number).ranges()))
        page = await _page(browser, "img", picture, "image/jpeg")
        assert await page.locator("img").evaluate(DRAWN) < 120, "the writing is there"
        await page.close()
