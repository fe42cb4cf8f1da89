"""What authors and recipients do, and what the wrong one tries."""

from datetime import timedelta

from relay.exchange import agreements, delivery, items, submitting
from relay.exchange.items import MOST_DRAFTS
from relay.exchange.objects import opened
from relay.identity.model import Person
from tests.functional.oracle import WRITABLE, Item, Letter
from tests.functional.oracle_of_files import Document, Recording
from tests.functional.scene import MOST_READ, Dice, Scene

TEXTS = ("I am sorry.", "Why me?\n\nسلام", "a\u200bb\u202ec", "żółć " * 200, "Good morning.", "", " \n ")
CHOICES: tuple[delivery.Choice, ...] = ("open", "open", "later", "hold", "refuse")
STATE_OF = {"open": "opened", "later": "later", "hold": "held", "refuse": "refused"}


class Participants(Scene):
    """Acts through the participants' app."""

    def start(self, dice: Dice) -> None:
        """A letter, a document or a recording, to one or to all of the other side."""
        staged, one = self.people[dice.which % len(self.people)]
        case = self.world.cases[self.stage.cases.index(staged)]
        seats = tuple(other.seat_id for other in staged.others(one.person))
        seats = seats if dice.yes else seats[:1]
        uploaded = Recording if dice.number % 3 == 1 else Document
        made = uploaded if dice.also else Letter
        drafts = [x for x in self.world.items if x.author is one.person and x.state == "draft"]
        work = items.start_item(self.service.participants, one.person, case.id, made.kind, seats)
        item_id = self.do(work, may=len(drafts) < MOST_DRAFTS, shows={one.person.id})
        if item_id is None:
            return
        if dice.also:
            self.world.items.append(uploaded(item_id, case, one.person, seats, sandbox=self.sandbox))
        else:
            self.world.items.append(letter := Letter(item_id, case, one.person, seats))
            self._save(letter, one.person, dice.pick(TEXTS))

    def write(self, dice: Dice) -> None:
        """Save a draft."""
        item = self.item(dice, *WRITABLE)
        self._save(item, self.author_of(item, dice), dice.pick(TEXTS))

    def _save(self, item: Item, author: Person, text: str) -> None:
        may = author is item.author and item.state in WRITABLE and isinstance(item, Letter)
        work = items.save_draft(self.service.participants, author, item.id, text)
        self.do(work, may=may, shows={author.id})
        if may and isinstance(item, Letter):
            item.draft = text

    def submit(self, dice: Dice) -> None:
        """Send it to the facilitators."""
        item = self.item(dice, *WRITABLE)
        author = self.author_of(item, dice)
        may = self.world.may_submit(item, author, self.clock.now)
        self.do(submitting.submit(self.service.participants, author, item.id), may=may, shows={author.id})
        if may:
            item.has_been_submitted()

    def agree(self, dice: Dice) -> None:
        """Agree to what a facilitator made of it by hiding parts."""
        item = self.item(dice, "in_review")
        self.agree_to(item, self.author_of(item, dice))

    def agree_to(self, item: Item, author: Person) -> None:
        """Agree, in the name of one of them."""
        rendition, sha256 = self.clean(item)
        may = self.world.may_agree(item, author)
        house = self.service.participants
        work = agreements.agree(house, author, item.id, rendition_id=rendition, sha256=sha256)
        self.do(work, may=may, shows={author.id})
        item.agreed |= may
        if may and item.hidden:
            item.came_to.add("agreed to what is hidden")

    def withdraw(self, dice: Dice) -> None:
        """Take it back, whatever has become of it."""
        item = self.item(dice, "submitted", "in_review", "approved", "scheduled", "released")
        author = self.author_of(item, dice)
        may = author is item.author and not item.taken_back and item.state not in {"declined", "withdrawn"}
        self.do(items.withdraw(self.service.participants, author, item.id), may=may, shows={author.id})
        if may:
            item.has_been_taken_back()

    def choose(self, dice: Dice) -> None:
        """What to do with something that waits."""
        if not self.world.delivered:
            return
        delivered = self.world.delivered[dice.which % len(self.world.delivered)]
        person = self.participant(dice) if dice.who >= 7 else self.person(delivered.recipient)
        choice = dice.pick(CHOICES)
        may = person.id == delivered.recipient and (delivered.state != "opened" or choice == "open")
        work = delivery.choose(self.service.participants, person, delivered.id, choice)
        self.do(work, may=may, shows={person.id})
        if may:
            delivered.state = STATE_OF[choice]

    def read(self, dice: Dice) -> None:
        """Open what was chosen to be opened: it is what was sent, to the letter."""
        if not self.world.delivered:
            return
        delivered = self.world.delivered[dice.which % len(self.world.delivered)]
        person = self.participant(dice) if dice.who >= 7 else self.person(delivered.recipient)
        may = person.id == delivered.recipient and delivered.state == "opened"
        work = delivery.content(self.service.participants, person, delivered.id)
        content = self.do(work, may=may, entries=0)
        if person.id == delivered.recipient:
            found = self.wait(delivery.delivery(self.service.participants, person, delivered.id))
            assert found.changes == delivered.item.told
            assert (found.note or "") == delivered.note, "its recipient reads another note than was written"
        if content is not None:
            with opened(self.service.participants, content) as reader:
                assert delivered.item.is_read_as(reader.read_all(MOST_READ)), "not what was reviewed"

    def let_time_pass(self, dice: Dice) -> None:
        """Claims run out, leases run out, agreements and assessments lapse, releases fall due."""
        by = dice.pick((1, 3, 31, 31, 120, 30 * 60, 30 * 60, 40 * 24 * 60))
        self.clock.go(minutes=by)
        self.may_show |= {one.person.id for _, one in self.people}
        if timedelta(minutes=by) > timedelta(days=1):
            self.let_a_day_pass()

    def let_a_day_pass(self) -> None:
        """What the workers do once a day; they say it themselves."""
        raise NotImplementedError
