"""How the process's memory comes and goes, for a server that handles pieces of some hundred KiB all day.

glibc gives each such piece back to the kernel at once and asks for the next one anew; clearing the fresh
pages takes three times as long as decrypting what goes into them. With these limits the pieces stay in the
process and are used again.
"""

import ctypes
from typing import Final

# From <malloc.h>, which no Python module has.
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3

PIECE: Final = 4 * 2**20
"""Bytes below which a piece comes from the heap."""
SPARE: Final = 16 * 2**20
"""Bytes that are free at the heap's end before any are given back."""


def keep_pieces() -> bool:
    """Set the limits for this process. Return whether that was possible; without glibc it is only slower."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    return bool(mallopt(_MMAP_THRESHOLD, PIECE) and mallopt(_TRIM_THRESHOLD, SPARE))
