"""The queue, looking at an item, deciding, releasing."""

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, delete, get, post, route
from litestar.enums import HttpMethod
from litestar.params import FromQuery, JSONBody, PathParameter
from litestar.types import ASGIApp

from relay.errors import Missing
from relay.exchange import release
from relay.exchange.model import LETTER_TYPE, RenditionRole
from relay.exchange.transcripts import Transcript
from relay.house import House
from relay.identity import sessions
from relay.identity.model import Person
from relay.permissions import Permission
from relay.review import decisions, queue, reading, transcripts
from relay.review.model import Decision, ItemOnDesk, QueueEntry, Reason
from relay.web.shared.access import AnyRequest, SignedIn, TheHouse, allow
from relay.web.shared.contents import answer, page_answer

ItemId = Annotated[UUID, PathParameter()]
PageNumber = Annotated[int, PathParameter()]
_READ = allow(Permission.REVIEW_READ)
_DECIDE = allow(Permission.REVIEW_DECIDE)
_RELEASE = allow(Permission.RELEASE_MAKE)
_READING = [HttpMethod.GET, HttpMethod.HEAD]


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """Until when the item is this reviewer's."""

    until: datetime


class NewDecision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision on the rendition that was looked at: its id and hash (base64), as GET gave them."""

    decision: Decision
    rendition_id: UUID
    sha256: bytes
    reasons: tuple[Reason, ...] = ()
    guidance: str = ""


class NewRelease(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of the item's recipients it goes to; `note`: what they read before they choose, or nothing."""

    seat_id: UUID
    note: str = ""


class NewSchedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of the item's recipients it goes to, and when; `note`: what they read then, or nothing."""

    seat_id: UUID
    due_at: datetime
    note: str = ""


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """The release that was made, or that will be."""

    release_id: UUID


@get("/queue", opt=_READ)
async def read_queue(
    house: TheHouse,
    person: SignedIn,
    after: FromQuery[datetime | None] = None,
    after_id: FromQuery[UUID | None] = None,
) -> list[QueueEntry]:
    """List what waits in the person's own cases, the oldest first; the next page is after the last entry."""
    if after is None or after_id is None:
        return await queue.queue(house, person)
    return await queue.queue(house, person, after=after, after_id=after_id)


@get("/items/{item_id:uuid}", opt=_READ)
async def item(house: TheHouse, person: SignedIn, item_id: ItemId) -> ItemOnDesk:
    """Show everything about an item but its content."""
    return await reading.item_on_desk(house, person, item_id)


@post("/items/{item_id:uuid}/claim", opt=_READ, status_code=200)
async def claim(house: TheHouse, person: SignedIn, item_id: ItemId) -> Claimed:
    """Take it to review it, or keep it for longer."""
    return Claimed(until=await queue.claim(house, person, item_id))


@delete("/items/{item_id:uuid}/claim", opt=_READ, status_code=204)
async def hand_back(house: TheHouse, person: SignedIn, item_id: ItemId) -> Response[None]:
    """Give it back. No reason is asked."""
    await queue.hand_back(house, person, item_id)
    return Response(None, status_code=204)


async def _serve(
    request: AnyRequest, house: House, person: Person, item_id: UUID, role: RenditionRole
) -> ASGIApp:
    """Serve a rendition, and record which bytes of it went out whole: what an approval asks for."""
    rendition, content = await reading.open_rendition(house, person, item_id, role)
    letter = content.media_type == LETTER_TYPE

    async def on_sent(start: int, stop: int) -> None:
        # a letter goes out in one piece, without the padding that its object has
        span = (0, rendition.size) if letter else (start, stop)
        await reading.record_seen(house, person, rendition, *span)

    return answer(request, house, content, on_sent=on_sent)


