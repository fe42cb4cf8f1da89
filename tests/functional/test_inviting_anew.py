"""Inviting a participant anew: asked about first, and what has to be given again afterwards is listed."""

import re

import msgspec
import psycopg
import pytest

from relay.identity.invitations import Invitation, invite_again
from relay.identity.vouching import vouch
from relay.review.outdated import outdated
from tests.support.house import Service
from tests.support.web import Client, Exchange, staff_client


async def text(client: Client, path: str) -> str:
    answer = await client.http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def waiting(service: Service) -> int:
    """How many invitations can still be used."""
    with psycopg.connect(service.dsns.superuser.url) as connection:
        found = connection.execute("SELECT count(*) FROM relay.invitations WHERE used_at IS NULL").fetchone()
    assert found
    return int(found[0])


async def test_who_has_enrolled_is_invited_anew_only_after_what_they_lose_was_said(
    exchange: Exchange,
) -> None:
    desk, case = exchange.desk, f"/cases/{exchange.case_id}"
    path = f"{case}/people/{exchange.offender_id}/invitation"
    shown = await text(desk, case)
    assert f'href="{path}"' in shown
    assert f'action="{path}"' not in shown  # not by one press
    asked = await text(desk, path)
    for follows in (
        "Invite Oskar anew?",
        "only if Oskar has lost the passphrase",
        "let nobody in any more",
        "is lost for ever",
        "until a facilitator who approved it gives it to them again",
        "confirmed their keys anew",
    ):
        assert follows in asked
    assert waiting(exchange.service) == 0
    assert "An invitation for Oskar" in (await desk.send(path)).text
    assert waiting(exchange.service) == 1


async def test_who_was_only_invited_loses_the_invitation_that_was_handed_out_and_nothing_else(
    exchange: Exchange,
) -> None:
    desk, people = exchange.desk, f"/cases/{exchange.case_id}/people"
    invited = await desk.do(people, {"name": "Wanda", "part": "victim"}, status=201)
    path = f"{people}/{invited['account_id']}/invitation"
    asked = await text(desk, path)
    assert "Wanda has not enrolled yet." in asked
    assert "The invitation that was handed out to Wanda cannot be used any more" in asked
    assert "passphrase" not in asked
    assert waiting(exchange.service) == 1
    # she enrols while that page is open: nothing is done that it did not say
    [enrolled] = re.findall('name="enrolled" value="([0-9]+)"', asked)
    await exchange.service.enrol_quickly(exchange.service.participants, msgspec.convert(invited, Invitation))
    answer = await desk.send(path, enrolled=enrolled)
    assert (answer.status_code, "Wanda has enrolled since" in answer.text) == (409, True)
    assert waiting(exchange.service) == 0
    await desk.send(f"{people}/{invited['account_id']}/suspend")
    asked = await text(desk, path)
    assert "end the suspension first" in asked
    assert f'action="{path}"' not in asked


async def test_only_participants_of_a_case_of_ones_own_are_asked_about(exchange: Exchange) -> None:
    people = f"/cases/{exchange.case_id}/people"
    assert exchange.people is not None
    for account in (exchange.people.facilitator.id, exchange.case_id):
        assert (await exchange.desk.http.get(f"{people}/{account}/invitation")).status_code == 404
    other = await staff_client(exchange.service, name="Gita")
    assert (await other.http.get(f"{people}/{exchange.victim_id}/invitation")).status_code == 404


@pytest.mark.parametrize("ends", ["given again", "taken back"])
async def test_the_page_of_the_case_lists_what_has_to_be_given_again(exchange: Exchange, ends: str) -> None:
    people, service, desk = exchange.people, exchange.service, exchange.desk
    assert people is not None
    case = f"/cases/{exchange.case_id}"
    given, _ = await exchange.deliver(exchange.victim)
    own, _ = await exchange.deliver(exchange.offender)
    assert "has enrolled anew" not in await text(desk, case)
    invitation = await invite_again(service.desk, people.facilitator, people.case_id, people.offender.id)
    assert "has enrolled anew" not in await text(desk, case)
    await service.enrol_quickly(service.participants, invitation)
    to_do = (await text(desk, case)).partition("Items</h2>")[0]
    assert "Oskar has enrolled anew" in to_do
    assert "Once their keys are confirmed, give it to them again" in to_do
    assert f'<a href="/items/{given}">Letter from Vera</a>' in to_do
    assert own not in to_do
    await vouch(service.desk, people.facilitator, people.case_id, people.offender.id)
    assert "Give it to them again, each on its own page" in await text(desk, case)
    if ends == "given again":
        await exchange.release(given)
    else:
        await exchange.victim.do(f"/items/{given}/withdraw")
    assert "has enrolled anew" not in await text(desk, case)


async def test_it_is_listed_in_its_own_case_and_not_for_who_left_it(exchange: Exchange) -> None:
    people, service = exchange.people, exchange.service
    assert people is not None
    given, _ = await exchange.deliver(exchange.victim)
    invitation = await invite_again(service.desk, people.facilitator, people.case_id, people.offender.id)
    await service.enrol_quickly(service.participants, invitation)
    second = await service.make_case(people.facilitator, "2026/2")
    assert await outdated(service.desk, people.facilitator, second) == []
    [found] = await outdated(service.desk, people.facilitator, people.case_id)
    assert (str(found.item_id), found.recipient_id) == (given, people.offender.id)
    case = f"/cases/{exchange.case_id}"
    on_it = (await exchange.desk.ask(case))["people"]
    [seat] = [one["seat_id"] for one in on_it if one["account_id"] == exchange.offender_id]
    await exchange.desk.do(f"{case}/people/{seat}", method="DELETE", status=204)
    assert await outdated(service.desk, people.facilitator, people.case_id) == []


async def test_who_enrols_reads_what_is_gone_if_they_had_before_and_staff_do_not(exchange: Exchange) -> None:
    address = "/enrol/123e4567-e89b-42d3-a456-426614174000"
    assert "what you wrote and did not send is gone then" in await text(exchange.victim, address)
    assert "is gone then" not in await text(exchange.desk, address)
