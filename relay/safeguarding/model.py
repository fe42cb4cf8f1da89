"""A concern, as the facilitators of its case write and read it.

What is sealed to the case is `Noticed` of the concern and `Said` of each entry. Rows have the rest.
"""

from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

import msgspec

from relay.cases.model import Medium

Kind = Literal["threat", "self_harm", "at_risk", "offence", "other"]
Outcome = Literal["nothing_further", "handed_over"]

KINDS: Final[tuple[Kind, ...]] = ("threat", "self_harm", "at_risk", "offence", "other")
OUTCOMES: Final[tuple[Outcome, ...]] = ("nothing_further", "handed_over")


class Noticed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody noticed, of which kind, and whom it is about if that is a participant of the case."""

    kind: Kind
    about: UUID | None
    words: str


class Note(msgspec.Struct, frozen=True, kw_only=True, tag_field="entry", tag="note"):
    """What was done or thought about it."""

    words: str


class Disclosure(msgspec.Struct, frozen=True, kw_only=True, tag_field="entry", tag="disclosed"):
    """What was told to somebody outside, who, at `told_at`.

    `agreed`: with the agreement of whom it is about; if not, `ground` says on what lawful ground.
    """

    whom: str
    what: str
    why: str
    agreed: bool
    ground: str
    told_at: datetime


class Closing(msgspec.Struct, frozen=True, kw_only=True, tag_field="entry", tag="closed"):
    """How it ended, and why so: `words` names who goes on with it where it was handed over."""

    outcome: Outcome
    words: str


Said: TypeAlias = Note | Disclosure | Closing


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a concern. `said` is empty where this facilitator cannot open it: their keys are new."""

    id: UUID
    kind: Literal["note", "disclosed", "closed"]
    written_by: UUID
    written_at: datetime
    said: Said | None


class Concern(msgspec.Struct, frozen=True, kw_only=True):
    """A concern. `item_id` is empty for one about nothing that was sent here.

    `stops_case`: nothing passes in the case while it is open. `noticed` is empty as `said` of an entry is.
    """

    id: UUID
    case_id: UUID
    reference: str
    item_id: UUID | None
    item_kind: Medium | None
    item_author: str | None
    stops_case: bool
    raised_by: UUID
    raised_at: datetime
    closed_at: datetime | None
    noticed: Noticed | None


class ConcernFile(msgspec.Struct, frozen=True, kw_only=True):
    """A concern with all that was written about it, the earliest first.

    `closers` are the facilitators of the case who may close it now; empty once it is closed.
    """

    concern: Concern
    entries: tuple[Entry, ...]
    closers: tuple[UUID, ...]


class Open(msgspec.Struct, frozen=True):
    """A concern that is open, and the item that it is about."""

    id: UUID
    item_id: UUID | None
