"""What was done, what was tried and refused, and whether every expectation held. Told while it happens."""

import io
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import httpx
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from relay.errors import RelayError
from relay.tour.client import code, detail

Kind = Literal["done", "refused", "held", "failed"]
_MARKS: dict[Kind, tuple[str, str]] = {
    "done": ("✓", "green"),
    "refused": ("✗", "yellow"),
    "held": ("=", "cyan"),
    "failed": ("!", "bold red"),
}


def make_console() -> Console:
    """Return standard output, as it is told on. A terminal without our signs shows others in their place."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(highlight=False, markup=False)


class NotAsExpected(RelayError):
    """An expectation did not hold. The text says which."""

    code = "not-as-expected"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the journal. `size` is in bytes; `answer` is what was said to somebody who was refused."""

    number: int
    act: str
    who: str
    what: str
    kind: Kind
    seconds: float
    size: int | None = None
    answer: str = ""


class Noted:
    """What a step adds to its line while it runs."""

    size: int | None = None
    answer: str = ""


class Journal:
    """Collects the steps, and shows each on `console` as it ends."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.steps: list[Step] = []
        self.failure = ""
        self._act = ""
        self._told: set[str] = set()

    def act(self, title: str) -> None:
        """Begin the next part."""
        self._act = title
        if not self.steps:
            self.console.print(
                "✓ done   ✗ tried, and refused as it must be   = looked at, and so", style="dim"
            )
        self.console.print()
        self.console.print(Text(title, style="bold"))

    @contextmanager
    def step(self, who: str, what: str) -> Iterator[Noted]:
        """Somebody does something, and it works."""
        noted, began = Noted(), time.monotonic()
        try:
            yield noted
        except Exception as error:
            said = error.public if isinstance(error, RelayError) else type(error).__name__
            self._add(who, what, "failed", began, noted.size, said)
            raise
        self._add(who, what, "done", began, noted.size, noted.answer)

    def refused(
        self, who: str, what: str, attempt: Callable[[], httpx.Response], status: int, expected: str
    ) -> httpx.Response:
        """Somebody tries what must not work. Anything but this status and problem code is a failure."""
        began = time.monotonic()
        answer = attempt()
        said = f"{answer.status_code} {detail(answer)}"
        if (answer.status_code, code(answer)) != (status, expected):
            self._add(who, what, "failed", began, None, said)
            raise NotAsExpected(
                f"{who} {what}: this should have been refused with {status} {expected},"
                f" and the answer was {said}"
            )
        self._add(who, what, "refused", began, None, said)
        return answer

    def holds(self, who: str, what: str, *, held: bool, size: int | None = None) -> None:
        """State something that must be so now."""
        began = time.monotonic()
        self._add(who, what, "held" if held else "failed", began, size, "")
        if not held:
            raise NotAsExpected(f"This did not hold: {who}: {what}.")

    @contextmanager
    def bar(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show a bar while something long goes on; the function given moves it on by so much."""
        if not self.console.is_terminal:
            yield lambda _: None
            return
        columns = (
            TextColumn("    {task.description}", style="dim"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(label, total=total)
            yield lambda amount: progress.advance(task, amount)

    def _add(self, who: str, what: str, kind: Kind, began: float, size: int | None, answer: str) -> None:
        step = Step(
            number=len(self.steps) + 1,
            act=self._act,
            who=who,
            what=what,
            kind=kind,
            seconds=round(time.monotonic() - began, 3),
            size=size,
            answer=answer,
        )
        self.steps.append(step)
        self._show(step)

    def _show(self, step: Step) -> None:
        mark, style = _MARKS[step.kind]
        line = Table.grid(padding=(0, 1))
        line.add_column(width=3, justify="right")
        line.add_column(width=13)
        line.add_column(ratio=1)
        line.add_row(Text(mark, style), step.who, step.what)
        if step.answer:
            line.add_row("", "", Text(self._once(step.answer), style="dim"))
        self.console.print(line)

    def _once(self, answer: str) -> str:
        """A long sentence is read once; after that its status will do."""
        if answer in self._told and len(answer) > 40:
            return f"{answer[:3]}, in the same words as before"
        self._told.add(answer)
        return answer


def told_time(seconds: float) -> str:
    """Return seconds as people read them."""
    return f"{seconds:.2f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"


def told_size(size: int | None) -> str:
    """Return bytes as people read them; empty for none."""
    if size is None:
        return ""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
        amount /= 1024
    return ""
