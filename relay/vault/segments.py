"""The layout of an object, and the keys of its parts.

    object   = header (64) segment segment … last segment
    header   = prefix (16) salt (16) commitment (32)
    segment  = run salt (16) ciphertext (262,144, or what is left for the last) tag (16)

A run is one stretch of writing: a whole file, or one request of an upload. Each run draws a salt and so has a
key of its own, under which it seals each segment number once, in rising order. A resumed or repeated upload
is another run. So no key ever meets one nonce twice, whatever was lost in a crash.

The nonce holds the segment's number and what kind of segment it is: middle, final, or the tail of an
unfinished upload. That makes a cut, a reordering and a segment from elsewhere fail to open.
"""

import hmac
import os
from typing import Final
from uuid import UUID

from relay.errors import VaultRefused
from relay.vault.aead import TAG, Cipher
from relay.vault.suite import VERSION, DataKey, context, derive, expand

HEADER: Final = 64
SEGMENT: Final = 262_144
"""Plain bytes in each segment but the last. Larger ones fall out of the processor's cache."""
SALT: Final = 16
ADDED: Final = SALT + TAG

MIDDLE, FINAL, TAIL = 0, 1, 2

_STRIDE = SEGMENT + ADDED
_PREFIX = b"RELAYOBJ" + VERSION + bytes(3) + SEGMENT.to_bytes(4, "big")
_SEGMENTS = context("segments")


def object_binding(service: UUID, object_id: UUID) -> bytes:
    """What an object's keys are bound to: an object that was moved to another place does not open."""
    return context("object", service, object_id)


def position(number: int) -> int:
    """Return where a segment starts in the object."""
    return HEADER + number * _STRIDE


def sealed_size(plaintext_size: int) -> int:
    """Return the size of the object that holds `plaintext_size` bytes."""
    segments = max(1, -(-plaintext_size // SEGMENT))
    return HEADER + plaintext_size + segments * ADDED


def count_segments(size: int) -> int:
    """Return how many segments an object of `size` bytes has, or raise `VaultRefused` if none is so large."""
    segments = max(1, -(-(size - HEADER) // _STRIDE))
    last = size - position(segments - 1) - ADDED
    # A last segment is never empty, unless it is the only one.
    if last < (1 if segments > 1 else 0):
        raise VaultRefused
    return segments


def _schedule(key: DataKey, salt: bytes, binding: bytes) -> tuple[bytes, bytes]:
    both = derive(key.value, salt, binding, 64)
    return both[:32], both[32:]


def create_header(key: DataKey, binding: bytes) -> bytes:
    """Make the header (64 bytes) of a new object."""
    salt = os.urandom(SALT)
    _, commitment = _schedule(key, salt, binding)
    return _PREFIX + salt + commitment


def header_commitment(header: bytes) -> bytes:
    """Return the 32 bytes that tie an object to its key, to be named in approvals and release records."""
    return header[32:HEADER]


def open_header(header: bytes, key: DataKey, binding: bytes) -> bytes:
    """Return the object's secret, or raise `VaultRefused`."""
    if len(header) != HEADER or header[:16] != _PREFIX:
        raise VaultRefused
    secret, commitment = _schedule(key, header[16:32], binding)
    if not hmac.compare_digest(commitment, header_commitment(header)):
        raise VaultRefused
    return secret


def run_cipher(secret: bytes, run_salt: bytes) -> Cipher:
    """Return the cipher of one run."""
    return Cipher(expand(secret, _SEGMENTS + run_salt, 32))


def nonce(number: int, kind: int) -> bytes:
    """Return the nonce (12 bytes) of a segment: its number, its kind, zeros."""
    return number.to_bytes(8, "big") + bytes((kind, 0, 0, 0))


class Run:
    """One stretch of writing, with a key of its own."""

    def __init__(self, secret: bytes) -> None:
        """Draw the salt."""
        salt = os.urandom(SALT)
        self._cipher = run_cipher(secret, salt)
        self._sealed = memoryview(bytearray(_STRIDE))
        self._sealed[:SALT] = salt
        self._next = 0

    def seal(self, number: int, kind: int, plain: memoryview) -> memoryview:
        """Seal one segment into the run's buffer, which the next call overwrites."""
        if number < self._next:
            raise RuntimeError("a run seals each segment number once, in rising order")
        self._next = number + 1
        sealed = self._sealed[: len(plain) + ADDED]
        self._cipher.seal_into(nonce(number, kind), plain, sealed[SALT:])
        return sealed
