"""A date at the edge of the calendar is refused in words, and none that is stored breaks a page."""

from datetime import datetime
from typing import Any

import pytest

from relay.cases import records
from tests.support.house import make_service
from tests.support.postgres import Dsns
from tests.support.web import Exchange, make_exchange

WORDS = "Give a date with a year from 1900 to 2999."


@pytest.mark.parametrize(
    "until", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00"]
)
async def test_a_year_that_nobody_means_is_refused(exchange: Exchange, until: str) -> None:
    gates = f"/cases/{exchange.case_id}/gates"
    restriction = {
        "account_id": exchange.offender_id,
        "until": until,
        "description": "An order of the court.",
    }
    assessment = {"safe": True, "valid_until": until, "reasoning": "Both are ready."}
    agreement = {
        "account_id": exchange.offender_id,
        "medium": "letter",
        "given": True,
        "manner": "in_person",
        "ask_again_at": until,
    }
    told: dict[str, dict[str, Any]] = {
        "restrictions": restriction,
        "assessments": assessment,
        "consents": agreement,
    }
    for gate, record in told.items():
        refused = await exchange.desk.api("POST", f"{gates}/{gate}", record)
        assert (refused.status_code, WORDS in refused.text) == (400, True), (gate, refused.text)


async def test_the_same_is_said_on_the_page(exchange: Exchange) -> None:
    refused = await exchange.desk.send(
        f"/cases/{exchange.case_id}/gates/restrictions",
        account_id=exchange.offender_id,
        until="9999-12-31",
        description="An order of the court.",
    )
    assert (refused.status_code, WORDS in refused.text) == (400, True)


@pytest.mark.parametrize(
    ("zone", "until"),
    [("Europe/Berlin", "9999-12-31T23:59:59+00:00"), ("America/Sao_Paulo", "0001-01-01T00:00:00+00:00")],
)
async def test_one_that_was_stored_breaks_no_page(
    dsns: Dsns, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, zone: str, until: str
) -> None:
    monkeypatch.setattr(records, "FIRST_YEAR", 1)
    monkeypatch.setattr(records, "LAST_YEAR", 9999)
    async with (
        make_service(dsns, tmp_path, time_zone=zone) as service,
        make_exchange(service, tmp_path) as exchange,
    ):
        case = f"/cases/{exchange.case_id}"
        await exchange.desk.do(
            f"{case}/gates/restrictions",
            {
                "account_id": exchange.offender_id,
                "until": datetime.fromisoformat(until).isoformat(),
                "description": "An order of the court.",
                # what is past is refused of one that is in force
                "lifted": until.startswith("0001"),
            },
            status=201,
        )
        for path in (case, f"{case}/audit"):
            assert (await exchange.desk.http.get(path)).status_code == 200
        await exchange.desk.ask(f"{case}/gates")
