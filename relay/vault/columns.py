"""Text in rows, sealed under the keyring and bound to its place; names that are looked up by keyed hash."""

import unicodedata
from uuid import UUID

from relay.errors import VaultRefused
from relay.vault.aead import open_once, seal_once
from relay.vault.keyring import Keyring
from relay.vault.padding import pad, unpad
from relay.vault.suite import Sealed, context

_BUCKET = 64
"""Names, titles and numbers are nearly all shorter, so nearly all have one size."""


class ColumnCipher:
    """Seals the text columns. Asks the keyring once, when it is made."""

    def __init__(self, keyring: Keyring) -> None:
        """Derive the key of all columns."""
        self._key = keyring.mac("columns", b"")

    def seal(self, table: str, column: str, row_id: UUID, text: str) -> Sealed:
        """Seal a text for one place. The same text never gives the same bytes twice."""
        return seal_once(self._key, pad(text.encode(), _BUCKET), context("column", table, column, row_id))

    def open(self, table: str, column: str, row_id: UUID, sealed: bytes) -> str:
        """Open what was sealed for this very place, or raise `VaultRefused`."""
        padded = open_once(self._key, sealed, context("column", table, column, row_id))
        try:
            return unpad(padded, _BUCKET).decode()
        except UnicodeDecodeError:
            raise VaultRefused from None


def lookup(keyring: Keyring, purpose: str, text: str) -> bytes:
    """Return the keyed hash (32 bytes) under which a typed name is found, however its letters were typed.

    Compatibility forms, case and white space make no difference: NFKC, case folding, NFKC, no white space.
    """
    return keyring.mac(f"lookup {purpose}", squeezed(text).encode())


def spaced_lookup(keyring: Keyring, purpose: str, text: str) -> bytes:
    """Return the one under which a name was stored while white space within it still counted."""
    return keyring.mac(f"lookup {purpose}", _folded(text).strip().encode())


def squeezed(text: str) -> str:
    """Return what counts of a typed name."""
    return "".join(_folded(text).split())


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded)
