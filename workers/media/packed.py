"""The packer's file: written in memory as ffmpeg writes it, and taken out of memory behind it.

ffmpeg writes sound and picture as they come and the index at the end, and goes back once, to the beginning,
to say how long all was. So the first segment stays until the end, and what follows is sealed into a spool
on a disk (`relay.vault.spool`) and punched out of memory as soon as it is there. Nothing is plain on a disk,
and memory does not grow with the film.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack

from relay.vault.spool import SEGMENT, Spool
from workers.media.kept import Plain
from workers.media.model import MediaRefused, Reason
from workers.sandbox import kernel, memory
from workers.sandbox.window import Source

MOST_WAITING = 64 << 20
"""What may wait in memory to be set aside. ffmpeg cannot come so far ahead: it has to wait for the maker,
whose reads wait for us. A packer that does is no longer ours."""


class Packed:
    """Give `file` to the packer, call `drain` meanwhile, then `finish`. `close` gives all of it back."""

    def __init__(self, spool: Callable[[], Spool], most_waiting: int | None = None) -> None:
        self._held = ExitStack()
        self._spool = self._held.enter_context(spool())
        self.file = memory.held(self._held, "clean")
        self._most_waiting = MOST_WAITING if most_waiting is None else most_waiting
        self._next = 1
        self._plain = memoryview(bytearray(SEGMENT))

    def drain(self) -> None:
        """Set aside what is finished. Raises `MediaRefused` if too much waits in memory."""
        if os.fstat(self.file).st_blocks * 512 > self._most_waiting:
            raise MediaRefused(Reason.NOT_VERIFIED)
        size = memory.size(self.file)
        while size > (self._next + 1) * SEGMENT:  # one that is not the last
            self._set_aside(self._next, size)
            kernel.punch(self.file, self._next * SEGMENT, SEGMENT)
            self._next += 1

    def finish(self) -> Source:
        """Set aside the rest, the packer having ended; answer the whole. Raises `MediaRefused`."""
        size = memory.size(self.file)
        last = max(0, size - 1) // SEGMENT
        if self._next > max(1, last):
            raise MediaRefused(Reason.NOT_VERIFIED)  # shorter than it was: nobody who packs does that
        for number in (*range(self._next, last + 1), 0):
            self._set_aside(number, size)
            kernel.punch(self.file, number * SEGMENT, SEGMENT)
        return Plain(self._spool.open())

    def close(self) -> None:
        """Give memory and disk back."""
        self._held.close()

    def _set_aside(self, number: int, size: int) -> None:
        start = number * SEGMENT
        plain = self._plain[: min(SEGMENT, size - start)]
        filled = 0
        while filled < len(plain):
            got = os.preadv(self.file, [plain[filled:]], start + filled)
            if not got:
                raise MediaRefused(Reason.NOT_VERIFIED)  # as above
            filled += got
        self._spool.put(number, plain, last=start + len(plain) == size)
