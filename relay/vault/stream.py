"""Objects: encrypted files of any size, written and read in constant memory, of which any range opens on its own.

    object   = header (64) segment segment … last segment
    header   = prefix (16) salt (16) commitment (32)
    segment  = run salt (16) ciphertext (1 to 262,144) tag (16)

A run is one stretch of writing: a whole file, or one request of an upload. Each run draws a salt and so has a key of its
own, under which it seals each segment number once, in rising order. A resumed or repeated upload is another run. So no
key ever meets one nonce twice, whatever was lost in a crash.

The nonce holds the segment's number and what kind of segment it is: middle, final, or the tail of an unfinished upload.
That makes a cut, a reordering and a segment from elsewhere fail to open.
"""

import hashlib
import hmac
import os
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, Protocol, TypeAlias
from uuid import UUID

from relay.errors import VaultRefused
from relay.vault.aead import TAG, Cipher
from relay.vault.suite import VERSION, DataKey, Sealed, context, derive

SEGMENT: Final = 262_144
"""Plain bytes in each segment but the last. Larger ones are slower: their buffers fall out of the processor's cache."""
HEADER: Final = 64

_SALT = 16
_ADDED = _SALT + TAG
_STRIDE = SEGMENT + _ADDED
_PREFIX = b"RELAYOBJ" + VERSION + bytes(3) + SEGMENT.to_bytes(4, "big")

_MIDDLE, _FINAL, _TAIL = 0, 1, 2

Plain: TypeAlias = bytes | bytearray | memoryview


def object_binding(service: UUID, object_id: UUID) -> bytes:
    """What an object's keys are bound to: an object that was moved to another place does not open."""
    return context("object", service, object_id)


