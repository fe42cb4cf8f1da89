"""What ought to be so: the exchange told once more, in plain Python, from the practice and not from the code.

The machine asks it before each action whether that may succeed, and compares what became of it.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID

from relay.cases.model import Medium
from relay.exchange.edits import Edits, masked
from relay.exchange.letters import visible
from relay.identity.model import Person
from relay.vault.padding import unpad
from relay.vault.statements import Changes
from tests.support.stage import Seated
from workers.media.model import Reason

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FAR = timedelta(days=180)
LEASE = timedelta(minutes=2)
CLAIM = timedelta(minutes=30)
MOST_TRIES = 4
WRITABLE = ("draft", "changes_requested", "failed")
KINDS: tuple[Medium, ...] = ("letter", "document", "audio")
AS_IT_IS = Edits()
READABLE = ("in_review", "changes_requested", "approved", "scheduled", "released", "declined")


@dataclass
class Gates:
    """One case as its gates stand."""

    id: UUID
    staff: set[UUID]
    seats: dict[UUID, Seated]
    second: bool
    wish: tuple[UUID, datetime] | None = None
    cooling: int = 0
    open: bool = True
    safe: bool = True
    assessed_until: datetime = EPOCH
    paused: bool = False
    pauses: set[UUID] = field(default_factory=set)
    asked: set[UUID] = field(default_factory=set)
    grade: dict[UUID, str] = field(default_factory=dict)
    consent: dict[Medium, dict[UUID, datetime | None]] = field(default_factory=lambda: defaultdict(dict))
    restricted: dict[UUID, datetime] = field(default_factory=dict)

    @property
    def needed(self) -> int:
        """How many have to approve."""
        return 2 if self.second else 1

    def of_case(self, now: datetime) -> bool:
        """Whether the case itself lets anything pass."""
        return self.open and self.safe and self.assessed_until > now and not self.paused

    def of_person(self, seated: Seated, kind: Medium, now: datetime) -> bool:
        """Whether one person's own gates are open, for one kind of item."""
        account = seated.person.id
        consent = self.consent[kind].get(account)
        willing = (
            account in self.asked
            if seated.part == "victim"
            else self.grade.get(account) in {"full", "partial"}
        )
        return (
            willing
            and consent is not None
            and consent > now
            and account not in self.pauses
            and not self.restricted.get(account, now) > now
        )

    def seated(self, account: UUID) -> Seated:
        """The place of a participant."""
        return next(one for one in self.seats.values() if one.person.id == account)

    def passes(self, author: UUID, recipient: UUID, kind: Medium, now: datetime) -> bool:
        """Whether an item of this kind may go from one to the other."""
        both = self.seated(author), self.seated(recipient)
        opposite = {one.part for one in both} == {"victim", "offender"}
        return opposite and self.of_case(now) and all(self.of_person(one, kind, now) for one in both)


@dataclass
class Plan:
    """A release that waits for its time."""

    due: datetime
    approvers: set[UUID]
    note: str = ""
    lapsed: bool = False


