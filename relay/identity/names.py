"""Names that people type: the one they sign in with, and the one a facilitator knows them by.

Behind the name that a participant chooses stands the number of their invitation. Whoever enrols with a
name that they know somebody by would otherwise be told that it is taken, and so that this person is with
the service.
"""

import re
import unicodedata
from typing import NamedTuple
from uuid import UUID

from relay.db.transaction import Surface
from relay.errors import Invalid
from relay.vault.columns import lookup, spaced_lookup, squeezed
from relay.vault.keyring import Keyring

SHORTEST_SIGN_IN = 3
LONGEST = 100
LONGEST_NUMBERED = 40
"""It is read off a screen, written down by hand, and typed again."""
NUMBER_DIGITS = 4


def side_of(surface: Surface) -> str:
    """Return whose accounts a surface knows: "staff" or "participant"."""
    return "staff" if surface is Surface.DESK else "participant"


def checked_sign_in_name(text: str, longest: int = LONGEST) -> str:
    """Return a sign-in name as a page shows it, or raise `Invalid`."""
    text = " ".join(text.split())
    telling = sum(character.isalnum() for character in unicodedata.normalize("NFKC", text))
    if telling < SHORTEST_SIGN_IN or len(text) > longest or not text.isprintable():
        raise Invalid(
            sign_in_name=f"Choose a name of {SHORTEST_SIGN_IN} to {longest} letters or digits to sign in"
            " with. It need not be your own name, and nobody else sees it."
        )
    return text


def number_behind(keyring: Keyring, surface: Surface, invitation_id: UUID) -> str:
    """Return the four digits that each try of an invitation puts behind a name; nothing for staff."""
    if surface is Surface.DESK:
        return ""
    drawn = int.from_bytes(keyring.mac("sign-in number", invitation_id.bytes))
    return str(drawn % 10**NUMBER_DIGITS).zfill(NUMBER_DIGITS)


def numbered(text: str, number: str) -> str:
    """Return the name that who chose this one signs in with, or raise `Invalid`."""
    longest = LONGEST_NUMBERED - len(number) if number else LONGEST
    return checked_sign_in_name(without_number(text, number), longest) + number


def without_number(text: str, number: str) -> str:
    """Return what somebody chose of a name that they typed with its number, or that the page put it to."""
    return text.strip().removesuffix(number).strip()


def ends_in_a_number(text: str) -> bool:
    """Tell whether a typed name has four digits at its end, as nearly every participant's has."""
    return re.search(rf"[0-9]{{{NUMBER_DIGITS}}}\Z", squeezed(text)) is not None


def checked_name(text: str, field: str = "name") -> str:
    """Return a person's name as staff write it, or raise `Invalid` for `field`."""
    text = " ".join(text.split())
    if not 1 <= len(text) <= LONGEST or not text.isprintable():
        raise Invalid(**{field: f"Write a name of 1 to {LONGEST} characters."})
    return text


class Lookups(NamedTuple):
    """The keyed hashes under which an account may be stored, in the order in which they are looked for.

    Who enrolled while white space counted, as "Anna K", is found by `before`; a later "annak" is another.
    """

    before: bytes
    now: bytes


def account_lookups(keyring: Keyring, service_id: UUID, side: str, sign_in_name: str) -> Lookups:
    """Return those of an account of one service and side."""
    purpose = f"account {side} {service_id}"
    return Lookups(spaced_lookup(keyring, purpose, sign_in_name), lookup(keyring, purpose, sign_in_name))
