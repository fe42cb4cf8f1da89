"""Several files as one document, in order and turned by hand: docs/pages-format.md. Pure.

Opened in a worker's sandbox only; here it is no more than bytes around other bytes.
"""

import struct
from collections.abc import Sequence
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
