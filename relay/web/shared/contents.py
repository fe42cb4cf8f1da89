"""Serving what somebody may open: files by ranges, letters as the text that they are."""

from asyncio import to_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import msgspec

from relay.errors import Missing
from relay.exchange.model import LETTER_TYPE, Content
from relay.exchange.objects import opened
from relay.house import House
from relay.vault.padding import unpad
from relay.web.shared.access import AnyRequest, session_cookie
from relay.web.shared.page_pictures import Picture
from relay.web.shared.ranges import ObjectAnswer, Readable, Sent
from relay.web.shared.recent import Recent

_MOST_LETTER: Final = 2**20
_DOCUMENT_TYPE: Final = "application/pdf"


class Text:
    """A text in memory, read like an object."""

    def __init__(self, body: bytes) -> None:
        self._body = memoryview(body)
        self.plaintext_size = len(body)

    def ranges(
        self,
        start: int = 0,
        stop: int | None = None,
        rooms: Callable[[], memoryview] | None = None,  # noqa: ARG002 - it has room of its own
    ) -> Iterator[memoryview]:
        """Give out the bytes in one piece."""
        if piece := self._body[start:stop]:
            yield piece


@contextmanager
def readable(house: House, content: Content) -> Iterator[Readable]:
    """Open what is served. Blocking. A letter's object is padded; what is read is the letter alone."""
    with opened(house, content) as reader:
        yield Text(unpad(reader.read_all(_MOST_LETTER))) if content.media_type == LETTER_TYPE else reader


def answer(
    request: AnyRequest,
    house: House,
    content: Content,
    *,
    on_sent: Sent | None = None,
    for_good: bool = False,
) -> ObjectAnswer:
    """Serve it.

    `for_good`: what was released to this person, which no later decision takes away; its next ranges may be
    answered from `Recent`. Everything else goes the whole way each time: who is taken off a case, or whose
    author takes an item back, reads not one range more.
    """
    found = ObjectAnswer(partial(readable, house, content), content.media_type, on_sent=on_sent)
    if for_good and content.media_type != LETTER_TYPE:
        recent: Recent = request.app.state.recent
        recent.keep(session_cookie(request), request.scope, found)
    return found


def page_answer(house: House, content: Content, number: int, *, on_sent: Sent | None = None) -> ObjectAnswer:
    """Serve one page of a document as a picture. Raise `Missing` for what has no such page.

    `on_sent` is told which bytes of the document that was: see `Picture.stretch`.
    """
    if content.media_type != _DOCUMENT_TYPE:
        raise Missing
    page = _Page(house, content, number)
    return ObjectAnswer(page.open, "image/jpeg", on_sent=on_sent and partial(page.tell, on_sent))


class _Page:
    """One page, and whom to tell what of the document was sent with it."""

    def __init__(self, house: House, content: Content, number: int) -> None:
        self._house = house
        self._content = content
        self._number = number
        self._picture: Picture | None = None

    @contextmanager
    def open(self) -> Iterator[Readable]:
        """Open the document and find the page. Blocking."""
        with opened(self._house, self._content) as reader:
            self._picture = Picture(reader, self._number)
            yield self._picture

    async def tell(self, on_sent: Sent, start: int, stop: int) -> None:
        """Bytes `start` up to `stop` of the picture went out."""
        if self._picture is not None:
            await on_sent(*self._picture.stretch(start, stop))


def as_letter(content: Content) -> Content:
    """Say that an original is a letter: an object itself does not tell what is in it."""
    return msgspec.structs.replace(content, media_type=LETTER_TYPE)


async def read_text(house: House, content: Content) -> str:
    """Return a letter's text."""

    def read() -> str:
        with readable(house, content) as text:
            return b"".join(map(bytes, text.ranges())).decode()

    return await to_thread(read)
