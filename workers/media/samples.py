"""Where an MP4 says that its samples are, held against where they can be at all.

The numbers come from the packer. Source: ISO/IEC 14496-12, 8.7.3 to 8.7.5.
"""

import struct
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.int64]

_MOST_SAMPLES = 4_000_000
"""A day of sound."""
PLACES = {b"stco": ">u4", b"co64": ">u8"}
"""The two tables of places of chunks: before and beyond 4 GiB."""


class Irregular(Exception):
    """The file is not of the form that we make."""


class Chunks(NamedTuple):
    """Where the chunks of one track begin, and how long they are."""

    starts: Numbers
    lengths: Numbers


def places(kind: bytes, table: bytes) -> Numbers:
    """The entries of a table of places. Raises `Irregular`."""
    return _entries(table, 4, PLACES[kind])


def chunks(tables: list[tuple[bytes, bytes]]) -> Chunks:
    """Read the tables of one track, each of which is there once. Raises `Irregular`."""
    kinds = [kind for kind, _ in tables]
    where = [kind for kind in kinds if kind in PLACES]
    if len(set(kinds)) < len(kinds) or len(where) != 1 or not {b"stsz", b"stsc"} <= set(kinds):
        raise Irregular
    named = dict(tables)
    starts = places(where[0], named[where[0]])
    counts = _counts(named[b"stsc"], len(starts))
    sizes = _sizes(named[b"stsz"])
    if int(counts.sum()) != len(sizes):
        raise Irregular
    if not len(sizes):
        return Chunks(starts, counts)
    ends = np.concatenate([[0], np.cumsum(sizes)])[np.concatenate([[0], np.cumsum(counts)])]
    return Chunks(starts, np.diff(ends))


def fill(tracks: list[Chunks], body: range) -> None:
    """`Irregular` unless all chunks together are the body: no gap, no byte twice."""
    starts = np.concatenate([track.starts for track in tracks] or [np.zeros(0, np.int64)])
    lengths = np.concatenate([track.lengths for track in tracks] or [np.zeros(0, np.int64)])
    order = np.lexsort((lengths, starts))
    starts, ends = starts[order], starts[order] + lengths[order]
    if np.array_equal(np.append(starts, body.stop), np.concatenate([[body.start], ends])):
        return
    raise Irregular


def _entries(table: bytes, header: int, form: str) -> Numbers:
    """Numbers after `header` bytes and a count; they fill the table. Beyond any file they are below zero."""
    width = np.dtype(form).itemsize
    if len(table) < header + 4:
        raise Irregular
    (count,) = struct.unpack_from(">I", table, header)
    if count > _MOST_SAMPLES or len(table) != header + 4 + count * width:
        raise Irregular
    return np.frombuffer(table, form, offset=header + 4).astype(np.int64)


def _sizes(table: bytes) -> Numbers:
    """The size of each sample."""
    if len(table) < 12:
        raise Irregular
    size, count = struct.unpack_from(">II", table, 4)
    if count > _MOST_SAMPLES or len(table) != 12 + (0 if size else 4 * count):
        raise Irregular
    if size:
        return np.full(count, size, np.int64)
    return np.frombuffer(table, ">u4", offset=12).astype(np.int64)


def _counts(table: bytes, chunk_count: int) -> Numbers:
    """How many samples each chunk has: the table names the first chunk of each stretch that is alike."""
    if len(table) < 8 or (len(table) - 8) % 12:
        raise Irregular
    stretches = np.frombuffer(table, ">u4", offset=8).astype(np.int64).reshape(-1, 3)
    (count,) = struct.unpack_from(">I", table, 4)
    firsts = np.append(stretches[:, 0], chunk_count + 1)
    lengths = np.diff(firsts)
    if count != len(stretches) or (chunk_count and firsts[0] != 1) or bool((lengths <= 0).any()):
        raise Irregular
    counts: Numbers = np.repeat(stretches[:, 1], lengths)
    if int(counts.sum()) > _MOST_SAMPLES:
        raise Irregular
    return counts
