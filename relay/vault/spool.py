"""What a process sets aside for itself on a disk, to be read again by the same process only.

An object as `segments` lays it out, in a file that nobody can name, under a key that is in this process's
memory and nowhere else. What is left of it after a crash opens to nobody, not to us either.

The first segment may come last: who makes a file often goes back to its beginning, to say how long it became.
"""

import os
import tempfile
from pathlib import Path
from typing import Self

from relay.vault.segments import (
    FINAL,
    MIDDLE,
    SEGMENT,
    Run,
    create_header,
    open_header,
    position,
)
from relay.vault.stream import ObjectReader
from relay.vault.suite import DataKey, context

__all__ = ["SEGMENT", "Spool"]


class Spool:
    """Segments written once each, then read as a whole with `open`. Leaving the context gives it back."""

    def __init__(self, folder: Path | None = None) -> None:
        """Use the disk of `folder`, or of the system's folder for such files."""
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - ours until `close`
        self._key, self._binding = DataKey.generate(), context("spool")
        header = create_header(self._key, self._binding)
        self._secret = open_header(header, self._key, self._binding)
        self._run = Run(self._secret)
        self._write(0, memoryview(header))

    @property
    def size(self) -> int:
        """Sealed bytes, up to the furthest."""
        return os.fstat(self._file.fileno()).st_size

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` with sealed bytes; return how many there were."""
        return os.preadv(self._file.fileno(), [buffer], offset)

    def put(self, number: int, plain: memoryview, *, last: bool = False) -> None:
        """Seal one segment, which is full unless it is the last. Numbers rise; 0 may come at the end."""
        run = self._run if number else Run(self._secret)
        self._write(position(number), run.seal(number, FINAL if last else MIDDLE, plain))

    def open(self) -> ObjectReader:
        """Read what was written, all of it being there. Raises `VaultRefused` if it is not."""
        return ObjectReader(self._key, self._binding, self)

    def close(self) -> None:
        """Give the disk's room back; again is harmless."""
        self._file.close()

    def _write(self, place: int, sealed: memoryview) -> None:
        while sealed:
            written = os.pwrite(self._file.fileno(), sealed, place)
            sealed, place = sealed[written:], place + written

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
