"""Whether there is memory for a job, asked before anything of the file is opened.

A job that runs out of memory half way takes time from everybody, and other programs with it.
"""

from contextlib import suppress
from pathlib import Path

from relay.errors import Unavailable
from workers.media.model import MEBIBYTE, Kind, Limits

_RECORDINGS = {Kind.AUDIO: 320 * MEBIBYTE, Kind.VIDEO: 640 * MEBIBYTE}
"""Three quarters of it are the most that was seen (1080 lines, 4 GiB; `docs/benchmarks.md`) at any length: of
original and result together less than 100 MiB are in memory at any time."""
_PAGES = 320 * MEBIBYTE
_BYTES_A_PIXEL = 10
"""A page is in memory as it was, upright, and smaller; and once more where it is bound."""

_LIMITS = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_inactive_file",
    ),
)
"""Of control groups, new and old: the limit, what is used, what of it the kernel can give back at once."""


class NoMemory(Unavailable):
    """The job would need more than there is. It can be tried again later."""

    code = "no-memory"

    def __init__(self, needed: int, free: int) -> None:
        super().__init__(
            f"This needs {needed // MEBIBYTE} MiB of memory, and {max(0, free) // MEBIBYTE} MiB are free."
            " Nothing was opened. It is tried again later. If it stays so, give the worker more memory,"
            " or set RELAY_WORKER_JOBS lower."
        )


def need(kind: Kind, size: int, limits: Limits) -> int:
    """Bytes that a job on an original of this size takes, with all its processes. Pure."""
    if kind is Kind.DOCUMENT:  # original and result as a whole
        return _PAGES + 2 * size + _BYTES_A_PIXEL * limits.page_pixels
    return _RECORDINGS[kind]


def check(kind: Kind, size: int, limits: Limits, *, free: int | None = None) -> None:
    """Raise `NoMemory` if a job should not start. `free` is asked of the system by itself."""
    there = available() if free is None else free
    needed = need(kind, size, limits)
    if there is not None and there < needed:
        raise NoMemory(needed, there)


def available(processes: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes that can be had without swapping, on the machine and in our container; None if nobody says."""
    found = [_in_group(groups, *names) for names in _LIMITS]
    with suppress(OSError, ValueError, KeyError):
        found.append(_line(processes / "meminfo", "MemAvailable:") * 1024)
    return min((each for each in found if each is not None), default=None)


def _in_group(groups: Path, limit: str, used: str, statistics: str, spare: str) -> int | None:
    with suppress(OSError, ValueError, KeyError):  # "max", or no such group
        most, now = (int((groups / name).read_text()) for name in (limit, used))
        return most - now + _line(groups / statistics, spare)
    return None


def _line(path: Path, name: str) -> int:
    """The number that follows a name."""
    lines = (line.split() for line in path.read_text().splitlines())
    return {words[0]: int(words[1]) for words in lines if words}[name]
