"""Whatever an API is sent, its answer was foreseen (schemathesis, against real servers)."""

import asyncio
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from relay.db.transaction import Surface
from tests.support.web import Client, Exchange, serving

# what would end the session that the rest needs, or take Argon2's time at each try
LEFT_OUT = {
    ("DELETE", "/api/v1/session"),
    ("POST", "/api/v1/session"),
    ("POST", "/api/v1/session/step-up"),
    ("POST", "/api/v1/enrolments/{invitation_id}"),
}


def throw_at(origin: str, described: dict[str, Any], client: Client, ids: dict[str, str]) -> int:
    """Send each operation what its description allows, and what it does not. Return how many were tried."""
    [cookie] = client.http.cookies.jar
    headers = {
        "Cookie": f"{cookie.name}={cookie.value}",
        "X-Relay-CSRF": client.csrf,
        "Tus-Resumable": "1.0.0",
    }
    schema = schemathesis.openapi.from_dict(described)
    tried = 0
    for result in schema.get_all_operations():
        operation = cast("Any", result).ok()
        if (operation.method.upper(), operation.path) in LEFT_OUT:
            continue

        @settings(max_examples=6, deadline=None, database=None, suppress_health_check=[*HealthCheck])
        @given(case=operation.as_strategy())
        def answers(case: Any) -> None:
            real = {name: ids[name] for name in case.path_parameters or {} if name in ids}
            case.path_parameters = {**(case.path_parameters or {}), **real}
            answer = case.call(base_url=origin, headers=headers)
            assert answer.status_code < 500, (case.method, case.path, answer.text)
            if answer.status_code >= 400 and case.method != "HEAD":
                assert answer.headers["content-type"] == ["application/problem+json"], (
                    case.method,
                    case.path,
                )

        answers()
        tried += 1
    return tried


@pytest.mark.slow
@pytest.mark.parametrize("surface", [Surface.PARTICIPANTS, Surface.DESK])
async def test_no_answer_is_a_failure_of_ours(exchange: Exchange, surface: Surface) -> None:
    item_id, delivery_id = await exchange.deliver(exchange.victim)
    client = exchange.offender if surface is Surface.PARTICIPANTS else exchange.desk
    own = await exchange.start(exchange.offender) if surface is Surface.PARTICIPANTS else item_id
    ids = {"case_id": exchange.case_id, "item_id": own, "delivery_id": delivery_id}
    described = (await client.api("GET", "/openapi.json")).json()
    with serving(exchange.service, surface) as origin:
        assert await asyncio.to_thread(throw_at, origin, described, client, ids) > 15
