"""The pages of a document as pictures, so that any browser shows them inside our own page.

Many phones do not show a PDF within a page: they put it among the downloads, and there it stays, on a device
that others may use too. A page is a stretch of the file (`relay/exchange/scans.py`), served as a picture.
"""

from collections.abc import Callable, Iterator
from itertools import islice

from relay.errors import Missing
from relay.exchange.scans import MOST_OBJECTS, scanned
from relay.web.shared.ranges import Readable, Span


class Picture:
    """One page of a document, read like an object of its own."""

    def __init__(self, document: Readable, number: int) -> None:
        """`number` counts from 1. Raises `Missing` if there is no such page."""
        found = list(islice(scanned(document), number + 1)) if 0 < number < MOST_OBJECTS else []
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
