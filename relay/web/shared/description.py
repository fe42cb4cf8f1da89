"""How an API describes itself: OpenAPI 3.1 as JSON. Litestar's pages load scripts from elsewhere."""

from typing import Any, Final

import msgspec
from litestar import MediaType, Request, Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import BaseRoute
from litestar.types import ControllerRouterHandler

from relay.permissions import Permission
from relay.web.shared.access import CSRF_HEADER, allow
from relay.web.shared.problems import MEDIA_TYPE, Problem
from relay.web.shared.wing import Wing

_PATH: Final = "/openapi.json"
_PROBLEM: Final = {
    "description": "It cannot be done; the problem document says why, and what to do.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class _OnlyJson(Router):
    """The description's router, without Litestar's front page and catch-all for unknown addresses."""

    def register(self, value: ControllerRouterHandler) -> list[BaseRoute]:
        """Take what serves the JSON, and that only where it belongs."""
        if not isinstance(value, HTTPRouteHandler) or _PATH not in value.paths:
            return []
        value.paths = {_PATH}
        return super().register(value)


class _WithProblems(JsonRenderPlugin):
    """Adds to each operation what any of them can answer."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the description as JSON."""
        for operations in openapi_schema["paths"].values():
            for operation in operations.values():
                operation.setdefault("responses", {}).pop("400", None)
                operation["responses"]["default"] = _PROBLEM
        _, schemas = msgspec.json.schema_components([Problem], ref_template="#/components/schemas/{name}")
        openapi_schema["components"].setdefault("schemas", {}).update(schemas)
        return super().render(request, openapi_schema)


def description(wing: Wing) -> OpenAPIConfig:
    """Return the configuration of one app's description."""
    return OpenAPIConfig(
        title=f"Relay: {wing.surface}",
        version="1",
        description=(
            f"Sign in with POST /api/v1/session; send its `csrf` back as {CSRF_HEADER} "
            "with all that changes something."
        ),
        components=Components(
            security_schemes={
                "session": SecurityScheme(type="apiKey", name=wing.cookie, security_scheme_in="cookie")
            }
        ),
        openapi_router=_OnlyJson(
            "/api/v1", route_handlers=[], include_in_schema=False, opt=allow(Permission.PUBLIC)
        ),
        render_plugins=[_WithProblems(path=_PATH, media_type=MediaType.JSON)],
    )
