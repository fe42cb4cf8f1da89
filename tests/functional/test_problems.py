"""What an answer says when something cannot be done."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar import Response, get

from relay.db.transaction import Surface
from relay.errors import Busy
from relay.permissions import Permission
from relay.web.shared.access import allow
from tests.functional.test_access import routes
from tests.support.house import Service
from tests.support.web import Client, Exchange, staff_client

SOON = datetime.now(UTC) + timedelta(days=30)


def _problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem.keys() >= {"type", "title", "status", "code", "detail"}
    assert (problem["status"], problem["code"], problem["type"]) == (
        status,
        code,
        f"urn:relay:problem:{code}",
    )
    return problem


async def test_unknown_foreign_and_malformed_identifiers_get_the_same_bytes(exchange: Exchange) -> None:
    item_id = await exchange.write(exchange.victim)
    assert (await exchange.victim.api("GET", f"/items/{item_id}")).status_code == 200
    for template in (
        "/items/{}",
        "/items/{}/draft",
        "/items/{}/original",
        "/deliveries/{}",
        "/deliveries/{}/content",
        "/cases/{}",
        "/uploads/{}",
    ):
        method = "HEAD" if template.startswith("/uploads") else "GET"
        answers = [
            await exchange.offender.api(method, template.format(name), headers={"Tus-Resumable": "1.0.0"})
            for name in (item_id, uuid4(), "not-an-id", "5", f"{item_id}x")
        ]
        assert {answer.status_code for answer in answers} == {404}, template
        assert len({(answer.content, tuple(sorted(answer.headers.items()))) for answer in answers}) == 1, (
            template
        )
    pages = [await exchange.offender.http.get(f"/items/{name}") for name in (item_id, uuid4(), "x")]
    assert {answer.status_code for answer in pages} == {404}
    assert pages[0].content == pages[1].content


async def test_a_colleague_who_is_not_on_the_case_gets_the_answer_for_nothing_there(
    exchange: Exchange,
) -> None:
    item_id = await exchange.write(exchange.victim)
    other = await staff_client(exchange.service, name="Gita")
    for method, path, _ in routes(other.app.litestar):
        if method != "GET" or "/api/v1/" not in path or not ({"cases", "items"} & {*path.split("/")}):
            continue
        parts = path.removeprefix("/api/v1").split("/")
        if len(parts) < 3:
            continue
        real = "/".join(["", parts[1], exchange.case_id if parts[1] == "cases" else item_id, *parts[3:]])
        mine = await other.api("GET", real)
        unknown = await other.api("GET", "/".join(["", parts[1], str(uuid4()), *parts[3:]]))
        assert (
            (mine.status_code, mine.content) == (unknown.status_code, unknown.content) == (404, mine.content)
        ), real


@pytest.mark.parametrize(
    ("gate", "body"),
    [
        (
            "assessments",
            {"safe": True, "valid_until": SOON.isoformat(), "reasoning": "Both are ready."},
        ),
        ("pauses", {"paused": True}),
    ],
)
async def test_nobody_records_a_gate_of_a_case_that_is_not_theirs(
    exchange: Exchange, gate: str, body: dict[str, Any]
) -> None:
    other = await staff_client(exchange.service, name="Gita")
    answers = [
        await other.api("POST", f"/cases/{case_id}/gates/{gate}", body)
        for case_id in (exchange.case_id, uuid4())
    ]
    assert _problem(answers[0], 404, "missing") == answers[1].json()
    await exchange.desk.do(f"/cases/{exchange.case_id}/gates/{gate}", body, status=204)


@pytest.mark.parametrize(
    "body", [b'{"name": "\xff", "passphrase": "five words and no more"}', b'{"\xff": 1}', b'{"name": "\xc3']
)
async def test_text_that_is_not_utf8_is_refused_before_anybody_signed_in(
    service: Service, body: bytes
) -> None:
    client = Client(service, Surface.PARTICIPANTS)
    answer = await client.http.post(
        "/api/v1/session", content=body, headers={"Content-Type": "application/json"}
    )
    _problem(answer, 400, "invalid")


@pytest.mark.parametrize("path", ["/api/v1/session", "/"])
async def test_what_gets_past_every_handler_still_says_what_to_do(
    service: Service, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(service, Surface.PARTICIPANTS)

    async def breaks(*_: object) -> None:
        raise ValueError("the secret of Vera")

    monkeypatch.setattr(client.app, "litestar", breaks)
    answer = await client.http.get(path)
    if path.startswith("/api/"):
        _problem(answer, 500, "error")
    assert answer.status_code == 500
    assert "Please try again" in answer.text
    assert "secret" not in answer.text


async def test_every_missing_field_is_named(exchange: Exchange) -> None:
    path = f"/cases/{exchange.case_id}/gates/assessments"
    problem = _problem(await exchange.desk.api("POST", path, {}), 400, "invalid")
    assert problem["fields"].keys() == {"safe", "valid_until", "reasoning"}
    problem = _problem(
        await exchange.desk.api("POST", path, {"safe": "x", "valid_until": "soon"}), 400, "invalid"
    )
    assert problem["fields"].keys() == {"safe", "valid_until", "reasoning"}
    _problem(await exchange.desk.api("POST", path, {"more": 1}), 400, "invalid")
    for body in (b"", b"{", b"[]", b"null", b"\xff\xfe"):
        answer = await exchange.desk.api(
            "POST", path, content=body, headers={"Content-Type": "application/json"}
        )
        _problem(answer, 400, "invalid")


async def test_a_body_that_is_too_large_is_refused(exchange: Exchange) -> None:
    item_id = await exchange.start(exchange.victim)
    answer = await exchange.victim.api("PUT", f"/items/{item_id}/draft", {"text": "x" * 2_000_000})
    _problem(answer, 413, "too-large")


async def test_a_wrong_method_says_which_are_right(exchange: Exchange) -> None:
    answer = await exchange.victim.api("DELETE", "/cases")
    _problem(answer, 405, "wrong-method")
    assert "GET" in answer.headers["allow"]


async def test_what_nobody_expected_says_nothing_of_itself(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    @get(["/api/v1/broken", "/broken"], opt=allow(Permission.PUBLIC))
    async def broken() -> Response[bytes]:
        raise ValueError("the secret of Vera")

    @get("/api/v1/busy", opt=allow(Permission.PUBLIC))
    async def busy() -> Response[bytes]:
        raise Busy("Too many tries.", retry_after=30)

    client = Client(service, Surface.DESK, broken, busy)
    problem = _problem(await client.http.get("/api/v1/broken"), 500, "error")
    assert "secret" not in str(problem)
    page = await client.http.get("/broken")
    assert page.status_code == 500
    assert "Something went wrong on our side" in page.text
    assert "secret" not in page.text + capsys.readouterr().out
    answer = await client.http.get("/api/v1/busy")
    _problem(answer, 429, "busy")
    assert answer.headers["retry-after"] == "30"


async def test_the_api_describes_itself_as_json_and_loads_nothing(exchange: Exchange) -> None:
    for client in (exchange.victim, exchange.desk):
        described = (await client.api("GET", "/openapi.json")).json()
        assert described["openapi"].startswith("3.1")
        assert all(path.startswith("/api/v1/") for path in described["paths"])
        assert (await client.http.get("/api/v1")).status_code == 404
        assert (await client.http.get("/schema")).status_code == 404
        paths = {path for _, path, _ in routes(client.app.litestar) if path.startswith("/api/v1/")}
        assert len(described["paths"]) >= len(paths) - 1


async def test_wrong_passphrase_and_unknown_name_say_the_same(exchange: Exchange) -> None:
    client = Client(exchange.service, Surface.PARTICIPANTS)
    answers = [
        await client.http.post(
            "/api/v1/session", json={"name": name, "passphrase": "wrong wrong wrong wrong"}
        )
        for name in ("Vera", "Nobody")
    ]
    assert answers[0].content == answers[1].content
    _problem(answers[0], 401, "sign-in-needed")
    page = await client.http.post("/sign-in", data={"name": "Vera", "passphrase": "wrong"})
    assert page.status_code == 401
    assert "not right" in page.text
    assert 'value="Vera"' in page.text


async def test_json_thousands_deep_is_refused_and_no_fault_of_ours(exchange: Exchange) -> None:
    headers = {"Content-Type": "application/json"}
    deep = b"[" * 200_000
    for body in (deep, b'{"name":' + deep, b'{"name": 5, "more":' + deep + b"]" * 200_000 + b"}"):
        answer = await exchange.victim.http.post("/api/v1/session", content=body, headers=headers)
        _problem(answer, 400, "invalid")


async def test_whatever_the_host_header_says_a_page_is_shown(exchange: Exchange) -> None:
    path = f"/cases/{exchange.case_id}"
    for host in ("x:99999", "x:y", "[", ""):
        assert (await exchange.desk.http.get(path, headers={"Host": host})).status_code == 200


async def test_what_is_not_there_among_the_static_files_is_not_kept(exchange: Exchange) -> None:
    for path in ("/static/none.css", "/static/..%2fsign-in", "/static"):
        answer = await exchange.victim.http.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
    assert "max-age" in (await exchange.victim.http.get("/static/style.css")).headers["cache-control"]
