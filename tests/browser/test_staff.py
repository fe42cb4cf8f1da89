"""People's accounts, in a browser: inviting staff and enrolling, confirming keys, and stopping somebody."""

from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Locator, Page, expect

from relay.db.transaction import Surface
from relay.identity.invitations import Invitation
from tests.browser.conftest import Town
from tests.browser.test_hiding import picture
from tests.browser.test_pages import hold
from tests.support.house import PASSPHRASE

pytestmark = pytest.mark.browser


async def seen(page: Page, gallery: Path | None, name: str) -> None:
    """The page at both ends of widths, and held at the narrow one against all that every page must meet."""
    await picture(page, gallery, f"staff-{name}")
    await page.set_viewport_size({"width": 320, "height": 900})
    await hold(page, f"staff-{name}-open", gallery)


def entry(page: Page, name: str) -> Locator:
    """Somebody in a list of people."""
    return page.get_by_role("listitem").filter(has=page.locator("strong", has_text=name))


async def given(page: Page, name: str) -> str:
    """What stands beside a name among the facts of an invitation."""
    return await page.locator("dt", has_text=name).locator("+ dd").inner_text()


async def test_an_administrator_invites_staff_and_who_was_invited_enrols_by_hand(
    town: Town, gallery: Path | None
) -> None:
    anna = await town.seated(Surface.DESK, await town.exchange.service.make_staff("administrator", "Anna"))
    await anna.goto("/")
    await seen(anna, gallery, "accounts")
    await anna.get_by_label("Name", exact=True).fill("Filip")
    await anna.get_by_label("Role").select_option("facilitator")
    await anna.get_by_role("button", name="Invite", exact=True).click()
    await expect(anna.get_by_role("heading", level=1)).to_have_text("An invitation for Filip")
    await expect(anna.get_by_text("This is shown once.")).to_be_visible()
    await seen(anna, gallery, "invitation")
    link, secret, code = [await given(anna, name) for name in ("Link", "Long code", "Short code")]
    await expect(anna.get_by_text(f"{link}#{secret}")).to_be_visible()
    await anna.get_by_role("link", name="Done").click()
    await expect(entry(anna, "Filip")).to_contain_text("On the list since")
    assert secret not in await anna.content()
    await anna.get_by_label("Name", exact=True).fill("filip")
    await anna.get_by_role("button", name="Invite", exact=True).click()
    await expect(anna.get_by_role("alert")).to_contain_text("A colleague of this name")
    await expect(anna.get_by_label("Name", exact=True)).to_have_value("filip")
    await seen(anna, gallery, "namesake")

    filip = await town.visit(Surface.DESK, script=False)
    await filip.goto("/enrol/" + link.rpartition("/")[2])
    await filip.get_by_label("The long code").fill(secret)
    await filip.get_by_label("A name to sign in with").fill("filip")
    for said in ("wrong", code):
        await filip.get_by_label("The short code").fill(said)
        await filip.get_by_label("Your passphrase", exact=True).fill(PASSPHRASE)
        await filip.get_by_label("once more").fill(PASSPHRASE)
        await filip.get_by_role("button", name="Start").click()
        if said == "wrong":
            await expect(filip.get_by_role("alert")).to_contain_text("You can try 4 more times.")
            await picture(filip, gallery, "staff-enrol-refused")
            await expect(filip.get_by_label("The long code")).to_have_value(secret)
    await expect(filip.get_by_role("heading", name="You are ready")).to_be_visible()
    await filip.get_by_role("link", name="Sign in").click()
    await filip.get_by_label("The name").fill("filip")
    await filip.get_by_label("Your passphrase").fill(PASSPHRASE)
    await filip.get_by_role("button", name="Sign in").click()
    await expect(filip.get_by_text("Your keys are not on the signed staff roster yet")).to_be_visible()
    await filip.get_by_role("link", name="Your keys", exact=True).click()
    await expect(filip.locator(".words").first).to_be_visible()
    await picture(filip, gallery, "staff-keys")
    await town.exchange.service.sign_roster()
    await filip.reload()
    await expect(filip.get_by_text("so you can work on cases")).to_be_visible()
    await picture(filip, gallery, "staff-keys-signed")
    await anna.goto("/accounts")
    await expect(entry(anna, "Filip")).to_contain_text("Enrolled")
    await anna.get_by_role("link", name="Your keys", exact=True).click()
    await expect(anna.get_by_text("though with your role you work on no case")).to_be_visible()
    await seen(anna, gallery, "keys-administrator")


