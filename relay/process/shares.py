"""How many connections each process of an app has, so that the next one goes to who has the fewest.

A row of numbers in a file in memory that all of them have open. Each process holds one place there by a lock
on it, which the kernel gives back when the process ends, however it ends. 0 is a place that nobody ever held.
"""

import fcntl
import mmap
import os
import struct
from typing import Final

PLACES: Final = 64
_NUMBER: Final = struct.calcsize("I")
SIZE: Final = PLACES * _NUMBER
"""Bytes of the file that the numbers take."""


class Shares:
    """One process's share. Not for two threads."""

    def __init__(self, file: int, at: int) -> None:
        """Take a place among the `SIZE` bytes from `at` on, a multiple of 4.

        `file` stays open: closing it, or another number of the same file, gives up the place.
        """
        size = os.fstat(file).st_size
        self._numbers = memoryview(mmap.mmap(file, size))[at : at + SIZE].cast("I")
        self._own = next((place for place in range(PLACES) if _hold(file, at + place * _NUMBER)), -1)
        self.count = 0
        """Connections of this process."""
        self._tell()

    def add(self, more: int) -> None:
        """Say that this process has one more (1) or one fewer (-1)."""
        self.count += more
        self._tell()

    def fewest(self) -> bool:
        """Tell whether no other process has fewer."""
        # one that is gone and was not started again still has its last number; who waits for it waits briefly
        return all(other > self.count for other in self._numbers.tolist() if other)

    def _tell(self) -> None:
        if self._own >= 0:
            self._numbers[self._own] = self.count + 1


def _hold(file: int, at: int) -> bool:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _NUMBER, at)
    except OSError:
        return False
    return True
