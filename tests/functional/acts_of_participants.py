"""What authors and recipients do, and what the wrong one tries."""

from datetime import timedelta

from relay.exchange import agreements, delivery, items, submitting
from relay.exchange.objects import opened
from relay.identity.model import Person
from relay.vault.padding import unpad
from tests.functional.oracle import WRITABLE, Letter
from tests.functional.scene import Dice, Scene

TEXTS = ("I am sorry.", "Why me?\n\nسلام", "a\u200bb\u202ec", "żółć " * 200, "Good morning.", "", " \n ")
CHOICES: tuple[delivery.Choice, ...] = ("open", "open", "later", "hold", "refuse")
STATE_OF = {"open": "opened", "later": "later", "hold": "held", "refuse": "refused"}


class Participants(Scene):
    """Acts through the participants' app."""

    def start(self, dice: Dice) -> None:
        """A letter, to one or to all of the other side."""
        staged, one = self.people[dice.which % len(self.people)]
        case = self.world.cases[self.stage.cases.index(staged)]
        seats = tuple(other.seat_id for other in staged.others(one.person))
        seats = seats if dice.yes else seats[:1]
        drafts = [x for x in self.world.letters if x.author is one.person and x.state == "draft"]
        house, person, text = self.service.participants, one.person, dice.pick(TEXTS)
        item_id = self.do(
            items.start_item(house, person, case.id, "letter", seats), may=len(drafts) < 20, shows={person.id}
        )
        if item_id is not None:
            self.world.letters.append(Letter(item_id, case, person, seats, draft=text))
            self.do(items.save_draft(house, person, item_id, text), may=True, shows={person.id})

    def write(self, dice: Dice) -> None:
        """Save a draft."""
        letter = self.letter(dice, *WRITABLE)
        author, text = self.author_of(letter, dice), dice.pick(TEXTS)
        may = author is letter.author and letter.state in WRITABLE
        work = items.save_draft(self.service.participants, author, letter.id, text)
        self.do(work, may=may, shows={author.id})
        if may:
            letter.draft = text

    def submit(self, dice: Dice) -> None:
        """Send it to the facilitators."""
        letter = self.letter(dice, *WRITABLE)
        author = self.author_of(letter, dice)
        may = self.world.may_submit(letter, author, self.clock.now)
        self.do(submitting.submit(self.service.participants, author, letter.id), may=may, shows={author.id})
        if may:
            letter.has_been_submitted()

    def agree(self, dice: Dice) -> None:
        """Agree to what a facilitator made of it by hiding parts."""
        letter = self.letter(dice, "in_review")
        self.agree_to(letter, self.author_of(letter, dice))

    def agree_to(self, letter: Letter, author: Person) -> None:
        """Agree, in the name of one of them."""
        rendition, sha256 = self.clean(letter)
        may = self.world.may_agree(letter, author)
        house = self.service.participants
        work = agreements.agree(house, author, letter.id, rendition_id=rendition, sha256=sha256)
        self.do(work, may=may, shows={author.id})
        letter.agreed |= may

    def withdraw(self, dice: Dice) -> None:
        """Take it back, whatever has become of it."""
        letter = self.letter(dice, "submitted", "in_review", "approved", "scheduled", "released")
        author = self.author_of(letter, dice)
        may = (
            author is letter.author
            and not letter.taken_back
            and letter.state not in {"declined", "withdrawn"}
        )
        self.do(items.withdraw(self.service.participants, author, letter.id), may=may, shows={author.id})
        if may:
            letter.has_been_taken_back()

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
            assert found.changes == delivered.letter.told
        if content is not None:
            with opened(self.service.participants, content) as reader:
                assert unpad(reader.read_all(1 << 20)).decode() == delivered.letter.reads

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
