"""Who may come in: default deny, one permission a handler, the session, and proof that our own page asked.

`opt=allow(Permission.X)` stands on every handler. One guard over the whole app does the rest, in this
order: is a permission declared, did the request come from our pages, who is it, is the token right, may
they. Which case or item they may touch is not decided here but in the query.
"""

from contextlib import suppress
from typing import Any, Final, TypeAlias

from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import SkipValidation

from relay.errors import Forbidden, Refusal, SignInNeeded, WrongKind
from relay.house import House
from relay.identity import sessions
from relay.identity.model import Person
from relay.permissions import Permission
from relay.web.shared.forms import Form, parse_form
from relay.web.shared.origin import SAFE_METHODS, cross_site, same_origin
from relay.web.shared.wing import Wing

CSRF_HEADER: Final = "x-relay-csrf"
CSRF_FIELD: Final = "csrf"
_FROM_ELSEWHERE: Final = (
    "This request did not come from our own page, so nothing was done. Please go back, load the page again"
    " and retry."
)
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"

AnyRequest: TypeAlias = Request[Any, Any, State]
SignedIn: TypeAlias = NamedDependency[SkipValidation[Person]]
TheHouse: TypeAlias = NamedDependency[SkipValidation[House]]
TheForm: TypeAlias = NamedDependency[SkipValidation[Form]]


def allow(permission: Permission, *, streams: bool = False, from_anywhere: bool = False) -> dict[str, object]:
    """Declare a handler's one permission. `streams`: its body is a file, which it reads itself.

    A page's handler that streams a form checks the token by `check_token` before it takes any of the file.
    `from_anywhere` is for quick exit alone: it must never be refused, and from another site it comes
    without a cookie.
    """
    return {"permission": permission, "streams": streams, "from_anywhere": from_anywhere}


def undeclared(app: Litestar) -> list[str]:
    """List the handlers that declare no permission. An app with any does not start."""
    return [
        f"{method} {route.path}"
        for route in app.routes
        for handler in getattr(route, "route_handlers", [getattr(route, "route_handler", None)])
        for method in sorted(getattr(handler, "http_methods", {"*"}))
        if handler is not None
        and not _is_options(handler)
        and not isinstance(handler.opt.get("permission"), Permission)
    ]


def _is_options(handler: BaseRouteHandler) -> bool:
    """Litestar adds these itself. The guard refuses them, unless we declared one."""
    return isinstance(handler, HTTPRouteHandler) and set(handler.http_methods) == {"OPTIONS"}


async def gatekeeper(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request in, or raise `Forbidden` or `SignInNeeded`."""
    permission = handler.opt.get("permission")
    if not isinstance(permission, Permission):
        raise Forbidden
    unsafe = connection.scope.get("method", "GET") not in SAFE_METHODS
    if permission is Permission.PUBLIC:
        if unsafe:
            await _check_public(connection, handler)
        return
    if unsafe and cross_site(connection.headers):
        raise Forbidden(_FROM_ELSEWHERE)
    person = await who(connection)
    if person is None:
        if unsafe and not is_api(connection) and session_cookie(connection):
            with suppress(Refusal):
                await _take_what_was_typed(connection, handler)
        raise SignInNeeded
    connection.scope["user"] = person
    if unsafe:
        await _check_proof(connection, handler, person)
    if permission not in person.permissions:
        raise Forbidden


async def _take_what_was_typed(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Have it shown again beside the way to sign in, if this browser's session has only run out.

    Signing out and quick exit take the cookie away: after them Back shows whoever sits there nothing, and
    nothing of one person's is shown where another one's session ran out since.
    """
    form = await _take_body(connection, handler)
    house: House = connection.app.state.house
    if form and not sessions.typed_in(house, session_cookie(connection), form.text(CSRF_FIELD)):
        _show_nothing(connection)


def _show_nothing(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Forget what was typed: the page that says what went wrong would show it."""
    connection.scope.pop("relay.form", None)  # type: ignore[typeddict-item]


async def _check_public(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Nobody is signed in, so there is no token: what the browser says has to do."""
    if same_origin(connection.headers) is False and not handler.opt.get("from_anywhere"):
        raise Forbidden(_FROM_ELSEWHERE)
    await _take_body(connection, handler)


async def _check_proof(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler, person: Person
) -> None:
    form = await _take_body(connection, handler)
    if form is not None:
        token = form.text(CSRF_FIELD)
        if not sessions.typed_by(connection.app.state.house, person, token):
            _show_nothing(connection)
        check_token(connection, person, token)
    elif is_api(connection) or not handler.opt.get("streams"):
        check_token(connection, person, connection.headers.get(CSRF_HEADER, ""))


async def who(connection: ASGIConnection[Any, Any, Any, Any]) -> Person | None:
    """Return who is signed in, with their keys opened for this request."""
    wing: Wing = connection.app.state.wing
    cookie = session_cookie(connection)
    if not cookie:
        return None
    return await sessions.open_session(connection.app.state.house, wing.surface, cookie)


def session_cookie(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Return the session's cookie, empty if there is none."""
    wing: Wing = connection.app.state.wing
    return connection.cookies.get(wing.cookie, "")


def check_token(connection: ASGIConnection[Any, Any, Any, Any], person: Person, untrusted_token: str) -> None:
    """Raise `Forbidden` unless the token belongs to this very session."""
    sessions.check_csrf(connection.app.state.house, person, untrusted_token)


def is_api(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Tell the JSON API from pages."""
    return connection.scope["path"].startswith("/api/")


async def _take_body(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> Form | None:
    """Read the body, up to the app's limit, unless it is a file. Return it if it is a page's form."""
    if handler.opt.get("streams") or not isinstance(connection, Request):
        return None
    body = await connection.body()
    kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if is_api(connection):
        # a form can be sent from elsewhere without asking (CORS "simple requests"); JSON cannot
        if body and kind != _JSON:
            raise WrongKind("Send JSON, with Content-Type: application/json.")
        connection.scope["relay.body"] = body  # type: ignore[typeddict-unknown-key]
        return None
    if body and kind != _FORM:
        raise WrongKind("This form could not be read. Please go back and try again.")
    house: House = connection.app.state.house
    form = parse_form(body, house.settings.zone)
    connection.scope["relay.form"] = form  # type: ignore[typeddict-unknown-key]
    return form


def _house(request: AnyRequest) -> House:
    house: House = request.app.state.house
    return house


def _person(request: AnyRequest) -> Person:
    person: Person = request.user
    return person


def _form(request: AnyRequest) -> Form:
    form: Form = request.scope["relay.form"]  # type: ignore[typeddict-item]
    return form


DEPENDENCIES: Final = {
    "house": Provide(_house, sync_to_thread=False),
    "person": Provide(_person, sync_to_thread=False),
    "form": Provide(_form, sync_to_thread=False),
}
