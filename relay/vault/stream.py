"""Objects: encrypted files of any size, in constant memory, of which any range opens on its own.

`seal_stream` writes one in a go, `UploadSealer` over many requests, `ObjectReader` reads. `segments` has the
layout.
"""

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol, TypeAlias

from relay.errors import VaultRefused
from relay.vault.segments import (
    ADDED,
    FINAL,
    HEADER,
    MIDDLE,
    SALT,
    SEGMENT,
    TAIL,
    Run,
    count_segments,
    create_header,
    header_commitment,
    nonce,
    object_binding,
    open_header,
    position,
    run_cipher,
    sealed_size,
)
from relay.vault.suite import DataKey, Sealed

__all__ = [
    "HEADER",
    "SEGMENT",
    "ObjectReader",
    "Source",
    "StreamSummary",
    "UploadSealer",
    "create_header",
    "header_commitment",
    "object_binding",
    "seal_stream",
    "sealed_size",
]

Plain: TypeAlias = bytes | bytearray | memoryview


class StreamSummary(NamedTuple):
    """What `seal_stream` wrote. `sha256` is of the plain bytes, where it was asked for."""

    plaintext_size: int
    sealed_size: int
    sha256: bytes | None
    commitment: bytes


def _fill(read: Callable[[memoryview], int], buffer: memoryview) -> memoryview:
    """Read until `buffer` is full or there is no more. Return the part that was filled."""
    filled = 0
    while filled < len(buffer) and (got := read(buffer[filled:])):
        filled += got
    return buffer[:filled]


def seal_stream(
    read: Callable[[memoryview], int],
    write: Callable[[memoryview], object],
    key: DataKey,
    binding: bytes,
    *,
    digest: bool = False,
) -> StreamSummary:
    """Seal everything that `read` gives (as `readinto` does; 0 is the end) as one object.

    `write` takes each piece whole, in order, and must not keep it: the buffer is used again. With `digest`,
    the SHA-256 of the plain bytes is computed on the way.
    """
    header = create_header(key, binding)
    run = Run(open_header(header, key, binding))
    write(memoryview(header))
    sha256 = hashlib.sha256() if digest else None
    # One segment is read ahead, because only then is it known which one is the last.
    buffer, spare = memoryview(bytearray(SEGMENT)), memoryview(bytearray(SEGMENT))
    plain = _fill(read, buffer)
    size = number = 0
    while True:
        buffer, spare = spare, buffer
        ahead = _fill(read, buffer) if len(plain) == SEGMENT else buffer[:0]
        write(run.seal(number, MIDDLE if ahead else FINAL, plain))
        if sha256:
            sha256.update(plain)
        size += len(plain)
        number += 1
        if not ahead:
            break
        plain = ahead
    return StreamSummary(
        size, sealed_size(size), sha256.digest() if sha256 else None, header_commitment(header)
    )


