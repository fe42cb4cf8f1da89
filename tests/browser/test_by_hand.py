"""The exchange by hand, in a browser that runs no script."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from playwright.async_api import Locator, Page, expect

from relay.db.transaction import Surface
from tests.browser.conftest import Town
from tests.browser.test_hiding import picture
from tests.support.web import staff_client
from tests.support.work import work_off

pytestmark = pytest.mark.browser


async def _start_letter(page: Page, case_id: str, text: str) -> None:
    await page.goto(f"/cases/{case_id}")
    await page.get_by_role("button", name="Start").click()
    await page.get_by_label("Your letter").fill(text)
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("status").first).to_contain_text("Saved")


async def test_a_letter_is_written_changed_approved_passed_on_and_opened_without_script(town: Town) -> None:
    case_id = town.exchange.case_id
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera", script=False)
    await _start_letter(vera, case_id, "Dear you,\nmy number is 0123.")
    await vera.get_by_role("button", name="Save and send").click()
    await expect(vera.get_by_text("A safe copy is being made")).to_be_visible()
    letter = vera.url.partition("?")[0]
    await work_off(town.exchange.room)

    fatima = await town.signed_in(Surface.DESK, "Fatima", script=False)
    await fatima.get_by_role("link", name="Queue", exact=True).click()
    await fatima.get_by_role("link", name="Letter, 2026/17").click()
    await fatima.get_by_role("button", name="Take it").click()
    await expect(fatima.get_by_text("my number is 0123")).to_be_visible()
    await fatima.get_by_label("Contact details").check()
    await fatima.get_by_label("How to put it right").fill("Please leave the number out.")
    await fatima.get_by_role("button", name="Ask for a change").click()
    await expect(fatima.get_by_text("Version 1").or_(fatima.get_by_text("version 1"))).to_be_visible()

    await vera.goto(letter)
    await expect(vera.get_by_text("Please leave the number out.")).to_be_visible()
    await vera.get_by_label("Your letter").fill("Dear you.")
    await vera.get_by_role("button", name="Save and send").click()
    await work_off(town.exchange.room)

    await fatima.get_by_role("link", name="Queue", exact=True).first.click()
    await fatima.get_by_role("link", name="Letter, 2026/17").click()
    await fatima.get_by_role("button", name="Take it").click()
    await fatima.get_by_role("button", name="Approve it as it is").click()
    await fatima.get_by_role("link", name="Pass it on now").click()
    await fatima.get_by_role("button", name="Pass it on to Oskar").click()
    await expect(fatima.locator(".sheet").get_by_text("Passed on")).to_be_visible()

    oskar = await town.signed_in(Surface.PARTICIPANTS, "Oskar", script=False)
    await oskar.get_by_role("link", name="See what it is").click()
    await oskar.locator("main").get_by_role("link", name="Letter").click()
    await expect(oskar.get_by_text("Dear you.")).to_have_count(0)
    await oskar.get_by_role("button", name="Leave it for later").click()
    await oskar.get_by_role("button", name="Open it now").click()
    await expect(oskar.get_by_text("Dear you.")).to_be_visible()
    await vera.goto(letter)
    await expect(vera.locator(".state").first).to_have_text("Approved")


async def test_a_letter_that_cannot_be_sent_is_kept_and_says_what_to_do(town: Town) -> None:
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera", script=False)
    await _start_letter(vera, town.exchange.case_id, "What I wrote.")
    await town.exchange.victim.send(
        f"/cases/{town.exchange.case_id}/consents", medium="letter", given="no"
    )  # in another window
    await vera.get_by_role("button", name="Save and send").click()
    await expect(vera.get_by_role("alert")).to_contain_text("You have not agreed")
    await expect(vera.get_by_label("Your letter")).to_have_value("What I wrote.")
    await expect(vera.get_by_role("button", name="Save and send")).to_have_count(0)
    await vera.get_by_role("button", name="Save", exact=True).click()
    await expect(vera.get_by_role("status").first).to_contain_text("Saved")


async def test_case_people_and_gates_are_recorded_without_script(town: Town, gallery: Path | None) -> None:
    fatima = await town.signed_in(Surface.DESK, "Fatima", script=False)
    await fatima.get_by_label("Reference").fill("2026/18")
    await fatima.get_by_role("button", name="Open the case").click()
    for name, part in (("Walid", "victim"), ("Olga", "offender")):
        if part == "offender":
            await fatima.get_by_text("Invite a participant").click()
        await fatima.get_by_label("Name, for staff").fill(name)
        await fatima.get_by_label(part.capitalize(), exact=True).check()
        await fatima.get_by_role("button", name="Invite", exact=True).click()
        await expect(fatima.get_by_text("This is shown once.")).to_be_visible()
        await fatima.get_by_role("link", name="Done").click()
    await expect(fatima.get_by_text("The victim has not asked for this exchange")).to_have_count(1)
    lacking = fatima.locator(".note").filter(has_text="Nothing may pass now.")
    await expect(lacking.get_by_role("listitem")).to_have_count(5)
    await picture(fatima, gallery, "case-new")

    await lacking.get_by_role("link", name="Record for Walid").click()
    await expect(fatima.get_by_text("Record for Walid").last).to_be_in_viewport()
    await fatima.get_by_text("Record for Walid").last.click()
    await fatima.get_by_role("button", name="Walid asks for it").click()
    await _recorded(fatima, "It is recorded that they ask for this exchange. What still stands in the way")
    await fatima.get_by_text("Record for Olga").last.click()
    await fatima.get_by_label("Full").check()
    await fatima.get_by_label("Their statement, and your reasoning").fill("She said so.")
    await fatima.get_by_role("button", name="Record responsibility").click()
    await _recorded(fatima, "It is recorded how far they accept responsibility.")
    for name in ("Walid", "Olga"):
        await fatima.get_by_text(f"Record for {name}").last.click()
        await _agrees(fatima, name, "Letter", "Document")
        await _recorded(fatima, "It is recorded that they agree.")
    await expect(lacking.get_by_text("has not agreed to audio recordings or films")).to_have_count(2)
    await fatima.get_by_text("Record a safety assessment").last.click()
    await fatima.get_by_label("Yes").check()
    await fatima.get_by_label("Valid until").fill((datetime.now(UTC) + timedelta(days=90)).date().isoformat())
    await fatima.get_by_label("Risks and strengths").fill("Both are ready.")
    await fatima.get_by_role("button", name="Record the assessment").click()
    await _recorded(fatima, "The safety assessment is recorded.")
    await expect(fatima.get_by_role("heading", name="Walid to Olga, Olga to Walid")).to_be_visible()
    await expect(fatima.get_by_text("May pass, after a review: letters and documents.")).to_be_visible()
    await picture(fatima, gallery, "case-letters")
    await fatima.get_by_role("button", name="Pause the case").click()
    await expect(fatima.get_by_text("The case is paused. Nothing passes.")).to_be_visible()
    await _recorded(fatima, "The pause is recorded, and holds from now on.")
    await picture(fatima, gallery, "case-paused")


async def test_agreement_is_read_taken_back_and_given_again_by_keyboard(
    town: Town, gallery: Path | None
) -> None:
    fatima = await town.signed_in(Surface.DESK, "Fatima", script=False)
    await fatima.goto(f"/cases/{town.exchange.case_id}")
    await fatima.get_by_text("Record for Oskar").last.click()
    record = fatima.locator("details").filter(has=fatima.get_by_role("heading", name="Agreement of Oskar"))
    oskar = _agreement(fatima, "Oskar")
    await expect(record.get_by_text("Agrees since")).to_have_count(4)
    await oskar.get_by_label("They do not agree to anything any more").press("Space")
    await oskar.get_by_label("How they told you").select_option(label="By telephone")
    await oskar.get_by_role("button", name="Record what Oskar told you").press("Enter")
    await _recorded(fatima, "It is recorded that they do not agree any more.")
    await fatima.get_by_text("Record for Oskar").last.press("Enter")
    await expect(record.get_by_text("Does not agree, as of")).to_have_count(4)
    # by Enter alone, whatever is ticked, nothing is recorded that nobody said
    await oskar.get_by_label("Letter", exact=True).press("Space")
    await oskar.get_by_label("Letter", exact=True).press("Enter")
    await expect(record.get_by_text("Does not agree, as of")).to_have_count(4)
    await expect(oskar.get_by_label("Letter", exact=True)).to_be_checked()
    await oskar.get_by_label("Letter", exact=True).press("Space")
    await oskar.get_by_label("How they told you").select_option(label="In writing")
    await _agrees(fatima, "Oskar")
    await expect(fatima.get_by_role("alert")).to_contain_text("Tick what it is about")
    await expect(oskar.get_by_label("How they told you")).to_have_value("in_writing")
    await picture(fatima, gallery, "case-nothing-ticked")
    for medium in ("Letter", "Video recording"):
        await oskar.get_by_label(medium, exact=True).press("Space")
    await oskar.get_by_role("button", name="Record what Oskar told you").press("Enter")
    await _recorded(fatima, "It is recorded that they agree.")
    await fatima.get_by_text("Record for Oskar").last.press("Enter")
    await expect(record.get_by_text("in writing, recorded by Fatima")).to_have_count(2)
    await expect(record.get_by_text("Agrees since")).to_have_count(2)
    await picture(fatima, gallery, "case-agreed")
    # and the opposite, in the same form
    await oskar.get_by_label("They do not agree, or no longer").press("Space")
    await oskar.get_by_label("Letter", exact=True).press("Space")
    await oskar.get_by_label("How they told you").select_option(label="By telephone")
    await oskar.get_by_label("Letter", exact=True).press("Enter")
    await _recorded(fatima, "Oskar: It is recorded that they do not agree any more.")
    await fatima.get_by_text("Record for Oskar").last.press("Enter")
    await expect(record.get_by_text("Agrees since")).to_have_count(1)


def _agreement(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=f"What {name} told you")


async def _agrees(page: Page, name: str, *media: str) -> None:
    await _agreement(page, name).get_by_label("They agree to what is ticked").check()
    for medium in media:
        await _agreement(page, name).get_by_label(medium, exact=True).check()
    await _agreement(page, name).get_by_label("How they told you").select_option(label="In writing")
    await _agreement(page, name).get_by_role("button", name=f"Record what {name} told you").click()


async def _recorded(page: Page, words: str) -> None:
    """What was just recorded is said where the page begins to be read."""
    said = page.get_by_role("status")
    await expect(said).to_contain_text(words)
    await expect(said).to_be_in_viewport()


async def test_somebody_enrols_with_what_the_invitation_says(town: Town) -> None:
    given = await town.exchange.desk.do(
        f"/cases/{town.exchange.case_id}/people", {"name": "Nadia", "part": "victim"}, status=201
    )
    nadia = await town.visit(Surface.PARTICIPANTS, script=False)
    await nadia.goto(f"/enrol/{given['id']}#{given['secret']}")
    await nadia.get_by_label("The long code").fill(given["secret"].lower())
    await nadia.get_by_label("The short code").fill(given["code"])
    await nadia.get_by_label("A name to sign in with").fill("nadia")
    words = await nadia.locator(".words").inner_text()
    await nadia.get_by_label("Your passphrase", exact=True).fill(words)
    await nadia.get_by_label("once more").fill("something else")
    await nadia.get_by_role("button", name="Start").click()
    await expect(nadia.get_by_role("alert")).to_contain_text("not the same")
    await expect(nadia.get_by_label("A name to sign in with")).to_have_value("nadia")
    await nadia.get_by_label("Your passphrase", exact=True).fill(words)
    await nadia.get_by_label("once more").fill(words)
    await nadia.get_by_role("button", name="Start").click()
    name = await nadia.locator(".words").inner_text()
    assert re.fullmatch(r"nadia\d{4}", name)
    await nadia.get_by_role("link", name="Sign in").click()
    await nadia.get_by_label("The name").fill(name)
    await nadia.get_by_label("Your passphrase").fill(words)
    await nadia.get_by_role("button", name="Sign in").click()
    await expect(nadia.get_by_role("heading", name="Start")).to_be_visible()


async def test_a_colleague_approves_too_and_two_people_decide_that_one_is_enough(town: Town) -> None:
    case = f"/cases/{town.exchange.case_id}"
    await staff_client(town.exchange.service, name="Filip")
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera", script=False)
    await _start_letter(vera, town.exchange.case_id, "Dear you.")
    fatima = await town.signed_in(Surface.DESK, "Fatima", script=False)
    await _ask_for_two(fatima, case, two=True)
    await fatima.goto(case)
    await fatima.get_by_text("Add a colleague", exact=True).click()
    await fatima.get_by_label("Colleague").select_option(label="Filip")
    await fatima.get_by_role("button", name="Add to the case").click()
    await vera.get_by_role("button", name="Save and send").click()
    await work_off(town.exchange.room)

    await _approve(fatima)
    await expect(fatima.get_by_text("The second approval is somebody else’s")).to_be_visible()
    await _ask_for_two(fatima, case, two=False)
    await expect(fatima.get_by_text("another facilitator of the case has to confirm it")).to_be_visible()
    filip = await town.signed_in_by_hand(Surface.DESK, "Filip", script=False)
    await filip.goto(case)
    await filip.get_by_role("button", name="Confirm: one approval is enough").click()
    await expect(filip.get_by_role("button", name="Confirm: one approval is enough")).to_have_count(0)
    await fatima.goto("/queue")
    await fatima.get_by_role("link", name="Letter, 2026/17").click()
    await expect(fatima.get_by_role("link", name="Pass it on now")).to_have_count(0)
    await _approve(filip)
    await expect(filip.get_by_role("link", name="Pass it on now")).to_be_visible()


async def _ask_for_two(fatima: Page, case: str, *, two: bool) -> None:
    await fatima.goto(case)
    await fatima.get_by_text("Rules for this case").click()
    await fatima.get_by_label("Two people approve").set_checked(two)
    await fatima.get_by_role("button", name="Save").click()


async def _approve(fatima: Page) -> None:
    await fatima.goto("/queue")
    await fatima.get_by_role("link", name="Letter, 2026/17").click()
    await fatima.get_by_role("button", name="Take it").click()
    await fatima.get_by_role("button", name="Approve it as it is").click()


async def test_a_refused_assessment_keeps_what_was_written(town: Town) -> None:
    fatima = await town.signed_in(Surface.DESK, "Fatima", script=False)
    await fatima.goto(f"/cases/{town.exchange.case_id}")
    await fatima.get_by_text("Record a safety assessment").click()
    await fatima.get_by_label("Yes", exact=True).check()
    await fatima.get_by_label("Valid until").fill("2020-01-31")
    await fatima.get_by_label("Risks and strengths").fill("Seen twice.")
    await fatima.get_by_role("button", name="Record the assessment").click()
    await expect(fatima.get_by_role("alert")).to_contain_text("future")
    await expect(fatima.get_by_label("Risks and strengths")).to_have_value("Seen twice.")


async def test_help_leads_back(town: Town) -> None:
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera", script=False)
    await vera.get_by_role("link", name="How this works").click()
    await vera.get_by_role("link", name="Start").click()
    await expect(vera.get_by_role("link", name="With ")).to_be_visible()


async def test_what_a_facilitator_has_to_pass_on_is_read_before_anything_is_begun(
    town: Town, gallery: Path | None
) -> None:
    with psycopg.connect(town.exchange.service.dsns.superuser.url) as connection:
        connection.execute("DELETE FROM relay.limits_read")
    vera = await town.signed_in(Surface.PARTICIPANTS, "Vera", script=False)
    await vera.goto(f"/cases/{town.exchange.case_id}")
    await expect(vera.get_by_text("they may have to tell others")).to_be_visible()
    await expect(vera.get_by_role("button", name="Start")).to_have_count(0)
    await picture(vera, gallery, "limits")
    await vera.get_by_role("button", name="I have read this").click()
    await expect(vera.get_by_role("status")).to_contain_text("You can begin now")
    await _start_letter(vera, town.exchange.case_id, "Dear you.")
    fatima = await town.signed_in(Surface.DESK, "Fatima", script=False)
    await fatima.goto(f"/cases/{town.exchange.case_id}")
    await expect(fatima.get_by_text("They said on")).to_have_count(1)
    await expect(fatima.get_by_text("They have not said yet")).to_have_count(1)
