"""Texts as a reviewer sees them: with what may be worth a second look marked in its place."""

from asyncio import to_thread
from collections.abc import Iterable, Iterator

import msgspec

from relay.cases.model import PersonOnCase
from relay.exchange.transcripts import Transcript, lines
from relay.review.hints import Hint, HintKind, hints, hints_in_lines


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Some of a text; `kind` where it is a hint."""

    text: str
    kind: HintKind | None = None


class Pointed(msgspec.Struct, frozen=True, kw_only=True):
    """A text in pieces, and which kinds of hint are among them."""

    pieces: tuple[Piece, ...]
    kinds: tuple[HintKind, ...]


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a transcript; `seconds` is a little before it begins: the machine's times are not exact."""

    start_ms: int
    seconds: float
    pieces: tuple[Piece, ...]


class HeardAll(msgspec.Struct, frozen=True, kw_only=True):
    """A transcript's first lines, which kinds of hint are among them, and how many lines are left out."""

    lines: tuple[Heard, ...]
    kinds: tuple[HintKind, ...]
    left_out: int


_EARLY_MS = 1_000
_MOST_LINES = 3_000
"""Hours of speech. What has more is no speech."""


async def pointed(text: str, people: Iterable[PersonOnCase]) -> Pointed:
    """A text with its hints."""
    return await to_thread(_pointed, text, _names(people))


async def heard(transcript: Transcript, people: Iterable[PersonOnCase]) -> HeardAll:
    """A transcript's lines with their hints."""
    return await to_thread(_heard, transcript, _names(people))


def _pointed(text: str, names: tuple[str, ...]) -> Pointed:
    found = hints(text, names)
    return Pointed(pieces=tuple(_pieces(text, found)), kinds=tuple(sorted({hint.kind for hint in found})))


def _heard(transcript: Transcript, names: tuple[str, ...]) -> HeardAll:
    there = lines(transcript)
    shown = there[:_MOST_LINES]
    found = hints_in_lines([line.text for line in shown], names)
    return HeardAll(
        lines=tuple(
            Heard(
                start_ms=line.start_ms,
                seconds=max(0, line.start_ms - _EARLY_MS) / 1000,
                pieces=tuple(_pieces(line.text, of_line)),
            )
            for line, of_line in zip(shown, found, strict=True)
        ),
        kinds=tuple(sorted({hint.kind for of_line in found for hint in of_line})),
        left_out=len(there) - len(shown),
    )


def _names(people: Iterable[PersonOnCase]) -> tuple[str, ...]:
    """Of the participants: facilitators may be named."""
    return tuple(one.name for one in people if one.part != "facilitator")


def _pieces(text: str, found: Iterable[Hint]) -> Iterator[Piece]:
    """Cut a text at its hints. Of two that overlap the first counts, and what is left of the other."""
    place = 0
    for hint in found:
        start = max(place, hint.start)
        if hint.end <= start:
            continue
        if start > place:
            yield Piece(text=text[place:start])
        yield Piece(text=text[start : hint.end], kind=hint.kind)
        place = hint.end
    if place < len(text):
        yield Piece(text=text[place:])
