"""One copy of the stage, what is done on it, and how it is looked at. The acts are in `acts_of_*`."""

import asyncio
import random
import re
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Final, NamedTuple, Self, TypeVar
from uuid import UUID

import msgspec

from relay.cases import own
from relay.errors import Refusal
from relay.exchange import delivery, progress
from relay.exchange.arriving import arriving
from relay.identity.model import Person
from tests.functional.checks_of_files import ChecksOfFiles
from tests.functional.files import MARK, Once
from tests.functional.oracle import WRITABLE, Delivered, Gates, Item, Letter
from tests.functional.world import World
from tests.support.postgres import TestServer
from tests.support.stage import Seated, Stage, StillClock, copied

T = TypeVar("T")
_IDENTIFIER: Final = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(?:Z|[+-]\d\d:\d\d)")


MOST_READ: Final = 1 << 20
"""Bytes: more than anything has here."""
LEAST_TELLING: Final = 6
"""Characters: a shorter word stands in what is encrypted by chance."""
NAMES: Final = {"Fatima", "Viktor"}
GUIDANCE: Final = "Say what you did."
NOTE: Final = "A name is hidden."
BEFORE: Final = "It is about that night."
"""Written to a recipient, sometimes."""
REASONING: Final = "Looked at both."
ORDER: Final = "An order of the court."
NOTICED: Final = "He knows where she lives."
SAID: Final = {GUIDANCE, NOTE, BEFORE, REASONING, ORDER, NOTICED}
"""What staff write: to an author, to a recipient, or for one another."""


class Dice(NamedTuple):
    """What an act is about, by chance. Mostly it makes sense; sometimes the wrong person tries it."""

    which: int
    who: int
    number: int
    yes: bool
    also: bool

    @classmethod
    def thrown(cls, chance: random.Random) -> Self:
        """Throw them, evenly."""
        return cls(
            chance.randrange(1000),
            chance.randrange(10),
            chance.randrange(1000),
            chance.random() < 2 / 3,
            chance.random() < 1 / 2,
        )

    def pick(self, choices: Sequence[T]) -> T:
        """One of several."""
        return choices[self.number % len(choices)]


