"""A case and the facts of its gates, as the rules read them."""

from datetime import UTC, datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

Part = Literal["victim", "offender", "facilitator"]
Medium = Literal["letter", "audio", "video", "document"]
Grade = Literal["full", "partial", "none"]
Manner = Literal["in_person", "by_telephone", "in_writing", "in_app"]

MEDIA: tuple[Medium, ...] = ("letter", "audio", "video", "document")
UNTIL_FURTHER_ORDER: Final = datetime(2999, 12, 30, tzinfo=UTC)
"""The end that is kept of a court order which names none: it holds until it is lifted."""


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """A person's place in one case."""

    id: UUID
    account_id: UUID
    part: Part


class VictimRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a victim asks for the exchange."""

    account_id: UUID
    asked: bool


class Responsibility(msgspec.Struct, frozen=True, kw_only=True):
    """How far an offender accepts responsibility."""

    account_id: UUID
    grade: Grade


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """One person's consent to one medium; it lapses at `ask_again_at`."""

    account_id: UUID
    medium: Medium
    given: bool
    ask_again_at: datetime


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """A facilitator's decision that the exchange is safe for both, until `valid_until`."""

    safe: bool
    valid_until: datetime


class Restriction(msgspec.Struct, frozen=True, kw_only=True):
    """A court order or licence condition on one person.

    `excepted`: indirect contact is permitted, and the evidence for that is recorded.
    """

    account_id: UUID
    until: datetime
    lifted: bool
    excepted: bool


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """A stop by one person, or (`account_id` empty) of the whole case."""

    account_id: UUID | None
    paused: bool


class GateFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The latest record of each gate in one case (`relay.gate_facts` in SQL)."""

    state: Literal["open", "closed"]
    seats: tuple[Seat, ...]
    requests: tuple[VictimRequest, ...]
    responsibilities: tuple[Responsibility, ...]
    consents: tuple[Consent, ...]
    assessment: Assessment | None
    restrictions: tuple[Restriction, ...]
    pauses: tuple[Pause, ...]
    former: tuple[Seat, ...] = ()
    """Participants who were taken off the case."""
    stopped: bool = False
    """By an open concern. Participants are never told, nor asked for (`cases.service.facts_for_staff`)."""

    def as_authors_see_it(self) -> "GateFacts":
        """Return the same with nobody taken off: what an author reads does not hang on that."""
        return msgspec.structs.replace(self, seats=(*self.seats, *self.former), former=())

    def seat(self, seat_id: UUID) -> Seat | None:
        """Return the seat, if somebody still sits there."""
        return next((seat for seat in self.seats if seat.id == seat_id), None)

    def seat_of(self, account_id: UUID) -> Seat | None:
        """Return this account's seat, if they have one."""
        return next((seat for seat in self.seats if seat.account_id == account_id), None)


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that stands in the way. `account_id` is whom it concerns; empty for the case as a whole.

    `staff` tells a facilitator what to do. `own` tells the person concerned; nobody else ever reads it.
    `media`: what alone it stops; empty if it stops everything.
    """

    code: str
    account_id: UUID | None
    staff: str
    own: str
    media: tuple[Medium, ...] = ()


class Lowering(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody asked that one approval be enough. Nothing has changed until a colleague confirms it."""

    asked_by: UUID
    until: datetime


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case as its facilitators see it."""

    id: UUID
    reference: str
    second_approval: bool
    lowering: Lowering | None
    cooling_hours: int
    state: str
    key_version: int
    created_at: datetime


class PersonOnCase(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with a seat, as a facilitator sees them.

    `vouched`: a facilitator who is on the roster has confirmed their current key for this case. `left`: a
    facilitator who no longer works for the service and is to be taken off the case, which renews its key.
    """

    seat_id: UUID
    account_id: UUID
    part: Part
    name: str
    label: str | None
    state: str
    key_version: int
    vouched: bool
    left: bool
