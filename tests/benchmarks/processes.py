"""What processes hold in memory, read from /proc."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

MIB = 1_048_576
_EVERY = 0.01


def resident(pid: int) -> int:
    """Return the bytes of memory that a process has of its own (without files that it maps)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon"))


def family(pid: int) -> Iterator[int]:
    """Give out a process and all that descend from it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            for one in (task / "children").read_text().split():
                yield from family(int(one))


def held_in_memory(pid: int) -> dict[int, int]:
    """Return the bytes of the files in memory (memfd) that a process has open, by inode."""
    found: dict[int, int] = {}
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            if str(descriptor.readlink()).startswith("/memfd:"):
                about = descriptor.stat()
                found[about.st_ino] = about.st_blocks * 512
    return found


class Watch:
    """Samples a process's memory while the block runs: `peak` and `files` are the most there was, in bytes.

    With `whole`, of all its children too, and the files that they hold in memory.
    """

    def __init__(self, pid: int, *, whole: bool = False) -> None:
        self._pid = pid
        self._whole = whole
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.before = self._sample()[0]
        self.peak = self.before
        self.files = 0

    @property
    def growth(self) -> int:
        """Bytes above what there was before."""
        return self.peak - self.before

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            with suppress(OSError, StopIteration):
                own, files = self._sample()
                self.peak, self.files = max(self.peak, own), max(self.files, files)
            time.sleep(_EVERY)

    def _sample(self) -> tuple[int, int]:
        if not self._whole:
            return resident(self._pid), 0
        own = 0
        files: dict[int, int] = {}
        for pid in family(self._pid):
            # one that has just ended has nothing
            with suppress(OSError, StopIteration):
                own += resident(pid)
                files |= held_in_memory(pid)
        return own, sum(files.values())
