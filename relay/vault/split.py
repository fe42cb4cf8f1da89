"""A person's keys while they are signed in: half in the cookie, half in the database; only both open them."""

import os
from typing import NamedTuple
from uuid import UUID

from relay.errors import VaultRefused
from relay.vault.aead import open_once, seal_once
from relay.vault.suite import Sealed, context

HALF = 32


class Split(NamedTuple):
    """What `split` makes. `cookie_half` goes to the browser and is kept nowhere else."""

    cookie_half: bytes
    database_half: bytes
    sealed: Sealed

    def __repr__(self) -> str:
        """Show neither half."""
        return "<Split>"


def split(secret: bytes, session_id: UUID) -> Split:
    """Seal `secret` under two fresh halves of 32 bytes, for this session only."""
    cookie_half, database_half = os.urandom(HALF), os.urandom(HALF)
    sealed = seal_once(cookie_half + database_half, secret, context("session", session_id))
    return Split(cookie_half, database_half, sealed)


def join(cookie_half: bytes, database_half: bytes, sealed: bytes, session_id: UUID) -> bytes:
    """Undo `split`, or raise `VaultRefused`."""
    if len(cookie_half) != HALF or len(database_half) != HALF:
        raise VaultRefused
    return open_once(cookie_half + database_half, sealed, context("session", session_id))
