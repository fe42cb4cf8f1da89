"""Reads the structure of a finished MP4, to be sure that nothing is in it but what plays.

An independent check, in plain Python, on a file that our own second process packed: only known boxes, times
of making empty, and no byte in the file's body that does not belong to a sample. Source: ISO/IEC 14496-12,
-14, -15.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from workers.sandbox import memory

_LARGEST_INDEX = 64 << 20
_MOST_BOXES = 500

_TOP = {b"ftyp", b"moov", b"free", b"mdat"}
_CONTAINERS = {
    b"moov": {b"mvhd", b"trak", b"udta"},
    b"trak": {b"tkhd", b"edts", b"mdia"},
    b"edts": {b"elst"},
    b"mdia": {b"mdhd", b"hdlr", b"minf"},
    b"minf": {b"vmhd", b"smhd", b"dinf", b"stbl"},
    b"dinf": {b"dref"},
    b"stbl": {b"stsd", b"stts", b"stss", b"ctts", b"stsc", b"stsz", b"stco", b"co64", b"sgpd", b"sbgp"},
}
_DATED = {b"mvhd", b"tkhd", b"mdhd"}
_ENTRIES = {b"avc1": (78, {b"avcC", b"pasp", b"colr", b"btrt"}), b"mp4a": (28, {b"esds", b"btrt"})}
_NO_TAGS = bytes.fromhex(
    "00000035 6d657461 00000000 00000021 68646c72 00000000 00000000 6d646972 6170706c"
) + bytes.fromhex("00000000 00000000 00 00000008 696c7374")
"""What is written where tags would be: the word for "tags in Apple's form", and then none."""
_NAME_OF_ENCODER = slice(42, 74)


class Irregular(Exception):
    """The file is not of the form that we make."""


@dataclass
class Structure:
    """What was read."""

    duration_ms: int = 0
    body_bytes: int = 0
    sample_bytes: int = 0
    samples: dict[bytes, int] = field(default_factory=dict)


def read(file: int) -> Structure:
    """Read a sealed file in memory; `Irregular` if there is anything in it that we would not have made."""
    found = Structure()
    seen = []
    offset, size = 0, memory.size(file)
    while offset < size:
        kind, header, length = _top_box(file, offset, size)
        seen.append(kind)
        if kind == b"mdat":
            found.body_bytes += length - header
        elif kind == b"moov":
            if length > _LARGEST_INDEX:
                raise Irregular
            _walk(memory.part(file, offset + header, length - header), b"moov", found, [0])
        elif kind == b"free" and any(
            memory.part(file, offset + header, min(length - header, _LARGEST_INDEX))
        ):
            raise Irregular
        offset += length
    if seen[:2] != [b"ftyp", b"moov"] or set(seen[2:]) - {b"free", b"mdat"} or seen.count(b"mdat") != 1:
        raise Irregular
    if found.body_bytes != found.sample_bytes:
        raise Irregular
    return found


def _top_box(file: int, offset: int, size: int) -> tuple[bytes, int, int]:
    untrusted_header = memory.part(file, offset, 16)
    if len(untrusted_header) < 8:
        raise Irregular
    length, kind = struct.unpack(">I4s", untrusted_header[:8])
    header = 8
    if length == 1 and len(untrusted_header) == 16:
        (length,) = struct.unpack(">Q", untrusted_header[8:])
        header = 16
    if kind not in _TOP or not header <= length <= size - offset:
        raise Irregular
    return kind, header, length


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    offset = 0
    while offset < len(data):
        if len(data) - offset < 8:
            raise Irregular
        length, kind = struct.unpack_from(">I4s", data, offset)
        if not 8 <= length <= len(data) - offset:
            raise Irregular
        yield kind, data[offset + 8 : offset + length]
        offset += length


def _walk(data: bytes, parent: bytes, found: Structure, count: list[int]) -> None:
    for kind, body in _boxes(data):
        count[0] += 1
        if kind not in _CONTAINERS[parent] or count[0] > _MOST_BOXES:
            raise Irregular
        if kind in _CONTAINERS:
            _walk(body, kind, found, count)
        else:
            _leaf(kind, body, found)


def _leaf(kind: bytes, body: bytes, found: Structure) -> None:
    try:
        if kind in _DATED:
            _dates(kind, body, found)
        elif (kind == b"hdlr" and body[24:].strip(b"\0")) or (kind == b"udta" and body != _NO_TAGS):
            raise Irregular
        elif kind == b"stsz":
            size, number = struct.unpack_from(">II", body, 4)
            found.sample_bytes += size * number if size else sum(struct.unpack_from(f">{number}I", body, 12))
        elif kind == b"stsd":
            _description(body)
    except struct.error as error:
        raise Irregular from error


def _dates(kind: bytes, body: bytes, found: Structure) -> None:
    """No time of making; and the length of the whole."""
    wide = body[0] == 1
    times = struct.unpack_from(">QQ" if wide else ">II", body, 4)
    if any(times):
        raise Irregular
    if kind == b"mvhd":
        scale, duration = struct.unpack_from(">IQ" if wide else ">II", body, 20 if wide else 12)
        if not scale:
            raise Irregular
        found.duration_ms = duration * 1000 // scale


def _description(body: bytes) -> None:
    """One entry of a known codec, without the name of what made it, with known boxes only."""
    entries = list(_boxes(body[8:]))
    if len(entries) != 1 or entries[0][0] not in _ENTRIES:
        raise Irregular
    kind, entry = entries[0]
    fixed, known = _ENTRIES[kind]
    if kind == b"avc1" and any(entry[_NAME_OF_ENCODER]):
        raise Irregular
    if any(inner not in known for inner, _ in _boxes(entry[fixed:])):
        raise Irregular
