"""`relay demo`: the tour on material of its own, and then the stack stays up to be looked at.

In a terminal it stays until Ctrl-C. Where nobody could press that (standard input is no terminal) it stays
for two minutes, and in CI not at all. `--wait SECONDS` or RELAY_DEMO_WAIT says otherwise; `--exit` is
`--wait 0`.
"""

import argparse
import contextlib
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from relay.cli.up import interrupt_once
from relay.errors import SettingsRefused
from relay.settings import load
from relay.tour import material, report
from relay.tour.journal import make_console
from relay.tour.stage import Stage
from relay.tour.story import Performance, Play, scratch, staged

_WAIT = "RELAY_DEMO_WAIT"
_UNATTENDED = 120.0
_CONTACT = "Telephone 01632 960123, Monday to Friday, 9 am to 5 pm.\nIn an emergency: 999."
_FREE_PORTS = {"RELAY_PARTICIPANTS_PORT": "0", "RELAY_DESK_PORT": "0"}
"""Unless the environment names others: a demo must not fail over a port that somebody has taken."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--data",
        metavar="DIR",
        type=Path,
        help="a new data folder, kept afterwards (default: a temporary one)",
    )
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        type=float,
        help=f"stop by itself after so long (default: {_WAIT}; in a terminal never, else {_UNATTENDED:.0f})",
    )
    parser.add_argument("--exit", action="store_true", help="stop as soon as the tour is over")


def run(arguments: argparse.Namespace) -> int:
    """Play the tour, say where to sign in, and stay. Exit code 1 if not every expectation held."""
    console = make_console()
    stays = _stays(arguments, os.environ)
    interrupt_once()
    with ExitStack() as stack:
        folder = stack.enter_context(scratch("demo"))
        performance = stack.enter_context(staged(_play(arguments, folder), console))
        found = performance.perform()
        report.show(found, console)
        if not found.held:
            return 1
        _invite_a_look(performance.stage, console)
        with contextlib.suppress(KeyboardInterrupt):
            _stay(performance, stays, console)
    console.print("Stopped.")
    return 0


def _play(arguments: argparse.Namespace, folder: Path) -> Play:
    data = (arguments.data or folder / "data").absolute()
    return Play(
        settings=load({"RELAY_CONTACT": _CONTACT, **_FREE_PORTS, **os.environ, "RELAY_DATA": str(data)}),
        keys=data.with_name(f"{data.name}-offline-keys"),
        material=material.make(folder / "sent"),
        out=folder / "received",
    )


def _stays(arguments: argparse.Namespace, environ: Mapping[str, str]) -> float | None:
    """Seconds to stay up; None for as long as somebody wants."""
    if arguments.exit:
        return 0.0
    if arguments.wait is not None:
        return float(arguments.wait)
    if told := environ.get(_WAIT):
        try:
            return float(told)
        except ValueError:
            raise SettingsRefused(f"{_WAIT} is {told!r}. Write a number of seconds, such as 600.") from None
    if environ.get("CI"):
        return 0.0
    return None if sys.stdin is not None and sys.stdin.isatty() else _UNATTENDED


def _invite_a_look(stage: Stage, console: Console) -> None:
    """Leave something in the queue, and say who can sign in where."""
    # two people approve in this case, which one of them does not end alone: the colleague is back on it
    stage.facilitator.api.post(
        f"/cases/{stage.case_id}/facilitators", {"account_id": stage.colleague.account_id}
    )
    item_id = stage.victim.start("letter")
    stage.victim.write(item_id, "Thank you for answering. I have one more question, about the watch.\n")
    stage.victim.submit(item_id)
    console.print("\nThe stack is up, with one more letter of the victim's in the facilitator's queue.")
    console.print(f"  participants  {stage.settings.participants_origin}")
    console.print(f"  staff desk    {stage.settings.desk_origin}")
    report.show_sign_ins(stage, console)
    console.print("Two people approve in this case: the facilitator first, then the colleague.")


def _stay(performance: Performance, seconds: float | None, console: Console) -> None:
    if seconds == 0:
        return
    ends = threading.Event()
    if seconds is None:
        console.print("Ctrl-C stops everything.")
    else:
        console.print(
            f"It stops by itself in {seconds:.0f} s. `{_WAIT}=600 make demo` sets another time, in seconds."
        )
        timer = threading.Timer(seconds, ends.set)
        timer.daemon = True
        timer.start()
    performance.stack.watch(ends)
