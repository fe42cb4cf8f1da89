"""What a facilitator writes to have parts hidden, and how a list reads in words. Pure."""

import re
import unicodedata
from collections.abc import Iterable

from relay.errors import Invalid
from relay.exchange.edits import MOST_EDITS, Edits, Span, Stretch

_HOW = {"mute": "muted", "bleep": "covered by a tone", "blank": "with a black picture", "cut": "cut out"}
_PICTURE = {
    "off": "the picture switched off",
    "cover": "the whole picture covered",
    "faces": "the faces covered that a machine finds",
}
_MISSED = (
    "The machine misses faces, above all when they are turned away, far off, dark or partly hidden."
    " Look at the whole film. Only a black picture, or the whole of it covered, is sure."
)


def find_words(text: str, phrases: Iterable[str]) -> tuple[Span, ...]:
    """Return every place where one of the phrases stands in the letter, in capitals or not.

    Whole words only, where the phrase begins or ends with a letter or digit; spaces and ends of lines are
    one. Raise `Invalid`, naming each phrase that does not occur.
    """
    found: set[tuple[int, int]] = set()
    missing = []
    wanted = dict.fromkeys(unicodedata.normalize("NFC", phrase).strip() for phrase in phrases)
    if len(wanted) > MOST_EDITS:
        raise Invalid(words=f"There are too many lines at once; {MOST_EDITS} is the most.")
    for phrase in filter(None, wanted):
        places = [match.span() for match in _pattern(phrase).finditer(text)]
        found.update(places)
        missing += [] if places else [phrase]
    if missing:
        named = ", ".join(f"“{phrase}”" for phrase in missing)
        raise Invalid(
            words=f"These words do not stand in the letter: {named}."
            " Copy them from it as they are written there, each place on a line of its own."
        )
    return tuple(Span(start=start, end=end) for start, end in sorted(found))


def _pattern(phrase: str) -> re.Pattern[str]:
    first = r"(?<!\w)" if phrase[0].isalnum() else ""
    last = r"(?!\w)" if phrase[-1].isalnum() else ""
    words = r"\s+".join(re.escape(word) for word in phrase.split())
    return re.compile(first + words + last, re.IGNORECASE)


_TIME = re.compile(
    r"(?:(?P<hours>\d{1,3}):(?=\d{1,2}:))?(?:(?P<minutes>\d{1,4}):)?(?P<seconds>\d{1,6})"
    r"(?:[.,](?P<part>\d{1,3}))?"
)


def parse_time(written: str) -> int:
    """Return milliseconds of a time as people write it: 1:05.250, 65.25, 1:02:03. Raise `ValueError`."""
    found = _TIME.fullmatch(written.strip())
    if found is None:
        raise ValueError(written)
    hours, minutes, seconds = int(found["hours"] or 0), int(found["minutes"] or 0), int(found["seconds"])
    if (found["minutes"] and seconds >= 60) or (found["hours"] and minutes >= 60):
        raise ValueError(written)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((found["part"] or "").ljust(3, "0"))


def time_words(milliseconds: int) -> str:
    """Return a time as it is shown and read again: 1:05.250."""
    seconds, part = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes}:{seconds:02}.{part:03}"


def in_words(edits: Edits) -> tuple[str, ...]:
    """Say what a list does, a sentence a line; nothing for a list that does nothing."""
    lines = []
    if edits.spans:
        lines.append(f"{_places(len(edits.spans))} of the letter covered by a block.")
    for how, reads in _HOW.items():
        chosen = [one for one in edits.stretches if one.how == how]
        if chosen:
            number = f"{len(chosen)} stretch{'es' if len(chosen) > 1 else ''}"
            lines.append(f"{number} {reads}: {', '.join(map(_stretch, chosen))}.")
    for page in sorted({one.page for one in edits.areas}):
        areas = sum(one.page == page for one in edits.areas)
        lines.append(f"{areas} area{'s' if areas > 1 else ''} of page {page} covered in black.")
    disguised = [
        *(["the voice changed"] if edits.disguise.voice else []),
        *([_PICTURE[edits.disguise.picture]] if edits.disguise.picture != "keep" else []),
    ]
    if disguised:
        lines.append(f"A disguise: {' and '.join(disguised)}.")
    if edits.disguise.picture == "faces":
        lines.append(_MISSED)
    return tuple(lines)


def _places(number: int) -> str:
    return "1 place" if number == 1 else f"{number} places"


def _stretch(one: Stretch) -> str:
    return f"{time_words(one.start_ms)} to {time_words(one.end_ms)}"
