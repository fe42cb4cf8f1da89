"""The workers' own key pairs, by epoch. Private halves live in the workers' folder, never in PostgreSQL.

A new epoch begins once a day. An old one's private half is destroyed as soon as nothing waits that is sealed
to it, so that nothing in old backups of the database opens an original (SAFETY 8).
"""

import os
import re
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
from psycopg.errors import UniqueViolation

from relay.db.transaction import Job
from relay.errors import KeyringRefused
from relay.house import House
from relay.identity.trust import WORKER_PURPOSE, worker_key_message
from relay.vault.grants import Holder
from relay.vault.suite import KeyPair

EPOCH_LENGTH = timedelta(days=1)
GRACE = timedelta(hours=1)
_NAME = re.compile(r"epoch-(\d{1,9})-([0-9a-f-]{36})\.key")


class _EpochRow(msgspec.Struct, frozen=True):
    epoch: int
    id: UUID
    fresh: bool


class WorkerKeys:
    """The folder of private halves, one file of mode 0600 an epoch."""

    def __init__(self, folder: Path) -> None:
        """Make the folder if it is not there. Raise `KeyringRefused` if others can look into it."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            raise KeyringRefused(
                "Others can look into the workers' folder. Set its mode to 0700 (chmod 700)."
            )
        self._folder = folder

    def _path(self, holder: Holder) -> Path:
        return self._folder / f"epoch-{holder.key_version}-{holder.id}.key"

    def pair(self, holder: Holder) -> KeyPair:
        """Return the key pair of an epoch. Raise `KeyringRefused` if it was destroyed or is not here."""
        try:
            return KeyPair.from_seeds(bytes.fromhex(self._path(holder).read_text()))
        except (OSError, ValueError):
            raise KeyringRefused("The workers' private key of this epoch is not here.") from None

    def held(self) -> list[Holder]:
        """Return the epochs whose private half is here."""
        found = (_NAME.fullmatch(path.name) for path in self._folder.iterdir())
        return [
            Holder(kind="worker", id=UUID(match[2]), key_version=int(match[1])) for match in found if match
        ]

    def keep(self, holder: Holder, pair: KeyPair) -> None:
        """Write an epoch's private half, durably. Raise `FileExistsError` if there is one."""
        descriptor = os.open(self._path(holder), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(pair.seeds.hex())
            file.flush()
            os.fsync(file.fileno())

    def destroy(self, holder: Holder) -> None:
        """Remove an epoch's private half; nothing happens if it is gone."""
        path = self._path(holder)
        with suppress(FileNotFoundError):
            # overwritten first: where the file system writes in place, nothing is left to undelete
            with path.open("r+b") as file:
                file.write(os.urandom(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()


async def publish(house: House, keys: WorkerKeys) -> Holder:
    """Make sure that a current epoch is published whose private half is here, and return its holder.

    Several workers may do so at once.
    """
    job = Job("service", house.pins.service_id)
    async with house.database.reading(job) as tx:
        newest = await tx.one(
            _EpochRow,
            "SELECT epoch, id, created_at > %s AS fresh FROM relay.worker_keys ORDER BY epoch DESC LIMIT 1",
            [house.clock() - EPOCH_LENGTH],
        )
    if newest is not None and newest.fresh:
        holder = Holder(kind="worker", id=newest.id, key_version=newest.epoch)
        if holder in keys.held():
            return holder
    holder = Holder(kind="worker", id=uuid4(), key_version=newest.epoch + 1 if newest else 1)
    pair = KeyPair.generate()
    public = pair.public.encoded
    mac = house.keyring.mac(WORKER_PURPOSE, worker_key_message(holder.key_version, holder.id, public))
    keys.keep(holder, pair)  # before it is published: nothing may be sealed to a key that could be lost
    try:
        async with house.database.keeping(job) as tx:
            await tx.run(
                "INSERT INTO relay.worker_keys (epoch, id, public, mac, created_at)"
                " VALUES (%s, %s, %s, %s, %s)",
                [holder.key_version, holder.id, public, mac, house.clock()],
            )
            await tx.run(
                "UPDATE relay.worker_keys SET retired_at = %s WHERE epoch < %s AND retired_at IS NULL",
                [house.clock(), holder.key_version],
            )
    except UniqueViolation:  # another worker was first
        keys.destroy(holder)
        return await publish(house, keys)
    return holder


async def retire(house: House, keys: WorkerKeys) -> list[Holder]:
    """Destroy the private halves of past epochs that nothing is sealed to any more. Return which.

    Not at once: a submission that read the old key a moment ago is sealed to it when it commits.
    """
    before = house.clock() - GRACE
    async with house.database.reading(Job("service", house.pins.service_id)) as tx:
        needed = set(await tx.values("SELECT relay.needed_worker_epochs()"))
        past = set(await tx.values("SELECT epoch FROM relay.worker_keys WHERE retired_at < %s", [before]))
    gone = [one for one in keys.held() if one.key_version in past - needed]
    for holder in gone:
        keys.destroy(holder)
    return gone
