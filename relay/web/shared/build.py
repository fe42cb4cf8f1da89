"""How either app is put together. What differs is passed in: the wing, its handlers and its templates."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
from litestar import Litestar, MediaType, Router, get
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import BaseRoute
from litestar.types import ControllerRouterHandler

from relay.app import open_house, settings_from_environment
from relay.errors import RelayError
from relay.house import House
from relay.log import configure
from relay.permissions import Permission
from relay.process.heap import keep_pieces
from relay.web.shared import problems
from relay.web.shared.access import CSRF_HEADER, DEPENDENCIES, TheHouse, allow, gatekeeper, undeclared
from relay.web.shared.headers import Shell
from relay.web.shared.pages import environment, problem_page
from relay.web.shared.recent import Recent
from relay.web.shared.statics import static_file
from relay.web.shared.wing import Wing

_DESCRIPTION: Final = "/openapi.json"
MOST_BODY: Final = 2**20
"""Bytes of any body that is no file."""

Opener: TypeAlias = Callable[[], AbstractAsyncContextManager[House]]


class Undeclared(RelayError):
    """A handler declares no permission. The app does not start."""


class Health(msgspec.Struct, frozen=True):
    """Whether this process can do its work."""

    status: str


@get("/health", opt=allow(Permission.PUBLIC), include_in_schema=False)
async def health(house: TheHouse) -> Health:
    """Answer once the database does."""
    async with house.database.before_sign_in() as tx:
        await tx.value("SELECT 1")
    return Health("ok")


def build(
    wing: Wing,
    pages: Sequence[ControllerRouterHandler],
    api: Sequence[ControllerRouterHandler],
    templates: Path,
    opener: Opener | None = None,
) -> Shell:
    """Make one app. `opener` gives it its house; without one, the environment's settings do."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        configure()
        keep_pieces()
        async with (opener or partial(open_house, settings_from_environment(), wing.surface))() as house:
            app.state.house = house
            yield

    recent = Recent(wing.cookie)
    app = Litestar(
        route_handlers=[
            health,
            static_file,
            Router("/", route_handlers=pages, include_in_schema=False),
            Router("/api/v1", route_handlers=api, security=[{"session": []}]),
        ],
        guards=[gatekeeper],
        dependencies=DEPENDENCIES,
        exception_handlers=problems.handlers(problem_page),
        lifespan=[lifespan],
        logging_config=None,
        openapi_config=_openapi(wing),
        request_max_body_size=MOST_BODY,
        state=State({"wing": wing, "templates": environment(wing, templates), "recent": recent}),
    )
    missing = undeclared(app)
    if missing:
        raise Undeclared(f"These handlers declare no permission: {', '.join(missing)}")
    return Shell(app, wing, recent)


class _OnlyJson(Router):
    """The description's router, without Litestar's front page and catch-all for unknown addresses."""

    def register(self, value: ControllerRouterHandler) -> list[BaseRoute]:
        """Take what serves the JSON, and that only where it belongs."""
        if not isinstance(value, HTTPRouteHandler) or _DESCRIPTION not in value.paths:
            return []
        value.paths = {_DESCRIPTION}
        return super().register(value)


def _openapi(wing: Wing) -> OpenAPIConfig:
    """JSON only: Litestar's pages load scripts from elsewhere."""
    return OpenAPIConfig(
        title=f"Relay: {wing.surface}",
        version="1",
        description=(
            f"Sign in with POST /api/v1/session; send its `csrf` back as {CSRF_HEADER} "
            "with all that changes something."
        ),
        openapi_router=_OnlyJson(
            "/api/v1", route_handlers=[], include_in_schema=False, opt=allow(Permission.PUBLIC)
        ),
        render_plugins=[JsonRenderPlugin(path=_DESCRIPTION, media_type=MediaType.JSON)],
    )
