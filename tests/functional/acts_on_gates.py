"""What opens and closes gates: by the person concerned, or by a facilitator who was told."""

from datetime import timedelta

from relay.cases import own, records
from relay.cases.model import Grade, Medium
from relay.cases.settings import change_settings
from tests.functional.oracle import FAR, KINDS
from tests.functional.scene import ORDER, REASONING, Dice, Scene

GRADES: tuple[Grade, ...] = ("full", "partial", "none")


class Gatekeepers(Scene):
    """Each records one thing; `dice.yes` is the good answer."""

    def a_gate_changes(self, dice: Dice) -> None:
        """Any of the seven."""
        gate = (
            self.consent,
            self.pause,
            self.pause_the_case,
            self.assess,
            self.restrict,
            self.ask,
            self.responsibility,
        )
        gate[dice.which % len(gate)](dice._replace(which=dice.number))

    def consent(self, dice: Dice) -> None:
        """To letters, to documents, to recordings, or no longer."""
        self.consent_to(dice, dice.pick(KINDS))

    def consent_to(self, dice: Dice, kind: Medium) -> None:
        """To one of them: the other is as it was."""
        case, one, staff = self.concerned(dice)
        if dice.also:
            work = records.record_consent(
                self.service.desk,
                staff,
                case.id,
                one.person.id,
                kind,
                given=dice.yes,
                manner="by_telephone",
            )
        else:
            house = self.service.participants
            work = own.choose_consent(house, one.person, case.id, kind, given=dice.yes)
        self.do(work, may=True, shows={one.person.id})
        case.consent[kind][one.person.id] = self.clock.now + FAR if dice.yes else None

    def think_again(self, dice: Dice) -> None:
        """Somebody whom an approved item concerns no longer agrees to that medium, and to it alone."""
        item = self.item(dice, "approved", "scheduled", "released")
        concerned = (item.author.id, *map(item.recipient, item.seats))
        account = concerned[dice.number % len(concerned)]
        which = [one.person.id for _, one in self.people].index(account)
        self.consent_to(dice._replace(which=which, yes=False), item.kind)

    def pause(self, dice: Dice) -> None:
        """One person stops, or goes on."""
        case, one, staff = self.concerned(dice)
        house, who = (self.service.desk, staff) if dice.also else (self.service.participants, one.person)
        work = records.record_pause(house, who, case.id, one.person.id, paused=not dice.yes)
        self.do(work, may=True, shows={one.person.id})
        (case.pauses.discard if dice.yes else case.pauses.add)(one.person.id)

    def pause_the_case(self, dice: Dice) -> None:
        """Everybody stops, or goes on."""
        case, _, staff = self.concerned(dice)
        work = records.record_pause(self.service.desk, staff, case.id, None, paused=not dice.yes)
        self.do(work, may=True, shows=self.people_of(case))
        case.paused = not dice.yes

    def assess(self, dice: Dice) -> None:
        """Safe until then, or not safe."""
        case, _, staff = self.concerned(dice)
        until = self.clock.now + timedelta(days=(1, 60, 365)[dice.number % 3])
        work = records.record_assessment(
            self.service.desk, staff, case.id, safe=dice.yes, valid_until=until, reasoning=REASONING
        )
        self.do(work, may=True, shows=self.people_of(case))
        case.safe, case.assessed_until = dice.yes, until

    def restrict(self, dice: Dice) -> None:
        """A court order, which sometimes is lifted or excepted at once."""
        case, one, staff = self.concerned(dice)
        until = self.clock.now + timedelta(days=(1, 30)[dice.number % 2])
        work = records.record_restriction(
            self.service.desk,
            staff,
            case.id,
            one.person.id,
            until=until,
            description=ORDER,
            lifted=dice.yes and dice.also,
            exception_evidence="The court permits letters." if dice.yes and not dice.also else None,
        )
        self.do(work, may=True, shows={one.person.id})
        if not dice.yes:
            case.restricted[one.person.id] = max(until, case.restricted.get(one.person.id, until))

    def ask(self, dice: Dice) -> None:
        """A victim takes the request back, or asks again."""
        case, one, staff = self.concerned(dice)
        may = one.part == "victim"
        work = records.record_request(self.service.desk, staff, case.id, one.person.id, asked=dice.yes)
        self.do(work, may=may, shows={one.person.id})
        if may:
            (case.asked.add if dice.yes else case.asked.discard)(one.person.id)

    def responsibility(self, dice: Dice) -> None:
        """An offender accepts it: in full, in part, or no more."""
        case, one, staff = self.concerned(dice)
        may, grade = one.part == "offender", GRADES[dice.also] if dice.yes else "none"
        work = records.record_responsibility(
            self.service.desk, staff, case.id, one.person.id, grade, "As he said."
        )
        self.do(work, may=may, shows={one.person.id})
        if may:
            case.grade[one.person.id] = grade

    def all_is_well(self, dice: Dice) -> None:
        """What is closed in a case is opened again, so that runs do not end in a standstill."""
        case, one, staff = self.concerned(dice)
        good, now = dice._replace(yes=True, number=2), self.clock.now
        if not case.open:
            work = change_settings(
                self.service.desk,
                staff,
                case.id,
                second_approval=case.second,
                cooling_hours=case.cooling,
                is_open=True,
            )
            self.do(work, may=True, shows=self.people_of(case))
            case.open = True
        if case.paused:
            self.pause_the_case(good)
        if not case.safe or case.assessed_until <= now:
            self.assess(good)
        for which, (_, one) in enumerate(self.people):
            closed = [kind for kind in KINDS if not case.of_person(one, kind, now)]
            if one.seat_id in case.seats and closed:
                self.pause(good._replace(which=which))
                for kind in closed:
                    self.consent_to(good._replace(which=which), kind)
                (self.ask if one.part == "victim" else self.responsibility)(good._replace(which=which))
