"""Suspending, ending that and taking somebody off a case, in a browser: each page at both widths."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from relay.db.transaction import Surface
from tests.browser.conftest import Town
from tests.browser.test_hiding import held
from tests.support.house import PASSPHRASE
from tests.support.web import enrolled

pytestmark = pytest.mark.browser


async def test_a_facilitator_is_asked_first_and_can_let_somebody_in_again(
    town: Town, gallery: Path | None
) -> None:
    fatima = await town.signed_in(Surface.DESK, "Fatima")
    await held(fatima, gallery, "your-cases")
    await fatima.goto(f"/cases/{town.exchange.case_id}")
    more = fatima.get_by_text("More about Vera")
    await more.click()
    await fatima.get_by_role("link", name="Take Vera off the case").click()
    await held(fatima, gallery, "take-off")
    await fatima.get_by_role("link", name="Back to the case").click()
    await more.click()
    await fatima.get_by_role("link", name="Suspend the account of Vera").click()
    await held(fatima, gallery, "suspend")
    await fatima.get_by_role("button", name="Suspend the account of Vera").click()
    await expect(fatima.get_by_text("The account is suspended.")).to_be_visible()
    await held(fatima, gallery, "case-suspended")
    await more.click()
    await fatima.get_by_role("link", name="End the suspension of Vera").click()
    await held(fatima, gallery, "end-suspension")
    town.exchange.service.clock.go(minutes=11)
    await fatima.get_by_role("button", name="End the suspension of Vera").click()
    await held(fatima, gallery, "prove")
    await fatima.get_by_label("Your passphrase").fill(PASSPHRASE)
    await fatima.get_by_role("button", name="Go on").click()
    await expect(fatima.get_by_text("The suspension has ended.")).to_be_visible()


async def test_an_administrator_is_told_whom_the_service_is_without(town: Town, gallery: Path | None) -> None:
    service = town.exchange.service
    client = await enrolled(
        service, Surface.DESK, await service.invite_staff("administrator", "Anna"), "Anna"
    )
    await client.http.aclose()
    await service.make_facilitator("Gita")
    anna = await town.signed_in(Surface.DESK, "Anna")
    await held(anna, gallery, "accounts")
    await anna.get_by_role("link", name="Suspend Gita").click()
    await held(anna, gallery, "suspend-staff")
    await anna.get_by_role("button", name="Suspend Gita").click()
    await anna.get_by_role("link", name="End the suspension of Gita").click()
    await held(anna, gallery, "end-suspension-staff")
