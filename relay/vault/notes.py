"""Words that go with a release, and what the release record says of them.

A record stands in the database as it is, and a few likely words could be found out from their hash. So 32
random bytes are drawn for each note: they are hashed with the words, sealed with them, and nowhere else.
"""

import hmac
import os
from typing import Final, Self

import msgspec

from relay.errors import VaultRefused
from relay.vault.suite import context

DIGEST: Final = 32
_SALT: Final = 32


class Note(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words, and the random bytes that are hashed with them. Only sealed is it ever kept."""

    salt: bytes
    text: str

    @classmethod
    def draw(cls, text: str) -> Self:
        """Make one, with random bytes of its own: of the same words there are never two alike."""
        return cls(salt=os.urandom(_SALT), text=text)

    @property
    def digest(self) -> bytes:
        """What a record says of it (32 bytes)."""
        return context("note", self.salt, self.text)

    def encode(self) -> str:
        """Return it as it is sealed: JSON."""
        return msgspec.json.encode(self).decode()


def read(opened: str | bytes, digest: bytes) -> Note:
    """Read what was sealed, or raise `VaultRefused` unless it is the note that a record names.

    `digest` is from a record that was verified: whoever seals to somebody is known by nothing else.
    """
    try:
        note = msgspec.json.decode(opened, type=Note)
        found = note.digest
    except (msgspec.MsgspecError, UnicodeError):
        raise VaultRefused from None
    if not hmac.compare_digest(found, digest):
        raise VaultRefused
    return note