class UploadSealer:
    """Seals an upload as it arrives, and goes on after a cut at any byte.

    Make one for each request, from what was recorded when the last one was acknowledged: how many plain bytes
    there were (`offset`) and the tail that `close` gave. Segments are sealed when they are full. What is left
    over when the request ends is the tail. It is recorded in the same transaction as the offset, and not
    written to the object, because a crash in the middle of overwriting it there would lose bytes that were
    acknowledged:

        sealer = UploadSealer(key, binding, header, total=…, offset=…, tail=…)
        for position, sealed in sealer.feed(data):
            writer.write_at(position, sealed)
        tail = sealer.close()
        writer.sync()
        …                       record sealer.offset and tail, commit, acknowledge

    If it is cut off anywhere before that commit, the next sealer starts from the older record and writes over
    what this one wrote, under another key.
    """

    def __init__(
        self, key: DataKey, binding: bytes, header: bytes, *, total: int, offset: int = 0, tail: bytes = b""
    ) -> None:
        """`header` is the object's first 64 bytes, `total` the announced size. Raises `VaultRefused`."""
        if not 0 <= offset <= total or total < 1:
            raise ValueError("an upload has at least one byte, and no more than announced")
        secret = open_header(header, key, binding)
        self._total = total
        self._offset = offset
        self._plain = memoryview(bytearray(SEGMENT))
        self._open_tail(secret, tail)
        self._run = Run(secret)

    @property
    def total(self) -> int:
        """Plain bytes that were announced."""
        return self._total

    @property
    def offset(self) -> int:
        """Plain bytes taken so far."""
        return self._offset

    @property
    def complete(self) -> bool:
        """Whether all announced bytes are here; `feed` has then given out the final segment."""
        return self._offset == self._total

    @property
    def _pending(self) -> int:
        """Plain bytes in the buffer: those after the last full segment, until the upload is complete."""
        return 0 if self.complete else self._offset % SEGMENT

    def _open_tail(self, secret: bytes, tail: bytes) -> None:
        pending = self._pending
        if len(tail) != (pending + ADDED if pending else 0):
            raise VaultRefused
        if pending:
            cipher = run_cipher(secret, tail[:SALT])
            number = self._offset // SEGMENT
            cipher.open_into(nonce(number, TAIL), memoryview(tail)[SALT:], self._plain[:pending])

    def feed(self, data: Plain) -> Iterator[tuple[int, memoryview]]:
        """Take the next bytes. Give out each segment that is now full, with its position in the object.

        Run the iterator to its end. A segment is valid until the next is asked for. Raises `ValueError` for
        more bytes than announced, before any is taken.
        """
        rest = memoryview(data)
        if len(rest) > self._total - self._offset:
            raise ValueError("more bytes than announced")
        while rest:
            pending, number = self._pending, self._offset // SEGMENT
            taken = rest[: SEGMENT - pending]
            rest = rest[len(taken) :]
            filled = pending + len(taken)
            complete = self._offset + len(taken) == self._total
            if pending or not (complete or filled == SEGMENT):
                self._plain[pending:filled] = taken
                plain = self._plain[:filled]
            else:
                plain = taken  # sealed from where it lies
            self._offset += len(taken)
            if complete or filled == SEGMENT:
                yield position(number), self._run.seal(number, FINAL if complete else MIDDLE, plain)

    def close(self) -> Sealed:
        """Return the sealed tail, empty if nothing is left over. Call it once, last."""
        pending = self._pending
        if not pending:
            return Sealed(b"")
        return Sealed(bytes(self._run.seal(self._offset // SEGMENT, TAIL, self._plain[:pending])))


class Source(Protocol):
    """Where an object's sealed bytes come from, such as a `relay.blobs` reader."""

    @property
    def size(self) -> int:
        """All bytes of the object."""
        ...

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset` on; return how many bytes there were. 0 is the end."""
        ...


class _Scratch(threading.local):
    """Room for one sealed segment in each thread, because making it anew costs as much as reading into it."""

    def __init__(self) -> None:
        self.sealed = memoryview(bytearray(SEGMENT + ADDED))


_scratch = _Scratch()


class ObjectReader:
    """Opens ranges of an object. Nothing leaves before the segment that it is in has been verified.

    Not for two threads at once, and one iterator at a time: there is one buffer.
    """

    def __init__(
        self, key: DataKey, binding: bytes, source: Source, *, commitment: bytes | None = None
    ) -> None:
        """Check the header, its commitment (against `commitment` too, if one is expected) and the end.

        Raises `VaultRefused`.
        """
        self._source = source
        size = source.size
        self._segments = count_segments(size)
        self.plaintext_size = size - HEADER - self._segments * ADDED
        header = bytes(self._read(0, memoryview(bytearray(HEADER))))
        self.commitment = header_commitment(header)
        if commitment is not None and not hmac.compare_digest(commitment, self.commitment):
            raise VaultRefused
        self._secret = open_header(header, key, binding)
        self._plain = memoryview(bytearray(min(SEGMENT, self.plaintext_size)))
        self._run_salt = b""
        self._loaded = -1
        self._own(self._segments - 1)

    @property
    def source(self) -> Source:
        """Where the sealed bytes come from."""
        return self._source

    def _read(self, offset: int, buffer: memoryview) -> memoryview:
        rest = buffer
        while got := self._source.read_into(offset, rest):
            if got == len(rest):
                return buffer
            rest = rest[got:]
            offset += got
        raise VaultRefused

    def _load(self, number: int, room: memoryview) -> memoryview:
        """Return the plain bytes of a segment, verified, in `room`."""
        last = number == self._segments - 1
        plain = room[: self.plaintext_size - number * SEGMENT if last else SEGMENT]
        sealed = self._read(position(number), _scratch.sealed[: len(plain) + ADDED])
        if sealed[:SALT] != self._run_salt:
            self._run_salt = bytes(sealed[:SALT])
            self._cipher = run_cipher(self._secret, self._run_salt)
        self._cipher.open_into(nonce(number, FINAL if last else MIDDLE), sealed[SALT:], plain)
        return plain

    def _own(self, number: int) -> memoryview:
        """Return the plain bytes of a segment in the reader's own buffer, where they may be already."""
        if number != self._loaded:
            self._loaded = -1
            self._load(number, self._plain)
            self._loaded = number
        return self._plain[: self.plaintext_size - number * SEGMENT]

    def ranges(
        self, start: int = 0, stop: int | None = None, rooms: Callable[[], memoryview] | None = None
    ) -> Iterator[memoryview]:
        """Give out the plain bytes from `start` up to `stop` (or the end) in pieces of at most one segment.

        A piece is valid until the next is asked for, or lies in a room of its own: `rooms` gives one of
        `SEGMENT` bytes for each. Raises `VaultRefused` at the first segment that does not open, and
        `ValueError` for a range outside the object.
        """
        stop = self.plaintext_size if stop is None else stop
        if not 0 <= start <= stop <= self.plaintext_size:
            raise ValueError("a range lies inside the object")
        while start < stop:
            number, skip = divmod(start, SEGMENT)
            plain = self._load(number, rooms()) if rooms else self._own(number)
            piece = plain[skip : skip + stop - start]
            start += len(piece)
            yield piece.toreadonly()

    def read_all(self, limit: int) -> bytes:
        """Return all plain bytes. Raises `VaultRefused` if there are more than `limit`."""
        if self.plaintext_size > limit:
            raise VaultRefused
        return b"".join(map(bytes, self.ranges()))
