"""A file of any size for a child, of which only the part that it reads just now is in memory.

To the child it is an ordinary file that it can read and seek in: a sparse memfd of the file's full size.
Each read waits (`notify`) until the bytes that it asks for are there, decrypted from wherever they come;
those that were read longest ago are taken out again. Nothing reaches a disk, and no program has to be
changed.
"""

import errno
import os
from contextlib import suppress
from typing import Protocol

from workers.sandbox import kernel, memory, notify
from workers.sandbox.notify import Kind, Read

BLOCK = 262_144
"""Bytes filled in at once: a segment of the vault."""

_MOST_HELD = 128
_LONGEST_READ = 8 << 20
"""It must fit many times into what is held, or a read's beginning would be gone before its end is there."""


class Source(Protocol):
    """Where the bytes come from, such as an open object of the vault. It does not change."""

    @property
    def size(self) -> int:
        """All bytes of it."""
        ...

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset` on; return how many bytes there were. 0 is the end."""
        ...


class File:
    """A file on a disk as a `Source`."""

    def __init__(self, descriptor: int) -> None:
        """`descriptor` stays the caller's."""
        self._descriptor = descriptor

    @property
    def size(self) -> int:
        """See `Source.size`."""
        return os.fstat(self._descriptor).st_size

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """See `Source.read_into`."""
        return os.preadv(self._descriptor, [buffer], offset)


class Window:
    """See the module. For one thread and one child at a time; leave it with `close`.

    What one child reads takes away what another may just be about to: so a second view is refused.
    """

    def __init__(self, source: Source) -> None:
        """`source` stays open as long as this."""
        self.size = source.size
        self.source = source
        self._memory = memory.create("original")
        self._held: dict[int, None] = {}
        self._seen = False
        self._block = memoryview(bytearray(BLOCK))
        os.ftruncate(self._memory, self.size)

    def open(self) -> int:
        """Open it anew for reading, with an offset of its own, until `leave`. The caller closes it."""
        if self._seen:
            raise ValueError("a window is for one child at a time")
        self._seen = True
        return os.open(f"/proc/self/fd/{self._memory}", os.O_RDONLY | os.O_CLOEXEC)

    def leave(self) -> None:
        """Nobody looks through it any more; again is harmless."""
        self._seen = False

    def serve(self, listener: int, descriptor: int) -> None:
        """Answer the read that waits at `listener`. `descriptor` is what the child was given.

        Whatever a child reads is taken for a read of this file: filling in too much does no harm. What
        cannot be filled in is refused, because the child would get zeros and take them for the content.
        """
        read = notify.receive(listener)
        if read is None:
            return
        offset = self._offset(read, descriptor)
        if offset is None or read.untrusted_length > _LONGEST_READ:
            notify.refuse(listener, read)
            return
        self._fill(offset, read.untrusted_length)
        notify.let_go_on(listener, read)

    def close(self) -> None:
        """Give the memory back."""
        if self._memory >= 0:
            os.close(self._memory)
            self._memory = -1

    def _offset(self, read: Read, descriptor: int) -> int | None:
        if read.kind is Kind.HERE:
            place = read.place()  # an ffmpeg without `fd:` opens it anew, with an offset of its own
            return os.lseek(descriptor, 0, os.SEEK_CUR) if place is None else place
        inside = read.kind is Kind.THERE and read.untrusted_offset < 1 << 62
        return read.untrusted_offset if inside else None

    def _fill(self, offset: int, length: int) -> None:
        """Have the bytes from `offset` on in memory, as far as the file goes."""
        stop = min(self.size, offset + length)
        if offset >= stop:
            return
        for number in range(offset // BLOCK, (stop - 1) // BLOCK + 1):
            if number in self._held:
                del self._held[number]
            else:
                self._fetch(number)
            self._held[number] = None
        while len(self._held) > _MOST_HELD:
            self._forget(next(iter(self._held)))

    def _fetch(self, number: int) -> None:
        start = number * BLOCK
        block = self._block[: min(BLOCK, self.size - start)]
        filled = 0
        while filled < len(block):
            got = self.source.read_into(start + filled, block[filled:])
            if not got:
                raise OSError(errno.EIO, "the original is shorter than it said")
            filled += got
        while block:
            written = os.pwrite(self._memory, block, start)
            block, start = block[written:], start + written

    def _forget(self, number: int) -> None:
        del self._held[number]
        with suppress(OSError):
            kernel.punch(self._memory, number * BLOCK, BLOCK)
