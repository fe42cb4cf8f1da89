"""Everything that was done to one copy of the stage, and the rules: who may do what with it now."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from relay.exchange.edits import Edits
from relay.identity.model import Person
from tests.functional.files import RECORDED_MS
from tests.functional.oracle import (
    AS_IT_IS,
    EPOCH,
    FAR,
    KINDS,
    WRITABLE,
    Concern,
    Delivered,
    Gates,
    Item,
    Plan,
)
from tests.functional.oracle_of_files import Upload, Uploaded
from tests.support.stage import Stage


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
                consent={
                    kind: {one.person.id: stage.now + FAR for one in case.participants} for kind in KINDS
                },
                assessed_until=stage.now + timedelta(days=90),
            )
            for case in stage.cases
        ]
        self.items: list[Item] = []
        self.delivered: list[Delivered] = []
        self.concerns: list[Concern] = []

    def uploads(self) -> Iterator[Upload]:
        """All of them, of whatever became."""
        for item in self.items:
            if isinstance(item, Uploaded):
                yield from item.uploads

    def stands_still(self, item: Item) -> bool:
        """Whether a concern about it is open."""
        return any(one.open and one.about is item for one in self.concerns)

    def may_pass(self, item: Item) -> bool:
        """Whether no concern keeps it from anybody."""
        return not any(one.stops(item) for one in self.concerns)

    def closers(self, concern: Concern) -> set[UUID]:
        """Who may close it: of what stops something not who raised it, unless they are alone."""
        if not concern.open:
            return set()
        others = concern.case.staff - {concern.by}
        stops = concern.about is not None or concern.whole_case
        return others if stops and others else concern.case.staff

    def may_submit(self, item: Item, actor: Person, now: datetime) -> bool:
        """Only their own gates and the case's keep somebody from sending; never the other person's."""
        case = item.case
        return (
            actor is item.author
            and item.state in WRITABLE
            and item.may_be_sent(now)
            and case.of_case(now)
            and case.of_person(case.seated(actor.id), item.kind, now)
            and not self.another_waits(item)
        )

    def another_waits(self, item: Item) -> bool:
        """Whether something else of the author's to one of the same people is on its way through review."""
        return any(
            other.waiting and other.author is item.author and set(other.seats) & set(item.seats)
            for other in self.items
            if other is not item
        )

    def may_claim(self, item: Item, actor: Person, now: datetime) -> bool:
        """On the case, and no colleague has it in hand."""
        free = item.claim is None or item.claim[1] <= now or item.claim[0] == actor.id
        return actor.id in item.case.staff and item.state in {"in_review", "approved"} and free

    def may_approve(self, item: Item, actor: Person) -> bool:
        """All of it seen, in hand unless it has left the queue, and not by the same person twice."""
        in_hand = item.state in {"scheduled", "released"} or item.claimed_by(actor.id)
        return (
            actor.id in item.case.staff
            and item.state in {"in_review", "approved", "scheduled", "released"}
            and in_hand
            and actor.id in item.seen
            and actor.id not in item.approvals
            and not item.broken
            and not item.asks
            and not self.stands_still(item)
        )

    def may_decide(self, item: Item, actor: Person) -> bool:
        """On the case, and has it in hand."""
        return self.may_work_on(item, actor) and not item.broken

    def may_work_on(self, item: Item, actor: Person) -> bool:
        """On the case, and has it in hand while it is in review."""
        in_hand = item.state == "in_review" and item.claimed_by(actor.id)
        return actor.id in item.case.staff and in_hand and not self.stands_still(item)

    def may_hide(self, item: Item, actor: Person, edits: Edits) -> bool:
        """Something else than what is hidden now, unless that could not be made; within what there is."""
        new = item.broken or edits != (item.hidden or AS_IT_IS)
        there = all(one.page == 1 for one in edits.areas)
        there &= all(one.end_ms <= RECORDED_MS for one in edits.stretches)
        return self.may_work_on(item, actor) and new and there

    def may_upload(self, item: Item, actor: Person) -> bool:
        """A file for a document of their own, until it is sent."""
        return actor is item.author and isinstance(item, Uploaded) and item.state in WRITABLE

    def may_agree(self, item: Item, actor: Person) -> bool:
        """Its author, while they are asked."""
        return actor is item.author and item.state == "in_review" and item.asks

    def may_give(self, item: Item, actor: Person, seat: UUID, now: datetime) -> bool:
        """What a release made now and one that is planned have to fulfil alike."""
        case = item.case
        return (
            actor.id in case.staff
            and seat in item.seats
            and not item.taken_back
            and item.recipient(seat) not in item.released
            and item.recipient(seat) not in item.plans
            and len(item.approvals) >= item.needs
            and actor.id in item.approvals
            and case.passes(item.author.id, item.recipient(seat), item.kind, now)
            and self.may_pass(item)
        )

    def may_release(self, item: Item, actor: Person, seat: UUID, now: datetime) -> bool:
        """Now, if the cooling-off time is over."""
        return (
            item.state in {"approved", "scheduled", "released"}
            and self.may_give(item, actor, seat, now)
            and now >= self.earliest(item, actor)
        )

    def may_schedule(self, item: Item, actor: Person, seat: UUID, due: datetime, now: datetime) -> bool:
        """Later, and not within the cooling-off time."""
        return (
            item.state in {"approved", "scheduled", "released"}
            and self.may_give(item, actor, seat, now)
            and due >= self.earliest(item, actor)
        )

    def earliest(self, item: Item, actor: Person) -> datetime:
        """When the cooling-off time ends, in whole minutes: from the last of the approvals that count."""
        last = max(item.approvals[who] for who in item.chosen(actor.id))
        if not item.case.cooling:
            return last
        minute = timedelta(minutes=1)
        return EPOCH - (EPOCH - last) // minute * minute + timedelta(hours=item.case.cooling)

    def falls_due(self, item: Item, plan: Plan, recipient: UUID, now: datetime) -> bool:
        """Whether a planned release whose time has come may be carried out."""
        enough = len(plan.approvers) >= item.needs and not plan.lapsed
        well = item.case.passes(item.author.id, recipient, item.kind, now)
        return enough and well and self.may_pass(item)
