"""What a participant makes: drafts, files, sending, taking back, what the facilitator answered."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, delete, get, post, put, route
from litestar.enums import HttpMethod
from litestar.params import JSONBody, PathParameter
from litestar.types import ASGIApp
from msgspec import Meta

from relay.cases.model import Medium
from relay.exchange import items, own_lists, progress, submitting
from relay.exchange.arriving import arriving
from relay.exchange.edits import Disguise
from relay.exchange.model import Feedback, OwnItem
from relay.exchange.renditions import own_content
from relay.exchange.uploads import Upload
from relay.permissions import Permission
from relay.web.shared.access import AnyRequest, SignedIn, TheHouse, allow
from relay.web.shared.contents import answer, as_letter, page_answer
from relay.web.shared.filing import receive_file, receive_pages

CaseId = Annotated[UUID, PathParameter()]
ItemId = Annotated[UUID, PathParameter()]
PageNumber = Annotated[int, PathParameter()]
_WRITE = allow(Permission.ITEM_WRITE)
_SUBMIT = allow(Permission.ITEM_SUBMIT)
_READING = [HttpMethod.GET, HttpMethod.HEAD]


class NewItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item to start. `recipients` are seats of the other side."""

    kind: Medium
    recipients: Annotated[
        tuple[UUID, ...], Meta(min_length=1, max_length=20, description="Choose whom this is for.")
    ]


class Draft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What has been written so far. Only its author can open it."""

    text: str


class NewDraft(Draft, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to keep. `known`: SHA-256, in hex, of the texts that it was written on top of.

    If what is there is none of these, nothing is kept and the answer is 409; without any it is written over.
    """

    known: Annotated[tuple[str, ...], Meta(max_length=20, description="Give up to twenty hashes.")] = ()


@post("/cases/{case_id:uuid}/items", opt=_WRITE, status_code=201)
async def start_item(house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[NewItem]) -> OwnItem:
    """Start a draft."""
    item_id = await items.start_item(house, person, case_id, data.kind, data.recipients)
    return await progress.own_item(house, person, item_id)


@get("/cases/{case_id:uuid}/items", opt=_WRITE)
async def own_items(house: TheHouse, person: SignedIn, case_id: CaseId) -> list[OwnItem]:
    """List what the person made, the newest first."""
    return await progress.own_items(house, person, case_id)


@get("/items/{item_id:uuid}", opt=_WRITE)
async def own_item(house: TheHouse, person: SignedIn, item_id: ItemId) -> OwnItem:
    """Show one."""
    return await progress.own_item(house, person, item_id)


@get("/items/{item_id:uuid}/draft", opt=_WRITE)
async def read_draft(house: TheHouse, person: SignedIn, item_id: ItemId) -> Draft:
    """Return what has been written so far; empty if nothing yet."""
    return Draft(text=await items.read_draft(house, person, item_id))


@put("/items/{item_id:uuid}/draft", opt=_WRITE, status_code=204)
async def save_draft(
    house: TheHouse, person: SignedIn, item_id: ItemId, data: JSONBody[NewDraft]
) -> Response[None]:
    """Keep what has been written so far."""
    await items.save_draft(house, person, item_id, data.text, data.known)
    return Response(None, status_code=204)


@post("/items/{item_id:uuid}/file", opt=allow(Permission.ITEM_WRITE, streams=True), status_code=201)
async def send_file(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> Upload:
    """Upload a file by a form (multipart/form-data), the file last. Only tus (/uploads) can resume."""
    return await receive_file(request, house, person, item_id, page=False)


@post("/items/{item_id:uuid}/pages", opt=allow(Permission.ITEM_WRITE, streams=True), status_code=201)
async def send_pages(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> Upload:
    """Upload several pictures or PDFs as one document by a form (multipart/form-data), in their order.

    A field `turn` after a file turns its pages: by 0, 90, 180 or 270 degrees with the clock. At most 60
    pages. Only tus (/uploads) can resume; it takes them in the form of docs/pages-format.md.
    """
    return await receive_pages(request, house, person, item_id, page=False)


@get("/items/{item_id:uuid}/uploads", opt=_WRITE)
async def on_their_way(house: TheHouse, person: SignedIn, item_id: ItemId) -> list[Upload]:
    """List the files that are on their way: while there is one, the item is not sent.

    DELETE of `/uploads/{id}` ends one.
    """
    return await arriving(house, person, item_id)


class NewSubmission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a recording is disguised from the beginning, by its author's choice.

    Left out: as it is, or as its author chose when they sent this item before. To take a disguise off, name
    one with `voice` false and `picture` "keep".
    """

    disguise: Disguise | None = None


@post("/items/{item_id:uuid}/submit", opt=_SUBMIT, status_code=200)
async def submit(
    house: TheHouse, person: SignedIn, item_id: ItemId, data: JSONBody[NewSubmission | None] = None
) -> OwnItem:
    """Send it to the facilitators."""
    disguise = data.disguise if data else None
    if disguise is None:
        disguise = await own_lists.disguise_again(house, person, item_id)
    await submitting.submit(house, person, item_id, disguise)
    return await progress.own_item(house, person, item_id)


@post("/items/{item_id:uuid}/withdraw", opt=_SUBMIT, status_code=200)
async def withdraw(house: TheHouse, person: SignedIn, item_id: ItemId) -> OwnItem:
    """Take it back."""
    await items.withdraw(house, person, item_id)
    return await progress.own_item(house, person, item_id)


@delete("/items/{item_id:uuid}", opt=_WRITE, status_code=204)
async def remove_draft(house: TheHouse, person: SignedIn, item_id: ItemId) -> Response[None]:
    """Remove a draft that was never sent, with what is in it, for good."""
    await items.remove_draft(house, person, item_id, with_content=True)
    return Response(None, status_code=204)


@get("/items/{item_id:uuid}/feedback", opt=_WRITE)
async def feedback(house: TheHouse, person: SignedIn, item_id: ItemId) -> list[Feedback]:
    """List what facilitators answered, the newest first."""
    return await progress.feedback(house, person, item_id)


@route("/items/{item_id:uuid}/original", http_method=_READING, opt=_WRITE)
async def original(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> ASGIApp:
    """Serve what its author sent last (ranges)."""
    content = await own_content(house, person, item_id, "original")
    if (await progress.own_item(house, person, item_id)).kind == "letter":
        content = as_letter(content)
    return answer(request, house, content)


@route("/items/{item_id:uuid}/rendition", http_method=_READING, opt=_WRITE)
async def rendition(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> ASGIApp:
    """Serve to its author what was made of it, which is what can be passed on (ranges)."""
    return answer(request, house, await own_content(house, person, item_id, "clean"))


@route("/items/{item_id:uuid}/poster", http_method=_READING, opt=_WRITE)
async def poster(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> ASGIApp:
    """Serve the picture that stands for it."""
    return answer(request, house, await own_content(house, person, item_id, "poster"))


@route("/items/{item_id:uuid}/pages/{number:int}", http_method=_READING, opt=_WRITE)
async def page(house: TheHouse, person: SignedIn, item_id: ItemId, number: PageNumber) -> ASGIApp:
    """Serve to its author one page of what was made of a document, as a picture; the first is 1."""
    return page_answer(house, await own_content(house, person, item_id, "clean"), number)


HANDLERS = [
    start_item,
    own_items,
    own_item,
    read_draft,
    save_draft,
    send_file,
    send_pages,
    on_their_way,
    submit,
    withdraw,
    remove_draft,
    feedback,
    original,
    rendition,
    poster,
    page,
]
