"""Grants: a data key, or a case key, sealed to one holder.

A grant opens for the holder, object, case and service that it was made for, and for no other: all are in its
`info`. A planted grant is not kept out here, since anyone can seal to a public key; that is the release
record's work (`release`).
"""

import hmac
from typing import Literal
from uuid import UUID

import msgspec

from relay.errors import VaultRefused
from relay.vault.seal import open_sealed, seal
from relay.vault.suite import DataKey, KeyPair, PublicKey, Sealed, context

HolderKind = Literal["account", "case", "worker", "recovery"]


class Holder(msgspec.Struct, frozen=True):
    """Whose key it is sealed to: an account's, a case's, the workers' of an epoch, or the recovery key."""

    kind: HolderKind
    id: UUID
    key_version: int


def grant_info(service: UUID, case: UUID, object_id: UUID, holder: Holder) -> bytes:
    """What a grant of an object's data key is bound to."""
    return context("grant", service, case, object_id, holder.kind, holder.id, holder.key_version)


def grant(
    data_key: DataKey, to: PublicKey, *, service: UUID, case: UUID, object_id: UUID, holder: Holder
) -> Sealed:
    """Seal an object's data key to `holder`, whose public key is `to`."""
    return seal(to, data_key.value, grant_info(service, case, object_id, holder))


def open_grant(
    key: KeyPair, sealed: bytes, *, service: UUID, case: UUID, object_id: UUID, holder: Holder
) -> DataKey:
    """Open a grant with the holder's key pair, or raise `VaultRefused`."""
    return DataKey(open_sealed(key, sealed, grant_info(service, case, object_id, holder)))


def _scheduled_info(
    service: UUID, case: UUID, object_id: UUID, recipient: Holder, worker: Holder, not_before: int
) -> bytes:
    grant_context = grant_info(service, case, object_id, recipient)
    return context("scheduled grant", grant_context, worker.kind, worker.id, worker.key_version, not_before)


def seal_scheduled(
    recipient_grant: Sealed,
    to_worker: PublicKey,
    *,
    service: UUID,
    case: UUID,
    object_id: UUID,
    recipient: Holder,
    worker: Holder,
    not_before: int,
) -> Sealed:
    """Seal a recipient's grant once more, to the workers, until `not_before` (seconds since 1970).

    The workers can take this layer off and never the one below. The time is bound in, so that moving it in
    the database makes the grant useless instead of early.
    """
    info = _scheduled_info(service, case, object_id, recipient, worker, not_before)
    return seal(to_worker, recipient_grant, info)


def unwrap_scheduled(
    worker_key: KeyPair,
    sealed: bytes,
    *,
    service: UUID,
    case: UUID,
    object_id: UUID,
    recipient: Holder,
    worker: Holder,
    not_before: int,
) -> Sealed:
    """Take off the workers' layer, or raise `VaultRefused`. Whether it is time, the caller checks."""
    info = _scheduled_info(service, case, object_id, recipient, worker, not_before)
    return Sealed(open_sealed(worker_key, sealed, info))


def _case_key_info(service: UUID, case: UUID, case_key_version: int, holder: Holder) -> bytes:
    return context("case key", service, case, case_key_version, holder.kind, holder.id, holder.key_version)


def grant_case_key(
    case_key: KeyPair, to: PublicKey, *, service: UUID, case: UUID, case_key_version: int, holder: Holder
) -> Sealed:
    """Seal a case's private key to a facilitator of the case, or to the recovery key."""
    return seal(to, case_key.seeds, _case_key_info(service, case, case_key_version, holder))


def open_case_key(
    key: KeyPair,
    sealed: bytes,
    *,
    service: UUID,
    case: UUID,
    case_key_version: int,
    holder: Holder,
    fingerprint: bytes,
) -> KeyPair:
    """Open a case's private key, or raise `VaultRefused`.

    `fingerprint` is the one that a facilitator signed (`statements.CaseKeyStatement`): another key is
    refused.
    """
    info = _case_key_info(service, case, case_key_version, holder)
    case_key = KeyPair.from_seeds(open_sealed(key, sealed, info))
    if not hmac.compare_digest(case_key.public.fingerprint, fingerprint):
        raise VaultRefused
    return case_key
