"""What a letter may be. Pure."""

import hashlib
import unicodedata

from relay.errors import Invalid


def version(text: str) -> str:
    """Return what stands for a draft as it is, so that a page can say what it was written on top of."""
    return hashlib.sha256(text.encode()).hexdigest()


# Characters that show nothing, or turn the order of others, could carry what a reviewer does not see
# (SAFETY 15). Beside the format characters (Cf) these: Unicode's Default_Ignorable_Code_Point, the Braille
# blank, and whatever has no agreed form (private use, unassigned, noncharacters).
_SHOWS_NOTHING = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x2800, 0x3164, 0xFFA0}
    | {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)}
)
_FORMLESS = frozenset({"Cf", "Co", "Cn"})
# The joiners are needed to spell Persian, Urdu, Hindi and others, and in pictures of several signs: there one
# stays.
_JOINERS = "\u200c\u200d"
_FIRST_JOINED = 0x0600
_JOINED = frozenset({"Lo", "Lm", "Mn", "Mc", "So", "Sk"})
_LINE_ENDS = str.maketrans({"\r": "\n", "\u2028": "\n", "\u2029": "\n", "\u0085": "\n"})


def checked(text: str, most: int) -> str:
    """Return a letter fit to be sent, in NFC, or raise `Invalid` with what to do. `most` is in characters."""
    text = normal(text)
    if not visible(text).strip():
        raise Invalid(text="The letter is empty. Write something first; what you wrote before is kept.")
    check_length(text, most)
    if names := controls(text):
        raise Invalid(
            text=f"The letter contains control characters ({names})."
            " Type that place again, or paste it as plain text."
        )
    return text


def normal(text: str) -> str:
    """Return a text in NFC, all of its lines ending alike."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").translate(_LINE_ENDS))


def controls(text: str) -> str:
    """Name the first control characters of a text, up to five; empty if there are none."""
    wrong = {c for c in text if unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t"}
    return ", ".join(sorted(f"U+{ord(c):04X}" for c in wrong)[:5])


def check_length(text: str, most: int) -> None:
    """Raise `Invalid` if a letter or draft has more than `most` characters."""
    if len(text) > most:
        raise Invalid(
            text=f"The letter has {len(text):,} characters; {most:,} is the most."
            " Shorten it, or send it in two."
        )


def visible(text: str) -> str:
    """Return the letter without characters that nobody can see: what reviewers read and what is released."""
    shown = [character for character in text if character in _JOINERS or _shows(character)]
    return "".join(
        character
        for place, character in enumerate(shown)
        if character not in _JOINERS or _joins(shown[place - 1 : place] + shown[place + 1 : place + 2])
    )


def _shows(character: str) -> bool:
    return unicodedata.category(character) not in _FORMLESS and ord(character) not in _SHOWS_NOTHING


def _joins(around: list[str]) -> bool:
    """Tell whether a joiner between these two does something: one alone, in a script that has them."""
    return len(around) == 2 and all(
        ord(character) >= _FIRST_JOINED
        and character not in _JOINERS
        and unicodedata.category(character) in _JOINED
        for character in around
    )
