"""Hints: places where a reviewer may want to look twice. They never decide, and do not find all there is.

Numbers, addresses and names can be told in any language; words of threat are looked for in English only.
Every pattern is bounded, so that no text makes the looking slow. Pure. Source: PRACTICE, "Review".
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

HintKind = Literal["number", "address", "name", "place", "threat"]

_SHORTEST_NAME = 3
_SPOKEN = "zero|nought|oh|one|two|three|four|five|six|seven|eight|nine|double|treble|triple"
_FEW, _MANY = 4, 19
_MORE_NAMES = 3
_PART = r"[^\W\d_]{1,30}"
_NEXT_WORD = re.compile(rf"(?:[ \t\xa0]{{1,3}}|[\-'’])(?!I\b)({_PART}(?:['’\-](?!s\b){_PART}){{0,3}})")
"""The next word of a name, also one with hyphens; no “I”, and not the “s” of a genitive."""
_Patterns = tuple[tuple[HintKind, re.Pattern[str]], ...]


def _places(between: str) -> re.Pattern[str]:
    """Streets and the like; `between` is what stands between the words of one."""
    return re.compile(
        rf"\b(?:\d{{1,5}}{between})?(?:[^\W\d_][\w'’\-]{{0,30}}{between}){{1,2}}"
        r"(?:street|road|avenue|lane|close|drive|court|terrace|station|school|hospital|prison)\b",
        re.IGNORECASE,
    )


_WRITTEN: _Patterns = (
    ("number", re.compile(r"\+?\d(?:[\s().\-/]?\d){4,30}")),
    ("number", re.compile(rf"\b(?:{_SPOKEN})(?:[\s,\-]+(?:{_SPOKEN})){{{_FEW},{_MANY}}}\b", re.IGNORECASE)),
    ("place", _places(r"\s")),
)
_DIGIT = rf"(?:\d|\b(?:{_SPOKEN})\b)"
_HEARD: _Patterns = (
    # a machine ends a sentence at a pause, and writes some digits out and others not
    (
        "number",
        re.compile(rf"\+?{_DIGIT}(?:[\s().,;:!?…\-–/]{{0,4}}{_DIGIT}){{{_FEW},30}}", re.IGNORECASE),
    ),
    ("place", _places(r"[.,;…]?\s")),
)
_EITHER: _Patterns = (
    ("address", re.compile(r"[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){0,8}|(?<!\w)@\w{3,64}")),
    (
        "address",
        re.compile(
            r"\b(?:https?://|www\.)\S{1,500}|\b[\w\-]{1,63}\.(?:com|org|net|co\.uk|uk|de|pl|eu)\b\S{0,500}"
        ),
    ),
    (
        "address",
        re.compile(r"\b(?:instagram|facebook|snapchat|whatsapp|tiktok|telegram|e-?mail)\b", re.IGNORECASE),
    ),
    (
        "name",
        re.compile(
            r"\b[Mm]y (?:(?:little|big|younger|older|elder|late|ex)[ -])?"
            r"(?:son|daughter|child|baby|brother|sister|mother|father|mum|mam|dad|wife|husband|partner|boyfriend"
            r"|girlfriend|nan|gran|grandad|grandmother|grandfather|grandson|granddaughter|aunt|auntie|uncle"
            r"|cousin|niece|nephew|friend|neighbour|boss)"
            r",? (?:(?:is )?(?:called |named )?)[A-Z][\w'’\-]{1,30}"
        ),
    ),
    ("place", re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b")),
    (
        "threat",
        re.compile(
            r"\b(?:kill|hurt you|find you|watch(?:ing)? you|know where you|make you pay|pay for (?:this|it)"
            r"|regret|knife|gun|burn|or else|warn(?:ing|ed)? you|coming for|end (?:it|my life)|self[- ]harm"
            r"|suicid\w{0,5})\b",
            re.IGNORECASE,
        ),
    ),
)


class Hint(msgspec.Struct, frozen=True, kw_only=True):
    """One place: characters `start` to `end` of the text, what they are, and the words themselves."""

    kind: HintKind
    start: int
    end: int
    words: str


def hints(text: str, names: Iterable[str] = ()) -> list[Hint]:
    """Return what may be worth a second look, in the text's order. `names` are those that staff know."""
    return _found(text, names, _WRITTEN)


def hints_in_lines(lines: Sequence[str], names: Iterable[str] = ()) -> list[list[Hint]]:
    """Return the same for each line of something heard, which a machine broke where somebody paused.

    What goes over several lines is in each of them as far as it is there.
    """
    starts, end = [], 0
    for line in lines:
        starts.append(end)
        end += len(line) + 1
    found: list[list[Hint]] = [[] for _ in lines]
    for hint in _found(" ".join(lines), names, _HEARD):
        place = bisect_right(starts, hint.start) - 1
        while place < len(lines) and starts[place] < hint.end:
            start = max(0, hint.start - starts[place])
            words = lines[place][start : hint.end - starts[place]]
            if words:
                found[place].append(Hint(kind=hint.kind, start=start, end=start + len(words), words=words))
            place += 1
    return found


def _found(text: str, names: Iterable[str], patterns: _Patterns) -> list[Hint]:
    found = (
        Hint(kind=kind, start=start, end=end, words=text[start:end])
        for kind, start, end in _spans(text, names, patterns)
    )
    return sorted(found, key=lambda hint: (hint.start, hint.end, hint.kind))


def _spans(text: str, names: Iterable[str], patterns: _Patterns) -> Iterator[tuple[HintKind, int, int]]:
    found = [(kind, match.span()) for kind, one in (*patterns, *_EITHER) for match in one.finditer(text)]
    yield from ((kind, *span) for kind, span in found if kind != "name")
    others = sorted(start for kind, (start, _) in found if kind != "name")
    marked = 0
    for start, end in sorted([*(span for kind, span in found if kind == "name"), *_named(text, names)]):
        if start >= marked:
            marked = _end_of_name(text, end, others)
            yield "name", start, marked


def _named(text: str, names: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Find the words of names that are known."""
    known = {_plain(part) for name in names for part in re.findall(r"[^\W\d_]+", name)}
    known = {part for part in known if len(part) >= _SHORTEST_NAME}
    return (match.span() for match in re.finditer(r"[^\W\d_]+", text) if _plain(match.group()) in known)


def _end_of_name(text: str, end: int, others: Sequence[int]) -> int:
    """Return where a name ends of which one word ends at `end`: capitalised words that follow are of it.

    A surname left out of the mark would look as if it were no name. A sentence or a line ends a name, and so
    does another hint; `others`: where those begin, in order.
    """
    place = bisect_left(others, end)
    most = others[place] if place < len(others) else len(text)
    for _ in range(_MORE_NAMES):
        following = _NEXT_WORD.match(text, end)
        if following is None or following.end() > most or following[1][0] == following[1][0].lower():
            break
        end = following.end()
    return end


def _plain(word: str) -> str:
    """A word as it is compared: without case and accents, as people who write in haste leave them out."""
    taken = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in taken if not unicodedata.combining(letter))
