"""The form on which a facilitator says what is to be hidden: what was typed, and the list that it means.

Everything that was typed is kept as it was, so that a refusal loses none of it.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar, cast, get_args

import msgspec

from relay.errors import Invalid
from relay.exchange.edits import TENTHOUSANDTHS, Area, Covering, Disguise, Edits, Hiding, Span, Stretch
from relay.review.hiding import find_words, parse_time, time_words
from relay.review.redaction import Ground
from relay.web.shared.forms import Form

_Row = TypeVar("_Row")
SPARE: Final = 3
"""Empty rows below those that are filled."""
MOST_ROWS: Final = 500
HOWS: Final = {
    "mute": "Silence",
    "bleep": "A tone",
    "blank": "Black picture",
    "both": "Black and silent",
    "cut": "Cut it out",
}
_SOUND: Final = ("mute", "bleep", "cut")
_LEAD_MS: Final = 2_000
EDGES: Final = ("left", "top", "right", "bottom")


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the fields. `kept` are places of the list before, as start-end, that stay hidden."""

    kept: tuple[str, ...] = ()
    words: str = ""
    stretches: tuple[tuple[str, str, str], ...] = ()
    areas: tuple[tuple[str, str, str, str, str], ...] = ()
    voice: bool = False
    picture: str = "keep"
    note: str = ""


def hows(kind: str) -> dict[str, str]:
    """Return what can be done with a stretch of a recording of this kind."""
    return {how: HOWS[how] for how in HOWS if kind == "video" or how in _SOUND}


def typed(form: Form) -> Typed:
    """Return what was sent, without rows in which nothing stands."""
    stretches = zip(form.several("from"), form.several("to"), form.several("how"), strict=False)
    areas = zip(form.several("page"), *(form.several(edge) for edge in EDGES), strict=False)
    return Typed(
        kept=tuple(form.several("kept")),
        words=form.text("words"),
        stretches=tuple(row for row in stretches if "".join(row[:2]).strip()),
        areas=tuple(row for row in areas if "".join(row).strip()),
        voice=form.ticked("voice"),
        picture=form.text("picture") or "keep",
        note=form.text("note"),
    )


def as_typed(edits: Edits) -> Typed:
    """Return a list as it would have been typed: the next one starts from it."""
    stretches = dict.fromkeys((one.start_ms, one.end_ms, _how(one, edits)) for one in edits.stretches)
    return Typed(
        kept=tuple(f"{one.start}-{one.end}" for one in edits.spans),
        stretches=tuple((time_words(start), time_words(end), how) for start, end, how in stretches),
        areas=tuple(
            (str(one.page), *(_percent(getattr(one, edge)) for edge in EDGES))  # type: ignore[misc]
            for one in edits.areas
        ),
        voice=edits.disguise.voice,
        picture=edits.disguise.picture,
    )


def _how(one: Stretch, edits: Edits) -> str:
    also = "mute" if one.how == "blank" else "blank"
    twin = msgspec.structs.replace(one, how=cast("Hiding", also))
    return "both" if one.how in {"blank", "mute"} and twin in edits.stretches else one.how


def _percent(tenthousandths: int) -> str:
    return f"{tenthousandths / 100:g}"


def meant(written: Typed, on: Ground) -> Edits:
    """Return the list that was meant, or raise `Invalid` with each field that cannot be read."""
    wrong: dict[str, str] = {}
    kind = on.item.kind
    picture = written.picture if written.picture in get_args(Covering) else "keep"
    edits = Edits(
        spans=_spans(written, on, wrong) if kind == "letter" else (),
        stretches=tuple(
            one
            for several in _rows(written.stretches, _stretches(on, kind), "Stretch", wrong)
            for one in several
        ),
        areas=tuple(_rows(written.areas, _area, "Area", wrong)),
        disguise=Disguise(voice=written.voice, picture=cast("Covering", picture)),
    )
    if wrong:
        raise Invalid(**wrong)
    return edits


