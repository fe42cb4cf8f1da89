"""The whole exchange at random: real services, PostgreSQL and worker tasks, and a model that knows better.

Each act asks the model whether it may succeed and is done through the service functions. Then everything that
must always be so (DESIGN, section 7) is checked from the database. 200 runs of 50 steps, in four
parts so that two processors share them.

RELAY_STATE_MACHINE_SEED=N tries other runs. RELAY_STATE_MACHINE_SHRINK=1 looks for a shorter way to one,
which can take minutes.
"""

import asyncio
import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import psycopg
import pytest
import uvloop
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from psycopg.types.json import Jsonb

from tests.functional.acts_of_participants import Participants
from tests.functional.acts_of_staff import Staff
from tests.functional.acts_of_workers import Workers
from tests.functional.acts_on_concerns import Safeguarders
from tests.functional.acts_on_files import Uploaders
from tests.functional.acts_on_gates import Gatekeepers
from tests.functional.files import Once
from tests.functional.oracle import WRITABLE, Item, Letter
from tests.functional.oracle_of_files import Document, Uploaded
from tests.functional.scene import Dice
from tests.support.postgres import TestServer, fast_folder
from tests.support.stage import Stage, make_stage
from workers.media.clean import clean

RUNS, STEPS, PARTS = 200, 50, 4
LEAST = {
    "given to somebody": 10,
    "in_review": 25,
    "file: given to somebody": 50,
    "agreed to what is hidden": 50,
}
"""One in so many runs, at least, comes to this. No two times are alike: identifiers are of chance."""
LOOK_EVERY = 4
"""Steps between two looks through everybody's eyes: what somebody saw of another stays to be seen."""


class Everybody(Workers, Staff, Gatekeepers, Safeguarders, Participants, Uploaders):
    """All the acts, and how often each."""

    OFTEN: ClassVar[dict[str, int]] = {
        "start": 9,
        "write": 2,
        "begin_an_upload": 2,
        "go_on_uploading": 3,
        "end_an_upload": 1,
        "look_at_own_files": 1,
        "submit": 8,
        "withdraw": 1,
        "work": 8,
        "carry_out_what_is_due": 2,
        "a_worker_dies": 1,
        "take_in_hand": 2,
        "give_back": 1,
        "see": 2,
        "approve": 2,
        "send_back": 3,
        "hide_parts": 3,
        "agree": 4,
        "review_as_it_should_be": 9,
        "put_back_into_review": 1,
        "release": 8,
        "plan_a_release": 4,
        "give_up_the_plan": 1,
        "choose": 4,
        "read": 3,
        "a_gate_changes": 6,
        "think_again": 3,
        "all_is_well": 5,
        "raise_a_concern": 1,
        "close_a_concern": 1,
        "change_the_case": 2,
        "answer_the_wish": 1,
        "add_a_facilitator": 1,
        "take_a_facilitator_off": 1,
        "let_time_pass": 4,
        "go_on": 60,
    }
    NEXT: ClassVar[dict[str, tuple[str, ...]]] = {
        "draft": ("submit",),
        "changes_requested": ("write", "submit"),
        "failed": ("submit",),
        "submitted": ("work",),
        "in_review": ("review_as_it_should_be", "hide_parts"),
        "approved": ("release", "release", "plan_a_release"),
        "scheduled": ("let_time_pass", "carry_out_what_is_due", "release"),
        "released": ("choose", "read", "release"),
    }
    WITHOUT_AN_ITEM: ClassVar[set[str]] = {
        "start",
        "a_gate_changes",
        "all_is_well",
        "change_the_case",
        "answer_the_wish",
        "add_a_facilitator",
        "take_a_facilitator_off",
        "let_time_pass",
    }

    def act(self, name: str, dice: Dice) -> None:
        """Do one thing, if there is anything to do it with."""
        if self.world.items or name in self.WITHOUT_AN_ITEM:
            done: Callable[[Dice], None] = getattr(self, name)
            done(dice)
        self.meant = None

    def go_on(self, dice: Dice) -> None:
        """What would come next for one of the items, done by the right person: so that runs go far."""
        under_way = [item for item in self.world.items if item.state in self.NEXT]
        if not under_way:
            self.start(dice)
            return
        if dice.yes:  # what has come so far that parts are hidden goes all the way
            under_way = [item for item in under_way if item.hidden and item.state != "released"] or under_way
        self.meant = item = under_way[dice.which % len(under_way)]
        now = self.clock.now
        well = all(
            item.case.passes(item.author.id, item.recipient(seat), item.kind, now) for seat in item.seats
        )
        if not well and dice.also:
            self.all_is_well(dice._replace(which=[one.person for _, one in self.people].index(item.author)))
        elif not self.world.may_pass(item):
            self.close_what_stops(item)
        elif item.state in WRITABLE and not item.may_be_sent(now):
            self._makes_something(item, dice)
        elif isinstance(item, Uploaded) and item.state in WRITABLE and dice.number % 4 == 0:
            self.begin_an_upload(dice)
        elif item.asks and item.state == "in_review" and dice.number % 4:
            self.agree_to(item, item.author)
        elif isinstance(item, Uploaded) and item.state == "in_review" and not item.hidden and dice.also:
            self.hide_parts(dice._replace(who=dice.who % 8, yes=True))
        else:
            on_case = [person.id for person in self.stage.staff if person.id in item.case.staff]
            right = [place for place, one in enumerate(on_case) if one in item.approvals] or [dice.who % 7]
            come = self.NEXT[item.state]
            getattr(self, come[0] if item.agreed else dice.pick(come))(dice._replace(who=right[0]))

    def _makes_something(self, item: Item, dice: Dice) -> None:
        if isinstance(item, Uploaded) and item.waits and dice.also:
            self.submit(dice)  # another is on its way: refused
        elif isinstance(item, Uploaded):
            self.bring_a_file(item, dice)
        else:
            self.write(dice._replace(who=0, number=0))


