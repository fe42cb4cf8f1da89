"""Reads the structure of a finished MP4, to be sure that nothing is in it but what plays.

An independent check, in plain Python, on a file that our own second process packed: only known boxes, times
of making empty, and no byte in the file's body that does not belong to a sample. Source: ISO/IEC 14496-12,
-14, -15.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from workers.media import samples
from workers.media.kept import part
from workers.media.samples import Chunks, Irregular
from workers.sandbox.window import Source

__all__ = ["Irregular", "Structure", "Top", "boxes", "read", "top"]

LARGEST_INDEX = 16 << 20
"""Four hours of film."""
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
_PROFILES = {66, 77, 100}
_HIGHEST_LEVEL = 41
"""H.264 in Baseline, Main and High, up to level 4.1: what every telephone plays."""
_PARAMETERS = 7
"""The kind of a unit that says them: ISO/IEC 14496-10, 7.4.1."""
_AAC, _LOW_COMPLEXITY = b"\x40\x15", 2
_NOTHING_ON_TOP = {b"", b"\x56\xe5\0"}
"""What may follow in its configuration: nothing, or that there are no tones to be added."""
_OF_MP4 = b"\x02"
_LONGEST_LENGTH = 4
_NO_TAGS = bytes.fromhex(
    "00000035 6d657461 00000000 00000021 68646c72 00000000 00000000 6d646972 6170706c"
) + bytes.fromhex("00000000 00000000 00 00000008 696c7374")
"""What is written where tags would be: the word for "tags in Apple's form", and then none."""
_NAME_OF_ENCODER = slice(42, 74)
_NO_NAMES = {bytes(32), b"\x01 ".ljust(32, b"\0")}
"""An older ffmpeg writes its own where it is told none or an empty one, so it is told a space."""


@dataclass
class Structure:
    """What was read."""

    duration_ms: int = 0
    body: range = range(0)
    tracks: list[Chunks] = field(default_factory=list)


@dataclass(frozen=True)
class Top:
    """One of the outermost boxes: where it is, and how much of it is its header."""

    kind: bytes
    start: int
    header: int
    length: int

    @property
    def content(self) -> range:
        """Where its content is."""
        return range(self.start + self.header, self.start + self.length)


def read(file: Source) -> Structure:
    """Read a result; `Irregular` if there is anything in it that we would not have made."""
    found = Structure()
    seen = []
    for box in top(file):
        seen.append(box.kind)
        if box.kind == b"mdat":
            found.body = box.content
        elif box.kind == b"moov":
            _walk(index(file, box), b"moov", found, [0])
    if seen != [b"ftyp", b"moov", b"mdat"]:
        raise Irregular
    samples.fill(found.tracks, found.body)
    return found


def index(file: Source, moov: Top) -> bytes:
    """What is in the index."""
    if moov.length > LARGEST_INDEX:
        raise Irregular
    return part(file, moov.content.start, len(moov.content))


def top(file: Source) -> Iterator[Top]:
    """The outermost boxes, which fill the file. Raises `Irregular`."""
    offset = 0
    while offset < file.size:
        box = _top(file, offset)
        yield box
        offset += box.length


def _top(file: Source, offset: int) -> Top:
    untrusted_header = part(file, offset, 16)
    if len(untrusted_header) < 8:
        raise Irregular
    length, kind = struct.unpack(">I4s", untrusted_header[:8])
    header = 8
    if length == 1 and len(untrusted_header) == 16:
        (length,) = struct.unpack(">Q", untrusted_header[8:])
        header = 16
    if kind not in _TOP or not header <= length <= file.size - offset:
        raise Irregular
    return Top(kind, offset, header, length)


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of the boxes that fill `data`, up to a sane number of them. Raises `Irregular`."""
    offset = count = 0
    while offset < len(data):
        count += 1
        if len(data) - offset < 8 or count > _MOST_BOXES:
            raise Irregular
        length, kind = struct.unpack_from(">I4s", data, offset)
        if not 8 <= length <= len(data) - offset:
            raise Irregular
        yield kind, data[offset + 8 : offset + length]
        offset += length


def _walk(data: bytes, parent: bytes, found: Structure, count: list[int]) -> None:
    for kind, body in boxes(data):
        count[0] += 1
        if kind not in _CONTAINERS[parent] or count[0] > _MOST_BOXES:
            raise Irregular
        if kind == b"stbl":
            found.tracks.append(samples.chunks(list(boxes(body))))
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
    """One entry of a known codec, without a name of its own, with known boxes only."""
    entries = list(boxes(body[8:]))
    if len(entries) != 1 or entries[0][0] not in _ENTRIES:
        raise Irregular
    kind, entry = entries[0]
    fixed, known = _ENTRIES[kind]
    if kind == b"avc1" and entry[_NAME_OF_ENCODER] not in _NO_NAMES:
        raise Irregular
    inside = list(boxes(entry[fixed:]))
    if any(inner not in known for inner, _ in inside):
        raise Irregular
    configuration = [body for inner, body in inside if inner in {b"avcC", b"esds"}]
    plays = _is_plain_film if kind == b"avc1" else _is_plain_sound
    if len(configuration) != 1 or not plays(configuration[0]):
        raise Irregular


def _is_plain_film(avcc: bytes) -> bool:
    """ISO/IEC 14496-15, 5.3.3.1: what is asked of a player, and again in the parameters of all pictures."""
    _, profile, _, level, _, _, _, kind = struct.unpack_from(">6BHB", avcc)
    return (
        profile in _PROFILES
        and level <= _HIGHEST_LEVEL
        and kind & 0x1F == _PARAMETERS
        and avcc[9:12] == avcc[1:4]
    )


def _is_plain_sound(esds: bytes) -> bool:
    """ISO/IEC 14496-1, 7.2.6: a stream by itself, and how it is decoded."""
    stream = _descriptors(esds[4:], b"\x03")[0]
    decoder, synchronisation = _descriptors(stream[3:], b"\x04\x06")
    configuration = _descriptors(decoder[13:], b"\x05")[0]
    return (
        stream[2:3] == b"\0"
        and decoder[:2] == _AAC
        and bool(configuration)
        and configuration[0] >> 3 == _LOW_COMPLEXITY
        and configuration[2:] in _NOTHING_ON_TOP
        and synchronisation == _OF_MP4
    )


def _descriptors(data: bytes, tags: bytes) -> list[bytes]:
    """Contents of the descriptors that fill `data`: these, in this order. Raises `Irregular`."""
    contents, place = [], 0
    for tag in tags:
        written = data[place + 1 : place + 1 + _LONGEST_LENGTH]
        digits = next((count for count, byte in enumerate(written, 1) if byte < 0x80), 0)
        length = 0
        for byte in written[:digits]:
            length = length << 7 | byte & 0x7F
        start = place + 1 + digits
        place = start + length
        if data[start - digits - 1 : start - digits] != bytes([tag]) or not digits or place > len(data):
            raise Irregular
        contents.append(data[start:place])
    if place != len(data):
        raise Irregular
    return contents
