"""How a run of the benchmarks can be asked for."""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import structlog

PEERS_PYTHON = Path(__file__).parents[2] / ".bench-venv" / "bin" / "python"
"""Where what Relay is compared with is installed, if `make bench` was used."""


class Options(NamedTuple):
    """`quick`: smaller and fewer, to see that it works; the figures say little. `only`: these, or all."""

    quick: bool = False
    only: tuple[str, ...] = ()


def parse(names: Sequence[str] = ()) -> Options:
    """Read the command line, and say nothing from here on but what was measured."""
    # the apps in this process would write one line a request
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure Relay.")
    parser.add_argument("--quick", action="store_true", help="smaller and fewer: the figures say little")
    if names:
        parser.add_argument(
            "--only",
            action="append",
            default=[],
            choices=names,
            metavar="NAME",
            help=f"one of: {', '.join(names)}",
        )
    given = parser.parse_args()
    return Options(given.quick, tuple(getattr(given, "only", ())))
