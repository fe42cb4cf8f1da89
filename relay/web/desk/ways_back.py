"""Addresses that only take forms, asked for by themselves: after a refusal they stand in the address bar.

They lead back to the page that the form is on, and do nothing.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from relay.web.shared.access import AnyRequest
from relay.web.shared.pages import path_of, see_other

_ROOTS: Final = {"accounts": "/accounts", "cases": "/", "concerns": "/queue"}


def ways_back(handlers: Iterable[HTTPRouteHandler]) -> Iterator[Any]:
    """Make a handler for each address of cases, concerns, items and accounts with a form and no page."""
    known = [*handlers]
    pages = {path for one in known if "GET" in one.http_methods for path in one.paths}
    for one in known:
        for path in one.paths:
            if path not in pages and path.split("/")[1] in {"accounts", "cases", "concerns", "items"}:
                yield _back(path, one.opt["permission"])


def _back(path: str, permission: object) -> Any:
    @get(path, opt={"permission": permission}, name=f"back:{path}", sync_to_thread=False)
    def back(request: AnyRequest) -> Response[bytes]:
        _, root, *rest = path_of(request).split("/")
        of_one = root != "accounts" and len(rest) > 1
        return see_other(f"/{root}/{rest[0]}" if of_one else _ROOTS[root])

    return back
