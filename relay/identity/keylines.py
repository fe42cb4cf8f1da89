"""An offline key in lines that are copied by hand and typed again. Each ends with a check of its own."""

from hashlib import sha256
from string import hexdigits
from typing import Final

from relay.errors import Invalid

_BYTES: Final = 16
"""Of the key in a line."""
_CHECK: Final = 2
"""Bytes at its end: a slip of the pen is found in all but one of 65,536 cases, and where the line is."""
_GROUP: Final = 4
_SIGNS: Final = (_BYTES + _CHECK) * 2
_READ_AS: Final = str.maketrans("oil", "011")


def count(size: int) -> int:
    """How many lines a key of `size` bytes has."""
    return -(-size // _BYTES)


def written(kind: str, secret: bytes) -> list[str]:
    """Write a key of this kind ("root" or "recovery") in lines of hexadecimal groups."""
    parts = [secret[start : start + _BYTES] for start in range(0, len(secret), _BYTES)]
    return [_grouped((part + _check(kind, number, part)).hex()) for number, part in enumerate(parts, 1)]


def read(kind: str, number: int, typed: str) -> bytes:
    """Return the part of the key in line `number`, from 1 on. Raises `Invalid` where it is not right."""
    signs = "".join(typed.split()).lower().translate(_READ_AS)
    if set(signs) - set(hexdigits):
        raise Invalid(line="There are other signs in it than 0 to 9 and a to f.")
    if len(signs) != _SIGNS:
        raise Invalid(
            line=f"A line has {_SIGNS // _GROUP} groups of {_GROUP} signs; this has {len(signs)} signs."
        )
    line = bytes.fromhex(signs)
    part, check = line[:-_CHECK], line[-_CHECK:]
    if check != _check(kind, number, part):
        raise Invalid(line="A sign in it is wrong, or it is another line.")
    return part


def _check(kind: str, number: int, part: bytes) -> bytes:
    return sha256(b"relay key line 1 %s %d " % (kind.encode(), number) + part).digest()[:_CHECK]


def _grouped(text: str) -> str:
    return " ".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))