@route("/items/{item_id:uuid}/rendition", http_method=_READING, opt=_READ)
async def clean(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> ASGIApp:
    """Serve the clean file (ranges)."""
    return await _serve(request, house, person, item_id, "clean")


@route("/items/{item_id:uuid}/pages/{number:int}", http_method=_READING, opt=_READ)
async def page(house: TheHouse, person: SignedIn, item_id: ItemId, number: PageNumber) -> ASGIApp:
    """Serve one page of a document as a picture, as its recipient will see it; the first is 1.

    All pages served count for an approval as the whole file does.
    """
    rendition, content = await reading.open_rendition(house, person, item_id, "clean")
    return page_answer(house, content, number, on_sent=partial(reading.record_seen, house, person, rendition))


@route("/items/{item_id:uuid}/poster", http_method=_READING, opt=_READ)
async def poster(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> ASGIApp:
    """Serve the picture that stands for it."""
    return await _serve(request, house, person, item_id, "poster")


@route("/items/{item_id:uuid}/peaks", http_method=_READING, opt=_READ)
async def peaks(request: AnyRequest, house: TheHouse, person: SignedIn, item_id: ItemId) -> ASGIApp:
    """Serve its waveform: 1,000 bytes."""
    return await _serve(request, house, person, item_id, "peaks")


@get("/items/{item_id:uuid}/transcript", opt=_READ)
async def transcript(house: TheHouse, person: SignedIn, item_id: ItemId) -> Transcript:
    """Show what a machine heard in a recording: a draft, where the service has such a machine."""
    found = await transcripts.draft(house, person, item_id)
    if found is None:
        raise Missing
    return found


@post("/items/{item_id:uuid}/decisions", opt=_DECIDE, status_code=200)
async def decide(
    house: TheHouse, person: SignedIn, item_id: ItemId, data: JSONBody[NewDecision]
) -> ItemOnDesk:
    """Approve, ask for a change, or decline."""
    await decisions.decide(
        house,
        person,
        item_id,
        data.decision,
        rendition_id=data.rendition_id,
        sha256=data.sha256,
        reasons=data.reasons,
        guidance=data.guidance,
    )
    return await reading.item_on_desk(house, person, item_id)


@post("/items/{item_id:uuid}/reopen", opt=_DECIDE, status_code=200)
async def reopen(house: TheHouse, person: SignedIn, item_id: ItemId) -> ItemOnDesk:
    """Put an approved item back into review."""
    await decisions.reopen(house, person, item_id)
    return await reading.item_on_desk(house, person, item_id)


@post("/items/{item_id:uuid}/release", opt=_RELEASE, status_code=201)
async def make_release(
    house: TheHouse, person: SignedIn, item_id: ItemId, data: JSONBody[NewRelease]
) -> Released:
    """Give one recipient the key, now. Needs the passphrase in the last ten minutes (signing in counts)."""
    sessions.require_step_up(house, person)
    return Released(release_id=await release.release(house, person, item_id, data.seat_id, data.note))


@post("/items/{item_id:uuid}/schedule", opt=_RELEASE, status_code=201)
async def make_schedule(
    house: TheHouse, person: SignedIn, item_id: ItemId, data: JSONBody[NewSchedule]
) -> Released:
    """Decide a release now that happens later, if the gates still hold. Needs the passphrase as well."""
    sessions.require_step_up(house, person)
    planned = await release.schedule(house, person, item_id, data.seat_id, data.due_at, data.note)
    return Released(release_id=planned)


@delete("/items/{item_id:uuid}/schedule", opt=_RELEASE, status_code=204)
async def unschedule(
    house: TheHouse, person: SignedIn, item_id: ItemId, seat_id: FromQuery[UUID | None] = None
) -> Response[None]:
    """Take back a scheduled release: to one recipient, or (without a seat) to all of them."""
    await release.unschedule(house, person, item_id, seat_id)
    return Response(None, status_code=204)


HANDLERS = [
    read_queue,
    item,
    claim,
    hand_back,
    clean,
    page,
    poster,
    peaks,
    transcript,
    decide,
    reopen,
    make_release,
    make_schedule,
    unschedule,
]
