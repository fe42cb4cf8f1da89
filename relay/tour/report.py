"""The end of a tour: the table for a person, the same as JSON for a script."""

from pathlib import Path

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from relay.tour.journal import Journal, Step, told_size, told_time
from relay.tour.received import Received
from relay.tour.stage import Stage


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a tour found. `held`: every expectation did; `failure` says which one did not."""

    held: bool
    failure: str
    seconds: float
    steps: tuple[Step, ...]
    received: tuple[Received, ...]


def report_of(journal: Journal, received: list[Received]) -> Report:
    """Put it together."""
    return Report(
        held=not journal.failure and all(step.kind != "failed" for step in journal.steps),
        failure=journal.failure,
        seconds=round(sum(step.seconds for step in journal.steps), 3),
        steps=tuple(journal.steps),
        received=tuple(received),
    )


def write(report: Report, path: Path) -> None:
    """Write it as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def show(report: Report, console: Console) -> None:
    """Print the table: step, who, time, size."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("", justify="right", style="dim")
    table.add_column("step", ratio=1)
    table.add_column("who")
    table.add_column("time", justify="right", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    act = ""
    for step in (step for step in report.steps if step.kind != "held"):
        if step.act != act:
            act = step.act
            table.add_row("", Text(act, style="bold"), "", "", "")
        table.add_row(str(step.number), _words(step), step.who, told_time(step.seconds), told_size(step.size))
    console.print()
    console.print(table)
    _show_received(report, console)
    _show_end(report, console)


def _words(step: Step) -> Text:
    if step.kind == "refused":
        return Text.assemble(step.what, (f"  refused: {step.answer[:3]}", "yellow"))
    if step.kind == "failed":
        return Text.assemble(step.what, ("  FAILED", "bold red"))
    return Text(step.what)


def _show_received(report: Report, console: Console) -> None:
    if not report.received:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("received", no_wrap=True)
    table.add_column("what it is", ratio=1)
    table.add_column("size", justify="right", no_wrap=True)
    for one in report.received:
        table.add_row(one.file, one.told, told_size(one.size))
    console.print(table)


def _show_end(report: Report, console: Console) -> None:
    done, refused, held = (_count(report, kind) for kind in ("done", "refused", "held"))
    counted = (
        f"{done} things done, {refused} tried and refused as they must be, {held} more that had to be so,"
        f" in {told_time(report.seconds)}"
    )
    if report.held:
        console.print(Text(f"Every expectation held: {counted}.", style="bold green"))
    else:
        console.print(Text(f"Not every expectation held. Before that: {counted}.", style="bold red"))
        console.print(Text(report.failure, style="red"))


def _count(report: Report, kind: str) -> int:
    return sum(step.kind == kind for step in report.steps)


def show_sign_ins(stage: Stage, console: Console) -> None:
    """Print how each of the people signs in. Nothing is wrapped, so that it can be copied."""
    for person in (stage.victim, stage.offender, stage.facilitator, stage.colleague):
        for label, name, value in (
            (person.role, "name", person.sign_in_name),
            ("", "passphrase", person.passphrase),
        ):
            console.print(f"  {label:12}  {name:10}  {value}", soft_wrap=True)
