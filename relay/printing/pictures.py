"""Scanned pages in a PDF, as the JPEGs that they are: not one byte of them is decoded, changed or typeset.

The typesetter sets a sheet for each page with a mark in its place: a picture of one pixel, which says which
page it stands for. Here the marks are replaced. What it writes is a file with one plain cross-reference table
and each picture an object of its own (ISO 32000-1, 7.5), and anything else ends it. So the typesetter never
holds what somebody drew or wrote by hand, and memory holds the finished file and one piece of a page.
"""

import io
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final, NamedTuple, Protocol, TypeAlias

from relay.printing.model import PressBroken, ScannedPage

_POINTS: Final = 72 / 25.4
"""In a millimetre."""
_UPRIGHT: Final = (189 * _POINTS, 268 * _POINTS)
_TURNED: Final = (276 * _POINTS, 181 * _POINTS)
"""What a page may take of A4, in points: the rest is the margin, where the code is (`document.typ`)."""

_PIXEL: Final = (
    bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb004300")
    + b"\xff" * 64
    + bytes.fromhex("ffc0000b080001000101011100ffc40014000100000000000000000000000000000003")
    + bytes.fromhex("ffc40014100100000000000000000000000000000000ffda0008010100003f0047ffd9")
)
"""A JPEG of one white pixel (ITU-T T.81)."""
_START: Final = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF\s*$")
_TABLE: Final = re.compile(rb"xref\s+0 (\d{1,6})\s+")
_ENTRY: Final = re.compile(rb"(\d{10}) (\d{5}) ([nf])\s")
_NUMBER: Final = re.compile(rb"(\d{1,6}) 0 obj\s")


class Readable(Protocol):
    """What the pages are read from."""

    def ranges(self, start: int = 0, stop: int | None = None) -> Iterator[memoryview]:
        """Give out the bytes from `start` up to `stop`, in pieces."""
        ...


Source: TypeAlias = Callable[[], AbstractContextManager[Readable]]


def mark(number: int) -> bytes:
    """Return the picture that stands for page `number`: the pixel, with a comment that no other has."""
    comment = b"page %06d" % number
    return _PIXEL[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + _PIXEL[2:]


def fitted(page: ScannedPage) -> tuple[float, float]:
    """Return how large a page is printed, in points: as large as it is, or smaller, so that it has a margin.

    What is wider than high lies on a sheet that is turned.
    """
    across, down = _UPRIGHT if page.across <= page.down else _TURNED
    scale = min(1, across / page.across, down / page.down)
    return page.across * scale, page.down * scale


class _Object(NamedTuple):
    """An object of the file: its bytes, and its number."""

    start: int
    stop: int
    number: int


def filled(sheet: bytes, pages: Sequence[ScannedPage], source: Source) -> bytes:
    """Return the PDF with each page in place of its mark. Raise `PressBroken` if one is not there once."""
    table, entries = _table(sheet)
    offsets = sorted(offset for offset, used in entries if used)
    found = [_marked(sheet, offsets, number) for number in range(1, len(pages) + 1)]
    shifts: list[tuple[int, int]] = [(0, 0)]
    out, place = io.BytesIO(), 0
    with source() as document:
        for one, page in sorted(zip(found, pages, strict=True), key=lambda pair: pair[0].start):
            out.write(sheet[place : one.start])
            out.write(_head(one.number, page))
            for piece in document.ranges(page.start, page.stop):
                out.write(piece)
            out.write(b"\nendstream\nendobj")
            place = one.stop
            shifts.append((place, out.tell() - place))
    out.write(sheet[place:table])
    end = out.tell()
    out.write(b"xref\n0 %d\n" % len(entries))
    for offset, used in entries:
        moved = offset + shifts[bisect_right(shifts, offset, key=lambda shift: shift[0]) - 1][1]
        out.write(b"%010d 00000 n \n" % moved if used else b"%010d 65535 f \n" % offset)
    trailer = sheet.index(b"trailer", table)
    out.write(sheet[trailer : sheet.rindex(b"startxref")] + b"startxref\n%d\n%%%%EOF\n" % end)
    return out.getvalue()


def _table(sheet: bytes) -> tuple[int, list[tuple[int, bool]]]:
    """Return where the cross-reference table begins, and of each object where it is and if it is used."""
    start = _START.search(sheet)
    begins = int(start[1]) if start else len(sheet)
    head = _TABLE.match(sheet, begins)
    if head is None:
        raise PressBroken
    entries = [
        (int(one[1]), one[3] == b"n")
        for one in _ENTRY.finditer(sheet, head.end(), head.end() + 20 * int(head[1]))
    ]
    if len(entries) != int(head[1]):
        raise PressBroken
    return begins, entries


def _marked(sheet: bytes, offsets: Sequence[int], number: int) -> _Object:
    sought = mark(number)
    place = sheet.find(sought)
    if place < 0 or sheet.find(sought, place + 1) >= 0:
        raise PressBroken
    start = offsets[bisect_right(offsets, place) - 1]
    head = _NUMBER.match(sheet, start)
    stop = sheet.find(b"endobj", place + len(sought))
    if head is None or stop < 0:
        raise PressBroken
    return _Object(start, stop + len(b"endobj"), int(head[1]))


def _head(number: int, page: ScannedPage) -> bytes:
    return (
        b"%d 0 obj\n<</Type/XObject/Subtype/Image/Filter/DCTDecode/ColorSpace/DeviceRGB/BitsPerComponent 8"
        b"/Width %d/Height %d/Length %d>>\nstream\n"
        % (number, page.width, page.height, page.stop - page.start)
    )
