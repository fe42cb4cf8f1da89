"""Passphrases: six random words to take, or own ones that are long and not easily guessed.

No rules about digits or capitals (NIST SP 800-63B-4 section 3.1.1.2: length and a blocklist, nothing else).
"""

import re
import secrets
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from zxcvbn import zxcvbn

from relay.errors import Invalid

SHORTEST = 15
LONGEST = 200
WORDS = 6

_ENOUGH = 10.0
"""Powers of ten of guesses; zxcvbn knows common passwords, names, dates, keyboard walks and repeats."""

_TELLING = 8
"""Letters and digits that must be left when the person's own words are taken out."""

_MOST_ESTIMATED = 72
_UNTYPED = frozenset({"Cc", "Cs", "Cn"})


@cache
def word_list() -> tuple[str, ...]:
    """Return the EFF's long list (CC BY 3.0 US) without some words: over 6,500, none the start of another.

    Those in `left_out.txt` are no words for somebody who was harmed, or who harmed somebody, or for a child:
    violence, death, bodies, captivity, hatred, insult, police, illness, drink, being alone; nor is a faith.
    """
    left_out = frozenset(files("relay.identity").joinpath("left_out.txt").read_text("utf-8").split())
    text = files("xkcdpass").joinpath("static", "eff-long").read_text("utf-8")
    return tuple(word for line in text.splitlines() if (word := line.strip()) and word not in left_out)


def offered() -> str:
    """Return six random words with spaces between: 76 bits."""
    return " ".join(secrets.choice(word_list()) for _ in range(WORDS))


def normalised(passphrase: str) -> str:
    """Return the form in which a passphrase is measured and sealed: NFC, each run of white space one space.

    The field shows dots: nobody sees a space that was pasted along at an end, or typed twice.
    """
    return " ".join(unicodedata.normalize("NFC", passphrase).split())


def ways_to_open(passphrase: str) -> tuple[str, ...]:
    """Return what a typed passphrase may have been sealed as: today's form, and with all its white space.

    It was sealed so before white space was folded. How many there are depends on what was typed alone.
    """
    return tuple(dict.fromkeys((normalised(passphrase), unicodedata.normalize("NFC", passphrase))))


def checked(passphrase: str, *, own_words: Iterable[str] = ()) -> str:
    """Return the passphrase, or raise `Invalid` with what to write instead.

    `own_words` are what anyone might guess of this person: name, sign-in name, the service's name.
    """
    passphrase = normalised(passphrase)
    problem = _problem(passphrase, _words(own_words))
    if problem:
        raise Invalid(passphrase=problem)
    return passphrase


def _problem(passphrase: str, own_words: list[str]) -> str:
    if len(passphrase) < SHORTEST:
        return (
            f"Use at least {SHORTEST} characters. A short sentence that only you would think of works well,"
            " or take the six words that are offered."
        )
    if len(passphrase) > LONGEST:
        return f"Use at most {LONGEST} characters."
    if any(unicodedata.category(character) in _UNTYPED for character in passphrase):
        return "Leave out invisible characters; use letters, digits, signs and spaces."
    if _telling(passphrase, own_words) < _TELLING:
        return (
            "This is mostly a name that others know. Add words that have nothing to do with you,"
            " or take the six words that are offered."
        )
    if _guesses(passphrase, own_words) < _ENOUGH:
        return (
            "This is easy to guess: it is made of common passwords, patterns or repeats. Put several"
            " unrelated words together, or take the six words that are offered."
        )
    return ""


def _words(texts: Iterable[str]) -> list[str]:
    found = {word for text in texts for word in re.findall(r"\w+", text.casefold()) if len(word) > 2}
    return sorted(found, key=len, reverse=True)


def _telling(passphrase: str, own_words: list[str]) -> int:
    rest = passphrase.casefold()
    for word in own_words:
        rest = rest.replace(word, " ")
    return sum(character.isalnum() for character in rest)


def _guesses(passphrase: str, own_words: list[str]) -> float:
    # The estimate takes time with the square of the length; what comes after only makes it harder to guess.
    estimate = zxcvbn(passphrase[:_MOST_ESTIMATED], user_inputs=list(own_words))
    return float(estimate["guesses_log10"])