class Scene:
    """What every act needs. `do` asks the model first, and has to agree with it."""

    def __init__(self, stage: Stage, server: TestServer, runner: asyncio.Runner, sandbox: Once) -> None:
        self.stage = stage
        self.sandbox = sandbox
        self.runner = runner
        self.world = World(stage)
        self.exits = AsyncExitStack()
        self.service, self.room, dsns = self.wait(self.exits.enter_async_context(copied(stage, server)))
        self.checks = ChecksOfFiles(stage, dsns.superuser.url, self.service.blobs)
        self.exits.callback(self.checks.close)
        self.people = [(case, one) for case in stage.cases for one in case.participants]
        self.meant: Item | None = None
        self.given: dict[UUID, Delivered] = {}
        self.entries = 0
        self.may_show = {one.person.id for _, one in self.people}
        self.touched: set[UUID] = set()
        self.shown: dict[UUID, bytes] = {}

    def close(self) -> None:
        """Let the copy go."""
        self.wait(self.exits.aclose())

    @property
    def clock(self) -> StillClock:
        """The time of this copy."""
        assert isinstance(self.service.clock, StillClock)
        return self.service.clock

    def wait(self, work: Awaitable[T]) -> T:
        """Run it to its end."""
        return self.runner.get_loop().run_until_complete(work)

    def do(
        self, work: Awaitable[T], *, may: bool, shows: set[UUID] | None = None, entries: int = 1
    ) -> T | None:
        """Do it; it has to succeed exactly if the model says so. `shows`: who may see a difference then."""
        try:
            done = self.wait(work)
        except Refusal as refused:
            if may:
                raise AssertionError(f"refused, though it may be done: {refused.public}") from refused
            return None
        assert may, "done, though it may not be"
        self.entries += entries
        self.may_show |= shows or set()
        return done

    # who and what is meant

    def participant(self, dice: Dice) -> Person:
        """Any of them."""
        return self.people[dice.who % len(self.people)][1].person

    def person(self, account: UUID) -> Person:
        """The participant of an account."""
        return next(one.person for _, one in self.people if one.person.id == account)

    def item(self, dice: Dice, *states: str) -> Item:
        """The one that is meant, or any; mostly one in a state in which something can come of it."""
        if self.meant is not None:
            return self.meant
        found = [one for one in self.world.items if one.state in states] if dice.which % 8 else []
        found = found or self.world.items
        return found[dice.which % len(found)]

    def author_of(self, item: Item, dice: Dice) -> Person:
        """Mostly the author."""
        return self.participant(dice) if dice.who >= 8 else item.author

    def staff(self, dice: Dice) -> Person:
        """Any member of staff."""
        everybody = (*self.stage.staff, self.stage.administrator)
        return everybody[dice.number % len(everybody)]

    def somebody_on(self, item: Item, dice: Dice) -> Person:
        """Mostly a facilitator of the case."""
        on_case = [person for person in self.stage.staff if person.id in item.case.staff]
        return self.staff(dice) if dice.who >= 8 else on_case[dice.who % len(on_case)]

    def concerned(self, dice: Dice) -> tuple[Gates, Seated, Person]:
        """A case, a participant of it, and a facilitator of it."""
        staged, one = self.people[dice.which % len(self.people)]
        case = self.world.cases[self.stage.cases.index(staged)]
        on_case = [person for person in self.stage.staff if person.id in case.staff]
        return case, one, on_case[dice.who % len(on_case)]

    def people_of(self, case: Gates) -> set[UUID]:
        """The participants of a case."""
        return {one.person.id for one in case.seats.values()}

    def clean(self, item: Item) -> tuple[UUID, bytes]:
        """Which clean file the newest version has; one that there is not, if it has none."""
        found = self.checks.rows(
            "SELECT n.id, n.sha256 FROM relay.renditions n JOIN relay.revisions r ON r.id = n.revision_id"
            " WHERE r.item_id = %s AND r.number = %s AND n.role = 'clean'",
            item.id,
            item.revision,
        )
        return (found[0].id, found[0].sha256) if found else (item.id, bytes(32))

    def has_been_released(self, item: Item, recipient: UUID, release_id: UUID, note: str) -> None:
        """Note it; the checks compare it with what became readable."""
        item.state = "released"
        item.released[recipient] = release_id
        self.given[recipient] = delivered = Delivered(release_id, item, recipient, note)
        self.world.delivered.append(delivered)
        self.may_show.add(recipient)

    # what always has to be so

    def what_became_readable_was_given(self) -> None:
        """1 to 4."""
        given, self.given = self.given, {}
        self.checks.newly_readable(given)

    def after_each_step(self) -> None:
        """1 to 4, 6, 7, and the states."""
        self.what_became_readable_was_given()
        expected, self.entries = self.entries, 0
        self.touched |= {entry.chain for entry in self.checks.audit(expected)}
        self.checks.nobody_off_the_case_gains(self.world)
        self.checks.states(self.world)

    def nobody_sees_what_others_did(self) -> None:
        """5: byte for byte the same, whatever others did. Asked of those whose cases were touched."""
        may_show, self.may_show = self.may_show, set()
        touched, self.touched = self.touched, set()
        asked = may_show | {
            account for case in self.world.cases if case.id in touched for account in self.people_of(case)
        }
        now = self.views(asked)
        for account in asked - may_show:
            assert now[account] == self.shown[account], "somebody can see what another did"
        self.checks.uploads(self.world)
        for account, seen in now.items():
            self.nothing_is_told_between_the_lines(account, seen)
        self.shown |= now

    def nothing_is_told_between_the_lines(self, account: UUID, seen: bytes) -> None:
        """10. Identifiers are of chance, not of time; every time is of what they began or agreed to."""
        for found in _IDENTIFIER.findall(seen):
            assert UUID(found.decode()).version == 4, "an identifier is not of chance alone"
        own = self.checks.rows(
            "SELECT created_at FROM relay.items WHERE author_id = %s UNION"
            " SELECT ask_again_at FROM relay.consents WHERE account_id = %s UNION"
            " SELECT expires_at FROM relay.uploads WHERE owner_id = %s",
            account,
            account,
            account,
        )
        for found in _TIME.findall(seen):
            assert (datetime.fromisoformat(found.decode()),) in own, "a time is not of somebody's own act"

    def nothing_is_there_in_plain(self) -> None:
        """9. Whatever was written, said or hidden."""
        letters = [item for item in self.world.items if isinstance(item, Letter)]
        written = {letter.draft.strip() for letter in letters} | {letter.reads.strip() for letter in letters}
        told = {text for text in written if len(text) >= LEAST_TELLING}
        self.checks.nothing_in_plain(told | SAID | NAMES | {MARK}, self.sandbox.beginnings())

    def views(self, accounts: set[UUID]) -> dict[UUID, bytes]:
        """What each of these people sees."""

        async def all_of_them() -> dict[UUID, bytes]:
            people = [self.person(account) for account in accounts]
            return dict(zip(accounts, await asyncio.gather(*map(self.view, people)), strict=True))

        return self.wait(all_of_them())

    async def view(self, person: Person) -> bytes:
        """Everything that a participant's app answers this person."""
        house = self.service.participants
        cases = await own.own_cases(house, person)
        made = [one for case in cases for one in await progress.own_items(house, person, case.id)]
        said = [await progress.feedback(house, person, one.id) for one in made[:3] if one.revision]
        asked = [await progress.proposal(house, person, one.id) for one in made if one.edited]
        files = [one for one in made if one.kind != "letter" and one.state in WRITABLE]
        coming = [await arriving(house, person, one.id) for one in files]
        return msgspec.json.encode(
            [cases, made, said, asked, coming, await delivery.deliveries(house, person)]
        )
