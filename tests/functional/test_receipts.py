"""What comes back with paper: recorded by its code; read by the recipient and staff, never by the author."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.functional.test_answering import shown
from tests.functional.test_paper import seat
from tests.support.web import Exchange, staff_client


async def printed(exchange: Exchange) -> tuple[str, str, str, str]:
    """The path of a released letter, the delivery's, the recipient's seat, and the code on the paper."""
    item_id, delivery = await exchange.deliver(exchange.offender)
    page = (await exchange.desk.http.get(f"/items/{item_id}")).text
    code = page.partition('<span class="words">')[2][:9]
    return f"/items/{item_id}", f"/deliveries/{delivery}", await seat(exchange, item_id), code


def today(exchange: Exchange, days: int = 0) -> str:
    day = exchange.service.desk.local_time() + timedelta(days=days)
    return day.date().isoformat()


async def test_a_receipt_is_recorded_and_read_by_whom_it_concerns(exchange: Exchange) -> None:
    item, delivery, seat_id, code = await printed(exchange)
    before = shown((await exchange.offender.http.get(item)).text), await exchange.offender.ask(item)
    answer = await exchange.desk.send(
        f"{item}/receipt", seat_id=seat_id, code=code.lower().replace("-", " "), given_on=today(exchange)
    )
    assert answer.status_code == 303, answer.text
    assert "Handed over on paper on" in (await exchange.desk.http.get(item)).text
    [receipt] = (await exchange.desk.ask(f"{item}/receipts")).values()
    assert receipt["given_on"] == today(exchange)
    found = await exchange.victim.ask(delivery)
    assert (found["on_paper"], found["state"]) == (today(exchange), "waiting")
    assert "Given to you on" in (await exchange.victim.http.get(f"/received/{delivery[12:]}")).text
    audit = (await exchange.desk.http.get(f"/cases/{exchange.case_id}/audit")).text
    assert "Receipt of what was printed recorded" in audit
    after = shown((await exchange.offender.http.get(item)).text), await exchange.offender.ask(item)
    assert after == before


async def test_a_receipt_that_was_a_mistake_is_taken_back(exchange: Exchange) -> None:
    item, delivery, seat_id, code = await printed(exchange)
    fields = {"seat_id": seat_id, "code": code, "given_on": today(exchange)}
    again = await exchange.desk.api("DELETE", f"{item}/receipts/{seat_id}")
    assert again.status_code == 409
    await exchange.desk.do(f"{item}/receipts", fields, status=204)
    await exchange.desk.send(f"{item}/receipt", seat_id=seat_id, then="take back")
    assert await exchange.desk.ask(f"{item}/receipts") == {}
    assert (await exchange.victim.ask(delivery))["on_paper"] is None
    await exchange.desk.do(f"{item}/receipts", fields, status=204)
    assert (await exchange.victim.ask(delivery))["on_paper"] == today(exchange)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"code": "0000-0000"}, "not the code on what was printed"),
        ({"code": ""}, "not the code on what was printed"),
        ({"days": 1}, "not a day that is still to come"),
        ({"days": -2}, "not before it was passed on"),
    ],
)
async def test_what_cannot_be_is_refused_and_what_was_typed_stays(
    exchange: Exchange, wrong: dict[str, Any], says: str
) -> None:
    item, _, seat_id, code = await printed(exchange)
    given_on = today(exchange, wrong.get("days", 0))
    fields = {"seat_id": seat_id, "code": wrong.get("code", code), "given_on": given_on}
    answer = await exchange.desk.send(f"{item}/receipt", **fields)
    assert answer.status_code == 400
    assert says in answer.text
    assert f'value="{given_on}"' in answer.text
    assert await exchange.desk.ask(f"{item}/receipts") == {}


async def test_only_who_is_on_the_case_records_one_and_only_of_what_was_passed_on(exchange: Exchange) -> None:
    item, _, seat_id, code = await printed(exchange)
    fields = {"seat_id": seat_id, "code": code, "given_on": today(exchange)}
    gita = await staff_client(exchange.service, name="Gita")
    for path in (item, f"/items/{uuid4()}"):
        assert (await gita.api("POST", f"{path}/receipts", fields)).status_code == 404
        assert (await gita.api("GET", f"{path}/receipts")).status_code == 404
    assert (
        await exchange.desk.api("POST", f"{item}/receipts", fields | {"seat_id": str(uuid4())})
    ).status_code == 404
    waiting = f"/items/{await exchange.write(exchange.victim)}"
    own_seat = await seat(exchange, waiting.rpartition("/")[2])
    refused = await exchange.desk.api("POST", f"{waiting}/receipts", fields | {"seat_id": own_seat})
    assert (refused.status_code, "has not been passed on" in refused.text) == (409, True)
