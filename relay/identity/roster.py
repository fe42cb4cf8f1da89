"""The staff roster: who is staff, with which keys, signed offline by the service's root.

1. whoever holds the root compares each new key's fingerprint with its owner
2. the next roster carries the newest keys of everyone who is active
3. it keeps the key of who worked on cases and has left, in a role that permits nothing: what they released
   stays readable
4. its version is above every one that was stored or pinned before, so an old roster is never taken again
"""

from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import msgspec

from relay.db.transaction import Acting, Reading
from relay.errors import Conflict, VaultRefused
from relay.identity import fingerprints
from relay.identity.trust import FORMER, works_on_cases
from relay.vault.columns import ColumnCipher
from relay.vault.pins import Pins
from relay.vault.statements import Roster, RosterEntry
from relay.vault.suite import PublicKey, Signer, Verifier


class StaffKey(msgspec.Struct, frozen=True):
    """One version of a member's public keys, as the database says."""

    version: int
    hpke_public: bytes
    signing_public: bytes

    @property
    def words(self) -> str:
        """The fingerprint that its owner can read out."""
        return fingerprints.words(PublicKey(self.hpke_public), Verifier(self.signing_public))

    @property
    def groups(self) -> str:
        """The same in hexadecimal."""
        return fingerprints.groups(PublicKey(self.hpke_public), Verifier(self.signing_public))


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member of staff. `key` is empty until they have enrolled."""

    account_id: UUID
    name: str
    roles: tuple[str, ...]
    state: str
    key: StaffKey | None

    def entry(self) -> RosterEntry | None:
        """Return how the roster carries them, or None for somebody who has no keys or may not work."""
        if self.key is None or self.state != "active":
            return None
        return RosterEntry(
            account=self.account_id,
            roles=self.roles,
            key_version=self.key.version,
            fingerprint=PublicKey(self.key.hpke_public).fingerprint,
            signing_key=self.key.signing_public,
        )


class _MemberRow(msgspec.Struct, frozen=True):
    id: UUID
    name_sealed: bytes
    roles: str
    state: str
    version: int | None
    hpke_public: bytes | None
    signing_public: bytes | None


async def staff(tx: Reading, columns: ColumnCipher, service_id: UUID) -> list[Member]:
    """Return everyone on the staff, in the order of their identifiers."""
    rows = await tx.all(
        _MemberRow,
        """
        SELECT a.id, a.name_sealed, a.roles, a.state, k.version, k.hpke_public, k.signing_public
        FROM relay.accounts a
        LEFT JOIN relay.account_keys k ON k.account_id = a.id AND k.version = a.key_version
        WHERE a.service_id = %s AND a.side = 'staff' ORDER BY a.id LIMIT 10000
        """,
        [service_id],
    )
    return [_member(columns, row) for row in rows]


def _member(columns: ColumnCipher, row: _MemberRow) -> Member:
    key = None
    if row.version is not None and row.hpke_public is not None and row.signing_public is not None:
        key = StaffKey(row.version, row.hpke_public, row.signing_public)
    return Member(
        account_id=row.id,
        name=columns.open("accounts", "name", row.id, row.name_sealed),
        roles=tuple(row.roles.split()),
        state=row.state,
        key=key,
    )


def unsigned(members: Iterable[Member], current: Roster | None) -> list[Member]:
    """Return whose keys or roles the current roster does not carry as they are now."""
    signed = () if current is None else current.entries
    return [member for member in members if (entry := member.entry()) is not None and entry not in signed]


def compose(pins: Pins, members: Iterable[Member], current: Roster | None) -> Roster:
    """Return the roster that comes next: everyone who is active and has keys, and who left the last one."""
    version = max(pins.roster_version, 0 if current is None else current.version) + 1
    entries = {entry.account: entry for member in members if (entry := member.entry()) is not None}
    entries = _former(current) | entries
    in_order = sorted(entries.values(), key=lambda entry: entry.account.bytes)
    return Roster(service=pins.service_id, version=version, entries=tuple(in_order))


def _former(current: Roster | None) -> dict[UUID, RosterEntry]:
    """Return everyone who works or worked on cases by the current roster, as they stand after leaving."""
    if current is None:
        return {}
    return {
        entry.account: msgspec.structs.replace(entry, roles=(FORMER,))
        for entry in current.entries
        if works_on_cases(current, entry.account) or entry.roles == (FORMER,)
    }


def sign_roster(pins: Pins, roster: Roster, root: Signer) -> bytes:
    """Sign with the service's root. Raise `Conflict` for another service's root."""
    if root.public != pins.root:
        raise Conflict(
            "This is not the root key of this service. Take the file that `relay init` wrote for it."
        )
    return roster.sign(root)


async def store_roster(act: Acting, pins: Pins, roster: Roster, signature: bytes) -> None:
    """Store a signed roster, if it is this service's root's and the next one."""
    roster.verify(signature, pins.root)
    if roster.service != pins.service_id or roster.version <= pins.roster_version:
        raise VaultRefused
    await act.run(
        "INSERT INTO relay.rosters (service_id, version, body, signature) VALUES (%s, %s, %s, %s)",
        [roster.service, roster.version, msgspec.json.encode(roster), signature],
    )
    act.note(version=roster.version, entries=len(roster.entries))


def pin_roster(path: Path, version: int) -> Pins:
    """Write down the version below which no roster is taken any more. It never goes back."""
    pins = Pins.read(path)
    if version < pins.roster_version:
        raise VaultRefused
    pins = msgspec.structs.replace(pins, roster_version=version)
    pins.write(path)
    return pins
