"""Whether a session has ended anywhere on this machine: eight bytes that all processes of an app see.

What a process answers from its own memory, it answers only while these bytes stay as they were. After them in
the same file is how many connections each process has (`relay.process.shares`).
"""

import fcntl
import mmap
import os
from typing import Final

from relay.process import shares

_SIZE: Final = 8
SHARES_AT: Final = _SIZE
"""Where the numbers of connections begin."""
MEMORY: Final = -1
"""Instead of a file: bytes that this process has for itself."""


def shared_file() -> int:
    """Make the file that the processes of one app are given, in memory. No process can change its size."""
    file = os.memfd_create("endings", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(file, SHARES_AT + shares.SIZE)
    # one that was cut would end every process that looks at it
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return file


class Endings:
    """The bytes of one file (see `shared_file`), which may be closed afterwards."""

    def __init__(self, file: int = MEMORY) -> None:
        self._bytes = mmap.mmap(file, _SIZE)

    def now(self) -> bytes:
        """Return what has to be the same later for no session to have ended in between."""
        return self._bytes[:_SIZE]

    def tell(self) -> None:
        """Say that a session has ended. Call it when the database knows."""
        # Not a number that is raised: of two processes that raise it at once, one would go unseen.
        self._bytes[:_SIZE] = os.urandom(_SIZE)
