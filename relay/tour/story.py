"""The whole play: a stack of its own, the acts in order, and what came of them."""

import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import msgspec
from rich.console import Console

from relay.cli.stack import Stack
from relay.errors import RelayError
from relay.settings import Settings
from relay.tour import report
from relay.tour.acts import beginning, ending, hidden, letter, recordings
from relay.tour.journal import Journal
from relay.tour.material import Material
from relay.tour.operator import Operator
from relay.tour.people import Cast, Invited
from relay.tour.report import Report
from relay.tour.stage import OPERATOR, Stage

Acts: TypeAlias = Callable[[Stage, Invited], None]
"""What is played on a stage that is ready. The second is the first facilitator's invitation."""


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """What is played. `settings` name a data folder without a service; `out` gets what was received."""

    settings: Settings
    keys: Path
    material: Material
    out: Path
    cast: Cast = msgspec.field(default_factory=Cast)


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A folder for as long as the block runs, for its owner only."""
    folder = Path(tempfile.mkdtemp(prefix=f"relay-{name}-"))
    try:
        yield folder
    finally:
        with undisturbed():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let nobody interrupt what cleans up: a second Ctrl-C would leave half of it. From the main thread."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class Performance:
    """One play on a running stack. Made by `staged` only; use it from the main thread."""

    def __init__(self, stack: Stack, stage: Stage, first: Invited) -> None:
        self.stack = stack
        self.stage = stage
        self._first = first

    def perform(self, acts: Acts | None = None) -> Report:
        """Play every act, or other ones, and return what came of it. Raises what no expectation covers.

        They run in a thread of their own, while this one watches the stack, as `relay up` does.
        """
        play = acts or _acts
        ended = threading.Event()
        raised: list[BaseException] = []

        def run() -> None:
            try:
                play(self.stage, self._first)
            except BaseException as error:  # noqa: BLE001 - it is raised again in the main thread
                raised.append(error)
            finally:
                ended.set()

        thread = threading.Thread(target=run, name="tour", daemon=True)
        thread.start()
        self.stack.watch(ended)
        thread.join()
        for error in raised:
            if not isinstance(error, RelayError):
                raise error
            self.stage.journal.failure = error.public
        return report.report_of(self.stage.journal, self.stage.received)


@contextmanager
def staged(play: Play, console: Console) -> Iterator[Performance]:
    """Make the service and start its stack; stop it at the end. From the main thread."""

    def say(sentence: str) -> None:
        console.print(sentence, style="dim", markup=False, highlight=False)

    journal = Journal(console)
    journal.act("A service, and its stack")
    operator = Operator(play.settings, play.keys)
    with journal.step(OPERATOR, "relay init: a service, its offline keys, an invitation"):
        first = operator.found(play.cast)
    stack = Stack(play.settings, say)
    with journal.step(OPERATOR, "relay up: PostgreSQL, both apps, a worker"):
        stack.start()
    operator.settings = stack.settings
    stage = Stage(journal, stack.settings, operator, play.cast, play.material, play.out)
    try:
        yield Performance(stack, stage, first)
    finally:
        with undisturbed():
            stage.close()
            stack.stop()


def _acts(stage: Stage, first: Invited) -> None:
    beginning.staff(stage, first)
    beginning.case(stage)
    letter.letter(stage)
    hidden.hidden(stage)
    recordings.recording(stage)
    recordings.film(stage)
    ending.page(stage)
    ending.curtain(stage)
