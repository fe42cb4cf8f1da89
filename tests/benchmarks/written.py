"""The last table as a page of the documentation, with the kind of machine, and nothing that names one."""

import os
import platform
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from tests.benchmarks.rows import Row

_HEAD = """# Benchmarks

`make bench` measures this, prints it and writes this page. All figures of a part come from one run, in which
what is compared takes turns; they are medians of five rounds or more, and a ratio is the median of those of
the rounds. Of uploads and of ranges another one begins in each round, on new connections, and what was
uploaded is deleted after each turn, unmeasured: nobody writes beside what another left unwritten. Ours is in
as many processes as what it is held against: one for uploads, one for each core for ranges. It is for a
machine that does nothing else: on a busy one the ratios hold better than the figures, and waits (the 99th
percentile) do not hold at all. Each part says how busy the machine was: its load, of which as much as it has
cores is our own.

The machine: {machine}.
"""
TITLES = {
    "vault": "Vault, file to file",
    "uploads": "Uploads: tus, 512 MiB in PATCHes of 8 MiB",
    "ranges": "Ranges of a released film",
    "queue": "The queue of a facilitator with 30 cases, and row-level security",
    "release": "Release",
    "memory": "Memory of the app",
    "worker": "A worker",
    "beside": "A worker beside bare tools, and two jobs at once",
    "redaction": "Hiding parts of a film, one round of each",
}


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of one thing, when, and how busy the machine was (the load of a minute)."""

    rows: tuple[Row, ...]
    at: datetime
    load_before: float
    load_after: float


def _machine() -> str:
    memory = int(Path("/proc/meminfo").read_text().split(None, 2)[1]) / 2**20
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB of memory,"
        f" {platform.system()}, Python {platform.python_version()}"
    )


def renewed(page: str, name: str, part: Part) -> str:
    """Return the page, in Markdown, with this part as it was measured now, and every other as it stands."""
    parts = {each.partition("\n")[0]: f"\n## {each}" for each in page.split("\n## ")[1:]}
    parts[TITLES[name]] = _part(TITLES[name], part)
    standing = "".join(parts[title] for title in TITLES.values() if title in parts)
    return _HEAD.format(machine=_machine()) + standing


def _part(title: str, part: Part) -> str:
    when = f"{part.at:%d %B %Y}; load {part.load_before:.1f} before, {part.load_after:.1f} after."
    return f"\n## {title}\n\n{when}\n\n{_table(part.rows)}"


def _table(rows: Iterable[Row]) -> str:
    return "| what | figure | ratio | to reach | |\n|---|---|---|---|---|\n" + "".join(map(_line, rows))


def _line(row: Row) -> str:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    mark = "" if row.met is None else ("reached" if row.met else "**not reached**")
    return f"| {row.name} | {row.figure} | {ratio} | {row.target} | {mark} |\n"
