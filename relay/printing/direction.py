"""Lines as they were written, each with the way it runs. Pure."""

import unicodedata
from typing import Final

from relay.printing.model import Paragraph

_RTL: Final = frozenset({"R", "AL"})
# letters that Urdu and Punjabi have and Arabic has not: with them, digits take the shapes of Pakistan
_OF_URDU: Final = frozenset("ٹڈڑںھہۂۃےۓ")
_LANGUAGES: Final = {
    "ARABIC": "ar",
    "HEBREW": "he",
    "GURMUKHI": "pa",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CJK": "zh",
}
_BREAKS_ANYWHERE: Final = frozenset({"HIRAGANA", "KATAKANA", "HANGUL", "CJK"})
_UNBROKEN: Final = 24
"""Of the width of an M, so many fit on one line in large print."""
_NO_BREAK: Final = "\u00a0\u2007\u202f"
"""Spaces at which a line may not end."""
# first, last, and how much wider than an M they can be
_WIDE: Final = ((0x12000, 0x1254F, 5), (0xFDFD, 0xFDFD, 7), (0xFDF0, 0xFDFC, 3), (0x2E3A, 0x2E3B, 3))
_FIRST_WIDER: Final = 0x0B80  # from Tamil on, many letters are
_MAY_BREAK: Final = "\u200b"


def paragraphs(text: str) -> tuple[Paragraph, ...]:
    """Return the lines of a text, in order; none is left out, an empty one is empty.

    Each runs as its first letter does (Unicode Bidirectional Algorithm, rules P2 and P3). A line without any
    letter runs as the whole text does.
    """
    whole = bool(runs_left(text))
    return tuple(_paragraph(line, rtl=whole) for line in text.split("\n"))


def _paragraph(line: str, *, rtl: bool) -> Paragraph:
    own = runs_left(line)
    script = _script(line)
    text = breakable(line)
    return Paragraph(
        text=text,
        rtl=rtl if own is None else own,
        language="ur" if script == "ARABIC" and _OF_URDU & {*line} else _LANGUAGES.get(script, "en"),
        arabic=script == "ARABIC",
        pieces=pieces(text),
    )


def runs_left(text: str) -> bool | None:
    """Tell whether the first letter is of a script that runs to the left; None if there is no letter."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in _RTL:
            return True
        if kind == "L":
            return False
    return None


def _script(text: str) -> str:
    """Return the first script of `_LANGUAGES` that the text is written in, empty if it is none of them."""
    names = (unicodedata.name(character, "").partition(" ")[0] for character in text)
    return next((name for name in names if name in _LANGUAGES), "")


def breakable(line: str) -> str:
    """Let a word that is longer than a line be broken, by a mark that nobody sees.

    Without it, a long address or a row of letters would run over the edge of the paper, and be lost.
    """
    return "".join(
        word if sum(map(_width, word)) <= _UNBROKEN or _breaks_anywhere(word) else _broken(word)
        for word in _words(line)
    )


def pieces(line: str) -> tuple[str, ...]:
    """Return what of a line cannot be broken and might be long: the press measures each before it goes on."""
    found = {piece for word in _words(line) for piece in word.split(_MAY_BREAK)}
    return tuple(sorted(piece for piece in found if len(piece) > 2 and not _breaks_anywhere(piece)))


def _breaks_anywhere(word: str) -> bool:
    return _script(word) in _BREAKS_ANYWHERE


def _words(line: str) -> list[str]:
    """Return words and the single spaces between them; joined, they are the line."""
    found = [""]
    for character in line:
        if character.isspace() and character not in _NO_BREAK:
            found += [character, ""]
        else:
            found[-1] += character
    return found


def _width(character: str) -> float:
    """Return how wide a character can be, in the width of an M."""
    if unicodedata.category(character).startswith("M"):
        return 0
    place = ord(character)
    for first, last, width in _WIDE:
        if first <= place <= last:
            return width
    return 1.5 if place >= _FIRST_WIDER else 1


def _broken(word: str) -> str:
    found, length = [], 0.0
    for character in word:
        width = _width(character)
        # never between a letter and the marks on it
        if length + width > _UNBROKEN / 2 and width:
            found.append(_MAY_BREAK)
            length = 0
        found.append(character)
        length += width
    return "".join(found)
