"""A few places that all processes of a machine share, for work that must not be done more often at once."""

import fcntl
import os
from pathlib import Path

from relay.process.files import private_folder


class Places:
    """`count` places under `name` in `folder`. The kernel gives a place back when its holder ends, however.

    Threads of one process compete for them as processes do.
    """

    def __init__(self, folder: Path, name: str, count: int) -> None:
        self._folder = folder
        self._paths = [folder / f"{name}-{number}.lock" for number in range(1, count + 1)]

    def take(self) -> int | None:
        """Return a place that was free, or None. Hand it to `give_back` when the work is done."""
        private_folder(self._folder)
        for path in self._paths:
            # opened anew each time: a lock belongs to the open file, so threads do not share one by mistake
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
            except BaseException:
                os.close(handle)
                raise
            else:
                return handle
        return None

    def give_back(self, place: int) -> None:
        """Let somebody else have it."""
        os.close(place)
