"""Writing, uploading, sending, taking back."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromQuery, PathParameter

from relay.cases import own
from relay.errors import Conflict, Missing, Refusal, SavedElsewhere, SignInNeeded
from relay.exchange import failures, items, letters, own_lists, progress, submitting, telling, uploads
from relay.exchange.anew import last_words
from relay.exchange.edits import AS_IT_IS, Disguise
from relay.exchange.model import OwnItem, Proposal
from relay.exchange.pages import MOST
from relay.exchange.renditions import own_content
from relay.house import House
from relay.identity.model import Person
from relay.permissions import Permission
from relay.review.hiding import in_words
from relay.web.participants import just_done, own_files
from relay.web.shared.access import AnyRequest, SignedIn, TheForm, TheHouse, allow
from relay.web.shared.contents import as_letter, read_text
from relay.web.shared.filing import receive_file, receive_pages
from relay.web.shared.pages import page, see_other

ItemId = Annotated[UUID, PathParameter()]
Page = Response[bytes]
_WRITE = allow(Permission.ITEM_WRITE)
_SUBMIT = allow(Permission.ITEM_SUBMIT)
_OPEN = {"draft", "changes_requested", "failed"}
FEW = 6
"""Fields for pages on a page without script, unless more are asked for."""
_READY = {"in_review", "changes_requested", "approved", "declined"}
_ANSWERED = {"in_review", "approved"}


@get("/items/{item_id:uuid}", opt=_WRITE)
async def item_page(
    request: AnyRequest,
    house: TheHouse,
    person: SignedIn,
    item_id: ItemId,
    done: FromQuery[str] = "",
    pages: FromQuery[int] = FEW,
) -> Page:
    """Show one item of theirs: to write on, to send, or to see how it stands.

    `pages`: for how many pages of a document there are fields, where there is no script.
    """
    return await show_item(request, house, person, item_id, done=done, files=pages)


async def show_item(
    request: AnyRequest,
    house: House,
    person: Person,
    item_id: UUID,
    *,
    text: str | None = None,
    known: str = "",
    refusal: Refusal | None = None,
    done: str = "",
    files: int = FEW,
    disguise: Disguise | None = None,
) -> Page:
    """Show an item of theirs, perhaps with what could not be done and what was typed or chosen for it.

    `known`: the versions of the draft that what was typed is on top of.
    """
    arriving = await own_files.on_their_way(house, person, item_id)
    item = await progress.own_item(house, person, item_id)
    case = await own.own_case(house, person, item.case_id)
    proposal = await progress.proposal(house, person, item_id) if item.edited else None
    hidden = in_words(proposal.edits) if proposal and proposal.edits is not None else None
    editable = item.state in _OPEN
    kept = text is None or not editable  # what cannot be saved any more is shown apart from what is kept
    agreed = {one.medium for one in case.consents if one.given and one.ask_again_at > house.clock()}
    words, lost = await _text(house, person, item) if kept else (text or "", False)
    return page(
        request,
        "item.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        item=item,
        case=case,
        recipients=[one.label for one in case.counterparts if one.seat_id in item.recipients],
        editable=editable,
        text=words,
        only_here=text if kept and text and text.strip() and text != words else "",
        unsaved=not kept,
        elsewhere=isinstance(refusal, SavedElsewhere),
        versions=known or await _version(house, person, item),
        lost=progress.LOST if lost else "",
        proposal=proposal if item.state in _ANSWERED else None,
        proposed=await _proposed(house, person, item) if proposal else "",
        hidden=hidden,
        told=_told(item, proposal),
        before=await own_files.compared(house, person, item) if proposal and hidden != () else None,
        arrived=await own_files.pieces(house, person, item),
        arriving=arriving,
        others=await own_files.in_the_way(house, person, item, case) if editable else [],
        disguise=disguise or await _before(house, person, item),
        faces=bool(house.settings.faces_model),
        empty=not (words.strip() or lost or item.uploaded or arriving),
        has_clean=item.state in _READY and item.kind != "letter" and not item.edited,
        pages=await progress.own_pages(house, person, item_id) if item.kind == "document" else 0,
        feedback=await progress.feedback(house, person, item_id) if item.revision else [],
        failure=failures.sentence(item.failure, item.failure_page),
        blocks=case.blocks[item.kind] if editable else (),
        agreed=item.kind in agreed,
        most=house.settings.letter_characters,
        idle_minutes=house.settings.session_idle_minutes,
        longest=failures.LONGEST.get(item.kind, 0),
        done=just_done.on_item(done, item),
        files=max(1, min(files, MOST)),
        most_files=MOST,
    )


async def _text(house: House, person: Person, item: OwnItem) -> tuple[str, bool]:
    """What the letter says: as it was saved last, or as a facilitator has it; and whether it is lost."""
    if item.kind != "letter":
        return "", False
    try:
        if item.state in _OPEN or item.revision == 0:
            return await items.read_draft(house, person, item.id), False
        if item.state == "withdrawn":
            words = await last_words(house, person, item.id)
            return words, not words
        sent = as_letter(await own_content(house, person, item.id, "original"))
    except (Conflict, Missing):
        return "", True
    return await read_text(house, sent), False


async def _version(house: House, person: Person, item: OwnItem) -> str:
    """Which draft a page of now is written on top of; empty for none, or one that cannot be opened."""
    if item.kind != "letter" or item.state not in _OPEN:
        return ""
    try:
        return letters.version(await items.read_draft(house, person, item.id))
    except (Conflict, Missing):
        return ""


def _told(item: OwnItem, proposal: Proposal | None) -> str:
    """What the other person reads with the version in which parts are hidden, if they are given it."""
    if proposal is None or proposal.edits is None:
        return ""
    return telling.in_words(telling.changes_of(proposal.edits, "agreed"), item.kind)


async def _proposed(house: House, person: Person, item: OwnItem) -> str:
    """What a letter says in the version in which parts are hidden."""
    if item.kind != "letter":
        return ""
    try:
        made = await own_content(house, person, item.id, "clean")
    except Missing:
        return progress.LOST
    return await read_text(house, made)


async def _before(house: House, person: Person, item: OwnItem) -> Disguise:
    """What the form for a file starts with: as it was sent before, or what shows least if that is lost."""
    if item.state not in _OPEN:
        return AS_IT_IS
    found = await own_lists.disguise_before(house, person, item.id)
    return found or Disguise(voice=True, picture="cover" if item.kind == "video" else "keep")


@post("/items/{item_id:uuid}/draft", opt=_WRITE, status_code=200)
async def draft(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, item_id: ItemId
) -> Page:
    """Save the letter, and perhaps send it. What was written is shown again whatever happens."""
    written, known = form.text("text"), form.text("versions")
    unsaved: str | None = written
    try:
        await items.save_draft(house, person, item_id, written, known.split())
        unsaved, known = None, ""  # it is what is kept, and shown as that
        if form.text("then") != "send":
            return see_other(f"/items/{item_id}?done=saved")
        await submitting.submit(house, person, item_id)
    except SignInNeeded:
        raise
    except Refusal as refusal:
        # what was refused is still on top of what its window knew: nothing newer is written over unread
        known = "" if isinstance(refusal, SavedElsewhere) else known
        return await show_item(request, house, person, item_id, text=unsaved, known=known, refusal=refusal)
    return see_other(f"/items/{item_id}?done=sent")


@post("/items/{item_id:uuid}/file", opt=allow(Permission.ITEM_WRITE, streams=True), status_code=200)
async def file(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> Page:
    """Take a file by a plain form."""
    await receive_file(request, house, person, item_id, page=True)
    return see_other(f"/items/{item_id}?done=uploaded")


@post("/items/{item_id:uuid}/pages", opt=allow(Permission.ITEM_WRITE, streams=True), status_code=200)
async def several(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> Page:
    """Take several files, the pages of one document, by a plain form."""
    await receive_pages(request, house, person, item_id, page=True)
    return see_other(f"/items/{item_id}?done=uploaded")


@post("/items/{item_id:uuid}/cancel", opt=_WRITE, status_code=200)
async def cancel(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, item_id: ItemId
) -> Page:
    """Cancel an upload that is not all here. What had arrived before it stays."""
    await progress.own_item(house, person, item_id)
    try:
        with suppress(Missing):  # it has ended already, and that was wanted
            await uploads.terminate(house, person, form.identifier("upload_id"), unfinished=True)
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return await show_item(request, house, person, item_id, refusal=refusal)
    return see_other(f"/items/{item_id}?done=cancelled")


@post("/items/{item_id:uuid}/submit", opt=_SUBMIT, status_code=200)
async def submit(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, item_id: ItemId
) -> Page:
    """Send it to the facilitators, disguised if they want that."""
    disguise = None
    try:
        disguise = Disguise(
            voice=form.ticked("voice"),
            picture=form.choice("picture", "keep", "off", "cover", "faces")
            if form.text("picture")
            else "keep",
        )
        await submitting.submit(house, person, item_id, disguise)
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return await show_item(request, house, person, item_id, refusal=refusal, disguise=disguise)
    return see_other(f"/items/{item_id}?done=sent")


@post("/items/{item_id:uuid}/withdraw", opt=_SUBMIT, status_code=303)
async def withdraw(house: TheHouse, person: SignedIn, item_id: ItemId) -> Page:
    """Take it back."""
    await items.withdraw(house, person, item_id)
    return see_other(f"/items/{item_id}?done=withdrawn")


@post("/items/{item_id:uuid}/remove", opt=_WRITE, status_code=200)
async def remove(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, item_id: ItemId
) -> Page:
    """Remove a draft. One that has something in it only from where that was said."""
    item = await progress.own_item(house, person, item_id)
    try:
        await items.remove_draft(house, person, item_id, with_content=form.ticked("with_content"))
    except SignInNeeded:
        raise
    except Refusal as refusal:
        if not await progress.is_removed(house, person, item_id):  # by a press before this one
            return await show_item(request, house, person, item_id, refusal=refusal)
    return see_other(f"/cases/{item.case_id}?done=removed")


HANDLERS = [item_page, draft, file, several, cancel, submit, withdraw, remove]
