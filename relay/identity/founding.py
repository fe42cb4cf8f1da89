"""Making a service: its keyring, its offline keys, its row, and its first facilitator's invitation."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import msgspec

from relay.audit.tags import Tag
from relay.db.dsn import Dsn
from relay.errors import Conflict
from relay.identity.invitations import Invitation, insert_staff
from relay.identity.names import checked_name
from relay.identity.namesakes import refuse_namesake
from relay.identity.operator import operating
from relay.process.files import private_folder
from relay.vault.columns import ColumnCipher
from relay.vault.keyring import FileKeyring
from relay.vault.pins import Pins
from relay.vault.suite import KeyPair, Signer

KEYRING = "keyring"
PINS = "pins.json"


class Founded(msgspec.Struct, frozen=True, kw_only=True):
    """A new service. `root` and `recovery` go offline and are kept nowhere else."""

    pins: Pins
    root: Signer
    recovery: KeyPair
    facilitator: Invitation


def refuse_existing(folder: Path) -> None:
    """Raise `Conflict` if this keyring folder belongs to a service already."""
    if (folder / PINS).exists():
        raise Conflict("This data folder holds a service already. Give another folder with --data.")


async def found(
    folder: Path,
    owner: Dsn,
    *,
    name: str,
    facilitator: str,
    root: Signer,
    recovery: KeyPair,
    keep: Callable[[UUID], object],
    now: datetime,
    days: int,
) -> Founded:
    """Make a service with its keyring in `folder`. The pins come last: without them there is no service.

    `keep` is called with the service's id before anything depends on `root` and `recovery`: it puts them
    away.
    """
    refuse_existing(folder)
    name, facilitator = checked_name(name), checked_name(facilitator, "facilitator")
    private_folder(folder)
    # one may be there from a try that was cut short; it is as good as new, and never overwritten
    path = folder / KEYRING
    keyring = FileKeyring.open(path) if path.exists() else FileKeyring.create(path)
    pins = Pins(
        service_id=uuid4(),
        root_public=root.public.encoded,
        recovery_public=recovery.public.encoded,
        name=name,
    )
    keep(pins.service_id)
    await _insert_service(owner, pins)
    invitation = await invite_staff(
        owner, keyring, pins.service_id, role="facilitator", name=facilitator, now=now, days=days
    )
    pins.write(folder / PINS)
    return Founded(pins=pins, root=root, recovery=recovery, facilitator=invitation)


async def _insert_service(owner: Dsn, pins: Pins) -> None:
    async with operating(owner, pins.service_id, Tag.SERVICE_CREATED, pins.service_id) as act:
        await act.run(
            "INSERT INTO relay.services (id, root_public, recovery_public) VALUES (%s, %s, %s)",
            [pins.service_id, pins.root_public, pins.recovery_public],
        )


async def invite_staff(
    owner: Dsn, keyring: FileKeyring, service_id: UUID, *, role: str, name: str, now: datetime, days: int
) -> Invitation:
    """Invite a member of staff, as the operator. Raise `Invalid` for a name that a colleague has."""
    account_id, columns = uuid4(), ColumnCipher(keyring)
    async with operating(owner, service_id, Tag.ACCOUNT_INVITED, account_id) as act:
        act.note(role=role)
        await refuse_namesake(act, columns, service_id, name, now)
        return await insert_staff(
            act,
            keyring,
            columns,
            account_id,
            service_id=service_id,
            role=role,
            name=name,
            created_by=service_id,
            now=now,
            days=days,
        )
