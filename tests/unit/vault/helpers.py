"""What the vault's tests share."""

import io
import random
from uuid import UUID

from relay.vault.stream import Source, object_binding, seal_stream
from relay.vault.suite import DataKey

SERVICE = UUID("5e1f0000-0000-4000-8000-000000000001")
CASE = UUID("ca5e0000-0000-4000-8000-000000000001")
OBJECT = UUID("0b1ec700-0000-4000-8000-000000000001")
BINDING = object_binding(SERVICE, OBJECT)


class Memory(Source):
    """A source in memory."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    @property
    def size(self) -> int:
        return len(self.content)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        part = self.content[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        return len(part)


def sealed_object(plain: bytes, key: DataKey, binding: bytes = BINDING) -> bytes:
    """Return the object that holds `plain`."""
    sealed = io.BytesIO()
    seal_stream(io.BytesIO(plain).readinto, sealed.write, key, binding)
    return sealed.getvalue()


def chance(seed: object) -> random.Random:
    """Return randomness that is the same each time. For examples, never for secrets."""
    return random.Random(str(seed))  # noqa: S311 - see above


def plain_bytes(size: int, seed: int = 0) -> bytes:
    """Return bytes that look random and are the same each time."""
    return chance(seed).randbytes(size)


def flip(data: bytes, bit: int) -> bytes:
    """Return `data` with one bit turned over."""
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)
