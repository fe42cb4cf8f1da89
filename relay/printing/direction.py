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
"""So many characters fit on one line in large print, whatever they are."""
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
    return Paragraph(
        text=breakable(line),
        rtl=rtl if own is None else own,
        language="ur" if script == "ARABIC" and _OF_URDU & {*line} else _LANGUAGES.get(script, "en"),
        arabic=script == "ARABIC",
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
        word if len(word) <= _UNBROKEN or _script(word) in _BREAKS_ANYWHERE else _broken(word)
        for word in _words(line)
    )


def _words(line: str) -> list[str]:
    """Return words and the single spaces between them; joined, they are the line."""
    found = [""]
    for character in line:
        if character.isspace():
            found += [character, ""]
        else:
            found[-1] += character
    return found


def _broken(word: str) -> str:
    pieces, length = [], 0
    for character in word:
        # never between a letter and the marks on it
        if length >= _UNBROKEN // 2 and not unicodedata.category(character).startswith("M"):
            pieces.append(_MAY_BREAK)
            length = 0
        pieces.append(character)
        length += 1
    return "".join(pieces)
