"""Files of a result: what reads them, wherever they lie."""

import io
import os
from collections.abc import Callable, Iterator
from typing import Protocol

from relay.vault.stream import ObjectReader
from workers.sandbox.window import File, Source

_PIECE = 1 << 20


class Kept(Source, Protocol):
    """A `Source` that somebody holds until `close`."""

    def close(self) -> None:
        """Give back what it takes. Once only."""
        ...


class InMemory(File):
    """A sealed file in memory."""

    def __init__(self, descriptor: int) -> None:
        """Hold a descriptor of its own of the same file."""
        self.descriptor = os.dup(descriptor)
        super().__init__(self.descriptor)

    def close(self) -> None:
        """See `Kept.close`."""
        os.close(self.descriptor)


class Held:
    """A `Source`, and what gives back all that it takes."""

    def __init__(self, source: Source, close: Callable[[], None]) -> None:
        self.size = source.size
        self.read_into = source.read_into
        self.close = close


class Plain:
    """An object of the vault as a `Source` of its plain bytes."""

    def __init__(self, reader: ObjectReader) -> None:
        self._reader = reader
        self.size = reader.plaintext_size

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """See `Source.read_into`."""
        filled = 0
        for piece in self._reader.ranges(offset, max(offset, min(self.size, offset + len(buffer)))):
            buffer[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled


class Reading(io.RawIOBase):
    """A `Source` as a file that is read from its beginning."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._place = 0

    def readable(self) -> bool:
        """See `io.IOBase`."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """See `io.RawIOBase`."""
        got = self._source.read_into(self._place, memoryview(buffer))
        self._place += got
        return got


def part(source: Source, offset: int, length: int) -> bytes:
    """Some bytes of it; fewer at its end."""
    buffer = memoryview(bytearray(max(0, min(length, source.size - offset))))
    filled = 0
    while filled < len(buffer) and (got := source.read_into(offset + filled, buffer[filled:])):
        filled += got
    return bytes(buffer[:filled])


def pieces(source: Source) -> Iterator[bytes]:
    """All of it, a MiB at a time."""
    for offset in range(0, source.size, _PIECE):
        yield part(source, offset, _PIECE)
