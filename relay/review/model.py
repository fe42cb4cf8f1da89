"""What a facilitator sees of an item, and what they can answer."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec

from relay.cases.model import Medium, Part
from relay.exchange.model import Rendition
from relay.exchange.notes import Written
from relay.vault.statements import Changes

Decision = Literal["approve", "request_changes", "decline"]


class Reason(StrEnum):
    """Why something is sent back, coded (PRACTICE, "Review"; Oregon 291-205-0220).

    The guidance says how to put it right.
    """

    EXCUSES = "excuses"
    MINIMISING = "minimising"
    BLAMING = "blaming"
    ASKS_FORGIVENESS = "asks_forgiveness"
    THREATS = "threats"
    SEXUAL_CONTENT = "sexual_content"
    NEW_DETAILS = "new_details"
    PREACHING = "preaching"
    OTHER_PEOPLE = "other_people"
    CONTACT_DETAILS = "contact_details"
    PROMISES_BENEFIT = "promises_benefit"
    UNREADABLE = "unreadable"
    NOT_THIS_HARM = "not_this_harm"
    SOMETHING_ELSE = "something_else"


_OF_OFFENDERS = {
    Reason.EXCUSES,
    Reason.MINIMISING,
    Reason.BLAMING,
    Reason.ASKS_FORGIVENESS,
    Reason.PREACHING,
    Reason.PROMISES_BENEFIT,
}


def reasons_for(part: Part) -> tuple[Reason, ...]:
    """Return what can be said to an author. How an offender speaks of the harm is not asked of a victim."""
    return tuple(one for one in Reason if part != "victim" or one not in _OF_OFFENDERS)


class QueueEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the queue. `state` is "in_review" or "approved" (still to be released).

    `asked`: parts of it were hidden, and its author has not answered yet. `approved_by_me`: whoever asks has
    approved it, and it waits for a colleague's approval. `author`, of `part`, and `recipients`: their names.
    """

    item_id: UUID
    case_id: UUID
    reference: str
    kind: Medium
    author: str
    part: Part
    recipients: tuple[str, ...]
    state: str
    revision: int
    ready_at: datetime
    claimed_by: UUID | None
    asked: bool
    approved_by_me: bool


class FailedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A release that was planned and did not happen at its time: what kept it then, as codes of its own."""

    due_at: datetime
    blocks: tuple[str, ...]


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an item is for, what still keeps it from them, and whether it was released or scheduled.

    `renewed`: they have enrolled anew since it was released to them, and open it once it is released again.
    `held_since`: since when a facilitator is to hold it for them, as they chose; `refused_since`: since when
    they do not want it. `failed_plan`: the last plan for them came to nothing at its time, and nothing was
    planned or released since. `note`: what was written to them when it was last released to them or planned.
    """

    seat_id: UUID
    account_id: UUID
    part: Part
    name: str
    blocks: tuple[str, ...]
    released: bool
    released_at: datetime | None
    failed_plan: FailedPlan | None
    renewed: bool
    held_since: datetime | None
    refused_since: datetime | None
    due_at: datetime | None
    note: Written | None


class PastReview(msgspec.Struct, frozen=True, kw_only=True):
    """One decision on the item, with the guidance that went with it.

    `stands`: it is an approval that counts now, for the newest version.
    """

    reviewer_id: UUID
    revision: int
    decision: Decision
    reasons: tuple[str, ...]
    guidance: str
    decided_at: datetime
    stands: bool


class ItemOnDesk(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a facilitator sees of one item, but for its content.

    `approvals` counts those that still stand for the newest revision; `seen_all` says whether every part of
    its clean file was served to this reviewer. `changes` is what its recipient is told was done to it, and
    what who approves it signs. `lapsed` names whose approval no longer counts, since they left the case or
    the service, or gave it before approvals said that; `may_approve` who is on the case and could still
    approve. `agreed_at` says when its author agreed to the parts that were hidden (`clean.edited_by`);
    `agreement_unconfirmed` that they did, but nobody who still works here has confirmed their keys, so that
    it does not count. If those parts could not be hidden, `clean` is empty, and the item can be sent back or
    declined as its author sent it: by `as_sent`. `reasons`: those for which it can be sent back to this
    author. `stands_still`: a concern about it is open, and nothing is done with it until that is closed.
    """

    id: UUID
    case_id: UUID
    author_id: UUID
    author_part: Part | None
    author_name: str
    kind: Medium
    state: str
    revision: int
    failure: str | None
    clean: Rendition | None
    changes: Changes | None
    as_sent: Rendition | None
    recipients: tuple[Recipient, ...]
    reviews: tuple[PastReview, ...]
    approvals: int
    approvals_needed: int
    approved_by_me: bool
    lapsed: tuple[UUID, ...]
    may_approve: tuple[UUID, ...]
    seen_all: bool
    claimed_by: UUID | None
    claimed_until: datetime | None
    agreed_at: datetime | None
    agreement_unconfirmed: bool
    reasons: tuple[Reason, ...]
    stands_still: bool
