"""What can be printed."""

from enum import StrEnum

import msgspec

from relay.errors import Refusal, Unavailable

DIGITS_AND_LETTERS = "".join(map(chr, range(0x20, 0x7F)))
"""What stands on every sheet, whatever the letter is written in: page numbers and the receipt's code."""


class Size(StrEnum):
    """How large the letters are, always on A4. Large print is what a reader with low vision is given."""

    NORMAL = "a4"
    LARGE = "large"

    @property
    def points(self) -> int:
        """The size of the type. Even the smaller one survives a bad photocopy."""
        return 20 if self is Size.LARGE else 14


class Paragraph(msgspec.Struct, frozen=True, kw_only=True):
    """One line as it was written, and which way it runs. `language` picks the shapes of some letters."""

    text: str
    rtl: bool
    language: str
    arabic: bool
    """Arabic letters are drawn smaller than Latin ones of the same size, so they get more."""
    pieces: tuple[str, ...]
    """What of it cannot be broken: each has to fit on a line."""


class ScannedPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page that is a JPEG: its bytes from `start` up to `stop` of what it is read from.

    `width`, `height`: in pixels; `across`, `down`: on paper, in points.
    """

    start: int
    stop: int
    width: int
    height: int
    across: float
    down: float


class Printed(msgspec.Struct, frozen=True, kw_only=True):
    """A finished PDF, in memory."""

    pdf: bytes
    pages: int

    def __repr__(self) -> str:
        return f"<Printed, {self.pages} pages>"


class Unprintable(Refusal):
    """Some character is in no font here. `public` names each: nothing is ever left out in print."""

    code = "unprintable"
    status = 409


class PressBroken(Unavailable):
    """The typesetter failed, or took more than it may. It never says why: that would quote the letter."""

    code = "press-broken"
    public = (
        "This could not be printed. Nothing of it was lost. Please try again; if it happens once more,"
        " tell your administrator."
    )
