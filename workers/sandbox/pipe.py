"""A pipe between two children, or from a child to us, that is surely closed."""

import contextlib
import fcntl
import os
from types import TracebackType
from typing import Self

WIDE = 1 << 20
"""Bytes that a pipe of plain pictures holds: a third of one of 1080 lines. Others hold 64 KiB."""


class Pipe:
    """`reading` and `writing` are descriptors.

    Close our copies once the children have theirs, or nobody sees the end.
    """

    def __init__(self, size: int | None = None) -> None:
        """`size`: how many bytes it holds, if the kernel allows it."""
        self.reading, self.writing = os.pipe()
        self._open = {self.reading, self.writing}
        if size:
            with contextlib.suppress(OSError):
                fcntl.fcntl(self.writing, fcntl.F_SETPIPE_SZ, size)

    def close(self, descriptor: int) -> None:
        """Close one end of ours; again is harmless."""
        if descriptor in self._open:
            self._open.discard(descriptor)
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.ExitStack() as stack:
            for descriptor in tuple(self._open):
                stack.callback(self.close, descriptor)