ACTS = [name for name, often in Everybody.OFTEN.items() for _ in range(often)]


class Exchange(RuleBasedStateMachine):
    """One rule: something happens. Several would be switched off by turns, and runs would not go far."""

    stage: ClassVar[Stage]
    server: ClassVar[TestServer]
    runner: ClassVar[asyncio.Runner]
    sandbox: ClassVar[Once]
    came_to: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0
        self.everybody = Everybody(self.stage, self.server, self.runner, self.sandbox)

    @rule(number=st.integers(0, 2**64 - 1))
    def happens(self, number: int) -> None:
        """What and to whom is thrown evenly: numbers that Hypothesis prefers would mean the same again."""
        chance = random.Random(f"{number} {self.steps}")  # noqa: S311 - chance, not a secret
        what, dice = chance.choice(ACTS), Dice.thrown(chance)
        note(f"{what} {dice}")
        self.everybody.act(what, dice)

    @invariant()
    def what_must_always_be_so_is_so(self) -> None:
        self.everybody.after_each_step()
        if self.steps % LOOK_EVERY == 0:
            self.everybody.nobody_sees_what_others_did()
        self.steps += 1

    def teardown(self) -> None:
        try:
            self.everybody.nobody_sees_what_others_did()
            self.everybody.everything_comes_to_an_end()
            self.everybody.nothing_is_there_in_plain()
            for item in self.everybody.world.items:
                self.came_to.update(came_to(item))
        finally:
            self.everybody.close()


def came_to(item: Item) -> Iterator[str]:
    """What became of an item, of what a run that stops early never sees."""
    yield item.state
    given = {"given to somebody"} if item.released else set()
    if given and item.hidden:
        given.add("given with parts hidden")
    for what in item.came_to | given:
        yield what
        yield f"{item.kind}: {what}"
        if isinstance(item, Uploaded):
            yield f"file: {what}"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Once]:
    """What workers are given instead of `clean`: it asks that, once for each file and edits."""
    with pytest.MonkeyPatch.context() as patch:
        once = Once(clean)
        patch.setattr("workers.tasks.make_safe.clean", once)
        yield once


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as made:
        yield made


