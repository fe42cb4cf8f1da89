"""A choice that was told by telephone: written down at the desk, read by the recipient, not by the author."""

from typing import Any
from uuid import UUID, uuid4

from relay.db.transaction import Surface
from relay.exchange.delivery import choose
from relay.exchange.paper import receipt_code
from relay.exchange.release import release
from relay.identity.invitations import invite_again
from relay.identity.vouching import vouch
from tests.functional.test_answering import shown
from tests.functional.test_paper import seat
from tests.functional.test_receipts import today
from tests.support.web import Exchange, seated, staff_client


async def given(exchange: Exchange) -> tuple[str, str, dict[str, Any]]:
    """The path of a released letter, the delivery's, and what is written down about it: a refusal."""
    item_id, delivery = await exchange.deliver(exchange.offender)
    exchange.service.clock.go(minutes=1)
    fields = {"seat_id": await seat(exchange, item_id), "choice": "refuse", "how": "by_telephone"}
    return f"/items/{item_id}", f"/deliveries/{delivery}", fields | {"told_on": today(exchange)}


async def test_a_refusal_that_was_told_stands_as_if_it_was_chosen_and_its_author_learns_nothing(
    exchange: Exchange,
) -> None:
    item, delivery, fields = await given(exchange)
    desk, victim = exchange.desk, exchange.victim
    before = shown((await exchange.offender.http.get(item)).text), await exchange.offender.ask(item)
    answer = await desk.send(f"{item}/told", **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{item}?done=told")
    page = shown((await desk.http.get(item)).text)
    assert "Not wanted" in page
    assert "by telephone" in page
    assert "Print it for" not in page
    refused = await desk.api("POST", f"{item}/print", {"seat_id": fields["seat_id"]})
    assert (refused.status_code, "do not want it" in refused.text) == (409, True)
    found = await victim.ask(delivery)
    assert [found[name] for name in ("state", "told_how", "told_on")] == [
        "refused",
        "by_telephone",
        fields["told_on"],
    ]
    own = shown((await victim.http.get(f"/received/{delivery[12:]}")).text)
    assert "Your facilitator wrote this down for you" in own
    assert "you told them by telephone" in own
    [told] = (await desk.ask(f"{item}/told")).values()
    assert told["state"] == "refused"
    [entry] = [
        one for one in await desk.ask(f"/cases/{exchange.case_id}/audit") if one["tag"] == "delivery.told"
    ]
    assert "by_telephone" in str(entry["detail"])
    after = shown((await exchange.offender.http.get(item)).text), await exchange.offender.ask(item)
    assert after == before


async def test_it_is_taken_back_held_and_chosen_anew_and_what_was_opened_stays(exchange: Exchange) -> None:
    item, delivery, fields = await given(exchange)
    desk, victim, clock = exchange.desk, exchange.victim, exchange.service.clock
    for choice, state in (
        ("refuse", "refused"),
        ("take_back", "waiting"),
        ("later", "later"),
        ("hold", "held"),
    ):
        await desk.do(f"{item}/told", fields | {"choice": choice}, status=204)
        assert (await victim.ask(delivery))["state"] == state
        clock.go(minutes=1)
    assert "To be held" in (await desk.http.get(item)).text
    await victim.do(f"{delivery}/choice", {"choice": "later"})
    found = await victim.ask(delivery)
    assert (found["state"], found["told_how"]) == ("later", None)
    assert await desk.ask(f"{item}/told") == {}
    clock.go(minutes=1)
    await desk.do(f"{item}/told", fields | {"choice": "open"}, status=400)
    assert (await desk.send(f"{item}/told", **fields | {"choice": "open"})).status_code == 400
    await victim.do(f"{delivery}/choice", {"choice": "open"})
    opened = await desk.api("POST", f"{item}/told", fields)
    assert (opened.status_code, "opened this themselves" in opened.text) == (409, True)
    assert (await victim.ask(delivery))["state"] == "opened"


async def test_what_cannot_be_is_refused_and_what_was_chosen_stays(exchange: Exchange) -> None:
    item, delivery, fields = await given(exchange)
    for wrong, says in (
        ({"choice": ""}, "Choose what they told you."),
        ({"how": "in_app"}, "Choose how they told you."),
        ({"told_on": today(exchange, 1)}, "not a day that is still to come"),
        ({"told_on": today(exchange, -2)}, "not before this was passed on"),
    ):
        sent = fields | wrong
        answer = await exchange.desk.send(f"{item}/told", **sent)
        assert (answer.status_code, says in answer.text) == (400, True)
        assert f'value="{sent["told_on"]}"' in answer.text
        for name in {"choice", "how"} - wrong.keys():
            assert f'name="{name}" value="{fields[name]}" required checked' in answer.text
    assert (await exchange.victim.ask(delivery))["state"] == "waiting"


async def test_what_they_chose_themselves_since_that_day_stands(exchange: Exchange) -> None:
    item, delivery, fields = await given(exchange)
    service, people = exchange.service, exchange.people
    service.clock.go(days=2)
    await choose(service.participants, people.victim, UUID(delivery[12:]), "hold")
    desk = await seated(service, Surface.DESK, people.facilitator)
    newer = await desk.send(f"{item}/told", **fields)
    assert (newer.status_code, "since that day" in newer.text) == (409, True)
    assert 'name="choice" value="refuse" required checked' in newer.text
    later = fields | {"told_on": today(exchange)}
    await desk.do(f"{item}/told", later, status=204)


async def test_what_they_chose_on_that_very_day_stands_if_it_keeps_more_back(exchange: Exchange) -> None:
    item, delivery, fields = await given(exchange)
    desk, victim = exchange.desk, exchange.victim
    await victim.do(f"{delivery}/choice", {"choice": "refuse"})
    for choice in ("take_back", "later", "hold"):
        answer = await desk.api("POST", f"{item}/told", fields | {"choice": choice})
        assert (answer.status_code, "since that day" in answer.text) == (409, True)
    assert (await victim.ask(delivery))["state"] == "refused"
    await victim.do(f"{delivery}/choice", {"choice": "later"})
    await desk.do(f"{item}/told", fields | {"choice": "hold"}, status=204)
    assert (await victim.ask(delivery))["state"] == "held"


async def test_what_was_told_before_it_was_written_down_counts_from_that_day(exchange: Exchange) -> None:
    item, delivery, fields = await given(exchange)
    service, people = exchange.service, exchange.people
    service.clock.go(days=3)
    desk = await seated(service, Surface.DESK, people.facilitator)
    told_on = today(exchange, -1)
    await desk.do(f"{item}/told", fields | {"told_on": told_on}, status=204)
    receipt = {"seat_id": fields["seat_id"], "code": receipt_code(service.desk, UUID(delivery[12:]))}
    await desk.do(f"{item}/receipts", receipt | {"given_on": told_on}, status=409)
    await desk.do(f"{item}/receipts", receipt | {"given_on": today(exchange, -2)}, status=204)
    again = fields | {"choice": "take_back", "told_on": today(exchange, -2)}
    await desk.do(f"{item}/told", again, status=409)
    await desk.do(f"{item}/told", again | {"told_on": told_on}, status=204)


async def test_only_who_is_on_the_case_writes_it_down_and_only_of_what_was_passed_on(
    exchange: Exchange,
) -> None:
    item, delivery, fields = await given(exchange)
    gita = await staff_client(exchange.service, name="Gita")
    for path in (item, f"/items/{uuid4()}"):
        assert (await gita.api("POST", f"{path}/told", fields)).status_code == 404
        assert (await gita.api("GET", f"{path}/told")).status_code == 404
    assert (
        await exchange.desk.api("POST", f"{item}/told", fields | {"seat_id": str(uuid4())})
    ).status_code == 404
    waiting = f"/items/{await exchange.write(exchange.victim)}"
    own_seat = {"seat_id": await seat(exchange, waiting[7:])}
    refused = await exchange.desk.api("POST", f"{waiting}/told", fields | own_seat)
    assert (refused.status_code, "has not been passed on" in refused.text) == (409, True)
    assert (await exchange.victim.ask(delivery))["state"] == "waiting"


async def test_what_was_told_holds_on_when_it_is_given_again_to_new_keys(exchange: Exchange) -> None:
    item, _, fields = await given(exchange)
    await exchange.desk.do(f"{item}/told", fields, status=204)
    service, people, clock = exchange.service, exchange.people, exchange.service.clock
    clock.go(minutes=1)
    invitation = await invite_again(service.desk, people.facilitator, people.case_id, people.victim.id)
    await service.enrol_quickly(service.participants, invitation)
    await vouch(service.desk, people.facilitator, people.case_id, people.victim.id)
    clock.go(minutes=1)
    item_id, seat_id = item[7:], fields["seat_id"]
    await release(service.desk, people.facilitator, UUID(item_id), UUID(seat_id))
    [told] = (await exchange.desk.ask(f"{item}/told")).values()
    assert (told["state"], told["told_on"]) == ("refused", fields["told_on"])
