"""What ought to be so: the exchange told once more, in plain Python, from the practice and not from the code.

The machine asks it before each action whether that may succeed, and compares what became of it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from relay.exchange.edits import Span, masked
from relay.exchange.letters import visible
from relay.identity.model import Person
from relay.vault.statements import Changes
from tests.support.stage import Seated, Stage

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FAR = timedelta(days=180)
LEASE = timedelta(minutes=2)
CLAIM = timedelta(minutes=30)
MOST_TRIES = 4
WRITABLE = ("draft", "changes_requested", "failed")
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
    consent: dict[UUID, datetime | None] = field(default_factory=dict)
    restricted: dict[UUID, datetime] = field(default_factory=dict)

    @property
    def needed(self) -> int:
        """How many have to approve."""
        return 2 if self.second else 1

    def of_case(self, now: datetime) -> bool:
        """Whether the case itself lets anything pass."""
        return self.open and self.safe and self.assessed_until > now and not self.paused

    def of_person(self, seated: Seated, now: datetime) -> bool:
        """Whether one person's own gates are open, for letters."""
        account = seated.person.id
        consent = self.consent.get(account)
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

    def passes(self, author: UUID, recipient: UUID, now: datetime) -> bool:
        """Whether a letter may go from one to the other."""
        both = self.seated(author), self.seated(recipient)
        opposite = {one.part for one in both} == {"victim", "offender"}
        return opposite and self.of_case(now) and all(self.of_person(one, now) for one in both)


@dataclass
class Plan:
    """A release that waits for its time."""

    due: datetime
    approvers: set[UUID]
    lapsed: bool = False


@dataclass
class Letter:
    """An item and everything that was done with it."""

    id: UUID
    case: Gates
    author: Person
    seats: tuple[UUID, ...]
    draft: str = ""
    state: str = "draft"
    revision: int = 0
    asked: int = 1
    sent: str = ""
    hidden: tuple[Span, ...] | None = None
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

    @property
    def needs(self) -> int:
        """How many have to approve it: as when it came into review, or as the case asks now, if more."""
        return max(self.asked, self.case.needed)

    @property
    def waiting(self) -> bool:
        """Whether it keeps the next one to the same person out."""
        return self.state in {"submitted", "in_review"}

    @property
    def reads(self) -> str:
        """What stands in its clean file."""
        return masked(visible(self.sent), self.hidden or ())

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
        self.sent = self.draft
        self._begins(None)

    def has_been_hidden_in(self, spans: tuple[Span, ...], now: datetime) -> None:
        """A facilitator's revision of what was sent: they keep it in hand."""
        self.claim = self.claim and (self.claim[0], now + CLAIM)
        self._begins(spans)

    def _begins(self, hidden: tuple[Span, ...] | None) -> None:
        self.state, self.revision = "submitted", self.revision + 1
        self.hidden, self.broken, self.agreed = hidden, False, False
        self.tries, self.leased_until = 0, None
        self.approvals.clear()
        self.seen.clear()

    def has_been_worked_on(self) -> None:
        """By a worker, with success, or too often without: then its author is told, or its facilitator."""
        worn_out = self.tries >= MOST_TRIES
        self.asked = self.case.needed if self.hidden is None else self.needs
        self.broken = worn_out and self.hidden is not None
        self.state = "failed" if worn_out and self.hidden is None else "in_review"

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
class Delivered:
    """A release, on its recipient's side."""

    id: UUID
    letter: Letter
    recipient: UUID
    state: str = "waiting"


