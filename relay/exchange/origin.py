"""Where a file came from, told under the keyring.

Anybody can seal to a public key, and rows alone would believe that one item's file is another's, or somebody
else's words an author's (SAFETY 2 and 3). So what an author submitted, and what a worker made of it, is
authenticated when it is written, and checked before anybody works on it, reads it, approves or releases it.
"""

import hmac
from uuid import UUID

import msgspec

from relay.errors import VaultRefused
from relay.house import House
from relay.vault.suite import Field, context


def _fields(told: msgspec.Struct) -> tuple[Field, ...]:
    """The fields in order. What is not there is no bytes: of another type than what could be."""
    return tuple(b"" if value is None else value for value in msgspec.structs.astuple(told))


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """What was submitted as one revision: this object, and no other, with this edit list, or with none.

    `edited_by` is the facilitator whose list it is; empty for what the author sent so.
    """

    case: UUID
    item: UUID
    author: UUID
    kind: str
    revision: UUID
    object: UUID
    commitment: bytes
    edits: UUID | None
    edits_commitment: bytes | None
    edited_by: UUID | None

    def mac(self, house: House) -> bytes:
        """Return what the row has to carry."""
        return house.keyring.mac("submission", context("submission", house.pins.service_id, *_fields(self)))

    def check(self, house: House, untrusted_mac: bytes) -> None:
        """Raise `VaultRefused` unless the row was written for just this."""
        if not hmac.compare_digest(self.mac(house), untrusted_mac):
            raise VaultRefused


class Making(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker made of one revision: with whose edit list, or with none."""

    case: UUID
    item: UUID
    revision: UUID
    rendition: UUID
    role: str
    object: UUID
    commitment: bytes
    sha256: bytes
    media_type: str
    edits: UUID | None
    edited_by: UUID | None

    def mac(self, house: House) -> bytes:
        """Return what the row has to carry."""
        return house.keyring.mac("rendition", context("rendition", house.pins.service_id, *_fields(self)))

    def check(self, house: House, untrusted_mac: bytes) -> None:
        """Raise `VaultRefused` unless the row was written for just this."""
        if not hmac.compare_digest(self.mac(house), untrusted_mac):
            raise VaultRefused
