"""A blob store in a folder: `ab/cd/<name>` holds finished blobs, `unfinished/<name>` the others.

Files have mode 0600, folders 0700. A rename finishes a blob: it is atomic, and files and folders are synced
around it. A lock on the file keeps a second writer out, and goes with the process that held it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from relay.blobs.interface import Bytes
from relay.errors import BlobMissing, Conflict

_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _FLAGS)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class FolderWriter:
    """See `BlobWriter`."""

    def __init__(self, descriptor: int, path: Path, finished: Path) -> None:
        """Take over `descriptor`, which is open and locked."""
        self._descriptor = descriptor
        self._path = path
        self._finished = finished
        self._position = 0

    @property
    def size(self) -> int:
        """See `BlobWriter.size`."""
        return os.fstat(self._descriptor).st_size

    def write(self, data: Bytes) -> None:
        """See `BlobWriter.write`."""
        self.write_at(self._position, data)
        self._position += len(data)

    def write_at(self, offset: int, data: Bytes) -> None:
        """See `BlobWriter.write_at`."""
        rest = memoryview(data)
        while rest:
            written = os.pwrite(self._descriptor, rest, offset)
            rest = rest[written:]
            offset += written

    def read_at(self, offset: int, length: int) -> bytes:
        """See `BlobWriter.read_at`."""
        return os.pread(self._descriptor, length, offset)

    def sync(self) -> None:
        """See `BlobWriter.sync`."""
        os.fdatasync(self._descriptor)

    def truncate(self, size: int) -> None:
        """See `BlobWriter.truncate`."""
        os.ftruncate(self._descriptor, size)

    def commit(self) -> None:
        """See `BlobWriter.commit`."""
        os.fsync(self._descriptor)
        shard = self._finished.parent
        _make_folder(shard.parent)
        _make_folder(shard)
        # Nothing can be overwritten: while the unfinished file is there, nobody else creates one of this
        # name.
        try:
            self._path.rename(self._finished)
        except FileNotFoundError:
            self.close()
            raise BlobMissing from None
        _sync_folder(shard)
        _sync_folder(self._path.parent)
        self.close()

    def abort(self) -> None:
        """See `BlobWriter.abort`."""
        self._path.unlink(missing_ok=True)
        _sync_folder(self._path.parent)
        self.close()

    def close(self) -> None:
        """See `BlobWriter.close`."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()


_NOWAIT = getattr(os, "RWF_NOWAIT", -1)
"""Linux: read what is in the page cache, or fail at once. Elsewhere -1, which the system refuses."""


class FolderReader:
    """See `BlobReader`. With `wait` off, `read_into` raises `BlockingIOError` rather than ask a disk."""

    def __init__(self, descriptor: int) -> None:
        """Take over `descriptor`."""
        self._descriptor = descriptor
        self.wait = True
        self.size = os.fstat(descriptor).st_size

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """See `BlobReader.read_into`."""
        if self.wait:
            return os.preadv(self._descriptor, [buffer], offset)
        try:
            return os.preadv(self._descriptor, [buffer], offset, _NOWAIT)
        except OSError:
            # not in memory, or a file system that cannot say so
            raise BlockingIOError from None

    def close(self) -> None:
        """See `BlobReader.close`."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()


def _make_folder(folder: Path) -> None:
    """Make a folder durably, if it is not there yet."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        _sync_folder(folder.parent)


class FolderBlobs:
    """See `Blobs`."""

    def __init__(self, root: Path) -> None:
        """Use `root`, made if it is missing; its parent must be there."""
        self._root = root
        self._unfinished = root / "unfinished"
        _make_folder(root)
        _make_folder(self._unfinished)

    def _finished_path(self, name: UUID) -> Path:
        return self._root / name.hex[:2] / name.hex[2:4] / str(name)

    def _unfinished_path(self, name: UUID) -> Path:
        return self._unfinished / str(name)

    def create(self, name: UUID) -> FolderWriter:
        """See `Blobs.create`."""
        path = self._unfinished_path(name)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        writer = FolderWriter(descriptor, path, self._finished_path(name))
        # Checked after the unfinished file is there: a commit of the same name is now either seen or cannot
        # happen.
        if self._finished_path(name).exists():
            writer.abort()
            raise FileExistsError(name)
        _sync_folder(self._unfinished)
        return writer

    def resume(self, name: UUID) -> FolderWriter:
        """See `Blobs.resume`."""
        path = self._unfinished_path(name)
        try:
            descriptor = os.open(path, os.O_RDWR | _FLAGS)
        except FileNotFoundError:
            raise BlobMissing from None
        writer = FolderWriter(descriptor, path, self._finished_path(name))
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            writer.close()
            raise Conflict(
                "This upload is still being written elsewhere. Please try again in a moment."
            ) from None
        # The last writer may have finished or removed it just before this one got the lock.
        if not path.exists():
            writer.close()
            raise BlobMissing
        return writer

    def open(self, name: UUID) -> FolderReader:
        """See `Blobs.open`."""
        try:
            return FolderReader(os.open(self._finished_path(name), os.O_RDONLY | _FLAGS))
        except FileNotFoundError:
            raise BlobMissing from None

    def size(self, name: UUID) -> int:
        """See `Blobs.size`."""
        with closing(self.open(name)) as reader:
            return reader.size

    def delete(self, name: UUID) -> None:
        """See `Blobs.delete`."""
        for path in (self._unfinished_path(name), self._finished_path(name)):
            with suppress(FileNotFoundError):
                path.unlink()
                _sync_folder(path.parent)

    def names(self) -> Iterator[UUID]:
        """See `Blobs.names`."""
        return _names(self._root, "[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*")

    def unfinished(self) -> Iterator[UUID]:
        """See `Blobs.unfinished`."""
        return _names(self._unfinished, "*")

    def aside(self) -> Path:
        """See `Blobs.aside`."""
        return self._unfinished


def _names(folder: Path, pattern: str) -> Iterator[UUID]:
    for path in folder.glob(pattern):
        with suppress(ValueError):
            yield UUID(path.name)
