"""Hiding parts: the version as its author sent it, what is hidden in the newest, and beginning the next."""

from functools import partial
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post, route
from litestar.enums import HttpMethod
from litestar.params import JSONBody, PathParameter
from litestar.types import ASGIApp

from relay.exchange.edits import Edits
from relay.permissions import Permission
from relay.review import reading, redaction
from relay.review.model import ItemOnDesk
from relay.review.redaction import Redaction
from relay.web.shared.access import AnyRequest, SignedIn, TheHouse, allow
from relay.web.shared.contents import answer, page_answer

ItemId = Annotated[UUID, PathParameter()]
PageNumber = Annotated[int, PathParameter()]
_READ = allow(Permission.REVIEW_READ)
_READING = [HttpMethod.GET, HttpMethod.HEAD]


class NewRedaction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is to be hidden, in place of what is hidden now.

    `revision` is the version that was looked at. Places are those of the version as its author sent it:
    characters (code points) of a letter, milliseconds, ten-thousandths of a page. The author reads `note`.
    """

    revision: int
    edits: Edits
    note: str


@get("/items/{item_id:uuid}/redaction", opt=_READ)
async def read_redaction(house: TheHouse, person: SignedIn, item_id: ItemId) -> Redaction:
    """Show what is hidden or disguised in the newest version, by whom, and whether its author agreed."""
    return await redaction.redaction(house, person, item_id)


@post("/items/{item_id:uuid}/redactions", opt=allow(Permission.REVIEW_DECIDE), status_code=200)
async def redact(
    house: TheHouse, person: SignedIn, item_id: ItemId, data: JSONBody[NewRedaction]
) -> ItemOnDesk:
    """Begin a version in which these parts are hidden; its author has to agree to it. The item is in hand."""
    await redaction.redact(house, person, item_id, revision=data.revision, edits=data.edits, note=data.note)
    return await reading.item_on_desk(house, person, item_id)


@route("/items/{item_id:uuid}/as-sent", http_method=_READING, opt=_READ)
async def as_sent(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> ASGIApp:
    """Serve the clean file of the newest version that its author sent (ranges)."""
    rendition, content = await reading.open_rendition(house, person, item_id, "clean", as_sent=True)
    return answer(request, house, content, on_sent=partial(reading.record_seen, house, person, rendition))


@route("/items/{item_id:uuid}/as-sent/pages/{number:int}", http_method=_READING, opt=_READ)
async def as_sent_page(house: TheHouse, person: SignedIn, item_id: ItemId, number: PageNumber) -> ASGIApp:
    """Serve one page of it as a picture; the first is 1."""
    rendition, content = await reading.open_rendition(house, person, item_id, "clean", as_sent=True)
    return page_answer(house, content, number, on_sent=partial(reading.record_seen, house, person, rendition))


HANDLERS = [read_redaction, redact, as_sent, as_sent_page]
