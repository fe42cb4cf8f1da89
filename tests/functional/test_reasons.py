"""What is sent back to somebody goes back for a reason that is meant for their part."""

import re
from typing import Any

import pytest

from relay.review.model import Reason, reasons_for
from tests.support.web import Exchange

FOR_VICTIMS = {
    "threats",
    "sexual_content",
    "new_details",
    "other_people",
    "contact_details",
    "unreadable",
    "not_this_harm",
    "something_else",
}
OF_OFFENDERS = {*Reason} - FOR_VICTIMS


def test_reasons_about_how_an_offender_speaks_of_the_harm_are_not_for_a_victim() -> None:
    assert {*reasons_for("victim")} == FOR_VICTIMS
    assert reasons_for("offender") == (*Reason,)
    assert {"excuses", "minimising", "blaming", "preaching"} < OF_OFFENDERS


async def decided(exchange: Exchange, item: str, *reasons: str) -> Any:
    await exchange.desk.do(f"{item}/claim")
    clean = (await exchange.desk.ask(item))["clean"]
    named = {"rendition_id": clean["id"], "sha256": clean["sha256"]}
    decision = {"decision": "request_changes", "reasons": reasons, "guidance": "Please write it anew."}
    return await exchange.desk.api("POST", f"{item}/decisions", decision | named)


async def offered(exchange: Exchange, item: str) -> set[str]:
    await exchange.desk.do(f"{item}/claim")
    page = (await exchange.desk.http.get(item)).text
    on_page = {*re.findall(r'name="reasons" value="(\w+)"', page)}
    assert on_page == {*(await exchange.desk.ask(item))["reasons"]}
    return on_page


async def test_the_desk_offers_the_reasons_for_the_authors_part(exchange: Exchange) -> None:
    assert await offered(exchange, f"/items/{await exchange.write(exchange.victim)}") == FOR_VICTIMS
    assert await offered(exchange, f"/items/{await exchange.write(exchange.offender)}") == {*Reason}


@pytest.mark.parametrize("reason", sorted(OF_OFFENDERS))
async def test_nothing_goes_back_to_a_victim_for_an_offenders_reason(exchange: Exchange, reason: str) -> None:
    item = f"/items/{await exchange.write(exchange.victim)}"
    answer = await decided(exchange, item, "unreadable", reason)
    assert answer.status_code == 400
    said = answer.json()["fields"]["reasons"]
    assert "threats, sexual content, new details" in said
    assert reason.replace("_", " ") not in said
    assert (await exchange.victim.ask(item))["state"] == "in_review"
    assert (await decided(exchange, item, "unreadable")).status_code == 200


async def test_they_go_back_to_an_offender(exchange: Exchange) -> None:
    item = f"/items/{await exchange.write(exchange.offender)}"
    assert (await decided(exchange, item, *Reason)).status_code == 200
    assert (await exchange.offender.ask(item))["state"] == "changes_requested"


async def test_what_somebody_made_who_left_the_case_is_answered_for_the_same_reasons(
    exchange: Exchange,
) -> None:
    item, case = f"/items/{await exchange.write(exchange.victim)}", f"/cases/{exchange.case_id}"
    people = (await exchange.desk.ask(case))["people"]
    [seat] = [one["seat_id"] for one in people if one["account_id"] == exchange.victim_id]
    await exchange.desk.do(f"{case}/people/{seat}", method="DELETE", status=204)
    assert await offered(exchange, item) == FOR_VICTIMS