def _spans(written: Typed, on: Ground, wrong: dict[str, str]) -> tuple[Span, ...]:
    before = {f"{one.start}-{one.end}": one for one in on.before.edits.spans}
    spans = {before[one] for one in written.kept if one in before}
    try:
        spans |= set(find_words(on.text, written.words.split("\n")))
    except Invalid as refused:
        wrong |= refused.fields
    return tuple(sorted(spans, key=lambda one: (one.start, one.end)))


def _rows(
    rows: tuple[tuple[str, ...], ...],
    read: Callable[[tuple[str, ...]], _Row],
    name: str,
    wrong: dict[str, str],
) -> list[_Row]:
    """Read each row in which something stands. What is wrong is said with the name that the row has."""
    found = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(read(row))
        except ValueError as error:
            wrong[f"{name.lower()}-{number}"] = f"{name} {number}: {error}"
    return found


def _stretches(on: Ground, kind: str) -> Callable[[tuple[str, ...]], tuple[Stretch, ...]]:
    length = on.rendition.duration_ms or 0

    def read(row: tuple[str, ...]) -> tuple[Stretch, ...]:
        start, end = _time(row[0], "begins"), _time(row[1], "ends")
        if length < end <= length + 1000:
            end = length  # a player shows the end a little after the last picture
        if start >= end:
            raise ValueError("it has to end after it begins.")
        if end > length:
            raise ValueError(f"the recording is {time_words(length)} long, and this ends after it.")
        if row[2] not in hows(kind):
            raise ValueError("choose what is done with it.")
        ways: tuple[str, ...] = ("blank", "mute") if row[2] == "both" else (row[2],)
        return tuple(Stretch(start_ms=start, end_ms=end, how=cast("Hiding", how)) for how in ways)

    return read


def _time(written: str, what: str) -> int:
    try:
        return parse_time(written)
    except ValueError:
        named = f"“{written.strip()}” is no time" if written.strip() else f"say when it {what}"
        raise ValueError(f"{named}. Write minutes, seconds and thousandths, such as 1:05.250.") from None


def _area(row: tuple[str, ...]) -> Area:
    page = row[0].strip()
    if not page.isascii() or not page.isdecimal() or len(page) > 6 or not int(page) >= 1:
        raise ValueError("write the number of the page, such as 2.")
    left, top, right, bottom = (_edge(written, name) for written, name in zip(row[1:], EDGES, strict=True))
    if left >= right or top >= bottom:
        raise ValueError("right has to be more than left, and bottom more than top.")
    return Area(page=int(page), left=left, top=top, right=right, bottom=bottom)


def drawn(written: Typed) -> dict[int, list[Area]]:
    """Return by page the areas that can be read, to be drawn: what is typed wrong is said elsewhere."""
    found: dict[int, list[Area]] = {}
    for row in written.areas:
        with suppress(ValueError):
            area = _area(row)
            found.setdefault(area.page, []).append(area)
    return found


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch in words, and where to start to hear what leads up to it, in seconds."""

    start: str
    end: str
    how: str
    before: float

    @property
    def before_words(self) -> str:
        """Where that is, as it is shown."""
        return time_words(round(self.before * 1000))


def played(edits: Edits) -> list[Played]:
    """Return each stretch once, in order: one whose picture and sound both go is one stretch."""
    times = sorted({(one.start_ms, one.end_ms, _how(one, edits)) for one in edits.stretches})
    return [
        Played(
            start=time_words(start),
            end=time_words(end),
            how=HOWS[how],
            before=max(0, start - _LEAD_MS) / 1000,
        )
        for start, end, how in times
    ]


def _edge(written: str, name: str) -> int:
    try:
        found = round(float(written.strip().replace(",", ".").removesuffix("%")) * 100)
    except (ValueError, OverflowError):
        raise ValueError(f"write {name} as a percentage of the page, such as 12.5.") from None
    if not 0 <= found <= TENTHOUSANDTHS:
        raise ValueError(f"{name} is between 0 and 100 percent.")
    return found
