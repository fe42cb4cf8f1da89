"""Padding: sealed sizes fall into coarse buckets, so that a size says little about what was written."""

from relay.errors import VaultRefused

LETTER_BUCKET = 4096


def _bucket(size: int, smallest: int) -> int:
    """Return the least of smallest, 2 x smallest, 4 x smallest, … that holds `size`."""
    bucket = smallest
    while bucket < size:
        bucket *= 2
    return bucket


def pad(data: bytes, smallest: int = LETTER_BUCKET) -> bytes:
    """Return the length (4 bytes), `data`, then zeros up to `smallest` or that doubled often enough."""
    framed = len(data).to_bytes(4, "big") + data
    return framed.ljust(_bucket(len(framed), smallest), b"\0")


def unpad(padded: bytes, smallest: int = LETTER_BUCKET) -> bytes:
    """Undo `pad`. Anything that `pad` would not have written raises `VaultRefused`."""
    length = int.from_bytes(padded[:4], "big")
    data = padded[4 : 4 + length]
    if pad(data, smallest) != padded:
        raise VaultRefused
    return data
