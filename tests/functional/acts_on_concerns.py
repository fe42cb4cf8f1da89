"""Raising and closing concerns: what one is about stands still, and nobody outside of the desk sees it."""

from relay.identity.model import Person
from relay.safeguarding.model import Closing, Noticed
from relay.safeguarding.raising import raise_about_case, raise_about_item
from relay.safeguarding.writing import write
from tests.functional.oracle import Concern, Item
from tests.functional.scene import NOTICED, Dice, Scene

SENT = ("submitted", "in_review", "changes_requested", "approved", "scheduled", "released")


class Safeguarders(Scene):
    """Acts of facilitators who noticed something."""

    def raise_a_concern(self, dice: Dice) -> None:
        """About an item, whatever became of it, or about its case; the case is stopped by some of them."""
        item = self.item(dice, *SENT)
        person, stops = self.somebody_on(item, dice), dice.number % 4 == 0
        noticed = Noticed(kind="threat", about=item.author.id if dice.yes else None, words=NOTICED)
        on_case = person.id in item.case.staff
        if dice.which % 4 == 0:
            work = raise_about_case(self.service.desk, person, item.case.id, noticed, stops_case=stops)
            raised = self.do(work, may=on_case)
        else:
            work = raise_about_item(self.service.desk, person, item.id, noticed, stops_case=stops)
            raised = self.do(work, may=on_case and item.revision > 0)
        if raised is not None:
            about = item if dice.which % 4 else None
            self.world.concerns.append(Concern(raised, item.case, about, person.id, stops))
            for one in self.world.items:
                if one is about or (stops and one.case is item.case):
                    one.plans.clear()
                    one.a_plan_is_over()
            if about:
                about.came_to.add("stood still")

    def close_a_concern(self, dice: Dice) -> None:
        """One that is open, or was; mostly by who may."""
        if self.world.concerns:
            concern = self.world.concerns[dice.which % len(self.world.concerns)]
            on_case = [one for one in self.stage.staff if one.id in concern.case.staff]
            self._close(concern, self.staff(dice) if dice.who >= 8 else dice.pick(on_case))

    def close_what_stops(self, item: Item) -> None:
        """Whatever keeps it where it is, by who may."""
        for concern in self.world.concerns:
            if concern.stops(item):
                closers = self.world.closers(concern)
                self._close(concern, next(one for one in self.stage.staff if one.id in closers))

    def _close(self, concern: Concern, person: Person) -> None:
        closing = Closing(outcome="nothing_further", words=NOTICED)
        may = person.id in self.world.closers(concern)
        self.do(write(self.service.desk, person, concern.id, closing), may=may)
        concern.open = concern.open and not may
