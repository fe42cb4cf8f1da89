"""Whatever an API is sent, its answer was foreseen (schemathesis, against real servers)."""

import asyncio
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from relay.db.transaction import Surface
from relay.permissions import STAFF_ROLES
from tests.support.web import Client, Exchange, serving, staff_client

# what would end the session that the rest needs, or take Argon2's time at each try
LEFT_OUT = {
    ("DELETE", "/api/v1/session"),
    ("POST", "/api/v1/session"),
    ("POST", "/api/v1/session/step-up"),
    ("POST", "/api/v1/enrolments/{invitation_id}"),
}

MOST_REFUSED = {"supervisor", "funder", "nobody"}
"""Who gets as far as a handler's own code in few places: they are on no case, or may do next to nothing."""


def throw_at(origin: str, described: dict[str, Any], client: Client, ids: dict[str, str], tries: int) -> int:
    """Send each operation what its description allows, and what it does not. Return how many were tried."""
    headers = {"X-Relay-CSRF": client.csrf, "Tus-Resumable": "1.0.0"}
    for cookie in client.http.cookies.jar:
        headers["Cookie"] = f"{cookie.name}={cookie.value}"
    schema = schemathesis.openapi.from_dict(described)
    tried = 0
    for result in schema.get_all_operations():
        operation = cast("Any", result).ok()
        if (operation.method.upper(), operation.path) in LEFT_OUT:
            continue

        @settings(max_examples=tries, deadline=None, database=None, suppress_health_check=[*HealthCheck])
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


async def signed_in(exchange: Exchange, surface: Surface, role: str) -> Client:
    """Whoever has this role, or "nobody". Of those at the desk only the facilitator is on the case."""
    if role == "nobody":
        client = Client(exchange.service, surface)
        client.csrf = "of no session"
        return client
    there = {"victim": exchange.victim, "offender": exchange.offender, "facilitator": exchange.desk}
    return there.get(role) or await staff_client(exchange.service, role, "Somebody")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("surface", "role"),
    [
        (Surface.PARTICIPANTS, "victim"),
        (Surface.PARTICIPANTS, "offender"),
        (Surface.PARTICIPANTS, "nobody"),
        (Surface.DESK, "facilitator"),
        *((Surface.DESK, role) for role in STAFF_ROLES if role != "facilitator"),
        (Surface.DESK, "nobody"),
    ],
)
async def test_no_answer_is_a_failure_of_ours(exchange: Exchange, surface: Surface, role: str) -> None:
    item_id, delivery_id = await exchange.deliver(exchange.victim)
    own = {"victim": exchange.victim, "offender": exchange.offender}.get(role)
    ids = {
        "case_id": exchange.case_id,
        "item_id": await exchange.start(own) if own else item_id,
        "delivery_id": delivery_id,
    }
    reader = exchange.victim if surface is Surface.PARTICIPANTS else exchange.desk
    described = await reader.ask("/openapi.json")
    client = await signed_in(exchange, surface, role)
    tries = 2 if role in MOST_REFUSED else 6
    with serving(exchange.service, surface) as origin:
        assert await asyncio.to_thread(throw_at, origin, described, client, ids, tries) > 15
