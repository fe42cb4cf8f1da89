"""The session cookie. It lasts until the browser closes; the session in the database ends sooner."""

from typing import Any

from litestar import Response
from litestar.datastructures import Cookie

from relay.web.shared.access import AnyRequest, session_cookie
from relay.web.shared.recent import Recent
from relay.web.shared.wing import Wing


def set_session(request: AnyRequest, response: Response[Any], value: str) -> None:
    """Give the browser its half of the session. `__Host-`: this very host alone, over a secure connection."""
    forget_playing(request)
    response.set_cookie(_cookie(_wing(request), value))


def _wing(request: AnyRequest) -> Wing:
    wing: Wing = request.app.state.wing
    return wing


def forget_playing(request: AnyRequest) -> None:
    """Have every process forget what sessions are playing, once this request's session has ended."""
    if session_cookie(request):
        recent: Recent = request.app.state.recent
        recent.forget()


def end_session(request: AnyRequest, response: Response[Any]) -> None:
    """Take the cookie back, and have the browser throw away what it kept of us (also for Back)."""
    forget_playing(request)
    wing = _wing(request)
    response.set_cookie(_cookie(wing, "", max_age=0))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


def _cookie(wing: Wing, value: str, max_age: int | None = None) -> Cookie:
    return Cookie(
        key=wing.cookie, value=value, path="/", secure=True, httponly=True, samesite="strict", max_age=max_age
    )
