"""A case on the desk, in a browser: who sees whom, what is not wanted, closing it; and nobody there yet."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from relay.db.transaction import Surface
from tests.browser.conftest import Town
from tests.browser.test_hiding import held
from tests.support.web import seated

pytestmark = pytest.mark.browser


async def test_nobody_is_there_yet_and_the_desk_says_what_it_takes(town: Town, gallery: Path | None) -> None:
    service, people = town.exchange.service, town.exchange.people
    case_id = await service.make_case(people.facilitator, "2026/20")
    mary = await service.make_participant(people.facilitator, case_id, "victim", "Mary", "The woman")
    await service.make_participant(people.facilitator, case_id, "offender", "Tom", "The man")
    vera = await town.seated(Surface.PARTICIPANTS, mary)
    await vera.goto(f"/cases/{case_id}")
    await expect(vera.get_by_role("heading", name="Nobody to write to yet")).to_be_visible()
    assert "The man" not in await vera.content()
    await held(vera, gallery, "case-nobody-yet")
    fatima = await town.seated(Surface.DESK, people.facilitator)
    await fatima.goto(f"/cases/{case_id}")
    await expect(fatima.get_by_text("Tom does not see it yet, and will once Mary has asked")).to_be_visible()
    for opened in ("Invite a participant", "More about Tom", "Record for Mary", "Record for Tom"):
        await fatima.locator("summary", has_text=opened).click()
    await held(fatima, gallery, "case-recording")
    await fatima.locator("form[action$='/label']").get_by_role("textbox").last.fill("The man of that night")
    await fatima.get_by_role("button", name="Change what the other side reads").last.click()
    await expect(fatima.get_by_role("status")).to_contain_text("What the other side reads is changed.")
    await expect(fatima.get_by_text("“The man of that night”")).to_be_visible()


async def test_what_somebody_does_not_want_is_told_and_a_case_is_closed_after_a_question(
    town: Town, gallery: Path | None
) -> None:
    exchange = town.exchange
    item_id, delivery = await exchange.deliver(exchange.victim)
    offender = await seated(exchange.service, Surface.PARTICIPANTS, exchange.people.offender)
    await offender.do(f"/deliveries/{delivery}/choice", {"choice": "refuse"})
    fatima = await town.seated(Surface.DESK, exchange.people.facilitator)
    await fatima.goto("/")
    await held(fatima, gallery, "cases-not-wanted")
    await fatima.goto(f"/items/{item_id}")
    await expect(fatima.get_by_text("that they do not want it")).to_be_visible()
    await held(fatima, gallery, "item-not-wanted")
    oskar = await town.seated(Surface.PARTICIPANTS, exchange.people.offender)
    await oskar.goto(f"/received/{delivery}")
    await held(oskar, gallery, "delivery-not-wanted")
    case = f"/cases/{exchange.case_id}"
    order = {"account_id": exchange.offender_id, "description": "No contact.", "open_ended": "yes"}
    await exchange.desk.send(f"{case}/gates/restrictions", until="", **order)
    await fatima.goto(case)
    await fatima.locator("summary", has_text="Record for Oskar").click()
    await expect(fatima.get_by_text("In force until further order")).to_be_visible()
    await held(fatima, gallery, "case-not-wanted")
    await fatima.get_by_role("link", name="Close the case").click()
    await expect(fatima.get_by_role("heading", level=1)).to_contain_text("Close the case")
    await held(fatima, gallery, "case-close")
    await fatima.get_by_role("button", name="Close the case").click()
    await expect(fatima.get_by_role("status")).to_contain_text("The case is closed.")
    await fatima.get_by_role("button", name="Open the case again").click()
    await expect(fatima.get_by_role("status")).to_contain_text("The case is open again.")
