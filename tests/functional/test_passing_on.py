"""The desk offers to pass something on or to plan it only where the service would not refuse it."""

from datetime import timedelta

import pytest

from relay.cases.service import add_facilitator
from relay.db.transaction import Surface
from relay.identity.invitations import invite_again
from tests.support.web import Exchange, seated

NOW, PLANNED, AGAIN = "Pass it on now", "Plan it", "Give it again to"


async def tries(exchange: Exchange, item_id: str) -> tuple[list[int], str]:
    """Answer what the service says to passing it on and to planning it; and the page before that."""
    desk, clock = exchange.desk, exchange.service.clock
    page = (await desk.http.get(f"/items/{item_id}")).text
    seat = (await desk.ask(f"/items/{item_id}"))["recipients"][0]["seat_id"]
    due = (clock() + timedelta(days=2)).isoformat()
    bodies = {"release": {"seat_id": seat}, "schedule": {"seat_id": seat, "due_at": due}}
    answers = [await desk.api("POST", f"/items/{item_id}/{act}", body) for act, body in bodies.items()]
    return [answer.status_code for answer in answers], page


@pytest.mark.parametrize(
    ("path", "closing", "opening", "says"),
    [
        ("pause", {"paused": True}, {"paused": False}, "The victim has paused."),
        (
            "consents",
            {"medium": "letter", "given": False},
            {"medium": "letter", "given": True},
            "The victim has not agreed to letters, or took that back.",
        ),
    ],
)
async def test_a_closed_gate_stands_in_place_of_the_buttons(
    exchange: Exchange, path: str, closing: dict[str, object], opening: dict[str, object], says: str
) -> None:
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    await exchange.victim.do(f"/cases/{exchange.case_id}/{path}", closing, status=204)
    answers, page = await tries(exchange, item_id)
    assert answers == [409, 409]
    assert says in page
    assert (NOW in page, PLANNED in page) == (False, False)
    await exchange.victim.do(f"/cases/{exchange.case_id}/{path}", opening, status=204)
    page = (await exchange.desk.http.get(f"/items/{item_id}")).text
    assert says not in page
    assert (NOW in page, PLANNED in page) == (True, True)
    await exchange.release(item_id)


async def test_who_did_not_approve_it_is_told_so(exchange: Exchange) -> None:
    assert exchange.people is not None
    item_id = await exchange.write(exchange.victim)
    await exchange.approve(item_id)
    service = exchange.service
    filip = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, exchange.people.facilitator, exchange.people.case_id, filip.id)
    colleague = await seated(service, Surface.DESK, filip)
    page = (await colleague.http.get(f"/items/{item_id}")).text
    assert "Only somebody who approved it can pass it on." in page
    assert (NOW in page, PLANNED in page) == (False, False)


async def test_it_is_given_again_once_the_new_keys_are_confirmed(exchange: Exchange) -> None:
    assert exchange.people is not None
    item_id, _ = await exchange.deliver(exchange.victim)
    people, service = exchange.people, exchange.service
    invitation = await invite_again(service.desk, people.facilitator, people.case_id, people.offender.id)
    await service.enrol_quickly(service.participants, invitation)
    answers, page = await tries(exchange, item_id)
    assert answers == [409, 409]
    assert "Oskar’s keys are not confirmed." in page
    assert AGAIN not in page
