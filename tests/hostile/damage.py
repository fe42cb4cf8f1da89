"""Ways to damage a file so that a careless reader of it would stumble."""

from collections.abc import Callable, Sequence
from random import Random

_EXTREMES = (
    *(b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\0\0\0"),
    *(b"\0\0\0\1", b"\1\0\0\0", b"\0\0\xff\xff", b"\xff\xff\0\0", b"\0\0\0\x08", b"\xff" * 8, b"\0" * 8),
)
_HEAD = 2000


def damaged(content: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    """Return `content` with one to three kinds of damage; `others` are files to splice from."""
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        way: Callable[[bytes, Sequence[bytes], Random], bytes] = chance.choice(_WAYS)
        content = way(content, others, chance) or content
    return content


def _place(content: bytes, chance: Random) -> int:
    """Anywhere, or where headers are: at the beginning, more often than not, or at the end."""
    where = chance.random()
    if where < 0.5:
        return chance.randrange(min(_HEAD, len(content)))
    if where < 0.7:
        return max(0, len(content) - 1 - chance.randrange(min(_HEAD, len(content))))
    return chance.randrange(len(content))


def _bits(content: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    del others
    new = bytearray(content)
    for _ in range(chance.choice([1, 8, 64])):
        new[_place(content, chance)] ^= 1 << chance.randrange(8)
    return bytes(new)


def _bytes(content: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    del others
    new = bytearray(content)
    for _ in range(chance.choice([1, 8, 64])):
        new[_place(content, chance)] = chance.randrange(256)
    return bytes(new)


def _extremes(content: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    del others
    new = bytearray(content)
    for _ in range(chance.choice([1, 4])):
        value, place = chance.choice(_EXTREMES), _place(content, chance)
        new[place : place + len(value)] = value
    return bytes(new)


def _cut(content: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    del others
    return content[: chance.randrange(1, len(content) + 1)]


def _remove(content: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    del others
    place = _place(content, chance)
    return content[:place] + content[place + chance.randrange(1, 4096) :]


def _repeat(content: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    del others
    place = _place(content, chance)
    length = chance.randrange(1, 4096)
    return (
        content[: place + length]
        + content[place : place + length] * chance.choice([1, 3, 50])
        + (content[place + length :])
    )


def _insert(content: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    del others
    place = _place(content, chance)
    return content[:place] + chance.randbytes(chance.choice([1, 16, 1000])) + content[place:]


def _splice(content: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    other = chance.choice(others)
    start = _place(other, chance)
    piece = other[start : start + chance.choice([16, 500, 20_000])]
    place = _place(content, chance)
    return content[:place] + piece + content[place + len(piece) :]


_WAYS = (_bits, _bytes, _extremes, _cut, _remove, _repeat, _insert, _splice)
