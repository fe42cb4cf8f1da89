"""People, as the domains see them."""

from datetime import datetime
from uuid import UUID

import msgspec

from relay.permissions import Permission, permissions_of
from relay.vault.grants import Holder
from relay.vault.suite import KeyPair, Signer


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is signed in, with their private keys opened for the length of one request.

    `side` is "staff" or "participant". `forms` is what their pages' forms are bound to, where that is not
    `session_hash`. Built by `identity.sessions` only.
    """

    id: UUID
    service_id: UUID
    side: str
    roles: frozenset[str]
    key_version: int
    keys: KeyPair
    signer: Signer
    session_hash: bytes
    stepped_up_at: datetime | None = None
    forms: bytes = b""

    @property
    def permissions(self) -> frozenset[Permission]:
        """What they may ask for."""
        return permissions_of(self.side, self.roles)

    @property
    def holder(self) -> Holder:
        """They, as the holder of a grant."""
        return Holder(kind="account", id=self.id, key_version=self.key_version)


class PrivateBundle(msgspec.Struct, frozen=True, array_like=True):
    """A person's private halves.

    Sealed under their passphrase at rest; split over cookie and row in a session.
    """

    key_seeds: bytes
    signing_seed: bytes

    def __repr__(self) -> str:
        return "<PrivateBundle>"