def sealed_size(plaintext_size: int) -> int:
    """Return the size of the object that holds `plaintext_size` bytes."""
    segments = max(1, -(-plaintext_size // SEGMENT))
    return HEADER + plaintext_size + segments * _ADDED


def create_header(key: DataKey, binding: bytes) -> bytes:
    """Make the header (64 bytes) of a new object."""
    salt = os.urandom(_SALT)
    _, commitment = _schedule(key, salt, binding)
    return _PREFIX + salt + commitment


def header_commitment(header: bytes) -> bytes:
    """Return the 32 bytes that tie an object to its key, to be named in approvals and release records."""
    return header[32:HEADER]


def _schedule(key: DataKey, salt: bytes, binding: bytes) -> tuple[bytes, bytes]:
    both = derive(key.value, salt, binding, 64)
    return both[:32], both[32:]


def _open_header(header: bytes, key: DataKey, binding: bytes) -> bytes:
    """Return the object's secret, or raise `VaultRefused`."""
    if len(header) != HEADER or header[:16] != _PREFIX:
        raise VaultRefused
    secret, commitment = _schedule(key, header[16:32], binding)
    if not hmac.compare_digest(commitment, header_commitment(header)):
        raise VaultRefused
    return secret


def _cipher(secret: bytes, run_salt: bytes) -> Cipher:
    return Cipher(derive(secret, run_salt, context("segments"), 32))


def _nonce(number: int, kind: int) -> bytes:
    return number.to_bytes(8, "big") + bytes((kind, 0, 0, 0))


def _position(number: int) -> int:
    return HEADER + number * _STRIDE


class _Run:
    """One stretch of writing, with a key of its own."""

    def __init__(self, secret: bytes) -> None:
        salt = os.urandom(_SALT)
        self._cipher = _cipher(secret, salt)
        self._sealed = memoryview(bytearray(_STRIDE))
        self._sealed[:_SALT] = salt
        self._next = 0

    def seal(self, number: int, kind: int, plain: memoryview) -> memoryview:
        """Seal one segment into the run's buffer, which the next call overwrites."""
        if number < self._next:
            raise RuntimeError("a run seals each segment number once, in rising order")
        self._next = number + 1
        sealed = self._sealed[: len(plain) + _ADDED]
        self._cipher.seal_into(_nonce(number, kind), plain, sealed[_SALT:])
        return sealed


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

    `write` takes each piece whole, in order, and must not keep it: the buffer is used again. With `digest`, the
    SHA-256 of the plain bytes is computed on the way.
    """
    header = create_header(key, binding)
    run = _Run(_open_header(header, key, binding))
    write(memoryview(header))
    sha256 = hashlib.sha256() if digest else None
    # One segment is read ahead, because only then is it known which one is the last.
    buffer, spare = memoryview(bytearray(SEGMENT)), memoryview(bytearray(SEGMENT))
    plain = _fill(read, buffer)
    size = number = 0
    while True:
        buffer, spare = spare, buffer
        ahead = _fill(read, buffer) if len(plain) == SEGMENT else buffer[:0]
        write(run.seal(number, _MIDDLE if ahead else _FINAL, plain))
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

    Make one for each request, from what was recorded when the last one was acknowledged: how many plain bytes there
    were (`offset`) and the tail that `close` gave. Segments are sealed when they are full. What is left over
    when the request ends is the tail; it is recorded in the same transaction as the offset, not written to
    the object, because a crash in the middle of overwriting it would lose bytes that were acknowledged:

        sealer = UploadSealer(key, binding, header, total=…, offset=…, tail=…)
        for position, sealed in sealer.feed(data):
            writer.write_at(position, sealed)
        tail = sealer.close()
        writer.sync()
        …                       record sealer.offset and tail, commit, acknowledge

    If it is cut off anywhere before that commit, the next sealer starts from the older record and writes over what
    this one wrote, under another key.
    """

    def __init__(
        self, key: DataKey, binding: bytes, header: bytes, *, total: int, offset: int = 0, tail: bytes = b""
    ) -> None:
        """`header` is the object's first 64 bytes, `total` the announced size, at least 1. May raise `VaultRefused`."""
        if not 0 <= offset <= total or total < 1:
            raise ValueError("an upload has at least one byte, and no more than announced")
        secret = _open_header(header, key, binding)
        self._total = total
        self._offset = offset
        self._plain = memoryview(bytearray(SEGMENT))
        self._open_tail(secret, tail)
        self._run = _Run(secret)

    @property
    def offset(self) -> int:
        """Plain bytes taken so far."""
        return self._offset

    @property
    def complete(self) -> bool:
        """Whether all announced bytes are here; the final segment was then given out by `feed`."""
        return self._offset == self._total

    @property
    def _pending(self) -> int:
        """Plain bytes in the buffer: those after the last full segment, until the upload is complete."""
        return 0 if self.complete else self._offset % SEGMENT

    def _open_tail(self, secret: bytes, tail: bytes) -> None:
        pending = self._pending
        if len(tail) != (pending + _ADDED if pending else 0):
            raise VaultRefused
        if pending:
            cipher = _cipher(secret, tail[:_SALT])
            nonce = _nonce(self._offset // SEGMENT, _TAIL)
            cipher.open_into(nonce, memoryview(tail)[_SALT:], self._plain[:pending])

    def feed(self, data: Plain) -> Iterator[tuple[int, memoryview]]:
        """Take the next bytes. Give out each segment that is now full, with its position in the object.

        Run the iterator to its end. A segment is valid until the next is asked for. Raises `ValueError` for
        more bytes than announced, before any is taken.
        """
        rest = memoryview(data)
        if len(rest) > self._total - self._offset:
            raise ValueError("more bytes than announced")
        while rest:
            pending = self._pending
            taken = rest[: SEGMENT - pending]
            rest = rest[len(taken) :]
            filled = pending + len(taken)
            self._plain[pending:filled] = taken
            number = self._offset // SEGMENT
            self._offset += len(taken)
            if self.complete or filled == SEGMENT:
                kind = _FINAL if self.complete else _MIDDLE
                yield _position(number), self._run.seal(number, kind, self._plain[:filled])

    def close(self) -> Sealed:
        """Return the sealed tail, to be recorded with `offset`; empty if nothing is left over. Call it once, last."""
        pending = self._pending
        if not pending:
            return Sealed(b"")
        return Sealed(bytes(self._run.seal(self._offset // SEGMENT, _TAIL, self._plain[:pending])))


class Source(Protocol):
    """Where an object's sealed bytes come from, such as a `relay.blobs` reader."""

    @property
    def size(self) -> int:
        """All bytes of the object."""
        ...

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset` on; return how many bytes there were. 0 is the end."""
        ...


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
        body = source.size - HEADER
        self._segments = max(1, -(-body // _STRIDE))
        self.plaintext_size = body - self._segments * _ADDED
        # A last segment is never empty, unless it is the only one.
        if self.plaintext_size < (self._segments - 1) * SEGMENT + (self._segments > 1):
            raise VaultRefused
        header = bytes(self._read(0, memoryview(bytearray(HEADER))))
        self._secret = _open_header(header, key, binding)
        self.commitment = header_commitment(header)
        if commitment is not None and not hmac.compare_digest(commitment, self.commitment):
            raise VaultRefused
        room = min(SEGMENT, self.plaintext_size)
        self._sealed = memoryview(bytearray(room + _ADDED))
        self._plain = memoryview(bytearray(room))
        self._run_salt = b""
        self._loaded = -1
        self._load(self._segments - 1)

    def _read(self, offset: int, buffer: memoryview) -> memoryview:
        filled = 0
        while filled < len(buffer):
            got = self._source.read_into(offset + filled, buffer[filled:])
            if not got:
                raise VaultRefused
            filled += got
        return buffer

    def _load(self, number: int) -> memoryview:
        """Return the plain bytes of a segment, verified."""
        last = number == self._segments - 1
        plain = self._plain[: self.plaintext_size - number * SEGMENT if last else SEGMENT]
        if number != self._loaded:
            self._loaded = -1
            sealed = self._read(_position(number), self._sealed[: len(plain) + _ADDED])
            if sealed[:_SALT] != self._run_salt:
                self._run_salt = bytes(sealed[:_SALT])
                self._cipher = _cipher(self._secret, self._run_salt)
            self._cipher.open_into(_nonce(number, _FINAL if last else _MIDDLE), sealed[_SALT:], plain)
            self._loaded = number
        return plain

    def ranges(self, start: int = 0, stop: int | None = None) -> Iterator[memoryview]:
        """Give out the plain bytes from `start` up to `stop` (or the end) in pieces of at most one segment.

        A piece is valid until the next is asked for. Raises `VaultRefused` at the first segment that does not open,
        and `ValueError` for a range outside the object.
        """
        stop = self.plaintext_size if stop is None else stop
        if not 0 <= start <= stop <= self.plaintext_size:
            raise ValueError("a range lies inside the object")
        while start < stop:
            number, skip = divmod(start, SEGMENT)
            piece = self._load(number)[skip : skip + stop - start]
            start += len(piece)
            yield piece.toreadonly()

    def read_all(self, limit: int) -> bytes:
        """Return all plain bytes. Raises `VaultRefused` if there are more than `limit`."""
        if self.plaintext_size > limit:
            raise VaultRefused
        return b"".join(map(bytes, self.ranges()))
