"""Which font has which character. A text is checked before it is set: what no font has is named, not dropped.

A character's marks must be in the font of the character itself, so whole clusters are looked up.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, Protocol, cast

import msgspec
from fontTools.ttLib import TTCollection, TTFont

from relay.printing.model import DIGITS_AND_LETTERS, Unprintable

_FIRST: Final = (
    "Noto Sans",
    "Noto Naskh Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Gurmukhi",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Droid Sans Fallback",
    "WenQuanYi Zen Hei",
    "DejaVu Sans",
    "Liberation Sans",
)
"""Plain, open, well-drawn faces, in this order; after them whatever else is there."""
_NEVER: Final = ("Last Resort", "Adobe Blank", "Color Emoji", "Mono", "Nastaliq")
"""Fonts that draw a box for everything, in colour, in columns, or too small for a photocopy."""
_UNSEEN: Final = frozenset("\n\t\u200b\u200c\u200d")
"""These are laid out, not drawn."""
_MOST_MARKS: Final = 12
"""More marks than any language puts on one letter: a pile of them would grow over the edge of the paper."""
_MOST_NAMED: Final = 12
_REGULAR: Final = 400
_PACKAGES: Final = "fonts-noto-core, and fonts-noto-cjk (or fonts-droid-fallback, which is small) for Chinese"


class _Info(Protocol):
    family: str
    style: str
    weight: int
    path: str | None
    index: int


class Face(msgspec.Struct, frozen=True):
    """The upright, regular face of one family: a file, and the place in it."""

    family: str
    path: Path
    index: int

    def has(self, characters: set[str]) -> bool:
        """Tell whether it draws every one of them."""
        return {ord(character) for character in characters} <= _drawn(self.path, self.index)


@cache
def _drawn(path: Path, index: int) -> frozenset[int]:
    """Return every character that a face draws. Read once, and kept: the largest take 50 ms."""
    with path.open("rb") as file:
        font = (
            TTCollection(file, lazy=True)[index]
            if path.suffix in {".ttc", ".otc"}
            else TTFont(file, lazy=True)
        )
        return frozenset(cast("dict[int, str]", font.getBestCmap() or {}))


@lru_cache(maxsize=4)
def faces(folder: Path) -> tuple[Face, ...]:
    """Return a face of each family in the folder and below it, in the order in which they are tried."""
    import typst  # 30 MB that only a desk which prints needs

    best: dict[str, _Info] = {}
    for info in cast("list[_Info]", typst.Fonts(False, False, [str(folder)]).fonts()):
        if info.path and not any(word in info.family for word in _NEVER):
            known = best.get(info.family)
            best[info.family] = info if known is None or _plainness(info) < _plainness(known) else known
    found = [Face(info.family, Path(str(info.path)), info.index) for info in best.values()]
    return tuple(sorted(found, key=_place))


def _plainness(info: _Info) -> tuple[bool, int, str]:
    return info.style.lower() != "normal", abs(info.weight - _REGULAR), str(info.path)


def _place(face: Face) -> tuple[int, bool, str]:
    first = _FIRST.index(face.family) if face.family in _FIRST else len(_FIRST)
    return first, not face.family.startswith("Noto Sans"), face.family


def clusters(text: str) -> Iterator[str]:
    """Divide a text into characters with the marks on them. What is not drawn is left out."""
    current = ""
    for character in text:
        if character in _UNSEEN:
            continue
        if current and not unicodedata.category(character).startswith("M"):
            yield current
            current = ""
        current += character
    if current:
        yield current


def families_for(text: str, folder: Path) -> tuple[str, ...]:
    """Return the families that draw all of a text and the sheet around it, in the order of trying.

    Blocks while it reads fonts. Raise `Unprintable`, naming every character that no font has.
    """
    if any(len(cluster) > _MOST_MARKS for cluster in clusters(text)):
        raise Unprintable(
            "This cannot be printed: somewhere one letter carries more marks than paper has room for. Ask for"
            " it to be written without them."
        )
    try:
        return _chosen(text, faces(folder))
    except Unprintable:
        faces.cache_clear()  # perhaps somebody has just installed what was missing
        return _chosen(text, faces(folder))


def _chosen(text: str, shelf: tuple[Face, ...]) -> tuple[str, ...]:
    if not shelf:
        raise Unprintable(
            "There are no fonts on this server, so nothing can be printed. Ask your administrator to install"
            f" them (on Debian: {_PACKAGES}), or to say where they are (print_fonts)."
        )
    open_ones = {*clusters(text), *DIGITS_AND_LETTERS}
    chosen = []
    for face in shelf:
        drawn = {cluster for cluster in open_ones if face.has({*cluster})}
        if drawn:
            chosen.append(face.family)
            open_ones -= drawn
        if not open_ones:
            return tuple(chosen)
    raise Unprintable(_sentence(open_ones, shelf))


def _sentence(missing: set[str], shelf: tuple[Face, ...]) -> str:
    # of a cluster, the characters that are nowhere; if each is somewhere but never together, all of it
    alone = {c for cluster in missing for c in cluster if not any(face.has({c}) for face in shelf)}
    unknown = sorted(alone or {c for cluster in missing for c in cluster})
    named = ", ".join(map(_name, unknown[:_MOST_NAMED]))
    more = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
    return (
        f"This cannot be printed here: no font on this server has {named}{more}. Nothing is left out in"
        " print, so nothing was printed. Ask your administrator to install a font that has it (on Debian:"
        f" {_PACKAGES})."
    )


def _name(character: str) -> str:
    return f"“{character}” (U+{ord(character):04X} {unicodedata.name(character, 'without a name').lower()})"
