"""The tour's browser keeps cookies as strictly as a real one would, and nobody else's."""

from collections.abc import Callable

import httpx
import pytest

from relay.tour.client import Api, Unexpected

GOOD = "__Host-p=abc; Path=/; Secure; HttpOnly; SameSite=strict"


def api(answer: Callable[[httpx.Request], httpx.Response]) -> Api:
    made = Api("http://127.0.0.1:1")
    made._http = httpx.Client(base_url="http://127.0.0.1:1", transport=httpx.MockTransport(answer))
    return made


def test_a_secure_cookie_is_kept_on_a_loopback_address_and_sent_back() -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.get("cookie", ""))
        return httpx.Response(200, headers={"set-cookie": GOOD}, json={})

    browser = api(answer)
    browser.get("/cases")
    browser.get("/cases")
    assert sent == ["", "__Host-p=abc"]


def test_a_cookie_that_is_taken_back_is_gone() -> None:
    cookies = iter([GOOD, f"{GOOD}; Max-Age=0"])
    browser = api(lambda _: httpx.Response(200, headers={"set-cookie": next(cookies)}, json={}))
    browser.get("/cases")
    assert browser.cookies == {"__Host-p": "abc"}
    browser.get("/cases")
    assert browser.cookies == {}


@pytest.mark.parametrize(
    "cookie",
    [
        "__Host-p=abc; Path=/; HttpOnly; SameSite=strict",
        "__Host-p=abc; Path=/; Secure; SameSite=strict",
        "__Host-p=abc; Path=/; Secure; HttpOnly",
        "__Host-p=abc; Path=/; Secure; HttpOnly; SameSite=lax",
        "__Host-p=abc; Path=/api; Secure; HttpOnly; SameSite=strict",
        "__Host-p=abc; Path=/; Domain=example.org; Secure; HttpOnly; SameSite=strict",
        "p=abc; Path=/; Secure; HttpOnly; SameSite=strict",
    ],
)
def test_a_cookie_that_is_not_bound_to_its_host_stops_the_tour(cookie: str) -> None:
    with pytest.raises(Unexpected, match="not bound to its host"):
        api(lambda _: httpx.Response(200, headers={"set-cookie": cookie})).get("/cases")


def test_an_answer_that_is_none_of_ours_is_told_with_its_status() -> None:
    with pytest.raises(Unexpected, match="GET /api/v1/cases answered 502"):
        api(lambda _: httpx.Response(502, text="Bad gateway")).get("/cases")
