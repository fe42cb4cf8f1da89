"""A child's output, kept in a file of bounded size."""

import itertools
import os
import threading
from collections import deque
from pathlib import Path
from typing import IO


class RotatingLog:
    """Appends lines to `path`; past `limit` bytes it becomes `path.1`, and so on up to `keep`.

    Files are readable by their owner only. The last lines stay in memory, for the sentence that says why a
    child would not start.
    """

    def __init__(self, path: Path, *, limit: int = 10 * 2**20, keep: int = 4) -> None:
        self._path = path
        self._limit = limit
        self._keep = keep
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._expected = ("", threading.Event())
        self.tail: deque[str] = deque(maxlen=20)

    def write(self, line: bytes) -> None:
        """Append one line (with its line end) and rotate when the file is full."""
        with self._lock:
            if self._file is None:
                self._file = self._open()
            text = line.decode(errors="replace").rstrip()
            self.tail.append(text)
            if self._expected[0] and self._expected[0] in text:
                self._expected[1].set()
            self._file.write(line)
            self._file.flush()
            if self._file.tell() >= self._limit:
                self._rotate()

    def expect(self, words: str) -> threading.Event:
        """Give an event that is set when a line with these words is written from now on."""
        with self._lock:
            self._expected = (words, threading.Event())
            return self._expected[1]

    def follow(self, stream: IO[bytes], name: str) -> threading.Thread:
        """Copy `stream` into the log from a thread of its own, until the stream ends."""
        thread = threading.Thread(target=self._copy, args=(stream,), name=f"log {name}", daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """Close the file; a later write opens it again."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _copy(self, stream: IO[bytes]) -> None:
        with stream:
            # bounded, so that a child which never ends its line cannot fill our memory
            while line := stream.readline(64 * 1024):
                self.write(line)
        self.close()

    def _open(self) -> IO[bytes]:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.fdopen(os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")

    def _rotate(self) -> None:
        if self._file is not None:
            self._file.close()
        names = [
            self._path,
            *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, self._keep + 1)),
        ]
        for newer, older in reversed(list(itertools.pairwise(names))):
            if newer.exists():
                newer.replace(older)
        self._file = self._open()
