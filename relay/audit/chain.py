"""Verifying the chain. Pure but for `read_chains`: computes the same hash as `relay.audit_append` in SQL.

Each entry's hash covers the one before, so an entry that is changed, moved or taken out breaks its chain; one cut off at
the end shows against the chain's head, and against a checkpoint that was written outside the database.
"""

import hashlib
from collections.abc import Iterable
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


def verify_chain(entries: Iterable[Entry], head: Head) -> None:
    """Raise `AuditBroken` with the place, unless these entries, in order, are the whole chain up to its head."""
    previous, sequence = START, 0
    for entry in entries:
        sequence += 1
        if entry.sequence != sequence:
            raise AuditBroken(f"Chain {head.chain}: entry {sequence} is missing.")
        if entry.chain != head.chain or entry.previous != previous or entry.hash != entry_hash(entry):
            raise AuditBroken(
                f"Chain {head.chain}: entry {sequence} was changed, or does not follow the one before."
            )
        previous = entry.hash
    if (sequence, previous) != (head.sequence, head.hash):
        raise AuditBroken(
            f"Chain {head.chain}: it ends at entry {sequence}, but its head says {head.sequence}."
        )
