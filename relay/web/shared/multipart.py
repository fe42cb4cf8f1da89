"""A form with a file (RFC 7578), read as it arrives: the file goes straight to where it is sealed."""

from collections.abc import AsyncIterator
from typing import Final, cast

from litestar.types import Receive
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from relay.errors import Invalid, WrongKind

UNREADABLE: Final = (
    "The file did not arrive in a form that can be read. Please choose it again and send it once more."
)
_MOST_BEFORE: Final = 2**18
"""Bytes of fields before the file, one chunk of it included."""


class ClientLeft(Exception):
    """The other end closed the connection before everything had arrived."""


async def body_of(receive: Receive) -> AsyncIterator[bytes]:
    """Give out a request's body as it arrives. Raise `ClientLeft` if it is cut off."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        chunk = cast("bytes", message.get("body", b""))
        if chunk:
            yield chunk
        if not message.get("more_body", False):
            return


class Parts:
    """A form's parts, one after the other, in the parser's own events."""

    def __init__(self, content_type: str, content_length: str, receive: Receive, most: int) -> None:
        """`most` parts. Raise `WrongKind` or `Invalid` for what is no such form."""
        kind, options = parse_options_header(content_type)
        if kind != "multipart/form-data" or not options.get("boundary"):
            raise WrongKind("Send the file with a form (multipart/form-data).")
        if not content_length.isascii() or not content_length.isdigit():
            raise Invalid("Say how long the form is (Content-Length).")
        self.boundary = options["boundary"].encode()
        self.total = int(content_length)
        self._parser = PushMultipartParser(self.boundary, max_segment_count=most, max_header_size=4096)
        self._body = body_of(receive)

    def arrived(self, chunk: bytes) -> None:
        """Be told of a chunk of the body, before it is parsed."""

    async def events(self) -> AsyncIterator[MultipartSegment | bytes | bytearray | None]:
        """Give out a part, its bytes, and None at its end. Raise `Invalid`, or `ClientLeft`."""
        try:
            async for chunk in self._body:
                self.arrived(chunk)
                for event in self._parser.parse(chunk):
                    yield event
            for event in self._parser.parse(b""):
                yield event
        except MultipartError:
            raise Invalid(UNREADABLE) from None


class FileForm(Parts):
    """Fields first, then one file, last: what our own forms send, and every HTTP library.

    After `open`, `fields` is whole and `length` is the file's size, worked out from the size of the whole
    body; iterating gives the file's bytes.
    """

    def __init__(self, content_type: str, content_length: str, receive: Receive) -> None:
        super().__init__(content_type, content_length, receive, 20)
        self._events = self.events()
        self._beginning: bytearray | None = bytearray()
        self.fields: dict[str, str] = {}
        self.has_file = False
        self.length = 0

    def arrived(self, chunk: bytes) -> None:
        """Keep what comes before the file, to measure it."""
        if self._beginning is not None:
            self._beginning += chunk
            if len(self._beginning) > _MOST_BEFORE:
                raise Invalid(UNREADABLE)

    async def open(self) -> None:
        """Read the fields, up to where the file begins."""
        name, value = "", bytearray()
        async for event in self._events:
            if isinstance(event, MultipartSegment):
                if event.filename is not None:
                    # the name that the file had on its owner's device is not looked at, let alone kept
                    self.has_file = True
                    self._measure()
                    return
                name = event.name
            elif event is None:
                self.fields[name] = value.decode(errors="replace")
                value.clear()
            else:
                value += event

    def _measure(self) -> None:
        """The file is what lies between the end of its part's headers and the closing boundary."""
        beginning, self._beginning = bytes(self._beginning or b""), None
        delimiter = b"--" + self.boundary
        start = 0
        for _ in range(len(self.fields) + 1):
            start = beginning.index(delimiter, start) + len(delimiter)
        start = beginning.index(b"\r\n\r\n", start) + 4
        self.length = self.total - start - len(b"\r\n" + delimiter + b"--\r\n")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        inside = True
        async for event in self._events:
            if event is None:
                inside = False
            elif inside and isinstance(event, (bytes, bytearray)):
                yield bytes(event)
