"""The queue and an item on the desk: taking it, reading or playing it, deciding."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from litestar import get
from litestar.params import FromQuery, PathParameter

from relay.errors import Conflict, Invalid
from relay.identity.model import Person
from relay.permissions import Permission
from relay.review import decisions, queue, reading
from relay.review.model import Decision, Reason
from relay.safeguarding import reading as concerns
from relay.web.desk.concerns import KIND_WORDS
from relay.web.desk.doing import Page, TheAsked, does, said
from relay.web.desk.item import as_typed, on_item, show_item
from relay.web.shared.access import CSRF_FIELD, AnyRequest, SignedIn, TheHouse, allow
from relay.web.shared.forms import Form
from relay.web.shared.pages import page, see_other

ItemId = Annotated[UUID, PathParameter()]
_READ = allow(Permission.REVIEW_READ)
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
    """List the concerns that are open, and what waits; of both the oldest first."""
    first = after is None or after_id is None
    if after is None or after_id is None:
        entries = await queue.queue(house, person)
    else:
        entries = await queue.queue(house, person, after=after, after_id=after_id)
    last = entries[-1] if len(entries) == queue.PAGE else None
    return page(
        request,
        "queue.html",
        concerns=await concerns.open_ones(house, person) if first else [],
        kinds=KIND_WORDS,
        entries=entries,
        last=last,
        own_id=person.id,
    )


@get("/items/{item_id:uuid}", opt=_READ)
async def item_page(
    request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId, done: FromQuery[str] = ""
) -> Page:
    """Show an item. What it says is shown to whoever has taken it, or after it was decided on."""
    return await show_item(request, house, person, item_id, done=done)


@does("/items/{item_id:uuid}/claim", Permission.REVIEW_READ)
async def claim(asked: TheAsked, item_id: ItemId) -> Page:
    """Take it, or keep it for longer. What was typed on its page meanwhile stands there again."""

    async def do(person: Person) -> Page | None:
        await queue.claim(asked.house, person, item_id)
        return await as_typed(asked, person, item_id)

    return await on_item(asked, item_id, do)


@does("/items/{item_id:uuid}/hand-back", Permission.REVIEW_READ)
async def hand_back(asked: TheAsked, item_id: ItemId) -> Page:
    """Give it back. No reason is asked."""

    async def do(person: Person) -> Page:
        await queue.hand_back(asked.house, person, item_id)
        return see_other("/queue")

    return await on_item(asked, item_id, do)


@does("/items/{item_id:uuid}/decision", Permission.REVIEW_DECIDE)
async def decide(asked: TheAsked, item_id: ItemId) -> Page:
    """Approve, ask for a change, or decline what was looked at: the form names it by its hash."""
    form = asked.form

    async def do(person: Person) -> Page:
        decision: Decision = form.choice("decision", "approve", "request_changes", "decline")
        if decision == "approve" and form.several("reasons"):
            raise Invalid(
                reasons="Reasons to send it back are ticked, so it was not approved."
                " Ask for a change; or take the ticks out, and approve it."
            )
        await decisions.decide(
            asked.house,
            person,
            item_id,
            decision,
            rendition_id=form.identifier("rendition_id"),
            sha256=_hash(form),
            reasons=tuple(_reason(code) for code in form.several("reasons")),
            guidance=form.text("guidance"),
        )
        return see_other(f"/items/{item_id}{said(_DECIDED[decision])}")

    return await on_item(asked, item_id, do)


@does("/items/{item_id:uuid}/decline", Permission.REVIEW_DECIDE)
async def ask_to_decline(asked: TheAsked, item_id: ItemId) -> Page:
    """Say what follows when something is declined, and what its author will read: it is final."""
    form = asked.form

    async def do(person: Person) -> Page:
        reasons = tuple(_reason(code) for code in form.several("reasons"))
        if not reasons:
            raise Invalid(reasons="Tick at least one reason, so that the author knows why.")
        item = await reading.item_on_desk(asked.house, person, item_id)
        if item.state != "in_review" or item.claimed_by != person.id:
            raise Conflict(
                "Take this item from the queue first, so that two people do not work on it at once."
            )
        return page(
            asked.request,
            "decline.html",
            item=item,
            reasons=reasons,
            guidance=form.text("guidance").strip(),
            carried=[(name, value) for name, value in form if name != CSRF_FIELD],
        )

    return await on_item(asked, item_id, do)


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


@does("/items/{item_id:uuid}/reopen", Permission.REVIEW_DECIDE)
async def reopen(asked: TheAsked, item_id: ItemId) -> Page:
    """Put it back into review."""

    async def do(person: Person) -> None:
        await decisions.reopen(asked.house, person, item_id)

    return await on_item(asked, item_id, do, done="reopened")


HANDLERS = [
    queue_page,
    item_page,
    claim,
    hand_back,
    decide,
    ask_to_decline,
    reopen,
]
