"""The desk's pages and API say how many approvals an item needs, whose count, and what happens next."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relay.cases.service import add_facilitator, read_case
from relay.db.transaction import Surface
from relay.identity.invitations import invite_again
from relay.identity.model import Person
from relay.identity.vouching import vouch
from tests.support.house import Service
from tests.support.web import Client, Exchange, make_exchange, seated


@pytest.fixture
async def exchange(service: Service, tmp_path: Path) -> AsyncIterator[Exchange]:
    async with make_exchange(service, tmp_path) as made:
        yield made


@pytest.fixture
async def filip(exchange: Exchange) -> tuple[Person, Client]:
    assert exchange.people is not None
    service = exchange.service
    person = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, exchange.people.facilitator, exchange.people.case_id, person.id)
    exchange.desk.app.litestar.state.house = service.desk
    return person, await seated(service, Surface.DESK, person)


async def test_two_approvals_become_one_when_a_colleague_confirms_it(
    exchange: Exchange, filip: tuple[Person, Client]
) -> None:
    case, (_, colleague) = f"/cases/{exchange.case_id}", filip
    await exchange.desk.do(case, {"second_approval": True}, method="PATCH")
    asked = await exchange.desk.do(case, {"second_approval": False}, method="PATCH")
    assert asked["case"]["second_approval"]
    assert asked["case"]["lowering"]["asked_by"]
    page = (await exchange.desk.http.get(case)).text
    assert "Nothing has changed yet: another facilitator of the case has to confirm it" in page
    assert "Confirm: one approval" not in page
    alone = await exchange.desk.api("POST", f"{case}/single-approval", {})
    assert alone.status_code == 409
    assert "Another facilitator of the case has to confirm it" in alone.text

    assert "Fatima asks that one approval be enough" in (await colleague.http.get(case)).text
    kept = await colleague.send(f"{case}/single-approval", then="keep")
    assert kept.status_code == 303
    await exchange.desk.send(f"{case}/settings", cooling_hours="0")  # the box is not ticked
    assert (await colleague.send(f"{case}/single-approval", then="confirm")).status_code == 303
    assert not (await colleague.ask(case))["case"]["second_approval"]


async def test_a_page_from_before_undoes_nothing_that_a_colleague_has_changed_since(
    exchange: Exchange, filip: tuple[Person, Client]
) -> None:
    case, (_, colleague) = f"/cases/{exchange.case_id}", filip
    page = (await exchange.desk.http.get(case)).text
    form = page.partition(f'action="{case}/settings"')[2].partition("</form>")[0]
    shown = dict(re.findall(r'type="hidden" name="(\w+_seen)" value="(\w*)"', form))
    assert shown == {"cooling_hours_seen": "0"}
    await colleague.do(case, {"second_approval": True, "cooling_hours": 48}, method="PATCH")
    saved = await exchange.desk.send(f"{case}/settings", cooling_hours="0", **shown)
    assert saved.status_code == 303
    now = (await colleague.ask(case))["case"]
    assert (now["second_approval"], now["cooling_hours"], now["lowering"]) == (True, 48, None)
    await exchange.desk.send(f"{case}/settings", cooling_hours="5", **shown)  # this is what they want
    now = (await colleague.ask(case))["case"]
    assert (now["second_approval"], now["cooling_hours"], now["lowering"]) == (True, 5, None)
    # the page as it is by now, with the box unticked: that is asked for
    page = (await exchange.desk.http.get(case)).text
    assert page.count('name="second_approval_seen" value="on"') == 1
    await exchange.desk.send(
        f"{case}/settings", cooling_hours="5", cooling_hours_seen="5", second_approval_seen="on"
    )
    assert (await colleague.ask(case))["case"]["lowering"]["asked_by"]


async def test_giving_up_the_second_approval_and_confirming_it_need_the_passphrase(
    exchange: Exchange, filip: tuple[Person, Client]
) -> None:
    case, (_, colleague) = f"/cases/{exchange.case_id}", filip
    await exchange.desk.do(case, {"second_approval": True}, method="PATCH")
    exchange.service.clock.go(minutes=11)
    for client, method, path, body in (
        (exchange.desk, "PATCH", case, {"second_approval": False}),
        (colleague, "POST", f"{case}/single-approval", {}),
    ):
        answer = await client.api(method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "step-up-needed"), answer.text
    asked = await exchange.desk.send(f"{case}/settings", cooling_hours="0")
    assert (asked.status_code, "Your passphrase once more" in asked.text) == (200, True)
    assert (await exchange.desk.ask(case))["case"]["lowering"] is None
    await exchange.desk.do(case, {"cooling_hours": 1}, method="PATCH")  # what is not lowered needs none


async def test_the_page_says_that_an_approval_no_longer_counts_and_who_can_approve(
    exchange: Exchange, filip: tuple[Person, Client]
) -> None:
    assert exchange.people is not None
    case, (person, colleague) = f"/cases/{exchange.case_id}", filip
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    _, people, _ = await read_case(exchange.service.desk, person, exchange.people.case_id)
    seat = next(one.seat_id for one in people if one.account_id == exchange.people.facilitator.id)
    await colleague.do(f"{case}/people/{seat}", method="DELETE", status=204)

    page = (await colleague.http.get(f"/items/{item_id}")).text
    assert "An approval of this no longer counts" in page
    assert "by Fatima" in page.partition("Decisions so far")[2]
    assert "somebody who left" not in page + (await colleague.http.get(case)).text
    assert "1 more person has to read and approve it" in page
    assert "Can approve it: Filip." in page
    shown = await colleague.ask(f"/items/{item_id}")
    assert (shown["approvals"], shown["may_approve"]) == (0, [str(person.id)])

    await colleague.do(f"/items/{item_id}/claim")
    page = (await colleague.http.get(f"/items/{item_id}")).text
    assert "Approve it too" in page
    sent = await colleague.send(
        f"/items/{item_id}/decision",
        decision="approve",
        rendition_id=shown["clean"]["id"],
        sha256=shown["clean"]["sha256"],
    )
    assert sent.status_code == 303
    page = (await colleague.http.get(f"/items/{item_id}")).text
    assert "Can approve it" not in page
    await colleague.do(
        f"/items/{item_id}/release", {"seat_id": shown["recipients"][0]["seat_id"]}, status=201
    )


async def test_the_page_offers_to_give_it_again_to_somebody_who_enrolled_anew(exchange: Exchange) -> None:
    assert exchange.people is not None
    item_id, _ = await exchange.deliver(exchange.victim)
    page = (await exchange.desk.http.get(f"/items/{item_id}")).text
    assert "Give it again" not in page
    people, service = exchange.people, exchange.service
    invitation = await invite_again(service.desk, people.facilitator, people.case_id, people.offender.id)
    again = await service.enrol_quickly(service.participants, invitation)
    assert "When those are confirmed" in (await exchange.desk.http.get(f"/items/{item_id}")).text
    await vouch(service.desk, people.facilitator, people.case_id, again.id)
    page = (await exchange.desk.http.get(f"/items/{item_id}")).text
    assert "Oskar has enrolled anew since" in page
    assert "Those are confirmed, and you can give it again" in page
    assert "When those are confirmed" not in page
    seat = (await exchange.desk.ask(f"/items/{item_id}"))["recipients"][0]["seat_id"]
    assert (await exchange.desk.send(f"/items/{item_id}/release", seat_id=seat)).status_code == 303
    assert "Give it again" not in (await exchange.desk.http.get(f"/items/{item_id}")).text


async def test_who_approved_alone_reads_that_a_colleague_has_to_be_added_and_not_that_all_is_done(
    exchange: Exchange,
) -> None:
    case = f"/cases/{exchange.case_id}"
    await exchange.desk.do(case, {"second_approval": True}, method="PATCH")
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    page = (await exchange.desk.http.get(f"/items/{item_id}")).text
    assert "Nobody else on the case can approve it: add a colleague" in page
    assert "You have approved it. The second approval is somebody else’s." in page
    assert "Once a colleague is on the case, they find it in their queue." in page
    assert "a colleague who is on the case finds it" not in page
    assert "nothing left for you" not in page
    assert exchange.people is not None
    filip = await exchange.service.make_facilitator("Filip")
    await exchange.desk.do(f"{case}/facilitators", {"account_id": str(filip.id)}, status=201)
    page = (await exchange.desk.http.get(f"/items/{item_id}")).text
    assert "Nobody else on the case" not in page
    assert "a colleague who is on the case finds it in their queue" in page
    assert "There is nothing left for you to do with it" in page
    colleague = await seated(exchange.service, Surface.DESK, filip)
    assert f'href="/items/{item_id}"' in (await colleague.http.get("/queue")).text


async def test_approvals_are_told_of_what_was_released_only_where_it_is_to_be_given_again(
    exchange: Exchange, filip: tuple[Person, Client]
) -> None:
    """And then where a colleague finds it, who approves it too."""
    assert exchange.people is not None
    case, (_, colleague) = f"/cases/{exchange.case_id}", filip
    item_id, _ = await exchange.deliver(exchange.victim)
    page = (await exchange.desk.http.get(f"/items/{item_id}")).text
    assert "in no queue" not in page
    await exchange.desk.do(case, {"second_approval": True}, method="PATCH")
    page = (await exchange.desk.http.get(f"/items/{item_id}")).text
    assert "Can approve it" not in page
    assert "Approvals" not in page
    assert "Approve it too" not in (await colleague.http.get(f"/items/{item_id}")).text
    people, service = exchange.people, exchange.service
    invitation = await invite_again(service.desk, people.facilitator, people.case_id, people.offender.id)
    await service.enrol_quickly(service.participants, invitation)
    page = (await exchange.desk.http.get(f"/items/{item_id}")).text
    assert "Can approve it: Filip. It is in no queue any more" in page
    assert "<dt>Approvals</dt><dd>1 of 2</dd>" in page
    assert f'href="{case}#items"' in page
    assert f'href="/items/{item_id}"' not in (await colleague.http.get("/queue")).text
    page = (await colleague.http.get(case)).text
    assert f'href="/items/{item_id}"' in page.partition('id="items"')[2]
    assert "Approve it too" in (await colleague.http.get(f"/items/{item_id}")).text
