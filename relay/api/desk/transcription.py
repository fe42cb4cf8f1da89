"""What stands on scanned pages, written out: reading, writing, saying that it was compared."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post, put
from litestar.params import JSONBody, PathParameter

from relay.permissions import Permission
from relay.review import transcription
from relay.review.transcription import Transcription
from relay.web.shared.access import SignedIn, TheHouse, allow

ItemId = Annotated[UUID, PathParameter()]
_READ = allow(Permission.REVIEW_READ)


class NewTranscription(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands on the pages, in place of what was written out before."""

    text: str


class Compared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which one was compared with the pages: its time, as GET gave it."""

    written_at: datetime


@get("/items/{item_id:uuid}/transcription", opt=_READ)
async def read_transcription(house: TheHouse, person: SignedIn, item_id: ItemId) -> Transcription:
    """Show what somebody last wrote out of the pages, of which version, and who compared it."""
    return await transcription.transcription(house, person, item_id)


@put("/items/{item_id:uuid}/transcription", opt=_READ, status_code=204)
async def write_transcription(
    house: TheHouse, person: SignedIn, item_id: ItemId, data: JSONBody[NewTranscription]
) -> Response[None]:
    """Keep what was written out. Facilitators of the case read it, and nobody else."""
    await transcription.write(house, person, item_id, data.text)
    return Response(None, status_code=204)


@post("/items/{item_id:uuid}/transcription/checks", opt=_READ, status_code=204)
async def check_transcription(
    house: TheHouse, person: SignedIn, item_id: ItemId, data: JSONBody[Compared]
) -> Response[None]:
    """Say that it was compared with the pages, word by word."""
    await transcription.check(house, person, item_id, data.written_at)
    return Response(None, status_code=204)


HANDLERS = [read_transcription, write_transcription, check_transcription]
