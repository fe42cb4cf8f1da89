"""What an answer says when something cannot be done: RFC 9457 for the API, a page with a sentence for people.

Every error is one of `relay.errors` by the time it is written: what the framework raises is turned into one
first, and what nobody expected becomes a plain `RelayError`, of which the log gets the kind and the place,
never the text.
"""

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.types import Method

from relay.errors import (
    BlobMissing,
    Blocked,
    Busy,
    Invalid,
    Missing,
    Refusal,
    RelayError,
    TooLarge,
    Unavailable,
)
from relay.log import describe
from relay.web.shared.access import AnyRequest, is_api
from relay.web.shared.decode import decode

ProblemPage: TypeAlias = Callable[[AnyRequest, RelayError, int], Response[bytes]]
_METHODS: Final[tuple[Method, ...]] = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
MEDIA_TYPE: Final = "application/problem+json"
_UNREADABLE: Final = "The request could not be read. Send JSON as the API's description says."
_UNUSABLE: Final = "What was given here cannot be used. The API's description says what can."
_UNREADABLE_JSON: Final = (RecursionError, UnicodeDecodeError)
"""What msgspec raises beside its own errors: JSON within JSON, thousands deep; a string that is not UTF-8."""


class WrongMethod(Refusal):
    """The address is right, the method is not."""

    code = "wrong-method"
    status = 405
    public = "This address does not take that method."


class NotWithin(Refusal):
    """The range that was asked for lies outside of the file."""

    code = "not-within"
    status = 416
    public = "The file ends before that. Ask for bytes within the length that Content-Range says."


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457. `code` is stable; `fields` and `blocks` say what is wrong, one by one."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    fields: dict[str, str] = {}
    blocks: tuple[str, ...] = ()


def status_of(error: RelayError) -> int:
    """Return the HTTP status of an error."""
    if isinstance(error, Refusal):
        return error.status
    return 503 if isinstance(error, Unavailable) else 500


def _title(status: int) -> str:
    """Return the phrase of a status. tus has one of its own (460) that HTTP does not know."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Refused"


def problem_of(error: RelayError) -> Problem:
    """Put an error into words that may be shown."""
    status = status_of(error)
    return Problem(
        type=f"urn:relay:problem:{error.code}",
        title=_title(status),
        status=status,
        code=error.code,
        detail=error.public,
        fields=error.fields if isinstance(error, Invalid) else {},
        blocks=error.blocks if isinstance(error, Blocked) else (),
    )


def document(error: RelayError) -> bytes:
    """Return the problem document itself, of `MEDIA_TYPE`."""
    return msgspec.json.encode(problem_of(error))


def _from_framework(request: AnyRequest, error: HTTPException) -> RelayError:
    """Turn what Litestar raised into one of ours. Its own details quote the request, so none is kept."""
    if isinstance(error, NotFoundException):
        return Missing()
    if isinstance(error, MethodNotAllowedException):
        return WrongMethod()
    if isinstance(error, ValidationException):
        return _validation(request, error)
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge()
    if isinstance(error, ClientException) and error.status_code < 500:
        return Invalid(_UNREADABLE)
    return RelayError()


def _validation(request: AnyRequest, error: ValidationException) -> RelayError:
    """Name every wrong field. Litestar knows only the first, so the body is looked at again."""
    extra = error.extra if isinstance(error.extra, list) else []
    data = request.route_handler.parsed_fn_signature.parameters.get("data")
    body = request.scope.get("relay.body")
    if (
        data is not None
        and isinstance(body, bytes)
        and not any(e.get("source") in {"query", "path"} for e in extra)
    ):
        try:
            decode(msgspec.json.decode(body or b"null"), data.annotation)
        except Invalid as invalid:
            return invalid
        except msgspec.MsgspecError:
            return Invalid(_UNREADABLE)
    if any(e.get("source") == "path" for e in extra):
        return Missing()
    return Invalid(**{str(e["key"]): _UNUSABLE for e in extra if e.get("key")})


def handlers(
    page: ProblemPage,
) -> dict[type[Exception] | int, Callable[[Request[Any, Any, Any], Any], Response[Any]]]:
    """Return the app's exception handlers. `page` writes the page that people see."""

    def answer(request: Request[Any, Any, Any], raised: Exception) -> Response[Any]:
        if isinstance(raised, RelayError):
            error = raised
        elif isinstance(raised, HTTPException) and raised.status_code < 500:
            error = _from_framework(request, raised)
        elif isinstance(raised, _UNREADABLE_JSON) and request.scope.get("relay.body"):
            error = Invalid(_UNREADABLE)
        else:
            error = RelayError()
        status = status_of(error)
        failure: dict[str, object] = {"code": error.code}
        if status >= 500 or isinstance(raised, BlobMissing):
            failure |= describe(raised)
        request.scope["relay.failure"] = failure  # type: ignore[typeddict-unknown-key]
        response = _document(error) if is_api(request) else page(request, error, status)
        if isinstance(error, Busy):
            response.headers["Retry-After"] = str(error.retry_after)
        if isinstance(error, WrongMethod):
            response.headers["Allow"] = ", ".join(_methods(request))
        return response

    return {Exception: answer, HTTPException: answer, RelayError: answer, 500: answer}


def _methods(request: AnyRequest) -> list[Method]:
    """Return which methods an address takes."""
    found: list[Method] = []
    for method in _METHODS:
        with suppress(HTTPException):
            request.app.asgi_router.handle_routing(path=request.scope["path"], method=method)
            found.append(method)
    return found


def _document(error: RelayError) -> Response[bytes]:
    return Response(document(error), status_code=status_of(error), media_type=MEDIA_TYPE)
