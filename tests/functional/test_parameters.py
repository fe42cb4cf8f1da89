"""What stands in an address after “?”: what a handler asks of it is held, and the API describes it."""

import inspect
from typing import Any

import pytest
from litestar.params import ParameterKwarg

from relay.db.transaction import Surface
from tests.functional.test_access import routes
from tests.support.web import CREATE, Exchange

_WRONG = {"ge": -1, "gt": 0, "le": 1, "lt": 0}


def parameters(handler: Any) -> dict[str, ParameterKwarg]:
    """What a handler takes from the address, by name."""
    fields = handler.parsed_fn_signature.parameters.items()
    return {
        name: one.kwarg_definition for name, one in fields if isinstance(one.kwarg_definition, ParameterKwarg)
    }


@pytest.mark.parametrize("surface", [Surface.PARTICIPANTS, Surface.DESK])
def test_no_handler_asks_what_the_framework_does_not_hold(surface: Surface) -> None:
    """Litestar puts its own `Meta` in place of one that stands beside its marker: what that asked is gone."""
    for method, path, handler in routes(CREATE[surface]().litestar):
        for name, one in inspect.signature(handler.fn).parameters.items():
            assert "msgspec.Meta(" not in repr(one.annotation), (method, path, name)


async def test_a_value_outside_of_what_is_asked_is_refused_by_the_api(exchange: Exchange) -> None:
    tried = 0
    for client in (exchange.victim, exchange.desk):
        for method, path, handler in routes(client.app.litestar):
            for name, asked in parameters(handler).items():
                for wrong in outside(asked):
                    tried += 1
                    answer = await client.http.request(method, path, params={name: wrong})
                    assert answer.status_code == 400, (method, path, name, wrong)
                    if path.startswith("/api/"):
                        assert answer.headers["content-type"] == "application/problem+json"
                        assert answer.json()["fields"].keys() == {name}
    assert tried >= 4


def outside(asked: ParameterKwarg) -> list[int]:
    """Numbers just outside of what a parameter takes."""
    bounds = {name: getattr(asked, name) for name in _WRONG}
    return [int(bound) + _WRONG[name] for name, bound in bounds.items() if bound is not None]


async def test_entries_before_a_number_that_there_cannot_be_are_refused_with_what_to_do(
    exchange: Exchange,
) -> None:
    path = f"/cases/{exchange.case_id}/audit"
    for before in ("0", "-1", "x", "", "1.5", "9" * 30, "9" * 6_000):
        answer = await exchange.desk.api("GET", path, params={"before": before})
        assert answer.status_code == 400, before
        problem = answer.json()
        assert (problem["code"], problem["fields"].keys()) == ("invalid", {"before"})
        assert "The API's description says what can." in problem["detail"]
        page = await exchange.desk.http.get(path, params={"before": before})
        assert page.status_code == 400
    described = (await exchange.desk.api("GET", "/openapi.json")).json()
    asked = described["paths"]["/api/v1/cases/{case_id}/audit"]["get"]["parameters"]
    [taken] = [one for one in asked if one["name"] == "before"]
    assert taken["schema"]["minimum"] == 1
    assert "number of an entry" in taken["description"]