@pytest.fixture(scope="module")
def stage(postgres: TestServer, runner: asyncio.Runner) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder, postgres.clone() as dsns:
        yield runner.run(make_stage(dsns, Path(folder)))


@pytest.fixture
def begun(stage: Stage, postgres: TestServer, runner: asyncio.Runner, sandbox: Once) -> Iterator[Everybody]:
    """Somebody has begun a letter."""
    everybody = Everybody(stage, postgres, runner, sandbox)
    everybody.start(Dice(0, 0, 4, yes=True, also=False))
    yield everybody
    everybody.close()


@pytest.mark.parametrize("form", ["text", "raw", "json"])
def test_a_word_that_stands_anywhere_in_plain_is_found(begun: Everybody, form: str) -> None:
    begun.nothing_is_there_in_plain()
    [letter] = begun.world.items
    assert isinstance(letter, Letter)
    forms = {"text": letter.draft, "raw": letter.draft.encode(), "json": Jsonb({"text": letter.draft})}
    is_found_where_it_is_planted(begun, {form: forms[form]})


@pytest.mark.parametrize("which", ["original", "clean", "poster"])
def test_a_file_that_stands_anywhere_in_plain_is_found(begun: Everybody, which: str) -> None:
    dice = Dice(1, 0, 0, yes=True, also=True)
    begun.start(dice)
    document = begun.world.items[1]
    assert isinstance(document, Document)
    begun.bring_a_file(document, dice)
    begun.submit(dice)
    begun.work()
    assert document.state == "in_review"
    assert document.sent
    begun.nothing_is_there_in_plain()
    file = document.sent.content if which == "original" else document.file(which)
    is_found_where_it_is_planted(begun, {"raw": file})


def is_found_where_it_is_planted(begun: Everybody, planted: dict[str, object]) -> None:
    with psycopg.connect(begun.checks.address, autocommit=True) as connection:
        connection.execute("CREATE TABLE jobs.planted (text text, raw bytea, json jsonb)")
        connection.execute(
            "INSERT INTO jobs.planted VALUES (%(text)s, %(raw)s, %(json)s)",
            dict.fromkeys(("text", "raw", "json")) | planted,
        )
    with pytest.raises(AssertionError, match="planted"):
        begun.nothing_is_there_in_plain()


@pytest.mark.parametrize("found", ["01900000-0000-7000-8000-000000000001", "2026-11-22T10:00:00.5Z"])
def test_an_identifier_that_tells_its_time_and_the_time_of_another_are_found(
    begun: Everybody, found: str
) -> None:
    account = begun.world.items[0].author.id
    begun.nothing_is_told_between_the_lines(account, begun.views({account})[account])
    with pytest.raises(AssertionError, match=r"identifier is not|time is not"):
        begun.nothing_is_told_between_the_lines(account, f'"{found}"'.encode())


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_is_done_in_whatever_order_what_must_always_be_so_is_so(
    part: int, postgres: TestServer, stage: Stage, runner: asyncio.Runner, sandbox: Once
) -> None:
    runs = int(os.environ.get("RELAY_STATE_MACHINE_RUNS", RUNS)) // PARTS
    first = int(os.environ.get("RELAY_STATE_MACHINE_SEED", "0"))
    shrink = "RELAY_STATE_MACHINE_SHRINK" in os.environ

    @seed(first * PARTS + part)
    class Part(Exchange):
        pass

    Part.stage, Part.server, Part.runner, Part.came_to = stage, postgres, runner, Counter()
    Part.sandbox = sandbox
    run_state_machine_as_test(
        Part,
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    # or none of this was tried: there are twice as many and more
    for what, least in LEAST.items():
        assert Part.came_to[what] >= runs // least, what
