"""The last table as a page of the documentation, with the kind of machine, and nothing that names one."""

import os
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.rows import Row

_HEAD = """# Benchmarks

`make bench` measures this, prints it and writes this page. All figures of a part come from one run, in which
what is compared takes turns; they are medians of five rounds or more, and a ratio is the median of those of
the rounds. It is for a machine that does nothing else: on a busy one the ratios hold better than the figures,
and waits (the 99th percentile) do not hold at all.

The last run: {day}, {machine}. The load was {before:.1f} when it began and {after:.1f} when it ended.
"""
_TITLES = {
    "vault": "Vault, file to file",
    "uploads": "Uploads: tus, 512 MiB in PATCHes of 8 MiB",
    "ranges": "Ranges of a released film",
    "queue": "The queue of a facilitator with 30 cases, and row-level security",
    "release": "Release",
    "memory": "Memory of the app",
    "worker": "A worker",
}


def _machine() -> str:
    memory = int(Path("/proc/meminfo").read_text().split(None, 2)[1]) / 2**20
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB of memory,"
        f" {platform.system()}, Python {platform.python_version()}"
    )


def written(found: Mapping[str, Iterable[Row]], load: float) -> str:
    """Return the page, in Markdown. `load` is what the machine had to do when the run began."""
    day = f"{datetime.now(UTC):%d %B %Y}"
    head = _HEAD.format(day=day, machine=_machine(), before=load, after=os.getloadavg()[0])
    return head + "".join(_part(_TITLES[name], rows) for name, rows in found.items())


def _part(title: str, rows: Iterable[Row]) -> str:
    lines = "".join(_line(row) for row in rows)
    return f"\n## {title}\n\n| what | figure | ratio | to reach | |\n|---|---|---|---|---|\n{lines}"


def _line(row: Row) -> str:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    mark = "" if row.met is None else ("reached" if row.met else "**not reached**")
    return f"| {row.name} | {row.figure} | {ratio} | {row.target} | {mark} |\n"
