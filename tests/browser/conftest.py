"""A real Chromium on real servers. One for all tests of a process: each page has a context of its own.

What is shared lives in the session's event loop, and so do these tests and their fixtures.
"""

import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from pytest_asyncio import is_async_test

from relay.db.transaction import Surface
from relay.identity.model import Person
from tests.support.house import PASSPHRASE, Kept, Service, copy_service, make_service
from tests.support.installed import installed
from tests.support.postgres import Dsns
from tests.support.web import Exchange, make_exchange, seated, serving

in_the_sessions_loop = partial(pytest_asyncio.fixture, loop_scope="session")

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

    def origin(self, surface: Surface) -> str:
        """Where an app is."""
        return self.participants if surface is Surface.PARTICIPANTS else self.desk

    async def visit(
        self, surface: Surface, *, script: bool = True, width: int = 1280, height: int = 900, **more: object
    ) -> Page:
        """A browser of somebody's own: nothing is shared with another."""
        context = await self.browser.new_context(
            base_url=self.origin(surface),
            java_script_enabled=script,
            viewport={"width": width, "height": height},
            **more,  # type: ignore[arg-type]
        )
        context.set_default_timeout(30_000)
        await _nothing_from_outside(context)
        return await context.new_page()

    async def signed_in(self, surface: Surface, name: str, **more: object) -> Page:
        """Somebody of the exchange at their first page. No passphrase was typed: that costs time."""
        people = self.exchange.people
        person = {"Fatima": people.facilitator, "Vera": people.victim, "Oskar": people.offender}[name]
        return await self.seated(surface, person, **more)

    async def seated(self, surface: Surface, person: Person, **more: object) -> Page:
        """The browser of somebody whose session was started without a passphrase."""
        client = await seated(self.exchange.service, surface, person)
        [cookie] = client.http.cookies.jar
        await client.http.aclose()
        page = await self.visit(surface, **more)  # type: ignore[arg-type]
        origin = self.origin(surface).replace(
            "http://", "https://"
        )  # or a cookie of this name is refused here
        await page.context.add_cookies(
            [
                {
                    "name": cookie.name,
                    "value": cookie.value or "",
                    "url": origin,
                    "secure": True,
                    "httpOnly": True,
                    "sameSite": "Strict",
                }
            ]
        )
        await page.goto("/")
        return page

    async def signed_in_by_hand(self, surface: Surface, name: str, **more: object) -> Page:
        """Somebody who has signed in by the page."""
        page = await self.visit(surface, **more)  # type: ignore[arg-type]
        await page.goto("/sign-in")
        await page.fill("[name=name]", name)
        await page.fill("[name=passphrase]", PASSPHRASE)
        await page.click("main button[type=submit]")
        await page.wait_for_url("**/")
        return page


async def _nothing_from_outside(context: BrowserContext) -> None:
    """Other sites are answered here: a test reaches no network, and sees where the browser was led.

    What the browser is made of (its viewer of documents: `chrome-extension:`) is left to itself.
    """

    async def answer(route: object) -> None:
        await route.fulfill(status=200, content_type="text/html", body="<title>Elsewhere</title>elsewhere")  # type: ignore[attr-defined]

    await context.route(lambda url: url.startswith("http") and not url.startswith("http://127.0.0.1"), answer)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these tests in the loop that their browser is in."""
    for item in items:
        if item.path.parent == Path(__file__).parent and is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@in_the_sessions_loop(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, headless."""
    async with async_playwright() as playwright:
        path = installed("chromium", "chromium", "chromium-browser", "google-chrome")
        found = await playwright.chromium.launch(executable_path=path, args=[*FLAGS])
        yield found
        await found.close()


@in_the_sessions_loop()
async def browser(chromium: Browser, gallery: Path | None) -> AsyncIterator[Browser]:
    """The browser, with nothing open in it."""
    yield chromium
    for number, context in enumerate([*chromium.contexts]):
        if gallery:
            for page in context.pages:
                await page.screenshot(path=gallery / f"last-{number}.png", full_page=True)
        await context.close()


@in_the_sessions_loop()
async def service(dsns: Dsns, copied: Kept | None, tmp_path: Path) -> AsyncIterator[Service]:
    """As everywhere, in this loop."""
    made = copy_service(copied, dsns, tmp_path) if copied else make_service(dsns, tmp_path)
    async with made as service:
        contact = "Telephone 01632 960123, Monday to Friday, 9 am to 5 pm.\nAt any time: 116 123."
        service.settings = msgspec.structs.replace(service.settings, contact=contact)
        yield service


@in_the_sessions_loop()
async def town(service: Service, by_hand: Kept, tmp_path: Path, browser: Browser) -> AsyncIterator[Town]:
    """Both apps running, with a case in which everything may pass; its people have names and passphrases."""
    async with make_exchange(service, tmp_path, by_hand.people(service)) as exchange:
        with serving(service, Surface.PARTICIPANTS) as participants, serving(service, Surface.DESK) as desk:
            yield Town(exchange=exchange, participants=participants, desk=desk, browser=browser)


@pytest.fixture
def gallery() -> Path | None:
    """Where pictures of the pages go, if RELAY_PICTURES names a folder."""
    folder = os.environ.get("RELAY_PICTURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder) if folder else None
