"""Verifying the chain. Pure: computes the same hash as `relay.audit_append` in SQL.

Each entry's hash covers the one before, so an entry that is changed, moved or taken out breaks its chain; one
cut off at the end shows against the chain's head, and against a checkpoint that was written outside the
database.
"""

import hashlib
from uuid import UUID

import msgspec

from relay.errors import AuditBroken

START = bytes(32)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `relay.audit_entries`."""

    chain: UUID
    sequence: int
    service_id: UUID
    tag: str
    actor_id: UUID
    subject_id: UUID
    detail: str
    at_microseconds: int
    previous: bytes
    hash: bytes


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Where a chain stands: how many entries, and the hash of the last."""

    chain: UUID
    sequence: int
    hash: bytes


def entry_hash(entry: Entry) -> bytes:
    """Return the hash that an entry must carry."""
    fields = (
        "relay audit 1",
        entry.previous.hex(),
        entry.chain,
        entry.sequence,
        entry.service_id,
        entry.tag,
        entry.actor_id,
        entry.subject_id,
        entry.detail,
        entry.at_microseconds,
    )
    return hashlib.sha256("\n".join(map(str, fields)).encode()).digest()


class Walk:
    """Follows one chain, entry by entry, so that a chain of any length takes no memory."""

    def __init__(self, chain: UUID) -> None:
        """Start before the first entry."""
        self._chain = chain
        self._previous = START
        self._sequence = 0

    def step(self, entry: Entry) -> None:
        """Take the next entry, or raise `AuditBroken` with its place."""
        self._sequence += 1
        if entry.sequence != self._sequence:
            raise AuditBroken(f"Chain {self._chain}: entry {self._sequence} is missing.")
        if entry.chain != self._chain or entry.previous != self._previous or entry.hash != entry_hash(entry):
            raise AuditBroken(
                f"Chain {self._chain}: entry {self._sequence} was changed, or does not follow the one before."
            )
        self._previous = entry.hash

    def finish(self, head: Head) -> None:
        """Raise `AuditBroken` unless the chain ended where its head says."""
        if (self._sequence, self._previous) != (head.sequence, head.hash):
            raise AuditBroken(
                f"Chain {self._chain}: it ends at entry {self._sequence}, but its head says {head.sequence}."
            )