@dataclass
class Item:
    """An item and everything that was done with it."""

    kind: ClassVar[Medium]
    id: UUID
    case: Gates
    author: Person
    seats: tuple[UUID, ...]
    state: str = "draft"
    revision: int = 0
    failure: Reason | None = None
    for_workers: bool = False
    asked: int = 1
    hidden: Edits | None = None
    broken: bool = False
    agreed: bool = False
    tries: int = 0
    leased_until: datetime | None = None
    taken_back: bool = False
    approvals: dict[UUID, datetime] = field(default_factory=dict)
    seen: set[UUID] = field(default_factory=set)
    claim: tuple[UUID, datetime] | None = None
    released: dict[UUID, UUID] = field(default_factory=dict)
    plans: dict[UUID, Plan] = field(default_factory=dict)
    came_to: set[str] = field(default_factory=set)

    def may_be_sent(self, now: datetime) -> bool:
        """Whether there is something to send, and nothing on its way that would replace it."""
        raise NotImplementedError

    def is_read_as(self, plain: bytes) -> bool:
        """Whether these are the bytes of its clean file."""
        raise NotImplementedError

    @property
    def unsafe(self) -> Reason | None:
        """Why no worker can make it safe, if none can."""
        return None

    @property
    def needs(self) -> int:
        """How many have to approve it: as when it came into review, or as the case asks now, if more."""
        return max(self.asked, self.case.needed)

    @property
    def waiting(self) -> bool:
        """Whether it keeps the next one to the same person out."""
        return self.state in {"submitted", "in_review"}

    @property
    def made(self) -> bool:
        """Whether its newest version has a clean file."""
        return self.revision > 0 and self.state not in {"submitted", "failed"} and not self.broken

    @property
    def told(self) -> Changes | None:
        """What its recipient is told: that parts are hidden, if any are, and that its author agreed."""
        return Changes(author="agreed", what=("parts hidden",)) if self.hidden else None

    @property
    def asks(self) -> bool:
        """Whether its author is asked: a facilitator hid parts, that was made, and they have not agreed."""
        return self.hidden is not None and not self.broken and not self.agreed

    def recipient(self, seat: UUID) -> UUID:
        """Who sits there."""
        return self.case.seats[seat].person.id

    def claimed_by(self, account: UUID) -> bool:
        """Whether this reviewer has it in hand: also after their lease, until a colleague takes it."""
        return self.claim is not None and self.claim[0] == account

    def goes_on(self, account: UUID, now: datetime) -> None:
        """This reviewer reads in it: if they have it in hand, and half of the lease is over, it is kept."""
        if self.claim and self.claim[0] == account and self.claim[1] < now + CLAIM / 2:
            self.claim = account, now + CLAIM

    def has_been_submitted(self) -> None:
        """A new revision, of which nobody has seen or approved anything."""
        self.failure = None
        self._begins(None)

    def has_been_hidden_in(self, edits: Edits, now: datetime) -> None:
        """A facilitator's revision of what was sent: they keep it in hand."""
        self.claim = self.claim and (self.claim[0], now + CLAIM)
        self._begins(edits)

    def _begins(self, hidden: Edits | None) -> None:
        self.for_workers = True
        self.state, self.revision = "submitted", self.revision + 1
        self.hidden, self.broken, self.agreed = hidden, False, False
        self.tries, self.leased_until = 0, None
        self.approvals.clear()
        self.seen.clear()

    def has_been_worked_on(self) -> None:
        """By a worker, with success, or too often without: then its author is told, or its facilitator."""
        self.failure = Reason.OUT_OF_TIME if self.tries >= MOST_TRIES else self.unsafe
        self.for_workers = False
        self.asked = self.case.needed if self.hidden is None else self.needs
        self.broken = self.failure is not None and self.hidden is not None
        self.state = "failed" if self.failure and self.hidden is None else "in_review"
        if self.failure:
            self.came_to.add(f"failed: {self.failure}")

    def has_been_taken_back(self) -> None:
        """By its author."""
        self.taken_back = True
        self.plans.clear()
        if self.state != "released":
            self.state = "withdrawn"

    def has_been_decided(self, reviewer: UUID, decision: str, now: datetime) -> None:
        """By one reviewer; with two approvals it is approved where the case asks for two."""
        self.claim = None
        if decision != "approve":
            self.state = {"decline": "declined", "request_changes": "changes_requested"}[decision]
            return
        self.approvals[reviewer] = now
        if self.state == "in_review" and len(self.approvals) >= self.needs:
            self.state = "approved"

    def a_plan_is_over(self) -> None:
        """One or all of them, and nothing was released by it."""
        if self.state == "scheduled" and not self.plans:
            self.state = "approved"

    def chosen(self, releaser: UUID) -> set[UUID]:
        """Whose approvals a release of this person's rests on: their own, and the earliest of the others'."""
        others = sorted((at, who) for who, at in self.approvals.items() if who != releaser)
        return {releaser, *(who for _, who in others[: self.needs - 1])}

    def somebody_left(self, account: UUID) -> None:
        """They are off the case: what they approved does not count, nor what they planned."""
        self.approvals.pop(account, None)
        if self.claim and self.claim[0] == account:
            self.claim = None
        for plan in self.plans.values():
            plan.lapsed |= account in plan.approvers


@dataclass
class Concern:
    """Something that a facilitator noticed, in an item or on its case."""

    id: UUID
    case: Gates
    about: Item | None
    by: UUID
    whole_case: bool
    open: bool = True

    def stops(self, item: Item) -> bool:
        """Whether anything of this item waits for its end."""
        return self.open and (self.about is item or (self.whole_case and self.case is item.case))


@dataclass
class Letter(Item):
    """What somebody writes."""

    kind = "letter"
    draft: str = ""
    sent: str = ""

    def may_be_sent(self, _: datetime) -> bool:
        """It says something."""
        return bool(visible(self.draft).strip())

    def has_been_submitted(self) -> None:
        """With what it says now."""
        self.sent = self.draft
        super().has_been_submitted()

    @property
    def reads(self) -> str:
        """What stands in its clean file."""
        return masked(visible(self.sent), (self.hidden or AS_IT_IS).spans)

    def is_read_as(self, plain: bytes) -> bool:
        """Padded, as it came."""
        return unpad(plain).decode() == self.reads


@dataclass
class Delivered:
    """A release, on its recipient's side."""

    id: UUID
    item: Item
    recipient: UUID
    note: str = ""
    state: str = "waiting"
