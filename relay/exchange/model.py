"""Items and what becomes of them."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from relay.cases.model import Medium
from relay.exchange.edits import Edits
from relay.exchange.transitions import State
from relay.vault.statements import Changes, OfRendition
from relay.vault.suite import DataKey

Step = Literal["opening", "making", "checking", "listening", "keeping"]
RenditionRole = Literal["clean", "poster", "peaks", "transcript"]
DeliveryState = Literal["waiting", "opened", "later", "held", "refused"]
ToldHow = Literal["in_person", "by_telephone", "in_writing", "through_somebody"]

LETTER_TYPE = "text/plain; charset=utf-8"
RELEASED_TYPES = frozenset({LETTER_TYPE, "audio/mp4", "video/mp4", "application/pdf"})
"""All that a recipient is ever given."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One communication, as the code works with it."""

    id: UUID
    case_id: UUID
    author_id: UUID
    kind: Medium
    state: State
    revision: int
    failure: str | None
    created_at: datetime
    ready_at: datetime | None
    taken_back_at: datetime | None


class OwnItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item as its author sees it.

    `state` says "approved" for everything from approval on: whether and when it was released hangs on the
    other person too, and what they do never shows here. `failure_page`: the page of a document, or the one of
    several files, that could not be made safe, where it is one by itself. `percent` is how far making the
    file safe has come, and `step` what is done for it now.
    `number`: it is the how manieth of its kind that its author began in the case, those that they removed
    included. `empty`: a draft into which nothing was ever put.
    `uploaded`: a complete file waits to be sent. `was_approved`: it is approved, or was before it was taken
    back; only then may anything of it have been passed on. `edited`: a facilitator hid parts of the newest
    version; `asked`: it was made, and waits for the author's answer.
    """

    id: UUID
    case_id: UUID
    kind: Medium
    state: Literal[
        "draft", "submitted", "in_review", "changes_requested", "approved", "declined", "withdrawn", "failed"
    ]
    revision: int
    failure: str | None
    failure_page: int | None
    percent: int
    step: Step
    recipients: tuple[UUID, ...]
    number: int
    empty: bool
    uploaded: bool
    was_approved: bool
    edited: bool
    asked: bool
    started_at: datetime

    @property
    def stands(self) -> str:
        """How it stands, as it is called on pages: a failure is not that of a file that has arrived since."""
        if self.asked:
            return "asked"
        return "new_file" if self.state == "failed" and self.uploaded else self.state


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version of an author's item, in which a facilitator hid parts, and what they say about it.

    To agree, its author names the rendition by its id and hash. `agreed`: they did. `edits` is the list, in
    places of the version that the author sent; empty if it was sealed to keys that they no longer have.
    """

    revision: int
    rendition_id: UUID
    sha256: bytes
    note: str
    edits: Edits | None
    agreed: bool


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """What a facilitator answered to one revision: coded reasons and guidance in plain words."""

    revision: int
    decision: Literal["request_changes", "decline"]
    reasons: tuple[str, ...]
    guidance: str


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the person who asked may open, with its key. `size` is of the object's plain bytes."""

    object_id: UUID
    key: DataKey
    commitment: bytes
    media_type: str
    size: int


class Rendition(msgspec.Struct, frozen=True, kw_only=True):
    """A clean file made from a revision. `sha256` is of the object's plain bytes (a letter's are padded).

    `edited_by`: the facilitator who hid parts of it; empty for what is as its author sent it.
    """

    id: UUID
    revision_id: UUID
    item_id: UUID
    case_id: UUID
    role: RenditionRole
    object_id: UUID
    commitment: bytes
    media_type: str
    sha256: bytes
    size: int
    duration_ms: int | None
    width: int | None
    height: int | None
    pages: int | None
    edited_by: UUID | None

    def named(self, service: UUID) -> dict[str, Any]:
        """Return what every statement on it names, by field: here and nowhere else."""
        named = OfRendition(
            service=service,
            case=self.case_id,
            item=self.item_id,
            revision=self.revision_id,
            rendition=self.id,
            sha256=self.sha256,
            object=self.object_id,
            commitment=self.commitment,
        )
        return msgspec.structs.asdict(named)


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What a recipient is told before they open anything. No time: that would tell of the other side.

    `number`: it is the how manieth of its kind that they were given. `letter_pages`: how many pages a letter
    takes at most, about: its padded size says no more. `on_paper`: the day on which it was handed to them on
    paper, if a facilitator recorded that. `told_how`, `told_on`: how and when they told a facilitator that it
    is to stand as it does, if that is how it came to.
    """

    id: UUID
    case_id: UUID
    kind: Medium
    media_type: str
    number: int
    duration_ms: int | None
    pages: int | None
    letter_pages: int | None
    state: DeliveryState
    on_paper: date | None
    told_how: ToldHow | None
    told_on: date | None


class OneDelivery(Delivery, frozen=True, kw_only=True):
    """One of them, with what it says of itself. `changes`: what was done to it before it was passed on.

    That was signed by who approved it, and is read here from a verified record. None: nothing was, or it was
    passed on before that was recorded. `note`: what the facilitator who passed it on wrote to the recipient,
    from the same record; no part of what the author sent, who never reads it. `outdated`: it says that it was
    given under keys that the recipient no longer has; so it cannot be opened, and nothing is told of it.
    """

    changes: Changes | None
    note: str | None
    outdated: bool
