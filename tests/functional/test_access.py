"""Default deny, over every route of both apps, generated from the routers."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from litestar import Litestar, Response, get

from relay.db.transaction import Surface
from relay.permissions import Permission
from relay.web.shared.access import undeclared
from relay.web.shared.build import Undeclared, build
from relay.web.shared.wing import DESK
from tests.support.house import Service
from tests.support.web import ORIGIN, Client, Exchange, enrolled, make_app, staff_client

SURFACES = (Surface.PARTICIPANTS, Surface.DESK)
OWN_HEADERS = {
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
}


def routes(app: Litestar) -> Iterator[tuple[str, str, Any]]:
    """Every (method, address, handler), with identifiers that nobody has."""
    for route in app.routes:
        path = route.path_format
        for component in route.path_components:
            if not isinstance(component, str):
                named = {"name": "style.css", "number": "1"}.get(component.name, str(uuid4()))
                path = path.replace(f"{{{component.name}}}", named)
        for handler in route.route_handlers:  # type: ignore[union-attr]
            for method in handler.http_methods:
                if "permission" in handler.opt:
                    yield str(method), path, handler


@pytest.mark.parametrize("surface", SURFACES)
def test_every_handler_declares_exactly_one_permission(service: Service, surface: Surface) -> None:
    app = make_app(service, surface).litestar
    assert undeclared(app) == []
    assert len([*routes(app)]) > 30


def test_an_app_with_a_handler_that_declares_none_does_not_start() -> None:
    @get("/forgotten")
    async def forgotten() -> Response[bytes]:
        return Response(b"secret")

    with pytest.raises(Undeclared, match="GET /forgotten"):
        build(DESK, [forgotten], [], __import__("pathlib").Path())


async def test_a_handler_that_declares_none_is_refused_at_the_door_as_well(service: Service) -> None:
    @get("/forgotten")
    async def forgotten() -> Response[bytes]:
        return Response(b"secret")

    answer = await Client(service, Surface.DESK, forgotten).http.get("/forgotten")
    assert answer.status_code == 403
    assert b"secret" not in answer.content


@pytest.mark.parametrize("surface", SURFACES)
async def test_without_a_session_nothing_but_the_public_answers(service: Service, surface: Surface) -> None:
    client = Client(service, surface)
    for method, path, handler in routes(client.app.litestar):
        answer = await client.http.request(method, path, headers={"Content-Type": "application/json"})
        if handler.opt["permission"] is Permission.PUBLIC:
            assert answer.status_code != 401 or path == "/sign-in", (method, path)
        elif path.startswith("/api/") or method not in {"GET", "HEAD"}:
            assert answer.status_code == 401, (method, path)
        else:
            led, _, back = answer.headers["location"].partition("?then=")
            assert (answer.status_code, led) == (303, "/sign-in"), (method, path)
            assert path.startswith(back), (method, path)
            assert surface is Surface.DESK or not back


@pytest.mark.parametrize("surface", SURFACES)
async def test_every_answer_carries_the_headers_and_none_that_could_be_compared(
    service: Service, surface: Surface
) -> None:
    client = Client(service, surface)
    asked = [(method, path) for method, path, _ in routes(client.app.litestar)]
    for method, path in [*asked, ("GET", "/nowhere"), ("PUT", "/sign-in"), ("GET", "/api/v1/nowhere")]:
        answer = await client.http.request(method, path)
        assert answer.headers.items() >= OWN_HEADERS.items(), (method, path)
        assert answer.headers["content-security-policy"].startswith("default-src 'none';")
        assert not {"etag", "last-modified", "server", "set-cookie"} & (
            answer.headers.keys() - ({"set-cookie"} if path == "/leave" else set())
        ), (method, path)
        if not path.startswith("/static/"):
            assert answer.headers["cache-control"] == "no-store", (method, path)


@pytest.mark.parametrize("surface", [Surface.PARTICIPANTS, Surface.DESK])
async def test_a_page_loads_only_from_us_and_nobody_frames_it(service: Service, surface: Surface) -> None:
    client = Client(service, surface)
    policy = (await client.http.get("/sign-in")).headers["content-security-policy"]
    directives = {name: values for name, *values in map(str.split, policy.split(";"))}
    forms = directives.pop("form-action")
    assert forms[0] == "'self'"
    assert len(forms) <= 2  # and where quick exit leads
    assert directives == {
        "default-src": ["'none'"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        "img-src": ["'self'"],
        "media-src": ["'self'", "blob:"],  # a recording is heard before it is kept
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }


async def test_whoever_lacks_the_permission_is_refused_on_every_route(service: Service) -> None:
    administrator = await staff_client(service, "administrator", "Ada")
    allowed = {Permission.PUBLIC, Permission.STAFF_SELF_MANAGE, Permission.ACCOUNT_MANAGE}
    tried = 0
    for method, path, handler in routes(administrator.app.litestar):
        if handler.opt["permission"] in allowed:
            continue
        if method == "POST" and not path.startswith("/api/"):
            answer = await administrator.send(path)
        elif path.startswith("/api/"):
            body: Any = {} if method in {"POST", "PUT", "PATCH"} else None
            answer = await administrator.api(method, path.removeprefix("/api/v1"), body)
        else:
            answer = await administrator.http.request(method, path)
        assert answer.status_code == 403, (method, path)
        tried += 1
    assert tried > 40


@pytest.mark.parametrize("surface", SURFACES)
async def test_nothing_changes_without_the_sessions_token_or_from_another_site(
    exchange: Exchange, surface: Surface
) -> None:
    client = exchange.victim if surface is Surface.PARTICIPANTS else exchange.desk
    other = (
        exchange.offender
        if surface is Surface.PARTICIPANTS
        else await staff_client(exchange.service, name="Gita")
    )
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    json = {"Content-Type": "application/json"}
    for method, path, handler in routes(client.app.litestar):
        if method in {"GET", "HEAD", "OPTIONS"} or path in {"/leave", "/sign-out", "/api/v1/session"}:
            continue
        if handler.opt["permission"] is Permission.PUBLIC:
            headers = {"Origin": "https://evil.example"} | (json if path.startswith("/api/") else form)
            answer = await client.http.request(method, path, headers=headers)
            assert answer.status_code == 403, (method, path)
            continue
        if handler.opt["streams"] and not path.startswith("/api/"):
            continue  # tests/functional/test_uploads.py
        for token, more in (
            ("", {}),
            (other.csrf, {}),
            (client.csrf, {"Origin": "https://evil.example"}),
            (client.csrf, {"Sec-Fetch-Site": "cross-site"}),
            (client.csrf, {"Sec-Fetch-Site": "same-site"}),
        ):
            if path.startswith("/api/"):
                headers, body = json | {"X-Relay-CSRF": token} | more, "{}"
            else:
                headers, body = form | more, f"csrf={token}"
            answer = await client.http.request(method, path, headers=headers, content=body)
            assert answer.status_code == 403, (method, path, token, more)


async def test_a_form_of_our_own_page_is_taken_although_its_origin_is_null(exchange: Exchange) -> None:
    answer = await exchange.victim.http.post(
        f"/cases/{exchange.case_id}/pause",
        data={"csrf": exchange.victim.csrf, "paused": "yes"},
        headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 303


async def test_the_api_takes_no_form(exchange: Exchange) -> None:
    answer = await exchange.victim.http.post(
        f"/api/v1/cases/{exchange.case_id}/pause",
        data={"paused": "yes"},
        headers={"X-Relay-CSRF": exchange.victim.csrf},
    )
    assert answer.status_code == 415


async def test_a_session_of_one_app_is_none_on_the_other(exchange: Exchange) -> None:
    [cookie] = exchange.victim.http.cookies.jar
    desk = Client(exchange.service, Surface.DESK)
    for name in ("__Host-p", "__Host-d"):
        answer = await desk.http.get("/api/v1/session", headers={"Cookie": f"{name}={cookie.value}"})
        assert answer.status_code == 401


async def test_the_cookie_is_bound_to_the_host_and_out_of_reach_of_scripts(service: Service) -> None:
    invitation = await service.invite_staff()
    client = await enrolled(service, Surface.DESK, invitation, "Fatima")
    answer = await client.http.post(
        "/sign-in",
        data={"name": "Fatima", "passphrase": "seven quiet lanterns over water"},
        headers={"Origin": ORIGIN},
    )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-d=")
    for attribute in ("Path=/", "Secure", "HttpOnly", "SameSite=strict"):
        assert attribute in cookie
    assert "Domain" not in cookie
    assert "Max-Age" not in cookie


async def test_signing_out_ends_the_session_everywhere_and_clears_the_browser(exchange: Exchange) -> None:
    victim = exchange.victim
    [cookie] = victim.http.cookies.jar
    answer = await victim.send("/sign-out")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert "Max-Age=0" in answer.headers["set-cookie"]
    again = await victim.http.get("/api/v1/session", headers={"Cookie": f"__Host-p={cookie.value}"})
    assert again.status_code == 401


@pytest.mark.parametrize("headers", [{}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_quick_exit_always_leads_away_and_ends_the_session(
    exchange: Exchange, headers: dict[str, str]
) -> None:
    answer = await exchange.victim.http.post("/leave", headers=headers)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("https://")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert (await exchange.victim.http.post("/leave")).status_code == 303
    assert (await exchange.victim.http.get("/api/v1/session")).status_code == 401
