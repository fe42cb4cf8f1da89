"""The whole play: a stack of its own, the acts in order, and what came of them."""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from rich.console import Console

from relay.cli.stack import Stack
from relay.errors import RelayError
from relay.settings import Settings
from relay.tour import report
from relay.tour.acts import beginning, ending, letter, recordings
from relay.tour.journal import Journal
from relay.tour.material import Material
from relay.tour.operator import Operator
from relay.tour.people import Cast, Invited
from relay.tour.report import Report
from relay.tour.stage import OPERATOR, Stage


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """What is played. `settings` name the data folder, which holds no service yet; `out` gets what was received."""

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
        shutil.rmtree(folder, ignore_errors=True)


class Performance:
    """One play, on a stack that it starts. Use it from the main thread, as the stack asks for.

    The acts run in a thread of their own, while the main thread watches the stack, as `relay up` does.
    """

    def __init__(self, play: Play, console: Console) -> None:
        self._play = play
        self._console = console
        self.journal = Journal(console)
        self.stack = Stack(play.settings, self._say)
        self.stage: Stage | None = None

    def __enter__(self) -> "Performance":
        """Make the service and start the stack."""
        play = self._play
        self.journal.act("A service, and its stack")
        operator = Operator(play.settings, play.keys)
        with self.journal.step(OPERATOR, "relay init: a service, its offline keys, an invitation"):
            first = operator.found(play.cast)
        with self.journal.step(OPERATOR, "relay up: PostgreSQL, both apps, a worker"):
            self.stack.start()
        operator.settings = self.stack.settings
        self.stage = Stage(
            self.journal, self.stack.settings, operator, play.cast, play.material, play.out
        )
        self._first = first
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the stack."""
        if self.stage is not None:
            self.stage.close()
        self.stack.stop()

    def perform(self) -> Report:
        """Play every act and return what came of it. Raises what is nobody's expectation, such as a bug of the tour."""
        stage = self.stage
        if stage is None:
            raise RuntimeError("enter the performance first")
        ended = threading.Event()
        raised: list[BaseException] = []

        def run() -> None:
            try:
                _acts(stage, self._first)
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
            self.journal.failure = error.public
        return report.report_of(self.journal, stage.received)

    def _say(self, sentence: str) -> None:
        self._console.print(sentence, style="dim", markup=False, highlight=False)


def _acts(stage: Stage, first: Invited) -> None:
    beginning.staff(stage, first)
    beginning.case(stage)
    letter.letter(stage)
    recordings.recording(stage)
    recordings.film(stage)
    ending.page(stage)
    ending.curtain(stage)
