"""One person's browser, as far as HTTP sees it: the session's cookie, its token, the JSON API of one app."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.cookies import Morsel, SimpleCookie
from typing import Any

import httpx

from relay.errors import RelayError

PREFIX = "/api/v1"
_TIMES = httpx.Timeout(30, read=900, write=900)
"""Seconds. Approving a film of 4 GiB hashes all of it before the answer comes."""


class Unexpected(RelayError):
    """The stack answered something else than it should have."""

    code = "unexpected-answer"


def detail(answer: httpx.Response) -> str:
    """Return what an answer says, for a person: a problem's sentence, or the beginning of whatever it is."""
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        return str(answer.json().get("detail", ""))
    return answer.text[:200]


def code(answer: httpx.Response) -> str:
    """Return a problem's stable code; empty for anything else."""
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        return str(answer.json().get("code", ""))
    return ""


class Api:
    """The API of one app (`origin`), for one person.

    Browsers take cookies that are marked Secure from a loopback address too; Python's cookie jar does not, so
    the cookie is kept here. `secrets` collects every cookie and token that was given out, for whoever looks
    for leaks.
    """

    def __init__(self, origin: str) -> None:
        self._http = httpx.Client(base_url=origin, timeout=_TIMES, trust_env=False)
        self._cookies: dict[str, str] = {}
        self._csrf = ""
        self._credentials: tuple[str, str] | None = None
        self.secrets: set[str] = set()

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that are held now, by name."""
        return dict(self._cookies)

    def borrow(self, cookies: dict[str, str]) -> None:
        """Take on somebody else's cookies, as a thief would."""
        self._cookies = dict(cookies)

    def sign_in(self, name: str, passphrase: str) -> dict[str, Any]:
        """Start a session and keep it alive: signed out by the idle timeout, it signs in again."""
        session = self._expect(self.attempt_sign_in(name, passphrase))
        self._credentials = (name, passphrase)
        return self._began(session)

    def attempt_sign_in(self, name: str, passphrase: str) -> httpx.Response:
        """Try to."""
        return self._send("POST", "/session", json={"name": name, "passphrase": passphrase})

    def call(self, method: str, path: str, body: object = None, **more: Any) -> httpx.Response:
        """Send one request; return whatever is answered. `more` goes to httpx (content, headers, files)."""
        if body is not None:
            more["json"] = body
        answer = self._send(method, path, **more)
        if self._credentials is not None and "content" not in more and self._renewed(answer):
            answer = self._send(method, path, **more)
        return answer

    def get(self, path: str) -> Any:
        """Return what GET answers, or raise `Unexpected`."""
        return self._expect(self.call("GET", path))

    def post(self, path: str, body: object = None, **more: Any) -> Any:
        """Return what POST answers, or raise `Unexpected`."""
        return self._expect(self.call("POST", path, body, **more))

    def put(self, path: str, body: object) -> Any:
        """Return what PUT answers, or raise `Unexpected`."""
        return self._expect(self.call("PUT", path, body))

    @contextmanager
    def stream(self, path: str, headers: dict[str, str] | None = None) -> Iterator[httpx.Response]:
        """Open a body to be read piece by piece; anything but 200 and 206 raises `Unexpected`."""
        with self._http.stream("GET", PREFIX + path, headers=self._headers(headers)) as answer:
            if answer.status_code not in {200, 206}:
                answer.read()
                self._expect(answer)
            yield answer

    def send_pieces(
        self, method: str, path: str, pieces: Iterable[bytes], headers: dict[str, str]
    ) -> httpx.Response:
        """Send a body piece by piece; an exception among the pieces cuts the connection there."""
        return self._send(method, path, content=pieces, headers=headers)

    def _renewed(self, answer: httpx.Response) -> bool:
        """Whether it is worth asking again: the session had ended, or the passphrase was wanted once more."""
        if self._credentials is None:
            return False
        name, passphrase = self._credentials
        if answer.status_code == 401:
            self._began(self._expect(self.attempt_sign_in(name, passphrase)))
            return True
        if code(answer) == "step-up-needed":
            self._began(self._expect(self._send("POST", "/session/step-up", json={"passphrase": passphrase})))
            return True
        return False

    def _began(self, session: dict[str, Any]) -> dict[str, Any]:
        self._csrf = session["csrf"]
        self.secrets |= {self._csrf, *self._cookies.values()}
        return session

    def _headers(self, more: dict[str, str] | None = None) -> dict[str, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        held = ({"cookie": cookie} if cookie else {}) | ({"x-relay-csrf": self._csrf} if self._csrf else {})
        return held | (more or {})

    def _send(
        self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        answer = self._http.request(method, PREFIX + path, headers=self._headers(headers), **more)
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self._keep(name, morsel)
        return answer

    def _keep(self, name: str, morsel: "Morsel[str]") -> None:
        strict = morsel["secure"] and morsel["httponly"] and morsel["samesite"].lower() == "strict"
        if not (strict and morsel["path"] == "/" and not morsel["domain"] and name.startswith("__Host-")):
            raise Unexpected(f"The cookie {name} is not bound to its host as it should be.")
        if morsel["max-age"] == "0":
            self._cookies.pop(name, None)
        else:
            self._cookies[name] = morsel.value

    def _expect(self, answer: httpx.Response) -> Any:
        if not answer.is_success:
            asked = f"{answer.request.method} {answer.request.url.path}"
            raise Unexpected(f"{asked} answered {answer.status_code}: {detail(answer)}")
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return answer.json() if is_json else answer.content
