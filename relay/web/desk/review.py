"""The queue and an item on the desk: taking it, reading or playing it, deciding, releasing."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from litestar import get, post
from litestar.params import FromQuery, PathParameter

from relay.cases import service
from relay.errors import Conflict, Invalid, Missing, Refusal
from relay.exchange import failures, paper, receipts, release
from relay.house import House
from relay.identity.model import Person
from relay.permissions import Permission
from relay.review import decisions, queue, reading, redaction, standing, transcription, transcripts
from relay.review.hiding import in_words
from relay.review.model import Decision, ItemOnDesk, Reason
from relay.review.passing import in_the_way
from relay.web.desk.doing import Asked, Page, carry_out
from relay.web.desk.pointed import heard, pointed
from relay.web.shared.access import AnyRequest, SignedIn, TheForm, TheHouse, allow
from relay.web.shared.contents import read_text
from relay.web.shared.forms import Form, texts
from relay.web.shared.pages import page, see_other

ItemId = Annotated[UUID, PathParameter()]
_READ = allow(Permission.REVIEW_READ)
_DECIDE = allow(Permission.REVIEW_DECIDE)
_RELEASE = allow(Permission.RELEASE_MAKE)
_MINE = {"in_review", "approved"}
_DECIDED: Final[dict[Decision, str]] = {
    "approve": "approved",
    "request_changes": "sent-back",
    "decline": "declined",
}


@get("/queue", opt=_READ)
async def queue_page(
    request: AnyRequest,
    house: TheHouse,
    person: SignedIn,
    after: FromQuery[datetime | None] = None,
    after_id: FromQuery[UUID | None] = None,
) -> Page:
    """List what waits, the oldest first."""
    if after is None or after_id is None:
        entries = await queue.queue(house, person)
    else:
        entries = await queue.queue(house, person, after=after, after_id=after_id)
    last = entries[-1] if len(entries) == queue.PAGE else None
    return page(request, "queue.html", entries=entries, last=last, own_id=person.id)


@get("/items/{item_id:uuid}", opt=_READ)
async def item_page(
    request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId, done: FromQuery[str] = ""
) -> Page:
    """Show an item. What it says is shown to whoever has taken it, or after it was decided on."""
    return await show_item(request, house, person, item_id, done=done)


async def show_item(
    request: AnyRequest,
    house: House,
    person: Person,
    item_id: UUID,
    refusal: Refusal | None = None,
    form: Form | None = None,
    *,
    done: str = "",
) -> Page:
    """Show an item, perhaps with what could not be done and what was chosen for it, or with what was done."""
    await queue.renew(house, person, item_id)
    item = await reading.item_on_desk(house, person, item_id)
    mine = item.claimed_by == person.id
    shown = item.clean is not None and (mine or item.state not in _MINE)
    hidden = await redaction.redaction(house, person, item_id) if item.revision else None
    text = await _letter(house, person, item) if shown and item.kind == "letter" else None
    if text is not None and not item.seen_all:
        item = await reading.item_on_desk(house, person, item_id)
    recorded = shown and item.kind in {"audio", "video"}
    transcript = await transcripts.draft(house, person, item_id) if recorded else None
    scanned = shown and item.kind == "document"
    written_out = await _written_out(house, person, item_id) if scanned else None
    case, people, _ = await service.read_case(house, person, item.case_id)
    stands = await standing.standing(house, person, item_id)
    confirmed = {one.account_id for one in people if one.vouched}
    return page(
        request,
        "item.html",
        status=refusal.status if refusal else 200,
        refusal=refusal,
        done=done,
        item=item,
        case=case,
        names={one.account_id: one.name for one in people},
        mine=mine,
        in_the_way={
            one.seat_id: in_the_way(
                item, one, taken_back=stands.taken_back, confirmed=one.account_id in confirmed
            )
            for one in item.recipients
        },
        shown=shown,
        text=None if text is None else await pointed(text, people),
        written_out=written_out,
        written_text=await pointed(written_out.text, people) if written_out else None,
        transcription=(form.text("text") if form else "") or (written_out.text if written_out else ""),
        heard=await heard(transcript, people) if transcript else None,
        codes={} if text is None else await paper.codes(house, person, item.id),
        receipts={} if text is None else await receipts.receipts(house, person, item.id),
        failure=failures.sentence(item.failure),
        hidden=hidden,
        hidden_words=in_words(hidden.edits) if hidden else (),
        reasons=list(Reason),
        chosen=form.several("reasons") if form else (),
        guidance=form.text("guidance") if form else "",
        typed=dict(form) if form else {},
        written=texts(form) if form else (),
        standing=stands,
        opened=stands.mark,
        item_id=item_id,
        own_id=person.id,
        sha256=base64.b64encode(item.clean.sha256).decode() if item.clean else "",
    )


async def _written_out(house: House, person: Person, item_id: UUID) -> transcription.Transcription | None:
    """Read what was written out of a document, if anything was and its author did not take it back."""
    try:
        return await transcription.transcription(house, person, item_id)
    except (Conflict, Missing):
        return None


async def _letter(house: House, person: Person, item: ItemOnDesk) -> str | None:
    """Read a letter, and record that all of it was shown: the page holds the whole of it."""
    try:
        rendition, content = await reading.open_rendition(house, person, item.id, "clean")
    except Conflict:
        return None
    text = await read_text(house, content)
    await reading.record_seen(house, person, rendition, 0, rendition.size)
    return text


async def on_item(
    asked: Asked, item_id: UUID, do: Callable[[Person], Awaitable[Page | None]], *, proving: str = ""
) -> Page:
    """Do something with an item, then show it: as it is now, or with what could not be done."""

    async def then(person: Person) -> Page:
        return await do(person) or see_other(f"/items/{item_id}")

    async def show(refusal: Refusal) -> Page:
        return await show_item(asked.request, asked.house, asked.person, item_id, refusal, asked.form)

    return await carry_out(asked, then, show, proving=proving)


@post("/items/{item_id:uuid}/claim", opt=_READ, status_code=200)
async def claim(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, item_id: ItemId
) -> Page:
    """Take it, or keep it for longer."""

    async def do(person: Person) -> None:
        await queue.claim(house, person, item_id)

    return await on_item(Asked(request, house, person, form), item_id, do)


@post("/items/{item_id:uuid}/hand-back", opt=_READ, status_code=200)
async def hand_back(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, item_id: ItemId
) -> Page:
    """Give it back. No reason is asked."""

    async def do(person: Person) -> Page:
        await queue.hand_back(house, person, item_id)
        return see_other("/queue")

    return await on_item(Asked(request, house, person, form), item_id, do)


@post("/items/{item_id:uuid}/decision", opt=_DECIDE, status_code=200)
async def decide(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, item_id: ItemId
) -> Page:
    """Approve, ask for a change, or decline what was looked at: the form names it by its hash."""

    async def do(person: Person) -> Page:
        decision: Decision = form.choice("decision", "approve", "request_changes", "decline")
        await decisions.decide(
            house,
            person,
            item_id,
            decision,
            rendition_id=form.identifier("rendition_id"),
            sha256=_hash(form),
            reasons=tuple(_reason(code) for code in form.several("reasons")),
            guidance=form.text("guidance"),
        )
        return _done(item_id, _DECIDED[decision])

    return await on_item(Asked(request, house, person, form), item_id, do)


def _done(item_id: UUID, done: str) -> Page:
    """Show the item, with a line that says what was done."""
    return see_other(f"/items/{item_id}?done={done}")


def _hash(form: Form) -> bytes:
    try:
        return base64.b64decode(form.text("sha256"), validate=True)
    except (ValueError, binascii.Error):
        raise Conflict from None


def _reason(untrusted_code: str) -> Reason:
    try:
        return Reason(untrusted_code)
    except ValueError:
        raise Invalid(reasons="Choose from the list.") from None


@post("/items/{item_id:uuid}/reopen", opt=_DECIDE, status_code=200)
async def reopen(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, item_id: ItemId
) -> Page:
    """Put it back into review."""

    async def do(person: Person) -> Page:
        await decisions.reopen(house, person, item_id)
        return _done(item_id, "reopened")

    return await on_item(Asked(request, house, person, form), item_id, do)


@post("/items/{item_id:uuid}/release", opt=_RELEASE, status_code=200)
async def make_release(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, item_id: ItemId
) -> Page:
    """Release it to one person, now or (with a time) later."""
    later = form.text("then") == "schedule"

    async def do(person: Person) -> Page:
        seat_id = form.identifier("seat_id")
        if later:
            await release.schedule(house, person, item_id, seat_id, form.moment("due_at"))
        else:
            await release.release(house, person, item_id, seat_id)
        return _done(item_id, "planned" if later else "released")

    deed = (
        "it is planned that this is passed on to the other side; until its time you can take that back."
        if later
        else "this is passed on to the other side. That cannot be undone."
    )
    return await on_item(Asked(request, house, person, form), item_id, do, proving=deed)


@post("/items/{item_id:uuid}/unschedule", opt=_RELEASE, status_code=200)
async def unschedule(
    request: AnyRequest, house: TheHouse, person: SignedIn, form: TheForm, item_id: ItemId
) -> Page:
    """Take back a scheduled release to one recipient."""

    async def do(person: Person) -> Page:
        await release.unschedule(house, person, item_id, form.identifier("seat_id"))
        return _done(item_id, "unplanned")

    return await on_item(Asked(request, house, person, form), item_id, do)


HANDLERS = [
    queue_page,
    item_page,
    claim,
    hand_back,
    decide,
    reopen,
    make_release,
    unschedule,
]
