"""Style sheet, scripts and icon: a few small files, read once, the same for everybody."""

import mimetypes
from pathlib import Path
from typing import Annotated, Final

from litestar import Response, get
from litestar.params import PathParameter

from relay.errors import Missing
from relay.permissions import Permission
from relay.web.shared.access import allow

_FOLDER: Final = Path(__file__).with_name("static")
_FILES: Final = {file.name: file.read_bytes() for file in _FOLDER.iterdir() if file.is_file()}
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@get("/static/{name:str}", opt=allow(Permission.PUBLIC), include_in_schema=False)
async def static_file(name: Annotated[str, PathParameter()]) -> Response[bytes]:
    """Serve one of them; there are no folders and nothing else can be named."""
    body = _FILES.get(name)
    if body is None:
        raise Missing
    suffix = Path(name).suffix
    kind = _TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    return Response(body, media_type=kind, headers={"Cache-Control": "public, max-age=3600"})
