"""Checkpoints: where each chain stood, written outside the database's reach and authenticated by the keyring.

Somebody who rolls the database back (so that a withdrawn consent or a removed facilitator comes back,
SAFETY 9) makes its chains shorter than the checkpoint, or different from it: `relay up` does not start on
that.
"""

import hmac
import os
from pathlib import Path

import msgspec

from relay.audit.chain import Head
from relay.db.transaction import Job, Reading
from relay.errors import AuditBroken
from relay.house import House
from relay.vault.keyring import Keyring

_PURPOSE = "audit checkpoint"
_NAME = "heads.json"


class _Stored(msgspec.Struct, frozen=True):
    heads: msgspec.Raw
    mac: bytes


def read(folder: Path, keyring: Keyring) -> list[Head]:
    """Return the newest checkpoint. Raise `AuditBroken` if it was changed or is gone.

    `relay init` writes the first, so one that is not there was taken away.
    """
    try:
        stored = msgspec.json.decode((folder / _NAME).read_bytes(), type=_Stored)
        if not hmac.compare_digest(stored.mac, keyring.mac(_PURPOSE, bytes(stored.heads))):
            raise AuditBroken("The audit checkpoint was changed by somebody without the keyring.")
        return msgspec.json.decode(stored.heads, type=list[Head])
    except FileNotFoundError:
        raise AuditBroken(_TAKEN_AWAY) from None
    except msgspec.MsgspecError:
        raise AuditBroken("The audit checkpoint is damaged. Put it back from where it is kept.") from None


def write(folder: Path, keyring: Keyring, heads: list[Head]) -> None:
    """Replace the checkpoint, durably and in one step."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    encoded = msgspec.json.encode(heads)
    stored = _Stored(msgspec.Raw(encoded), keyring.mac(_PURPOSE, encoded))
    temporary = folder / f"{_NAME}.{os.getpid()}"
    descriptor = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(stored))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / _NAME)


async def take(house: House) -> None:
    """Write a checkpoint of where the chains stand now; first check that they still hold the last one."""
    folder = house.settings.checkpoints
    async with house.database.reading(Job("service", house.pins.service_id)) as tx:
        heads = await tx.all(Head, "SELECT chain, sequence, hash FROM relay.audit_heads()")
    check_not_shorter(read(folder, house.keyring), heads)
    write(folder, house.keyring, heads)


def check_not_shorter(checkpoint: list[Head], heads: list[Head]) -> None:
    """Raise `AuditBroken` if a chain is missing, shorter than its checkpoint, or different at its length."""
    now = {head.chain: head for head in heads}
    for old in checkpoint:
        new = now.get(old.chain)
        if new is None or new.sequence < old.sequence:
            raise AuditBroken(_ROLLED_BACK.format(chain=old.chain))
        if new.sequence == old.sequence and new.hash != old.hash:
            raise AuditBroken(_ROLLED_BACK.format(chain=old.chain))


async def check(tx: Reading, folder: Path, keyring: Keyring) -> None:
    """Raise `AuditBroken` unless every chain goes through the point that the checkpoint names."""
    for old in read(folder, keyring):
        found = await tx.value(
            "SELECT hash FROM relay.audit_entries WHERE chain = %s AND sequence = %s",
            [old.chain, old.sequence],
        )
        if found != old.hash:
            raise AuditBroken(_ROLLED_BACK.format(chain=old.chain))


_TAKEN_AWAY = (
    "The audit checkpoint is not there, so nobody can tell whether the database is older than it should be."
    " Put it back from where it is kept. If it is lost, compare the database with what you know,"
    " then run: relay audit verify --accept-restore"
)
_ROLLED_BACK = (
    "The database is older than the audit checkpoint, or was changed (chain {chain})."
    " What was withdrawn since may be back. If a backup was restored on purpose, look at what is missing,"
    " then run: relay audit verify --accept-restore"
)
