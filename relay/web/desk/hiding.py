"""Hiding parts of what somebody sent: the page on which it is written, shown back in words, and begun."""

import hashlib
from asyncio import to_thread
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import PathParameter

from relay.cases import service
from relay.errors import Conflict, Invalid, Refusal, SignInNeeded
from relay.exchange import telling
from relay.exchange.edits import Edits, encode, masked
from relay.house import House
from relay.identity.model import Person
from relay.permissions import Permission
from relay.review import queue, reading, redaction, standing
from relay.review.hiding import in_words
from relay.review.redaction import Ground
from relay.web.desk.hiding_form import (
    EDGES,
    MOST_ROWS,
    SPARE,
    Typed,
    as_typed,
    drawn,
    hows,
    meant,
    played,
    typed,
)
from relay.web.desk.item import show_item
from relay.web.desk.pointed import pointed
from relay.web.shared.access import AnyRequest, SignedIn, TheForm, TheHouse, allow
from relay.web.shared.pages import page, see_other

ItemId = Annotated[UUID, PathParameter()]
Page = Response[bytes]
_DECIDE = allow(Permission.REVIEW_DECIDE)
_AROUND = 30


@get("/items/{item_id:uuid}/hide", opt=_DECIDE)
async def hide_page(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> Page:
    """Show what can be hidden, starting from what is hidden now."""
    try:
        on = await _opened(house, person, item_id)
    except SignInNeeded:
        raise
    except Conflict as refusal:
        return await show_item(request, house, person, item_id, refusal)
    return await _show(request, house, person, on, as_typed(on.before.edits))


async def _opened(house: House, person: Person, item_id: UUID) -> Ground:
    """Read what the list is written against, which leaves an entry, if the person has the item in hand."""
    await queue.renew(house, person, item_id)
    item = await reading.item_on_desk(house, person, item_id)
    if item.state != "in_review" or item.claimed_by != person.id:
        raise Conflict("Take this item from the queue first, so that two people do not work on it at once.")
    on = await redaction.ground(house, person, item_id)
    if item.kind == "letter":
        await reading.open_rendition(house, person, item_id, "clean", as_sent=True)
    return on


@post("/items/{item_id:uuid}/hide", opt=_DECIDE, status_code=200)
async def hide(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, item_id: ItemId
) -> Page:
    """Show what was written back in words, with more rows, or begin the version: once it was shown so."""
    try:
        on = await _opened(house, person, item_id)
    except SignInNeeded:
        raise
    except Conflict as refusal:
        return await show_item(request, house, person, item_id, refusal, form)
    written = typed(form)
    try:
        if form.text("then") == "rows":
            await to_thread(meant, written, on)
            return await _show(request, house, person, on, written, more=True)
        edits = await to_thread(_fitting, written, on)
        if form.text("then") != "make" or form.text("checked") != _mark(edits):
            return await _show(request, house, person, on, written, edits=edits)
        await redaction.redact(
            house, person, item_id, revision=form.number("revision"), edits=edits, note=written.note
        )
    except SignInNeeded:
        raise
    except Refusal as refusal:
        return await _show(request, house, person, on, written, refusal=refusal)
    return see_other(f"/items/{item_id}")


def _fitting(written: Typed, on: Ground) -> Edits:
    """Return the list that was meant, or raise `Invalid` with everything that is wrong, all at once."""
    wrong: dict[str, str] = {}
    edits = Edits()
    try:
        edits = meant(written, on)
        redaction.check(on, edits)
    except Invalid as refused:
        wrong |= refused.fields
    try:
        redaction.checked_note(written.note)
    except Invalid as refused:
        wrong |= refused.fields
    if wrong:
        raise Invalid(**wrong)
    return edits


def _mark(edits: Edits) -> str:
    """What was shown is what is made: the form names the list that it showed."""
    return hashlib.sha256(encode(edits)).hexdigest()


async def _show(
    request: AnyRequest,
    house: House,
    person: Person,
    on: Ground,
    written: Typed,
    *,
    edits: Edits | None = None,
    refusal: Refusal | None = None,
    more: bool = False,
) -> Page:
    case, people, _ = await service.read_case(house, person, on.item.case_id)
    stands = await standing.standing(house, person, on.item.id)
    sides = await reading.item_on_desk(house, person, on.item.id)
    spare = SPARE * (3 if more else 1)
    return page(
        request,
        "hide.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        item=on.item,
        item_id=on.item.id,
        standing=stands,
        opened=stands.mark,
        own_id=person.id,
        case=case,
        author=sides.author_name,
        author_part=sides.author_part,
        recipients=sides.recipients,
        pages=on.rendition.pages or 0,
        length=on.rendition.duration_ms,
        text=await pointed(on.text, people) if on.item.kind == "letter" else None,
        before=[_place(on.text, span.start, span.end) for span in on.before.edits.spans],
        written=written,
        stretches=[*written.stretches, *[("", "", "")] * spare][:MOST_ROWS],
        areas=[*written.areas, *[("",) * 5] * spare][:MOST_ROWS],
        edges=EDGES,
        faces=bool(house.settings.faces_model) or written.picture == "faces",
        hows=hows(on.item.kind),
        shown=in_words(edits) or ("Nothing is hidden any more: it is as its author sent it.",)
        if edits is not None
        else (),
        told=telling.in_words(telling.changes_of(edits, "agreed"), on.item.kind) if edits is not None else "",
        drawn=drawn(written),
        played=played(edits) if edits is not None else [],
        preview=masked(on.text, edits.spans) if edits is not None and on.item.kind == "letter" else None,
        checked=_mark(edits) if edits is not None else "",
    )


def _place(text: str, start: int, end: int) -> dict[str, str]:
    """A place that was hidden before, with a little of what stands around it."""
    return {
        "value": f"{start}-{end}",
        "words": " ".join(text[start:end].split()),
        "around": " ".join(f"{text[max(0, start - _AROUND) : start]} … {text[end : end + _AROUND]}".split()),
    }


HANDLERS = [hide_page, hide]
