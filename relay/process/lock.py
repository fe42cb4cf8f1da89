"""One of us at a time over a folder."""

import fcntl
import os
from pathlib import Path

from relay.process.files import private_folder


class FolderLock:
    """A lock that the kernel gives back when its holder ends, however it ends. Holds the holder's number."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self) -> bool:
        """Whether it is ours now (or was already)."""
        if self._handle is not None:
            return True
        private_folder(self._path.parent)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle
        return True

    def release(self) -> None:
        """Give it back. The file stays: removing it would let two hold two files of one name."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def held_elsewhere(self) -> bool:
        """Whether another process has it now."""
        if self._handle is not None:
            return False
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def holder(self) -> str:
        """The process number that the holder wrote, for a sentence to the operator."""
        try:
            return self._path.read_text().strip() or "unknown"
        except OSError:
            return "unknown"
