"""Texts as a reviewer sees them: with what may be worth a second look marked in its place."""

from asyncio import to_thread
from collections.abc import Iterable, Iterator

import msgspec

from relay.cases.model import PersonOnCase
from relay.exchange.transcripts import Transcript, lines
from relay.review.hints import Hint, HintKind, hints


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Some of a text; `kind` where it is a hint."""

    text: str
    kind: HintKind | None = None


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a transcript; `seconds` is a little before it begins: the machine's times are not exact."""

    start_ms: int
    seconds: float
    pieces: tuple[Piece, ...]


_EARLY_MS = 1_000


async def pointed(text: str, people: Iterable[PersonOnCase]) -> tuple[Piece, ...]:
    """A text with its hints."""
    return await to_thread(lambda: tuple(_pieces(text, hints(text, _names(people)))))


async def heard(transcript: Transcript, people: Iterable[PersonOnCase]) -> tuple[Heard, ...]:
    """A transcript's lines with their hints."""
    names = _names(people)

    def found() -> tuple[Heard, ...]:
        return tuple(
            Heard(
                start_ms=line.start_ms,
                seconds=max(0, line.start_ms - _EARLY_MS) / 1000,
                pieces=tuple(_pieces(line.text, hints(line.text, names))),
            )
            for line in lines(transcript)
        )

    return await to_thread(found)


def _names(people: Iterable[PersonOnCase]) -> tuple[str, ...]:
    """Of the participants: facilitators may be named."""
    return tuple(one.name for one in people if one.part != "facilitator")


def _pieces(text: str, found: Iterable[Hint]) -> Iterator[Piece]:
    """Cut a text at its hints. Of two that overlap the first counts."""
    place = 0
    for hint in found:
        if hint.start < place:
            continue
        if hint.start > place:
            yield Piece(text=text[place : hint.start])
        yield Piece(text=hint.words, kind=hint.kind)
        place = hint.end
    if place < len(text):
        yield Piece(text=text[place:])