class World:
    """Everything that was done to one copy of the stage."""

    def __init__(self, stage: Stage) -> None:
        self.cases = [
            Gates(
                id=case.id,
                staff={person.id for person in case.facilitators},
                seats={seated.seat_id: seated for seated in case.participants},
                second=False,
                asked={one.person.id for one in case.participants if one.part == "victim"},
                grade={one.person.id: "full" for one in case.participants if one.part == "offender"},
                consent={one.person.id: stage.now + FAR for one in case.participants},
                assessed_until=stage.now + timedelta(days=90),
            )
            for case in stage.cases
        ]
        self.letters: list[Letter] = []
        self.delivered: list[Delivered] = []

    def may_submit(self, letter: Letter, actor: Person, now: datetime) -> bool:
        """Only their own gates and the case's keep somebody from sending; never the other person's."""
        case = letter.case
        return (
            actor is letter.author
            and letter.state in WRITABLE
            and bool(visible(letter.draft).strip())
            and case.of_case(now)
            and case.of_person(case.seated(actor.id), now)
            and not self.another_waits(letter)
        )

    def another_waits(self, letter: Letter) -> bool:
        """Whether something else of the author's to one of the same people is on its way through review."""
        return any(
            other.waiting and other.author is letter.author and set(other.seats) & set(letter.seats)
            for other in self.letters
            if other is not letter
        )

    def may_claim(self, letter: Letter, actor: Person, now: datetime) -> bool:
        """On the case, and no colleague has it in hand."""
        free = letter.claim is None or letter.claim[1] <= now or letter.claim[0] == actor.id
        return actor.id in letter.case.staff and letter.state in {"in_review", "approved"} and free

    def may_approve(self, letter: Letter, actor: Person) -> bool:
        """All of it seen, in hand unless it has left the queue, and not by the same person twice."""
        in_hand = letter.state in {"scheduled", "released"} or letter.claimed_by(actor.id)
        return (
            actor.id in letter.case.staff
            and letter.state in {"in_review", "approved", "scheduled", "released"}
            and in_hand
            and actor.id in letter.seen
            and actor.id not in letter.approvals
            and not letter.broken
            and not letter.asks
        )

    def may_decide(self, letter: Letter, actor: Person) -> bool:
        """On the case, and has it in hand."""
        return self.may_work_on(letter, actor) and not letter.broken

    def may_work_on(self, letter: Letter, actor: Person) -> bool:
        """On the case, and has it in hand while it is in review."""
        return actor.id in letter.case.staff and letter.state == "in_review" and letter.claimed_by(actor.id)

    def may_hide(self, letter: Letter, actor: Person, spans: tuple[Span, ...]) -> bool:
        """Something else than what is hidden now, unless that could not be made."""
        new = letter.broken or spans != (letter.hidden or ())
        return self.may_work_on(letter, actor) and new

    def may_agree(self, letter: Letter, actor: Person) -> bool:
        """Its author, while they are asked."""
        return actor is letter.author and letter.state == "in_review" and letter.asks

    def may_give(self, letter: Letter, actor: Person, seat: UUID, now: datetime) -> bool:
        """What a release made now and one that is planned have to fulfil alike."""
        case = letter.case
        return (
            actor.id in case.staff
            and seat in letter.seats
            and not letter.taken_back
            and letter.recipient(seat) not in letter.released
            and letter.recipient(seat) not in letter.plans
            and len(letter.approvals) >= letter.needs
            and actor.id in letter.approvals
            and case.passes(letter.author.id, letter.recipient(seat), now)
        )

    def may_release(self, letter: Letter, actor: Person, seat: UUID, now: datetime) -> bool:
        """Now, if the cooling-off time is over."""
        return (
            letter.state in {"approved", "scheduled", "released"}
            and self.may_give(letter, actor, seat, now)
            and now >= self.earliest(letter, actor)
        )

    def may_schedule(self, letter: Letter, actor: Person, seat: UUID, due: datetime, now: datetime) -> bool:
        """Later, and not within the cooling-off time."""
        return (
            letter.state in {"approved", "scheduled", "released"}
            and self.may_give(letter, actor, seat, now)
            and due >= self.earliest(letter, actor)
        )

    def earliest(self, letter: Letter, actor: Person) -> datetime:
        """When the cooling-off time ends, in whole minutes: from the last of the approvals that count."""
        last = max(letter.approvals[who] for who in letter.chosen(actor.id))
        if not letter.case.cooling:
            return last
        minute = timedelta(minutes=1)
        return EPOCH - (EPOCH - last) // minute * minute + timedelta(hours=letter.case.cooling)

    def falls_due(self, letter: Letter, plan: Plan, recipient: UUID, now: datetime) -> bool:
        """Whether a planned release whose time has come may be carried out."""
        enough = len(plan.approvers) >= letter.needs and not plan.lapsed
        return enough and letter.case.passes(letter.author.id, recipient, now)
