"""How either app is put together. What differs is passed in: the wing, its handlers and its templates."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
from litestar import Litestar, Router, get
from litestar.datastructures import State
from litestar.types import ControllerRouterHandler

from relay.app import open_house, settings_from_environment
from relay.errors import RelayError
from relay.house import House
from relay.log import configure
from relay.permissions import Permission
from relay.process.heap import keep_pieces
from relay.web.shared import problems
from relay.web.shared.access import DEPENDENCIES, TheHouse, allow, gatekeeper, undeclared
from relay.web.shared.description import description
from relay.web.shared.endings import Endings
from relay.web.shared.headers import Shell
from relay.web.shared.pages import environment, problem_page
from relay.web.shared.recent import Recent
from relay.web.shared.statics import static_file
from relay.web.shared.wing import Wing

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
    endings: Endings | None = None,
) -> Shell:
    """Make one app. `opener` gives it its house; without one, the environment's settings do.

    `endings` is what it shares with the other processes of the same app on this machine.
    """

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        configure()
        keep_pieces()
        async with (opener or partial(open_house, settings_from_environment(), wing.surface))() as house:
            app.state.house = house
            yield

    recent = Recent(wing.cookie, endings or Endings())
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
        openapi_config=description(wing),
        request_max_body_size=MOST_BODY,
        state=State({"wing": wing, "templates": environment(wing, templates), "recent": recent}),
    )
    missing = undeclared(app)
    if missing:
        raise Undeclared(f"These handlers declare no permission: {', '.join(missing)}")
    return Shell(app, wing, recent)
