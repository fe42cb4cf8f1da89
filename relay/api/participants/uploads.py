"""tus 1.0, server side: creation (also with the first bytes), termination, expiration, checksum.

https://tus.io/protocols/resumable-upload. The protocol only: whose upload it is, where it stands, and what
becomes of its bytes is `relay.exchange.uploads`. A byte is acknowledged when it would survive a loss of
power.
"""

import base64
import binascii
import hashlib
import hmac
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Annotated, Any, Final, Protocol
from uuid import UUID

from litestar import Response, delete, head, patch, post, route
from litestar.enums import HttpMethod
from litestar.params import PathParameter

from relay.errors import Invalid, Refusal, RelayError, WrongKind
from relay.exchange import uploads
from relay.exchange.uploads import Receiving, Upload
from relay.house import House
from relay.identity.model import Person
from relay.permissions import Permission
from relay.web.intake import intake
from relay.web.shared.access import AnyRequest, SignedIn, TheHouse, allow
from relay.web.shared.multipart import ClientLeft, body_of

VERSION: Final = "1.0.0"
_OFFSETS: Final = "application/offset+octet-stream"
_ALGORITHMS: Final = ("sha256", "sha1")
_RESUMABLE: Final = {"Tus-Resumable": VERSION}
_LARGEST: Final = 2**53
UploadId = Annotated[UUID, PathParameter()]


class _Hash(Protocol):
    def update(self, data: memoryview, /) -> None: ...
    def digest(self) -> bytes: ...


class WrongVersion(Refusal):
    """The client speaks another version of the protocol."""

    code = "wrong-tus-version"
    status = 412
    public = "Send the header Tus-Resumable: 1.0.0."


class WrongChecksum(Refusal):
    """The bytes are not those that the client meant to send. None of them was kept."""

    code = "wrong-checksum"
    status = 460
    public = "What arrived is not what was sent. Send the same part again."


class Cut(Refusal):
    """The connection ended early. What had arrived was kept; nobody reads this answer."""

    code = "cut"
    status = 400
    public = "The connection ended early. Ask where the upload stands, and go on from there."


def _check_version(request: AnyRequest) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise WrongVersion


def _number(request: AnyRequest, name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= _LARGEST):
        raise Invalid(**{name: f"Send the header {name} with a whole number of bytes."})
    return int(text)


def _item_of(request: AnyRequest) -> UUID:
    """Read the item from Upload-Metadata: `item_id <base64>`. A file's name in it is not even read."""
    for pair in request.headers.get("upload-metadata", "").split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "item_id":
            try:
                return UUID(base64.b64decode(value, validate=True).decode("ascii"))
            except (ValueError, binascii.Error):
                break
    raise Invalid(
        **{"Upload-Metadata": "Send the item that the file is for: Upload-Metadata: item_id BASE64."}
    )


def _checksum(request: AnyRequest) -> tuple[_Hash, bytes] | None:
    header = request.headers.get("upload-checksum")
    if header is None:
        return None
    algorithm, _, value = header.partition(" ")
    try:
        expected = base64.b64decode(value, validate=True)
    except binascii.Error:
        expected = b""
    if algorithm not in _ALGORITHMS or not expected:
        raise Invalid(**{"Upload-Checksum": f"Use one of {', '.join(_ALGORITHMS)}, and base64."})
    return hashlib.new(algorithm, usedforsecurity=False), expected


def _answer(status: int, upload: Upload | None = None, **more: str) -> Response[None]:
    headers = _RESUMABLE | more
    if upload is not None:
        headers["Upload-Offset"] = str(upload.received)
        if upload.state == "open":
            headers["Upload-Expires"] = _http_date(upload.expires_at)
    return Response(None, status_code=status, headers=headers)


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


async def _pass_on(request: AnyRequest, sink: Receiving) -> None:
    """Have the body put where it is sealed from, if its length is known. Raise `ClientLeft` after a cut."""
    body = intake(request.scope)
    if body is None:
        async for data in body_of(request.receive):
            await sink.write(data)
        return
    await sink.draw(body)
    if body.left:
        raise ClientLeft


