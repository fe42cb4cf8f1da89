"""What facilitators do with an item and on a case; what colleagues from elsewhere try."""

from datetime import timedelta
from uuid import UUID

from relay.cases.service import add_facilitator, read_case, remove_seat
from relay.cases.settings import WISH_LASTS, change_settings, confirm_lowering, keep_second_approval
from relay.exchange.edits import Area, Edits, Hiding, Span, Stretch
from relay.exchange.letters import visible
from relay.exchange.objects import opened
from relay.exchange.release import release, schedule, unschedule
from relay.identity.model import Person
from relay.review.decisions import decide, reopen
from relay.review.model import Decision, Reason
from relay.review.queue import claim, hand_back
from relay.review.reading import open_rendition, record_seen
from relay.review.redaction import redact
from relay.web.shared.page_pictures import Picture
from tests.functional.oracle import AS_IT_IS, CLAIM, READABLE, Gates, Item, Letter, Plan
from tests.functional.oracle_of_files import Document, Uploaded
from tests.functional.scene import BEFORE, GUIDANCE, MOST_READ, NOTE, Dice, Scene


class Staff(Scene):
    """Acts through the desk."""

    def take_in_hand(self, dice: Dice) -> None:
        """Claim it."""
        item = self.item(dice, "in_review", "approved")
        person = self.somebody_on(item, dice)
        self._claim(item, person, may=self.world.may_claim(item, person, self.clock.now))

    def _claim(self, item: Item, person: Person, *, may: bool) -> None:
        now = self.clock.now
        until = self.do(claim(self.service.desk, person, item.id), may=may)
        if until is not None:
            assert now < until <= now + CLAIM + timedelta(seconds=1)
            item.claim = person.id, until

    def give_back(self, dice: Dice) -> None:
        """Hand the claim back."""
        item = self.item(dice, "in_review", "approved")
        person = self.somebody_on(item, dice)
        may = person.id in item.case.staff and item.claim is not None and item.claim[0] == person.id
        self.do(hand_back(self.service.desk, person, item.id), may=may)
        if may:
            item.claim = None

    def see(self, dice: Dice) -> None:
        """Read all of it, or only half."""
        item = self.item(dice, "in_review", "approved", "released")
        person = self.somebody_on(item, dice)
        self._look_through(item, person, half=dice.yes)
        if dice.also:
            self._look_at_the_poster(item, person)

    def _look_through(self, item: Item, person: Person, *, half: bool = False) -> None:
        may = self._may_read(item, person)
        found = self.do(open_rendition(self.service.desk, person, item.id, "clean"), may=may)
        if found is None:
            return
        rendition, content = found
        with opened(self.service.desk, content) as reader:
            assert item.is_read_as(reader.read_all(MOST_READ)), "a reviewer reads something else"
            if item.kind == "document":  # its page is served as a picture
                page = Picture(reader, 1)
                start, stop = page.stretch(0, page.plaintext_size // 2 if half else page.plaintext_size)
            else:
                start, stop = 0, rendition.size // 2 if half else rendition.size
        self.wait(record_seen(self.service.desk, person, rendition, start, stop))
        item.goes_on(person.id, self.clock.now)
        if not half:
            item.seen.add(person.id)

    def _may_read(self, item: Item, person: Person) -> bool:
        readable = item.state in READABLE and not item.taken_back and not item.broken
        return person.id in item.case.staff and readable

    def _look_at_the_poster(self, item: Item, person: Person) -> None:
        may = self._may_read(item, person) and isinstance(item, Document)
        found = self.do(open_rendition(self.service.desk, person, item.id, "poster"), may=may)
        if found is not None and isinstance(item, Uploaded):
            with opened(self.service.desk, found[1]) as reader:
                assert reader.read_all(MOST_READ) == item.file("poster")

    def approve(self, dice: Dice) -> None:
        """Approve it, whether or not that is right."""
        item = self.item(dice, "in_review", "approved", "released")
        person = self.somebody_on(item, dice)
        self._decide(item, person, "approve", may=self.world.may_approve(item, person))

    def send_back(self, dice: Dice) -> None:
        """Ask for changes, or decline."""
        item = self.item(dice, "in_review")
        person = self.somebody_on(item, dice)
        may = self.world.may_decide(item, person)
        self._decide(item, person, "decline" if dice.number % 4 == 0 else "request_changes", may=may)

    def review_as_it_should_be(self, dice: Dice) -> None:
        """All of a review in one step, so that runs go far."""
        item = self.item(dice, "in_review")
        person = self.somebody_on(item, dice._replace(who=dice.who % 8))
        if item.state == "in_review" and self.world.may_claim(item, person, self.clock.now):
            self._claim(item, person, may=True)
            self._look_through(item, person)
            may = self.world.may_approve(item, person)
            self._decide(item, person, "approve", may=may)

    def _decide(self, item: Item, person: Person, decision: Decision, *, may: bool) -> None:
        rendition, sha256 = self.clean(item)
        sent_back = decision != "approve"
        now = self.clock.now
        self.do(
            decide(
                self.service.desk,
                person,
                item.id,
                decision,
                rendition_id=rendition,
                sha256=sha256,
                reasons=(Reason.UNREADABLE,) if sent_back else (),
                guidance=GUIDANCE if sent_back else "",
            ),
            may=may,
            shows={item.author.id},
        )
        if may:
            item.has_been_decided(person.id, decision, now)

    def hide_parts(self, dice: Dice) -> None:
        """Hide a part of it, another part, or nothing any more; mostly after taking it in hand."""
        item = self.item(dice, "in_review")
        person = self.somebody_on(item, dice)
        if item.state == "in_review" and dice.yes and self.world.may_claim(item, person, self.clock.now):
            self._claim(item, person, may=True)
        edits = self._parts(item, dice)
        may = self.world.may_hide(item, person, edits)
        work = redact(self.service.desk, person, item.id, revision=item.revision, edits=edits, note=NOTE)
        self.do(work, may=may, shows={item.author.id})
        if may:
            item.has_been_hidden_in(edits, self.clock.now)

    def _parts(self, item: Item, dice: Dice) -> Edits:
        if dice.number % 8 == 0:
            return AS_IT_IS
        if item.kind == "audio":
            start, length = 500 * (dice.which % 2), 9_000 if dice.number % 16 == 1 else 400
            how: Hiding = dice.pick(("mute", "bleep", "cut"))
            return Edits(stretches=(Stretch(start_ms=start, end_ms=start + length, how=how),))
        if not isinstance(item, Letter):
            page, left = 2 if dice.number % 16 == 1 else 1, 5_000 * (dice.which % 2)
            return Edits(areas=(Area(page=page, left=left, top=0, right=left + 5_000, bottom=5_000),))
        length = max(1, len(visible(item.sent)))
        start = dice.number % length
        return Edits(spans=(Span(start=start, end=min(length, start + 1 + dice.which % 7)),))

    def put_back_into_review(self, dice: Dice) -> None:
        """Reopen it: what was approved does not count any more."""
        item = self.item(dice, "approved")
        person = self.somebody_on(item, dice)
        may = (
            person.id in item.case.staff
            and item.state == "approved"
            and not self.world.another_waits(item)
            and not self.world.stands_still(item)
        )
        self.do(reopen(self.service.desk, person, item.id), may=may, shows={item.author.id})
        if may:
            item.state = "in_review"
            item.asked = item.needs
            item.approvals.clear()

    def release(self, dice: Dice) -> None:
        """Give it to one of its recipients, now."""
        item = self.item(dice, "approved", "scheduled", "released")
        person = self.somebody_on(item, dice)
        seat_id = dice.pick(item.seats)
        may = self.world.may_release(item, person, seat_id, self.clock.now)
        note = BEFORE if dice.yes else ""
        release_id = self.do(release(self.service.desk, person, item.id, seat_id, note), may=may)
        if release_id is not None:
            self.has_been_released(item, item.recipient(seat_id), release_id, note)

    def plan_a_release(self, dice: Dice) -> None:
        """Schedule it."""
        item = self.item(dice, "approved", "scheduled", "released")
        person = self.somebody_on(item, dice)
        seat_id, now = dice.pick(item.seats), self.clock.now
        asked = now + timedelta(hours=(1, 1, 30, 200)[dice.which % 4])
        due = asked.replace(microsecond=0)
        may = self.world.may_schedule(item, person, seat_id, due, now)
        note = BEFORE if dice.yes else ""
        self.do(schedule(self.service.desk, person, item.id, seat_id, asked, note), may=may)
        if may:
            item.plans[item.recipient(seat_id)] = Plan(due, item.chosen(person.id), note)
            item.state = "released" if item.state == "released" else "scheduled"

    def give_up_the_plan(self, dice: Dice) -> None:
        """Take the schedule back."""
        item = self.item(dice, "scheduled", "released")
        person = self.somebody_on(item, dice)
        seat_id = None if dice.also else dice.pick(item.seats)
        meant = [one for one in item.plans if seat_id is None or one == item.recipient(seat_id)]
        may = person.id in item.case.staff and bool(meant)
        self.do(unschedule(self.service.desk, person, item.id, seat_id), may=may)
        if may:
            for one in meant:
                del item.plans[one]
            item.a_plan_is_over()

    def change_the_case(self, dice: Dice) -> None:
        """Second approval, cooling-off time, open or closed."""
        case, _, person = self.concerned(dice)
        self._settings(case, person, second=dice.yes, cooling=dice.pick((0, 0, 0, 24)), is_open=dice.who != 9)

    def _settings(self, case: Gates, person: Person, *, second: bool, cooling: int, is_open: bool) -> None:
        work = change_settings(
            self.service.desk, person, case.id, second_approval=second, cooling_hours=cooling, is_open=is_open
        )
        asks = case.second and not second and self._wish(case) is None
        self.do(work, may=True, shows=self.people_of(case) if is_open != case.open else set())
        if asks:
            case.wish = person.id, self.clock.now
        case.second, case.cooling, case.open = case.second or second, cooling, is_open

    def _wish(self, case: Gates) -> UUID | None:
        """Who asks that one approval be enough, if that has not run out."""
        return case.wish[0] if case.wish and self.clock.now < case.wish[1] + WISH_LASTS else None

    def answer_the_wish(self, dice: Dice) -> None:
        """Confirm that one approval is enough, or keep two."""
        case, _, person = self.concerned(dice)
        if dice.yes:
            may = self._wish(case) not in {None, person.id}
            self.do(confirm_lowering(self.service.desk, person, case.id), may=may)
            case.second = case.second and not may
        else:
            may = case.wish is not None  # also one that has run out
            self.do(keep_second_approval(self.service.desk, person, case.id), may=may)
        if may:
            case.wish = None

    def add_a_facilitator(self, dice: Dice) -> None:
        """Anybody but the administrator can be."""
        case, _, person = self.concerned(dice)
        newcomer = self.staff(dice)
        may = newcomer is not self.stage.administrator and newcomer.id not in case.staff
        self.do(add_facilitator(self.service.desk, person, case.id, newcomer.id), may=may)
        if may:
            case.staff.add(newcomer.id)
            self.checks.back(newcomer.id, case.id)

    def take_a_facilitator_off(self, dice: Dice) -> None:
        """One always stays."""
        case, _, person = self.concerned(dice)
        _, people, _ = self.wait(read_case(self.service.desk, person, case.id))
        leaving = dice.pick([one for one in people if one.part == "facilitator"])
        may = len(case.staff) > 1
        self.do(remove_seat(self.service.desk, person, case.id, leaving.seat_id), may=may)
        if may:
            case.staff.discard(leaving.account_id)
            self.checks.removed(leaving.account_id, case.id)
            if case.wish and case.wish[0] == leaving.account_id:
                case.wish = None
            for item in self.world.items:
                if item.case is case:
                    item.somebody_left(leaving.account_id)
