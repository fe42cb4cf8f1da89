"""Headers on every answer, and the last net under every error: plain ASGI around the whole app.

Litestar's own layers do not see a request that no route matches, so these sit outside of it.
"""

import time
from typing import Any, Final

import structlog
from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import HTTPScope, Message, Method, Receive, Scope, Send

from relay.errors import RelayError
from relay.log import describe
from relay.web.shared.problems import MEDIA_TYPE, document
from relay.web.shared.recent import Recent
from relay.web.shared.wing import RawHeaders, Wing

_ALWAYS: Final[RawHeaders] = [
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"permissions-policy",
        b"camera=(self), microphone=(self), geolocation=(), payment=(), usb=(), display-capture=()",
    ),
    (b"x-robots-tag", b"noindex, nofollow, noarchive"),
]
# What a browser or a proxy could compare or keep: nothing of it on answers that are made for one person.
_NEVER_ON_DYNAMIC: Final = frozenset(
    {b"etag", b"last-modified", b"server", b"date", b"expires", b"cache-control"}
)
_METHODS_BY_HEADER: Final[dict[bytes, Method]] = {b"PATCH": "PATCH", b"DELETE": "DELETE"}


def content_policy(*, form_targets: str = "") -> bytes:
    """Return the Content-Security-Policy."""
    parts = (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "media-src 'self' blob:",
        "connect-src 'self'",
        f"form-action 'self' {form_targets}".strip(),
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    return "; ".join(parts).encode()


class Shell:
    """The outermost layer of an app: headers, one log line a request, and no exception that gets past it."""

    def __init__(self, litestar: Litestar, wing: Wing, recent: Recent) -> None:
        self.litestar = litestar
        self._recent = recent
        # not bound yet: that would fix how lines are written before `log.configure` has said so
        self._log = structlog.get_logger(surface=str(wing.surface))
        # Quick exit is a form whose answer leads away; browsers hold form-action against the redirect too.
        self._policy = content_policy(form_targets=wing.exit_url.rstrip("/"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != ScopeType.HTTP:
            await self.litestar(scope, receive, send)
            return
        _override_method(scope)
        began = time.perf_counter()
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._headers(scope, status, list(message["headers"]))
            await send(message)

        failure: dict[str, Any] = {}
        playing = self._recent.find(scope)
        try:
            await (playing or self.litestar)(scope, receive, send_on)
        except Exception as error:  # noqa: BLE001 - the last net: above it, its text would be logged
            # An answer that has begun just ends; the server then closes the connection: a cut shows as a cut.
            failure = describe(error.__cause__ or error)
            if not status:
                await _last_answer(scope, send_on)
        # the first range of a film has its line; the next ones, many a second, are no news
        if playing is None or failure or status >= 400:
            self._write_line(scope, status, began, failure)

    def _headers(self, scope: HTTPScope, status: int, headers: RawHeaders) -> RawHeaders:
        static = scope["path"].startswith("/static/") and status == 200
        kept = [(name, value) for name, value in headers if static or name.lower() not in _NEVER_ON_DYNAMIC]
        if not static:
            kept.append((b"cache-control", b"no-store"))
        kept.append((b"content-security-policy", self._policy))
        return kept + _ALWAYS

    def _write_line(self, scope: HTTPScope, status: int, began: float, failure: dict[str, Any]) -> None:
        route = scope.get("path_template") or "none"
        if route == "/health" and status == 200:
            return
        write = self._log.error if failure or status >= 500 else self._log.info
        spent = round((time.perf_counter() - began) * 1000, 1)
        about: dict[str, Any] = failure or scope.get("relay.failure") or {}  # type: ignore[assignment]
        write("request", method=scope["method"], route=route, status=status, milliseconds=spent, **about)


def _override_method(scope: HTTPScope) -> None:
    """Do as tus 1.0 asks (X-HTTP-Method-Override), for clients behind what lets only POST through.

    Never HEAD: its answer has no body, and whoever sent POST would take the next answer for that.
    """
    if scope["method"] == "POST" and scope["path"].startswith("/api/v1/uploads"):
        for name, value in scope["headers"]:
            if name == b"x-http-method-override" and value in _METHODS_BY_HEADER:
                scope["method"] = _METHODS_BY_HEADER[value]


async def _last_answer(scope: HTTPScope, send: Send) -> None:
    error = RelayError()
    if scope["path"].startswith("/api/"):
        body, media_type = document(error), MEDIA_TYPE.encode()
    else:
        body, media_type = error.public.encode(), b"text/plain; charset=utf-8"
    headers = [(b"content-type", media_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