async def _take(request: AnyRequest, house: House, person: Person, upload_id: UUID, offset: int) -> Upload:
    """Pass the body on as it comes. Whatever arrived is kept, unless a checksum says that it is wrong.

    Return how far the upload has come.
    """
    checksum = _checksum(request)
    try:
        async with uploads.append(house, person, upload_id, offset) as sink:
            if checksum:
                sink.look = checksum[0].update
            await _pass_on(request, sink)
            if checksum:
                await sink.settle()
            if checksum and not hmac.compare_digest(checksum[0].digest(), checksum[1]):
                sink.discard()
                raise WrongChecksum
    except ClientLeft:
        raise Cut from None
    return sink.upload


@route(
    "/uploads",
    http_method=HttpMethod.OPTIONS,
    opt=allow(Permission.PUBLIC),
    status_code=204,
    sync_to_thread=False,
)
def describe(house: TheHouse) -> Response[None]:
    """Say which parts of the protocol are spoken."""
    largest = max(house.settings.audio_bytes, house.settings.video_bytes, house.settings.document_bytes)
    return Response(
        None,
        status_code=204,
        headers=_RESUMABLE
        | {
            "Tus-Version": VERSION,
            "Tus-Extension": "creation,creation-with-upload,expiration,checksum,termination",
            "Tus-Checksum-Algorithm": ",".join(_ALGORITHMS),
            "Tus-Max-Size": str(largest),
        },
    )


@post("/uploads", opt=allow(Permission.ITEM_WRITE, streams=True), status_code=201)
async def create(request: AnyRequest, house: TheHouse, person: SignedIn) -> Response[None]:
    """Start an upload of Upload-Length bytes for the item in Upload-Metadata; a body is its first bytes.

    Several files make one document in the form of docs/pages-format.md: a mark, the files one after the
    other, and an index with each one's size and how far to turn it.
    """
    _check_version(request)
    length, item_id = _number(request, "upload-length"), _item_of(request)
    kind = request.headers.get("content-type")
    upload = await uploads.create(house, person, item_id, length)
    if kind == _OFFSETS:
        # whatever goes wrong, the upload exists: the client asks where it stands, as after any cut
        with suppress(RelayError):
            await _take(request, house, person, upload.id, 0)
        upload = await uploads.status(house, person, upload.id)
    return _answer(201, upload, Location=f"/api/v1/uploads/{upload.id}")


@head("/uploads/{upload_id:uuid}", opt=allow(Permission.ITEM_WRITE))
async def where(
    request: AnyRequest, house: TheHouse, person: SignedIn, upload_id: UploadId
) -> Response[None]:
    """Say where an upload stands."""
    _check_version(request)
    upload = await uploads.status(house, person, upload_id)
    return _answer(200, upload, **{"Upload-Length": str(upload.length)})


@patch("/uploads/{upload_id:uuid}", opt=allow(Permission.ITEM_WRITE, streams=True), status_code=204)
async def append(
    request: AnyRequest, house: TheHouse, person: SignedIn, upload_id: UploadId
) -> Response[None]:
    """Take the bytes from Upload-Offset on."""
    _check_version(request)
    if request.headers.get("content-type") != _OFFSETS:
        raise WrongKind(f"Send Content-Type: {_OFFSETS}.")
    return _answer(204, await _take(request, house, person, upload_id, _number(request, "upload-offset")))


@delete("/uploads/{upload_id:uuid}", opt=allow(Permission.ITEM_WRITE), status_code=204)
async def terminate(
    request: AnyRequest, house: TheHouse, person: SignedIn, upload_id: UploadId
) -> Response[None]:
    """End an upload and remove what came of it."""
    _check_version(request)
    await uploads.terminate(house, person, upload_id)
    return _answer(204)


HANDLERS: list[Any] = [describe, create, where, append, terminate]
