"""No two colleagues of one name: who puts somebody on a case chooses them by it."""

import unicodedata
from datetime import datetime
from uuid import UUID

import msgspec

from relay.db.transaction import Reading
from relay.errors import Invalid
from relay.vault.columns import ColumnCipher


class _Named(msgspec.Struct, frozen=True):
    id: UUID
    name_sealed: bytes


async def refuse_namesake(
    tx: Reading, columns: ColumnCipher, service_id: UUID, name: str, now: datetime
) -> None:
    """Raise `Invalid` for a name that is taken."""
    if await is_taken(tx, columns, service_id, name, now):
        raise Invalid(
            name="A colleague of this name is among the accounts already. If this is somebody else, write a"
            " name that tells the two apart. If it is the same person, suspend the first account before,"
            " under “Accounts” on the desk."
        )


async def is_taken(tx: Reading, columns: ColumnCipher, service_id: UUID, name: str, now: datetime) -> bool:
    """Tell whether a colleague of this name works here, or holds an invitation that can be used."""
    rows = await tx.all(
        _Named,
        """
        SELECT a.id, a.name_sealed FROM relay.accounts a
        WHERE a.service_id = %s AND a.side = 'staff' AND (a.state = 'active' OR (
            a.state = 'invited' AND EXISTS (
                SELECT FROM relay.invitations i
                WHERE i.account_id = a.id AND i.used_at IS NULL AND i.expires_at > %s AND i.tries < 5)))
        LIMIT 1000
        """,
        [service_id, now],
    )
    return alike(name) in {alike(columns.open("accounts", "name", row.id, row.name_sealed)) for row in rows}


def alike(name: str) -> str:
    """Return what two names that read the same have in common."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
