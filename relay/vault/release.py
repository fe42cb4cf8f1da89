"""The release record: what a release is, signed by the one or two who approved it.

A grant alone proves nothing, since anyone can seal to a public key. So whoever opens a released item first
builds the record from values that they hold (their own account and keys, the case and item they asked for,
the object they were given) and checks every signature against it.
"""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from relay.errors import VaultRefused
from relay.vault.statements import Statement
from relay.vault.suite import SUITE, Verifier

MOST_APPROVERS = 2


class ReleaseRecord(Statement, frozen=True, kw_only=True):
    """One rendition goes to one recipient.

    `sha256` is of the rendition's plain bytes, `commitment` is in the object's header, `recipient_key` is the
    fingerprint of the public key that was sealed to, `sequence` counts the releases of the case.
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


def verify(
    expected: ReleaseRecord, signatures: Mapping[UUID, bytes], verifiers: Mapping[UUID, Verifier]
) -> None:
    """Raise `VaultRefused` unless every facilitator named in `expected` signed it, none missing or twice.

    `signatures` and `verifiers` are by facilitator. The verifiers come from the roster, never from beside the
    record.
    """
    approvers = expected.facilitators
    if expected.version != SUITE or not 1 <= len(approvers) <= MOST_APPROVERS:
        raise VaultRefused
    if len(set(approvers)) != len(approvers) or set(signatures) != set(approvers):
        raise VaultRefused
    for approver in approvers:
        verifier = verifiers.get(approver)
        if verifier is None:
            raise VaultRefused
        expected.verify(signatures[approver], verifier)
