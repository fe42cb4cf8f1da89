"""The proof of a release: the record that the releasing facilitator signs, and the approvals it rests on.

Whoever opens a released item builds record and approvals anew from values that they hold, and checks the
signatures against the roster. A planted grant, a swapped object or a forged decision fails here (SAFETY 1 to
4).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from relay.errors import VaultRefused
from relay.vault.release import ReleaseRecord
from relay.vault.statements import Approval
from relay.vault.suite import Verifier

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Return a moment as microseconds since 1970, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)


class SignedApproval(msgspec.Struct, frozen=True, kw_only=True):
    """One facilitator's approval. `decided_at` is in microseconds since 1970."""

    facilitator: UUID
    decided_at: int
    signature: bytes


class Signatures(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside a record. `release` is by the first of the record's facilitators."""

    release: bytes
    approvals: tuple[SignedApproval, ...]


def approval_of(record: ReleaseRecord, facilitator: UUID, decided_at: int) -> Approval:
    """Return the statement that `facilitator` must have signed for this record to stand."""
    return Approval(
        service=record.service,
        case=record.case,
        item=record.item,
        revision=record.revision,
        rendition=record.rendition,
        sha256=record.sha256,
        object=record.object,
        commitment=record.commitment,
        facilitator=facilitator,
        decided_at=decided_at,
    )


def verify(expected: ReleaseRecord, signatures: Signatures, verifier_of: Callable[[UUID], Verifier]) -> None:
    """Raise `VaultRefused` unless all facilitators named approved this, and the first signed the release.

    `expected` is built by the reader. `verifier_of` answers from the roster, or raises `VaultRefused`.
    """
    named = expected.facilitators
    approvers = tuple(approval.facilitator for approval in signatures.approvals)
    if not named or len(set(named)) != len(named) or approvers != named:
        raise VaultRefused
    expected.verify(signatures.release, verifier_of(named[0]))
    for approval in signatures.approvals:
        statement = approval_of(expected, approval.facilitator, approval.decided_at)
        statement.verify(approval.signature, verifier_of(approval.facilitator))
