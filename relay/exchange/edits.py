"""The edit list: what is hidden in a safe copy, and how a voice or a picture is disguised. Pure.

An edit list is always applied to the original, never to what another list made of it, and never changes
what is left. Hidden is solid: words become blocks, pages and pictures black, sound silence or a steady tone;
what is only blurred can be brought back. A disguise makes it harder to know somebody, and is never called
anonymous.
"""

from typing import Literal

import msgspec

from relay.cases.model import Medium
from relay.errors import Invalid

TENTHOUSANDTHS = 10_000
MOST_EDITS = 500
MASK = "█████"
"""What stands for hidden words, however many they were: a mask as long as they are would tell something."""

Hiding = Literal["mute", "bleep", "blank", "cut"]
Covering = Literal["keep", "off", "cover", "faces"]
_SURE: tuple[Covering, ...] = ("keep", "faces", "cover", "off")


class Span(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Characters `start` to `end` (exclusive) of a letter as a reviewer reads it, counted in code points."""

    start: int
    end: int


class Stretch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stretch of a recording's own time, in milliseconds.

    `mute`: silence. `bleep`: a steady tone. `blank`: a black picture, the sound stays. `cut`: taken out, with
    picture and sound. To hide both and keep the length, name the stretch twice: `blank` and `mute`.
    """

    start_ms: int
    end_ms: int
    how: Hiding


class Area(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rectangle of one page, counted from 1 in the order in which they were sent.

    Its edges are in ten-thousandths of the page as it is shown: of its width from the left, of its height
    from the top.
    """

    page: int
    left: int
    top: int
    right: int
    bottom: int


class Disguise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a person in a recording is made harder to know.

    `picture`: `off` gives a black picture for the whole length, `cover` a coarse grey
    one of few cells, in which something moves but no face can be seen. `faces` puts black boxes
    over the faces that are found, and misses some: only `off` and `cover` are sure.
    """

    voice: bool = False
    picture: Covering = "keep"

    def is_weaker_than(self, other: "Disguise") -> bool:
        """Tell whether more of a person can be heard or seen with this one than with the other."""
        return self.voice < other.voice or _SURE.index(self.picture) < _SURE.index(other.picture)


AS_IT_IS = Disguise()


class Edits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One edit list. Stored sealed, as JSON; `python -m workers clean --edits` takes the same JSON."""

    spans: tuple[Span, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    areas: tuple[Area, ...] = ()
    disguise: Disguise = AS_IT_IS

    def __bool__(self) -> bool:
        """Whether it asks for anything."""
        return self != _NOTHING


_NOTHING = Edits()

_FITS: dict[Medium, frozenset[str]] = {
    "letter": frozenset({"spans"}),
    "document": frozenset({"areas"}),
    "audio": frozenset({"stretches", "disguise"}),
    "video": frozenset({"stretches", "disguise"}),
}


def encode(edits: Edits) -> bytes:
    """The bytes that are sealed."""
    return msgspec.json.encode(edits)


def decode(written: bytes, kind: Medium) -> Edits:
    """Read an edit list for something of this kind, or raise `Invalid` with what to write instead."""
    try:
        edits = msgspec.json.decode(written, type=Edits)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(edits=f"This is not an edit list: {error}.") from error
    check(edits, kind)
    return edits


def check(edits: Edits, kind: Medium) -> None:
    """Raise `Invalid` unless the list can be applied to something of this kind, however long it is."""
    for name in ("spans", "stretches", "areas"):
        if len(getattr(edits, name)) > MOST_EDITS:
            raise Invalid(edits=f"There are too many places at once; {MOST_EDITS} is the most.")
    for name in ("spans", "stretches", "areas", "disguise"):
        if name not in _FITS[kind] and getattr(edits, name) != getattr(_NOTHING, name):
            raise Invalid(edits=f"{_NAMES[name]} cannot be used on {_KINDS[kind]}.")
    if kind == "audio" and (
        edits.disguise.picture != "keep" or any(one.how == "blank" for one in edits.stretches)
    ):
        raise Invalid(edits="A recording of sound has no picture to hide. Mute, bleep or cut it instead.")
    if any(not 0 <= one.start < one.end for one in edits.spans):
        raise Invalid(edits="Each hidden place of a letter ends after it begins.")
    if any(not 0 <= one.start_ms < one.end_ms for one in edits.stretches):
        raise Invalid(edits="Each stretch ends after it begins. Check the times.")
    if any(not _is_on_page(one) for one in edits.areas):
        raise Invalid(
            edits="Each area lies on its page, its right edge after its left, its lower after its upper."
        )


_NAMES = {
    "spans": "Hidden words",
    "stretches": "Stretches of time",
    "areas": "Areas of a page",
    "disguise": "A disguise",
}
_KINDS: dict[Medium, str] = {
    "letter": "a letter",
    "document": "a document",
    "audio": "a recording of sound",
    "video": "a film",
}


def _is_on_page(area: Area) -> bool:
    across = 0 <= area.left < area.right <= TENTHOUSANDTHS
    return area.page >= 1 and across and 0 <= area.top < area.bottom <= TENTHOUSANDTHS


def masked(text: str, spans: tuple[Span, ...]) -> str:
    """A letter with every span as one solid block; spans that touch or overlap become one."""
    shown, place = [], 0
    for span in _joined(spans):
        shown += [text[place : span.start], MASK]
        place = span.end
    return "".join([*shown, text[place:]])


def _joined(spans: tuple[Span, ...]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans, key=lambda one: one.start):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(start=joined[-1].start, end=max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
