"""Whether there is memory for a job, asked before anything of the file is opened.

A job that runs out of memory half way takes time from everybody, and other programs with it. What one job was
promised, and does not use yet, is not there for the next.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from relay.errors import Unavailable
from workers.media.model import MEBIBYTE, Kind, Limits

_RECORDINGS = {Kind.AUDIO: 320 * MEBIBYTE, Kind.VIDEO: 640 * MEBIBYTE}
"""Three quarters of it are the most that was seen (1080 lines, 4 GiB; `docs/benchmarks.md`) at any length: of
original and result together less than 100 MiB are in memory at any time."""
_PAGES = 320 * MEBIBYTE
_LARGEST_SEEN = 1920 * 1080
_BYTES_A_FILM_PIXEL = 80
"""Of each pixel that a film's picture has more than that: decoders hold many pictures at once."""
_FACES = 512 * MEBIBYTE
_LISTENING, _COPIES_OF_A_MODEL = 768 * MEBIBYTE, 3
"""With a model of 72 MiB 724 MiB were seen, three quarters of this, for what is heard at once."""
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
            " Nothing was begun. It is tried again later. If it stays so, give the worker more memory,"
            " or set RELAY_WORKER_JOBS lower."
        )


def need(kind: Kind, size: int, limits: Limits) -> int:
    """Bytes that a job on an original of this size takes, with all its processes. Pure."""
    if kind is Kind.DOCUMENT:  # original and result as a whole
        return _PAGES + 2 * size + _BYTES_A_PIXEL * limits.page_pixels
    return _RECORDINGS[kind]


def of_film(pixels: int) -> int:
    """Bytes that a job on a film takes, once it is known how large its pictures are. Pure."""
    return _RECORDINGS[Kind.VIDEO] + _BYTES_A_FILM_PIXEL * max(0, pixels - _LARGEST_SEEN)


def with_faces(needed: int) -> int:
    """The same, where somebody looks for faces as well. Pure."""
    return needed + _FACES


def of_listening(model_bytes: int) -> int:
    """Bytes that writing down a recording of any length takes, with a model of this size. Pure."""
    return _LISTENING + _COPIES_OF_A_MODEL * model_bytes


class Budget:
    """What the jobs of one process may take together. For any number of threads.

    `free` answers what can be had now, or None if nobody says.
    """

    def __init__(self, free: Callable[[], int | None] | None = None) -> None:
        self._free = free or available
        self._lock = Lock()
        self._promised = 0
        self._whole: int | None = None

    @contextmanager
    def share(self, needed: int) -> "Iterator[Share]":
        """Promise so many bytes for as long as this lasts; `NoMemory` if they are not there."""
        share = Share(self)
        share.widen(needed)
        try:
            yield share
        finally:
            self.promise(-share.held)

    def promise(self, more: int) -> None:
        """Promise `more` bytes, or take a promise back (below 0). `NoMemory`, or nothing is changed."""
        with self._lock:
            there = self._free() if more > 0 else None
            if not self._promised:
                self._whole = there  # nobody has begun to use any of it
            if there is not None:
                left = there if self._whole is None else min(there, self._whole - self._promised)
                if left < more:
                    raise NoMemory(more, left)
            self._promised += more


class Share:
    """What one job was promised. Only `Budget.share` makes these."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.held = 0

    def widen(self, needed: int) -> None:
        """Ask for `needed` bytes in all, should that be more than it has. Raises `NoMemory`."""
        more = needed - self.held
        if more > 0:
            self._budget.promise(more)
            self.held += more


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