async def test_who_never_enrolled_is_suspended_and_no_end_of_it_is_offered(
    town: Town, gallery: Path | None
) -> None:
    service = town.exchange.service
    anna = await town.seated(Surface.DESK, await service.make_staff("administrator", "Anna"), script=False)
    await service.invite_staff(name="Nobody yet")
    await anna.goto("/accounts")
    await anna.get_by_role("link", name="Suspend Nobody yet").click()
    await expect(anna.get_by_text("the suspension cannot be ended")).to_be_visible()
    await anna.get_by_role("button", name="Suspend Nobody yet").click()
    await expect(entry(anna, "Nobody yet")).to_contain_text("there is nothing to go back to")
    await expect(entry(anna, "Nobody yet").get_by_role("link")).to_have_count(0)
    await picture(anna, gallery, "staff-never-enrolled")


async def test_a_facilitator_confirms_the_keys_of_who_enrolled(town: Town, gallery: Path | None) -> None:
    exchange = town.exchange
    fatima = await town.signed_in(Surface.DESK, "Fatima", script=False)
    case = f"/cases/{exchange.case_id}"
    invited = await exchange.desk.do(f"{case}/people", {"name": "Nadia", "part": "victim"}, status=201)
    await fatima.goto(case)
    await expect(entry(fatima, "Nadia")).to_contain_text("They have not used their invitation yet.")
    await exchange.service.enrol_quickly(exchange.service.participants, msgspec.convert(invited, Invitation))
    await fatima.reload()
    await expect(entry(fatima, "Nadia")).to_contain_text("Ask them, in person or by telephone")
    await picture(fatima, gallery, "staff-vouch")
    await fatima.get_by_role("button", name="Confirm the keys of Nadia").click()
    await expect(fatima.get_by_role("status")).to_have_text("The keys are confirmed.")
    await expect(entry(fatima, "Nadia")).not_to_contain_text("Ask them")
    await expect(fatima.get_by_role("button", name="Confirm the keys")).to_have_count(0)
    await picture(fatima, gallery, "staff-vouched")


async def test_suspending_a_participant_and_taking_somebody_off_are_asked_about_first(
    town: Town, gallery: Path | None
) -> None:
    fatima = await town.signed_in(Surface.DESK, "Fatima")
    case = f"/cases/{town.exchange.case_id}"
    await fatima.goto(case)
    for ask, done, state in (
        ("Suspend the account of", "The account is suspended.", "Suspended"),
        ("End the suspension of", "The suspension has ended.", "Enrolled"),
    ):
        for sure in (False, True):
            await fatima.get_by_text("More about Vera").click()
            await fatima.get_by_role("link", name=f"{ask} Vera").click()
            await expect(fatima.get_by_role("heading", level=1)).to_have_text(f"{ask} Vera?")
            if not sure:
                await seen(fatima, gallery, ask.split()[0].lower())
                await fatima.get_by_role("link", name="and do nothing").click()
                await expect(fatima.get_by_role("status")).to_have_count(0)
        await fatima.get_by_role("button", name=f"{ask} Vera").click()
        await expect(fatima.get_by_role("status")).to_have_text(done)
        await expect(entry(fatima, "Vera")).to_contain_text(state)

    await fatima.get_by_text("More about Oskar").click()
    await fatima.get_by_role("link", name="Take Oskar off the case").click()
    await expect(fatima.get_by_text("This cannot be undone.")).to_be_visible()
    await seen(fatima, gallery, "take-off")
    await fatima.get_by_role("button", name="Take Oskar off the case").click()
    await expect(fatima.get_by_role("status")).to_have_text("They are off the case.")
    await expect(entry(fatima, "Oskar")).to_have_count(0)
    await picture(fatima, gallery, "staff-taken-off")


