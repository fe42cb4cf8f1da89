"""The desk in a browser: pages that follow what becomes of an item, and the passphrase on the way."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from relay.db.transaction import Surface
from relay.identity.invitations import invite_again
from tests.browser.conftest import Town
from tests.browser.test_hiding import held, picture
from tests.functional.test_hiding import sent
from tests.support import media
from tests.support.house import PASSPHRASE
from tests.support.work import work_off

pytestmark = pytest.mark.browser


async def loads(page: Page) -> int:
    """How often this page was loaded: a mark on its window goes with each load."""
    return int(await page.evaluate("window.loads = (window.loads ?? 0) + 1"))


async def test_a_version_that_is_made_is_shown_without_loading_the_page_again(
    town: Town, tmp_path: Path, gallery: Path | None
) -> None:
    path = await sent(town.exchange, media.document(tmp_path, pages=2).read_bytes(), "document")
    fatima = await town.signed_in(Surface.DESK, "Fatima")
    await fatima.goto(f"{path}/hide")
    for name, value in (
        ("Page", "1"),
        ("Left %", "10"),
        ("Top %", "10"),
        ("Right %", "50"),
        ("Bottom %", "20"),
    ):
        await fatima.get_by_label(name, exact=True).first.fill(value)
    await fatima.get_by_label("What you say to Vera").fill("A name.")
    await fatima.get_by_role("button", name="Show me what this hides").click()
    await held(fatima, gallery, "areas")
    await fatima.get_by_role("button", name="Make this version").click()
    region = fatima.locator("#standing")
    await expect(region).to_contain_text("The version with hidden parts is being made")
    await held(fatima, gallery, "being-made")
    assert await loads(fatima) == 1
    await work_off(town.exchange.room)
    await expect(region).to_contain_text("It is made. This page shows it now.")
    await expect(fatima.get_by_role("heading", name="Decide")).to_be_visible()
    await expect(fatima.get_by_role("button", name="Take it")).to_have_count(0)
    assert await loads(fatima) == 2
    await held(fatima, gallery, "made")
    await fatima.reload()
    await expect(region).to_contain_text("You have this in hand until")


async def test_the_page_says_so_when_a_recording_was_played_to_its_end(town: Town, tmp_path: Path) -> None:
    path = await sent(town.exchange, media.speech(tmp_path, seconds=3).read_bytes(), "audio")
    fatima = await town.signed_in(Surface.DESK, "Fatima")
    await fatima.goto(path)
    seen = fatima.locator("#seen")
    await expect(seen).to_contain_text("Not all of it was sent to your browser yet")
    approve = fatima.get_by_role("button", name="Approve it as it is")
    await expect(approve).not_to_have_class("main")
    assert await loads(fatima) == 1
    await fatima.get_by_label("How to put it right").fill("Half a sentence")
    await fatima.locator(".player").evaluate("player => player.play()")
    await expect(seen).to_have_text("All of it was sent to your browser.")
    await expect(approve).to_have_class("main")
    assert await loads(fatima) == 2
    await expect(fatima.get_by_label("How to put it right")).to_have_value("Half a sentence")
    await approve.click()
    await expect(fatima.get_by_role("heading", name="Pass it on")).to_be_visible()


async def test_the_passphrase_is_asked_for_in_the_tab_that_prints_and_the_other_goes_on(
    town: Town, gallery: Path | None
) -> None:
    item_id, _ = await town.exchange.deliver(town.exchange.offender, "Dear you.")
    fatima = await town.signed_in(Surface.DESK, "Fatima", script=False)
    case = await fatima.context.new_page()
    await case.goto(f"/cases/{town.exchange.case_id}")
    town.exchange.service.clock.go(minutes=11)
    await fatima.goto(f"/items/{item_id}")
    async with fatima.context.expect_page() as opening:
        await fatima.get_by_role("button", name="Print it for Vera").click()
    tab = await opening.value
    await picture(tab, gallery, "prove")
    await tab.get_by_label("Your passphrase").fill(PASSPHRASE)
    async with tab.expect_response(lambda answer: answer.url.endswith("/print")) as answering:
        await tab.get_by_role("button", name="Go on").click()
    answer = await answering.value
    assert answer.headers["content-type"] == "application/pdf"
    await case.get_by_role("button", name="Pause the case").click()
    await expect(case.get_by_text("The case is paused. Nothing passes.")).to_be_visible()


async def test_a_missing_approval_leads_to_where_it_can_be_had(town: Town, gallery: Path | None) -> None:
    exchange = town.exchange
    case = f"/cases/{exchange.case_id}"
    given, _ = await exchange.deliver(exchange.victim)
    await exchange.desk.do(case, {"second_approval": True}, method="PATCH")
    waiting = await exchange.write(exchange.offender)
    await exchange.approve(waiting)
    fatima = await town.signed_in(Surface.DESK, "Fatima", script=False)
    await fatima.goto(f"/items/{waiting}")
    await expect(fatima.get_by_text("There is nothing left for you")).to_have_count(0)
    await picture(fatima, gallery, "approval-of-nobody")
    await fatima.get_by_role("link", name="on the page of the case", exact=True).click()
    await expect(fatima.get_by_role("heading", level=1)).to_have_text("Case 2026/17")

    filip = await exchange.service.make_facilitator("Filip")
    await exchange.desk.do(f"{case}/facilitators", {"account_id": str(filip.id)}, status=201)
    await fatima.goto(f"/items/{waiting}")
    await expect(fatima.get_by_text("There is nothing left for you")).to_be_visible()
    await picture(fatima, gallery, "approval-of-a-colleague")
    people, service = exchange.people, exchange.service
    invitation = await invite_again(service.desk, people.facilitator, people.case_id, people.offender.id)
    await service.enrol_quickly(service.participants, invitation)
    await fatima.goto(f"/items/{given}")
    await picture(fatima, gallery, "approval-after-release")
    await fatima.get_by_role("link", name="under “Items”").click()
    assert fatima.url.endswith(f"{case}#items")
    await expect(fatima.get_by_role("heading", name="Items")).to_be_in_viewport()
    await fatima.goto(f"{case}/audit")
    await picture(fatima, gallery, "audit-whom")


async def test_what_is_refused_stands_there_again_and_its_address_leads_back(
    town: Town, gallery: Path | None
) -> None:
    item_id, delivery = await town.exchange.deliver(town.exchange.victim, "Dear you.")
    await town.exchange.offender.do(f"/deliveries/{delivery}/choice", {"choice": "hold"})
    fatima = await town.signed_in(Surface.DESK, "Fatima", script=False)
    await fatima.goto("/")
    await expect(fatima.get_by_text("You hold something")).to_be_visible()
    await picture(fatima, gallery, "overview-held")
    await fatima.goto(f"/cases/{town.exchange.case_id}")
    await picture(fatima, gallery, "case-held")
    await fatima.get_by_text("Record a safety assessment").click()
    await fatima.get_by_label("Yes", exact=True).check()
    await fatima.get_by_label("Valid until").fill("2020-01-31")
    await fatima.get_by_label("Risks and strengths").fill("All that I thought.")
    await fatima.get_by_role("button", name="Record the assessment").click()
    await expect(fatima.get_by_role("alert")).to_be_visible()
    await expect(fatima.get_by_label("Risks and strengths")).to_have_value("All that I thought.")
    await picture(fatima, gallery, "case-refused")
    await fatima.goto(fatima.url)
    await expect(fatima.get_by_role("heading", name="Case 2026/17")).to_be_visible()
    assert fatima.url.endswith(f"/cases/{town.exchange.case_id}")
    await fatima.goto(f"/items/{item_id}")
    await picture(fatima, gallery, "item-held")
    await fatima.goto(f"/cases/{town.exchange.case_id}/audit")
    await picture(fatima, gallery, "audit")
    await fatima.set_viewport_size({"width": 320, "height": 900})
    cell = await fatima.get_by_role("cell").first.bounding_box()
    assert cell
    assert cell["x"] + cell["width"] <= 320
