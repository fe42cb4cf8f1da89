"""The pages of a document: where in the file each one's picture lies, and how large it is.

Every document that is passed on was written by our own worker: each page one JPEG, uncompressed objects, one
plain cross-reference table (`workers/media/pdf.py` holds it to that). So a page is a stretch of the file,
found without a reader of PDF (ISO 32000-1, 7.5.4).
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from relay.errors import Missing
from relay.printing.model import ScannedPage

_TAIL: Final = 1024
MOST_OBJECTS: Final = 4096
_ENTRY: Final = 20
_HEAD: Final = 1024
_START: Final = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF")
_TABLE: Final = re.compile(rb"xref\s+0 (\d{1,6})\s+")
_OFFSET: Final = re.compile(rb"(\d{10}) \d{5} n")
_PAPER: Final = re.compile(
    rb"\d+ 0 obj\s*<<[^>]*?/MediaBox\s*\[\s*0(?:\.0+)? 0(?:\.0+)?"
    rb" (\d{1,5}(?:\.\d+)?) (\d{1,5}(?:\.\d+)?)\s*\]"
)
_PICTURE: Final = re.compile(rb"\d+ 0 obj\s*<<([^<>]*/Subtype\s*/Image[^<>]*)>>\s*stream\r?\n")
_LENGTH: Final = re.compile(rb"/Length (\d{1,12})")
_WIDTH: Final = re.compile(rb"/Width (\d{1,6})")
_HEIGHT: Final = re.compile(rb"/Height (\d{1,6})")


class Document(Protocol):
    """A document as it is read: an `ObjectReader`, or what can be read like one."""

    plaintext_size: int

    def ranges(
        self, start: int = 0, stop: int | None = None, rooms: Callable[[], memoryview] | None = None
    ) -> Iterator[memoryview]:
        """Give out the plain bytes from `start` up to `stop`, in pieces."""
        ...


def scanned(document: Document) -> Iterator[ScannedPage]:
    """Give out each page, in order. They never overlap. Raise `Missing` for what is no such document.

    A size that the file does not tell is 0.
    """
    size = document.plaintext_size
    start = _START.search(_read(document, size - _TAIL, size))
    if start is None:
        raise Missing
    table = _read(document, int(start[1]), int(start[1]) + MOST_OBJECTS * _ENTRY)
    if not _TABLE.match(table):
        raise Missing
    end = 0
    across = down = 0.0
    for offset in sorted(int(place) for place in _OFFSET.findall(table)):
        head = _read(document, offset, offset + _HEAD)
        if paper := _PAPER.match(head):  # a page stands before its picture
            across, down = float(paper[1]), float(paper[2])
        found = _PICTURE.match(head)
        length = found and _LENGTH.search(found[1])
        if found and length:
            if offset < end:
                raise Missing
            first, end = offset + found.end(), min(size, offset + found.end() + int(length[1]))
            yield ScannedPage(
                start=first,
                stop=end,
                width=_number(_WIDTH, found[1]),
                height=_number(_HEIGHT, found[1]),
                across=across,
                down=down,
            )


def _number(pattern: re.Pattern[bytes], dictionary: bytes) -> int:
    found = pattern.search(dictionary)
    return int(found[1]) if found else 0


def _read(document: Document, start: int, stop: int) -> bytes:
    size = document.plaintext_size
    return b"".join(map(bytes, document.ranges(max(0, min(start, size)), max(0, min(stop, size)))))
