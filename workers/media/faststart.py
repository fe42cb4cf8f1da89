"""A film whose index comes last, read as one whose index comes first, so that it plays before it has arrived.

Nothing is copied: the index is put in front with its places moved, the body is read where it lies.
"""

import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

import numpy as np

from workers.media import mp4, samples
from workers.media.kept import part
from workers.media.mp4 import Irregular, Top
from workers.media.samples import PLACES
from workers.sandbox.window import Source

_WAY = (b"trak", b"mdia", b"minf", b"stbl")
"""Boxes in boxes, down to the tables of places."""
_LARGEST_BEGINNING = 4096
_BEYOND = 1 << 32

Change: TypeAlias = Callable[[bytes, bytes], tuple[bytes, bytes]]
"""Kind and content of a table, as they are and as they become."""


class FastStart:
    """A `Source`: type, index, body. Raises `Irregular` for a file that is not what our packer makes."""

    def __init__(self, packed: Source) -> None:
        """`packed` has to stay as it is."""
        self._packed = packed
        boxes = [box for box in mp4.top(packed) if box.kind != b"free"]
        if [box.kind for box in boxes] != [b"ftyp", b"mdat", b"moov"]:
            raise Irregular
        form, self._body, moov = boxes
        if form.length > _LARGEST_BEGINNING:
            raise Irregular
        beginning = part(packed, form.start, form.length)
        self._front = beginning + _index(mp4.index(packed, moov), self._body, len(beginning))
        self.size = len(self._front) + self._body.length

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """See `Source.read_into`."""
        ahead = self._front[offset : offset + len(buffer)]
        if ahead:
            buffer[: len(ahead)] = ahead
            return len(ahead)
        place = offset - len(self._front)
        wanted = min(len(buffer), self._body.length - place)
        return self._packed.read_into(self._body.start + place, buffer[:wanted]) if wanted > 0 else 0


def _index(content: bytes, body: Top, before: int) -> bytes:
    """The index as it stands in front of the body, `before` bytes from the beginning.

    Its own length decides by how much places move. Where one would then lie beyond 4 GiB, all places become
    twice as wide, and the index longer.
    """
    for wide in (False, True):
        length = len(_moved(content, partial(_table, by=0, body=body, wide=wide)))
        by = before + 8 + length - body.start
        try:
            moved = _moved(content, partial(_table, by=by, body=body, wide=wide))
        except _Beyond:
            continue
        return struct.pack(">I4s", 8 + len(moved), b"moov") + moved
    raise Irregular


class _Beyond(Exception):
    """A place that four bytes do not hold."""


def _moved(content: bytes, table: Change, depth: int = 0) -> bytes:
    """Write boxes again, with their tables of places changed."""
    return b"".join(
        struct.pack(">I4s", 8 + len(inner), kind) + inner for kind, inner in _changed(content, table, depth)
    )


def _changed(content: bytes, table: Change, depth: int) -> Iterator[tuple[bytes, bytes]]:
    for kind, inner in mp4.boxes(content):
        if depth < len(_WAY) and kind == _WAY[depth]:
            yield kind, _moved(inner, table, depth + 1)
        elif depth == len(_WAY) and kind in PLACES:
            yield table(kind, inner)
        else:
            yield kind, inner


def _table(kind: bytes, content: bytes, *, by: int, body: Top, wide: bool) -> tuple[bytes, bytes]:
    """One table, every place of which lies in the body, moved."""
    places = samples.places(kind, content)
    if len(places) and not (places.min() >= body.content.start and places.max() < body.content.stop):
        raise Irregular
    places = places + by
    kind = b"co64" if wide else kind
    if kind == b"stco" and len(places) and places.max() >= _BEYOND:
        raise _Beyond
    return kind, content[:8] + places.astype(np.dtype(PLACES[kind])).tobytes()
