"""A real Chromium on real servers."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from relay.db.transaction import Surface
from tests.support.house import PASSPHRASE, Service
from tests.support.installed import installed
from tests.support.web import Exchange, make_exchange_by_hand, serving

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)


class Town(msgspec.Struct, frozen=True, kw_only=True):
    """The two apps behind real servers, an exchange in them, and a browser."""

    exchange: Exchange
    participants: str
    desk: str
    browser: Browser

    async def visit(
        self, surface: Surface, *, script: bool = True, width: int = 1280, height: int = 900, **more: object
    ) -> Page:
        """A browser of somebody's own: nothing is shared with another."""
        context = await self.browser.new_context(
            base_url=self.participants if surface is Surface.PARTICIPANTS else self.desk,
            java_script_enabled=script,
            viewport={"width": width, "height": height},
            **more,  # type: ignore[arg-type]
        )
        context.set_default_timeout(30_000)
        await _nothing_from_outside(context)
        return await context.new_page()

    async def signed_in(self, surface: Surface, name: str, **more: object) -> Page:
        """Somebody who has signed in by the page."""
        page = await self.visit(surface, **more)  # type: ignore[arg-type]
        await page.goto("/sign-in")
        await page.fill("[name=name]", name)
        await page.fill("[name=passphrase]", PASSPHRASE)
        await page.click("main button")
        await page.wait_for_url("**/")
        return page


async def _nothing_from_outside(context: BrowserContext) -> None:
    """Other sites are answered here: a test reaches no network, and sees where the browser was led.

    What the browser is made of (its viewer of documents: `chrome-extension:`) is left to itself.
    """

    async def answer(route: object) -> None:
        await route.fulfill(status=200, content_type="text/html", body="<title>Elsewhere</title>elsewhere")  # type: ignore[attr-defined]

    await context.route(lambda url: url.startswith("http") and not url.startswith("http://127.0.0.1"), answer)


@pytest.fixture
async def browser(gallery: Path | None) -> AsyncIterator[Browser]:
    """Debian's Chromium, headless."""
    async with async_playwright() as playwright:
        path = installed("chromium", "chromium", "chromium-browser", "google-chrome")
        found = await playwright.chromium.launch(executable_path=path, args=[*FLAGS])
        yield found
        if gallery:
            for number, page in enumerate(page for context in found.contexts for page in context.pages):
                await page.screenshot(path=gallery / f"last-{number}.png", full_page=True)
        await found.close()


@pytest.fixture
async def town(service: Service, tmp_path: Path, browser: Browser) -> AsyncIterator[Town]:
    """Both apps running, with a case in which everything may pass."""
    async with make_exchange_by_hand(service, tmp_path) as exchange:
        with serving(service, Surface.PARTICIPANTS) as participants, serving(service, Surface.DESK) as desk:
            yield Town(exchange=exchange, participants=participants, desk=desk, browser=browser)


@pytest.fixture
def gallery() -> Path | None:
    """Where pictures of the pages go, if RELAY_PICTURES names a folder."""
    folder = os.environ.get("RELAY_PICTURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder) if folder else None
