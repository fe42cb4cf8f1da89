"""Concerns: raising one, reading it, writing down what was told to whom and why, closing it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody, PathParameter

from relay.permissions import Permission
from relay.safeguarding import raising, reading, writing
from relay.safeguarding.model import (
    Closing,
    Concern,
    ConcernFile,
    Disclosure,
    Kind,
    Note,
    Noticed,
    Outcome,
    Said,
)
from relay.web.shared.access import SignedIn, TheHouse, allow

CaseId = Annotated[UUID, PathParameter()]
ItemId = Annotated[UUID, PathParameter()]
ConcernId = Annotated[UUID, PathParameter()]
_HANDLE = allow(Permission.CONCERN_HANDLE)


class NewConcern(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was noticed. `about` is the account of a participant of the case, or null.

    `stops_case`: nothing passes in the case while it is open.
    """

    kind: Kind
    words: str
    about: UUID | None = None
    stops_case: bool = False

    def noticed(self) -> Noticed:
        """Return what is sealed of it."""
        return Noticed(kind=self.kind, about=self.about, words=self.words)


class NewNote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was done or thought about it."""

    words: str


class NewDisclosure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was told to somebody outside. `ground` is needed unless it was `agreed` to by whom it is about."""

    whom: str
    what: str
    why: str
    agreed: bool
    told_at: datetime
    ground: str = ""


class NewClosing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it ends, and why so or with whom it goes on."""

    outcome: Outcome
    words: str


@get("/concerns", opt=_HANDLE)
async def open_concerns(house: TheHouse, person: SignedIn) -> list[Concern]:
    """List what is open in the person's own cases, the oldest first."""
    return await reading.open_ones(house, person)


@get("/cases/{case_id:uuid}/concerns", opt=_HANDLE)
async def concerns(house: TheHouse, person: SignedIn, case_id: CaseId) -> list[Concern]:
    """List those of one case, the newest first."""
    return await reading.of_case(house, person, case_id)


@post("/cases/{case_id:uuid}/concerns", opt=_HANDLE, status_code=201)
async def raise_about_case(
    house: TheHouse, person: SignedIn, case_id: CaseId, data: JSONBody[NewConcern]
) -> ConcernFile:
    """Raise one about nothing that was sent here. By itself it stops nothing."""
    found = await raising.raise_about_case(house, person, case_id, data.noticed(), stops_case=data.stops_case)
    return await reading.read_concern(house, person, found)


@post("/items/{item_id:uuid}/concerns", opt=_HANDLE, status_code=201)
async def raise_about_item(
    house: TheHouse, person: SignedIn, item_id: ItemId, data: JSONBody[NewConcern]
) -> ConcernFile:
    """Raise one about an item, which stands still until it is closed. What was planned is taken back."""
    found = await raising.raise_about_item(house, person, item_id, data.noticed(), stops_case=data.stops_case)
    return await reading.read_concern(house, person, found)


@get("/concerns/{concern_id:uuid}", opt=_HANDLE)
async def concern(house: TheHouse, person: SignedIn, concern_id: ConcernId) -> ConcernFile:
    """Show one, with all that was written about it and who may close it."""
    return await reading.read_concern(house, person, concern_id)


async def _written(house: TheHouse, person: SignedIn, concern_id: UUID, said: Said) -> ConcernFile:
    await writing.write(house, person, concern_id, said)
    return await reading.read_concern(house, person, concern_id)


@post("/concerns/{concern_id:uuid}/notes", opt=_HANDLE, status_code=201)
async def note(
    house: TheHouse, person: SignedIn, concern_id: ConcernId, data: JSONBody[NewNote]
) -> ConcernFile:
    """Add a note."""
    return await _written(house, person, concern_id, Note(words=data.words))


@post("/concerns/{concern_id:uuid}/disclosures", opt=_HANDLE, status_code=201)
async def disclose(
    house: TheHouse, person: SignedIn, concern_id: ConcernId, data: JSONBody[NewDisclosure]
) -> ConcernFile:
    """Write down what was told to whom, when, why, and on what ground."""
    told = Disclosure(
        whom=data.whom,
        what=data.what,
        why=data.why,
        agreed=data.agreed,
        ground=data.ground,
        told_at=data.told_at,
    )
    return await _written(house, person, concern_id, told)


@post("/concerns/{concern_id:uuid}/closing", opt=_HANDLE, status_code=201)
async def close(
    house: TheHouse, person: SignedIn, concern_id: ConcernId, data: JSONBody[NewClosing]
) -> ConcernFile:
    """Close it: what it stopped can go on. If it stops something, by somebody else than who raised it."""
    return await _written(house, person, concern_id, Closing(outcome=data.outcome, words=data.words))


HANDLERS = [
    open_concerns,
    concerns,
    raise_about_case,
    raise_about_item,
    concern,
    note,
    disclose,
    close,
]
