"""The pages of a document as pictures, so that any browser shows them inside our own page.

Many phones do not show a PDF within a page: they put it among the downloads, and there it stays, on a device
that others may use too. Every document that is passed on was written by our own worker: each page one JPEG,
uncompressed objects, one plain cross-reference table (`workers/media/pdf.py` holds it to that). So a page is
a stretch of the file, found without a reader of PDF (ISO 32000-1, 7.5.4).
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from relay.errors import Missing
from relay.web.shared.ranges import Readable, Span

_TAIL: Final = 1024
_MOST_OBJECTS: Final = 4096
_ENTRY: Final = 20
_HEAD: Final = 1024
_START: Final = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF")
_TABLE: Final = re.compile(rb"xref\s+0 (\d{1,6})\s+")
_OFFSET: Final = re.compile(rb"(\d{10}) \d{5} n")
_PICTURE: Final = re.compile(rb"\d+ 0 obj\s*<<([^<>]*/Subtype\s*/Image[^<>]*)>>\s*stream\r?\n")
_LENGTH: Final = re.compile(rb"/Length (\d{1,12})")


class Picture:
    """One page of a document, read like an object of its own."""

    def __init__(self, document: Readable, number: int) -> None:
        """`number` counts from 1. Raises `Missing` if there is no such page."""
        found = list(islice(_pictures(document), number + 1)) if 0 < number < _MOST_OBJECTS else []
        if len(found) < number or not found:
            raise Missing
        self._document = document
        self._place = found[number - 1]
        self._stretch = Span(
            found[number - 2].stop if number > 1 else 0,
            self._place.stop if len(found) > number else document.plaintext_size,
        )
        self.plaintext_size = self._place.stop - self._place.start

    def stretch(self, start: int, stop: int) -> Span:
        """Return what of the document somebody has who was given bytes `start` up to `stop` of this picture.

        What lies between the pictures says nothing by itself, and goes with the one that follows it; what
        lies behind the last, with that. So the stretches of all pages are the whole document, without a gap
        and without an overlap: all of it counts as seen when each page was served, and not before.
        """
        return Span(
            self._place.start + start if start > 0 else self._stretch.start,
            self._place.start + stop if stop < self.plaintext_size else self._stretch.stop,
        )

    def ranges(
        self, start: int = 0, stop: int | None = None, rooms: Callable[[], memoryview] | None = None
    ) -> Iterator[memoryview]:
        """See `Readable.ranges`."""
        end = self.plaintext_size if stop is None else stop
        return self._document.ranges(self._place.start + start, self._place.start + end, rooms)


def _pictures(document: Readable) -> Iterator[Span]:
    """Give out where each page's JPEG lies, in the order of the pages. They never overlap."""
    size = document.plaintext_size
    start = _START.search(_read(document, size - _TAIL, size))
    if start is None:
        raise Missing
    table = _read(document, int(start[1]), int(start[1]) + _MOST_OBJECTS * _ENTRY)
    if not _TABLE.match(table):
        raise Missing
    end = 0
    for offset in sorted(int(place) for place in _OFFSET.findall(table)):
        found = _PICTURE.match(_read(document, offset, offset + _HEAD))
        length = found and _LENGTH.search(found[1])
        if found and length:
            if offset < end:
                raise Missing
            first, end = offset + found.end(), min(size, offset + found.end() + int(length[1]))
            yield Span(first, end)


def _read(document: Readable, start: int, stop: int) -> bytes:
    size = document.plaintext_size
    return b"".join(map(bytes, document.ranges(max(0, min(start, size)), max(0, min(stop, size)))))
