"""Several files as one document, in order and turned by hand: docs/pages-format.md. Pure.

Files are opened in a worker's sandbox only; here they are no more than bytes around other bytes.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

MARK: Final = b"\xabPAGES1\n"
END: Final = b"\n1SEGAP\xab"
MOST: Final = 60
"""Files. Pages too: a file has one at least."""
TURNS: Final = (0, 90, 180, 270)
"""Degrees, with the clock."""

_FILE: Final = struct.Struct("<QI")
_COUNT: Final = struct.Struct("<I")


class Part(NamedTuple):
    """One of the files: its size in bytes, and how far its pages are turned."""

    size: int
    turn: int


def index(parts: Sequence[Part]) -> bytes:
    """Return what comes after the files and the filling: the very end of the upload."""
    return b"".join(_FILE.pack(*part) for part in parts) + _COUNT.pack(len(parts)) + END


class Place(NamedTuple):
    """Where one of the files lies in the upload, and how far its pages are turned."""

    start: int
    size: int
    turn: int


def places(total: int, read: Callable[[int, int], bytes]) -> list[Place]:
    """Find the files in an upload of `total` bytes; none in what is no such upload, or is not whole.

    `read` answers the bytes from one offset up to another.
    """
    end = total - _COUNT.size - len(END)
    if end < len(MARK) or read(0, len(MARK)) != MARK or read(end + _COUNT.size, total) != END:
        return []
    (count,) = _COUNT.unpack(read(end, end + _COUNT.size))
    index_at = end - count * _FILE.size
    if not 0 < count <= MOST or index_at < len(MARK):
        return []
    found, start = [], len(MARK)
    for size, turn in _FILE.iter_unpack(read(index_at, end)):
        if not 0 < size <= index_at - start or turn not in TURNS:
            return []
        found.append(Place(start, size, turn))
        start += size
    return found
