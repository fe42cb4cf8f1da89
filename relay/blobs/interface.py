"""What every blob store can do. One contract test suite (`tests/unit/blobs`) runs over all of them.

A blob is unfinished from `create` until `commit`, and can only then be opened; from then on it never changes.
Unfinished blobs live apart. After a crash each blob is either finished, whole and durable, or unfinished and
can be resumed.
"""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeAlias
from uuid import UUID

Bytes: TypeAlias = bytes | bytearray | memoryview


class BlobWriter(Protocol):
    """Writes one unfinished blob, alone. Leaving `with` without `commit` keeps it unfinished."""

    @property
    def size(self) -> int:
        """Bytes written so far, up to the furthest."""
        ...

    def write(self, data: Bytes) -> None:
        """Write all of `data` where the last `write` ended; the first one starts at 0."""
        ...

    def write_at(self, offset: int, data: Bytes) -> None:
        """Write all of `data` at `offset`."""
        ...

    def read_at(self, offset: int, length: int) -> bytes:
        """Read back up to `length` bytes; fewer at the end."""
        ...

    def sync(self) -> None:
        """Return when all that was written would survive a loss of power."""
        ...

    def truncate(self, size: int) -> None:
        """Cut off everything after `size` bytes."""
        ...

    def commit(self) -> None:
        """Finish the blob: durable, visible, unchangeable, in one step. It closes the writer.

        Raises `BlobMissing` if somebody deleted it meanwhile.
        """
        ...

    def abort(self) -> None:
        """Remove the unfinished blob. It closes the writer."""
        ...

    def close(self) -> None:
        """Let go of it as it is: unfinished, to be resumed."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class BlobReader(Protocol):
    """Reads one finished blob."""

    @property
    def size(self) -> int:
        """All bytes of the blob."""
        ...

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset` on; return how many bytes there were. 0 is the end."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class Blobs(Protocol):
    """A store."""

    def create(self, name: UUID) -> BlobWriter:
        """Start a blob. Raises `FileExistsError` if the name is taken, by a finished or an unfinished one."""
        ...

    def resume(self, name: UUID) -> BlobWriter:
        """Go on with an unfinished blob.

        Raises `BlobMissing` if there is none, and `Conflict` while another writer has it open.
        """
        ...

    def open(self, name: UUID) -> BlobReader:
        """Open a finished blob. Raises `BlobMissing`."""
        ...

    def size(self, name: UUID) -> int:
        """Return the size of a finished blob. Raises `BlobMissing`."""
        ...

    def delete(self, name: UUID) -> None:
        """Remove a blob, finished or not. Nothing happens if there is none. May take long for a large one."""
        ...

    def names(self) -> Iterator[UUID]:
        """List the finished blobs, in no order."""
        ...

    def unfinished(self) -> Iterator[UUID]:
        """List the unfinished blobs, in no order."""
        ...

    def aside(self) -> Path:
        """Return a folder on a disk with room for large files without a name, which nobody else sees."""
        ...
