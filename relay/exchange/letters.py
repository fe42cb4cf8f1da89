"""What a letter may be. Pure."""

import unicodedata

from relay.errors import Invalid

# Characters that show nothing, or turn the order of others, could carry what a reviewer does not see
# (SAFETY 15). The joiners are needed to spell Persian, Urdu, Hindi and others, and stay.
_JOINERS = "\u200c\u200d"
_LINE_ENDS = str.maketrans({"\r": "\n", "\u2028": "\n", "\u2029": "\n", "\u0085": "\n"})


def checked(text: str, most: int) -> str:
    """Return a letter fit to be sent, in NFC, or raise `Invalid` with what to do. `most` is in characters."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").translate(_LINE_ENDS))
    if not visible(text).strip():
        raise Invalid(text="The letter is empty. Write something first; what you wrote before is kept.")
    check_length(text, most)
    wrong = {c for c in text if unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t"}
    if wrong:
        names = ", ".join(sorted(f"U+{ord(c):04X}" for c in wrong)[:5])
        raise Invalid(
            text=f"The letter contains control characters ({names})."
            " Type that place again, or paste it as plain text."
        )
    return text


def check_length(text: str, most: int) -> None:
    """Raise `Invalid` if a letter or draft has more than `most` characters."""
    if len(text) > most:
        raise Invalid(
            text=f"The letter has {len(text):,} characters; {most:,} is the most."
            " Shorten it, or send it in two."
        )


def visible(text: str) -> str:
    """Return the letter without characters that nobody can see: what reviewers read and what is released."""
    return "".join(
        character for character in text if unicodedata.category(character) != "Cf" or character in _JOINERS
    )
