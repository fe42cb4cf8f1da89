"""The release record and the approvals it rests on: what a release is, and who answers for it.

A grant alone proves nothing, since anyone can seal to a public key. So whoever opens a released item first
builds the record from values that they hold (their own account and keys, the case and item they asked for,
the object they were given) and checks every signature against it. A planted grant, a swapped object or a
forged decision fails here (SAFETY 1 to 4).

An approval is signed when it is given; the record, which says when and to whom, by the approver who releases.
"""

from collections.abc import Callable
from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from relay.errors import VaultRefused
from relay.vault.notes import DIGEST
from relay.vault.statements import Approval, Changes, OfRendition, Statement
from relay.vault.suite import SUITE, Verifier

MOST_APPROVERS = 2

_T = TypeVar("_T")


class ReleaseRecord(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rendition goes to one recipient.

    `sha256` is of the rendition's plain bytes, `commitment` is in the object's header, `recipient_key` is the
    fingerprint of the public key that was sealed to. `facilitators` are those who approved, the one who
    releases first. `sequence` counts the releases to this recipient in this case, from 1. `released_at` is in
    seconds since 1970. `changes` is what the recipient is told of what was done to it, as everybody named
    approved it; unset for what is as its author sent it, and in records from before it was said. `note` is
    the digest of what who releases it wrote to the recipient (`vault.notes`); unset where they wrote nothing,
    and in records from before there were notes. No approval says it.
    """

    purpose: ClassVar[str] = "release"

    version: int = SUITE
    service: UUID
    case: UUID
    item: UUID
    revision: UUID
    rendition: UUID
    sha256: bytes
    object: UUID
    commitment: bytes
    recipient: UUID
    recipient_key: bytes
    recipient_key_version: int
    facilitators: tuple[UUID, ...]
    sequence: int
    released_at: int
    changes: Changes | UnsetType = UNSET
    note: bytes | UnsetType = UNSET

    @property
    def told(self) -> Changes | None:
        """What its recipient is told; nothing of it is to be believed before the record was verified."""
        return None if self.changes is UNSET else self.changes


class SignedApproval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One facilitator's approval. `decided_at` is in microseconds since 1970."""

    facilitator: UUID
    decided_at: int
    signature: bytes


class Signatures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands beside a record: its signature by the first of its facilitators, and each one's approval.

    The approvals are in the order in which the record names who gave them.
    """

    release: bytes
    approvals: tuple[SignedApproval, ...]


def decode(stored: bytes, kind: type[_T]) -> _T:
    """Read a record or its signatures from the JSON in which they are kept, or raise `VaultRefused`.

    Nothing of it is to be believed yet: replace what you know yourself, then `verify`.
    """
    try:
        return msgspec.json.decode(stored, type=kind)
    except msgspec.MsgspecError:
        raise VaultRefused from None


def approval_of(record: ReleaseRecord, facilitator: UUID, decided_at: int) -> Approval:
    """Return the statement that `facilitator` must have signed for this record to stand."""
    rendition = {name: getattr(record, name) for name in OfRendition.__struct_fields__}
    return Approval(**rendition, facilitator=facilitator, decided_at=decided_at, changes=record.changes)


def verify(expected: ReleaseRecord, signatures: Signatures, verifier_of: Callable[[UUID], Verifier]) -> None:
    """Raise `VaultRefused` unless all facilitators named approved this, and the first signed the release.

    `expected` is built by the reader. `verifier_of` answers from the roster, never from beside the record, or
    raises `VaultRefused`.
    """
    named = expected.facilitators
    if expected.version != SUITE or not 1 <= len(named) <= MOST_APPROVERS or len(set(named)) != len(named):
        raise VaultRefused
    if expected.note is not UNSET and len(expected.note) != DIGEST:
        raise VaultRefused
    if tuple(approval.facilitator for approval in signatures.approvals) != named:
        raise VaultRefused
    expected.verify(signatures.release, verifier_of(named[0]))
    for approval in signatures.approvals:
        statement = approval_of(expected, approval.facilitator, approval.decided_at)
        statement.verify(approval.signature, verifier_of(approval.facilitator))