async def test_inviting_anew_is_asked_about_first_and_leads_back_to_what_has_to_be_given_again(
    town: Town, gallery: Path | None
) -> None:
    exchange = town.exchange
    item_id, _ = await exchange.deliver(exchange.victim)
    fatima = await town.signed_in(Surface.DESK, "Fatima", script=False)
    await fatima.goto(f"/cases/{exchange.case_id}")
    for sure in (False, True):
        await fatima.get_by_text("More about Oskar").click()
        await fatima.get_by_role("link", name="Invite Oskar anew").click()
        await expect(fatima.get_by_role("heading", level=1)).to_have_text("Invite Oskar anew?")
        await expect(fatima.get_by_text("is lost for ever")).to_be_visible()
        if not sure:
            await fatima.get_by_role("link", name="and do nothing").click()
    await picture(fatima, gallery, "staff-invite-anew")
    await fatima.get_by_role("button", name="Invite Oskar anew").click()
    await expect(fatima.get_by_role("heading", level=1)).to_have_text("An invitation for Oskar")
    link, secret, code = [await given(fatima, name) for name in ("Link", "Long code", "Short code")]

    oskar = await town.visit(Surface.PARTICIPANTS, script=False)
    await oskar.goto("/enrol/" + link.rpartition("/")[2])
    await oskar.get_by_text("Have you signed in here before?").click()
    await expect(oskar.get_by_text("what you wrote and did not send is gone then")).to_be_visible()
    await picture(oskar, gallery, "staff-enrol-anew")
    await oskar.get_by_label("The long code").fill(secret)
    await oskar.get_by_label("The short code").fill(code)
    await oskar.get_by_label("A name to sign in with").fill("oskar-anew")
    await oskar.get_by_label("Your passphrase", exact=True).fill(PASSPHRASE)
    await oskar.get_by_label("once more").fill(PASSPHRASE)
    await oskar.get_by_role("button", name="Start").click()
    await expect(oskar.get_by_role("heading", name="You are ready")).to_be_visible()

    await fatima.get_by_role("link", name="Done").click()
    await expect(entry(fatima, "Oskar")).to_contain_text(
        "Once their keys are confirmed, give it to them again"
    )
    await fatima.get_by_role("button", name="Confirm the keys of Oskar").click()
    await picture(fatima, gallery, "staff-give-again")
    await entry(fatima, "Oskar").get_by_role("link", name="Letter from Vera").click()
    assert fatima.url.endswith(f"/items/{item_id}")
    await fatima.get_by_role("link", name="Give it again to Oskar").click()
    await fatima.get_by_role("button", name="Give it again to Oskar").click()
    await fatima.goto(f"/cases/{exchange.case_id}")
    await expect(entry(fatima, "Oskar")).not_to_contain_text("has enrolled anew")


async def test_who_was_only_invited_is_invited_anew_with_other_words(
    town: Town, gallery: Path | None
) -> None:
    exchange = town.exchange
    case = f"/cases/{exchange.case_id}"
    await exchange.desk.do(f"{case}/people", {"name": "Nadia", "part": "victim"}, status=201)
    fatima = await town.signed_in(Surface.DESK, "Fatima")
    await fatima.goto(case)
    await fatima.get_by_text("More about Nadia", exact=True).click()
    await fatima.get_by_role("link", name="Invite Nadia anew").click()
    await expect(fatima.get_by_text("cannot be used any more")).to_be_visible()
    await expect(fatima.get_by_text("lost for ever")).to_have_count(0)
    await seen(fatima, gallery, "invite-again")
    await fatima.goto(f"{case}/people/{exchange.offender_id}/invitation")
    await seen(fatima, gallery, "invite-anew")


async def test_a_colleague_is_taken_off_a_case_and_suspended_and_let_in_again(
    town: Town, gallery: Path | None
) -> None:
    service = town.exchange.service
    filip = await service.make_facilitator("Filip")
    anna = await town.seated(Surface.DESK, await service.make_staff("administrator", "Anna"))
    fatima = await town.signed_in(Surface.DESK, "Fatima", script=False)
    case = f"/cases/{town.exchange.case_id}"
    await fatima.goto(case)
    await fatima.get_by_text("Add a colleague", exact=True).click()
    await fatima.get_by_label("Colleague").select_option(str(filip.id))
    await fatima.get_by_role("button", name="Add to the case").click()
    await expect(fatima.get_by_role("status")).to_have_text("Your colleague is on the case.")
    await fatima.get_by_text("More about Filip").click()
    await fatima.get_by_role("link", name="Take Filip off the case").click()
    await expect(fatima.get_by_text("The case gets a new key")).to_be_visible()
    await picture(fatima, gallery, "staff-take-off-colleague")
    await fatima.get_by_role("button", name="Take Filip off the case").click()
    await expect(entry(fatima, "Filip")).to_have_count(0)

    await anna.goto("/accounts")
    for ask, done, state in (
        ("Suspend", "The account is suspended.", "Suspended"),
        ("End the suspension of", "The suspension has ended.", "Enrolled"),
    ):
        await anna.get_by_role("link", name=f"{ask} Filip").click()
        await expect(anna.get_by_role("heading", level=1)).to_have_text(f"{ask} Filip?")
        await seen(anna, gallery, f"colleague-{ask.split()[0].lower()}")
        await anna.get_by_role("button", name=f"{ask} Filip").click()
        await expect(anna.get_by_role("status")).to_have_text(done)
        await expect(entry(anna, "Filip")).to_contain_text(state)
    await picture(anna, gallery, "staff-accounts-after")
