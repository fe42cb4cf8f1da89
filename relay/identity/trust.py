"""Which public keys may be sealed to.

Nothing in the database is believed by itself (SAFETY 4: a key swapped in a row).

- staff: carried by the roster that the service root signed; the root is pinned outside the database
- a participant: vouched for by a facilitator of their case who is on the roster
- a case: stated by a facilitator on the roster
- the workers: authenticated under the keyring

Whether somebody works on cases is read from the signed roster too: an administrator's signature says nothing
about a case, and no case's key is sealed to them, whatever roles the database gives them.
"""

import hmac
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import msgspec

from relay.db.transaction import Reading
from relay.errors import Conflict, Forbidden, Unavailable, VaultRefused
from relay.house import House
from relay.identity.model import Person
from relay.permissions import Permission, permissions_of
from relay.vault.grants import Holder
from relay.vault.pins import Pins
from relay.vault.statements import CaseKeyStatement, Roster, RosterEntry, Vouch
from relay.vault.suite import PublicKey, Verifier

WORKER_PURPOSE = "worker key"
KEY_TO_RENEW = (
    "The key of this case was made by a facilitator who has left the service. A colleague on the case takes"
    " them off it (on its page, under People): that makes a new key. Then confirm each participant's keys,"
    " where the page asks for it."
)
FORMER = "former"
"""The role on the roster of who worked on cases and has left: it permits nothing."""


class TrustedKey(msgspec.Struct, frozen=True):
    """A public key whose owner is proved, and the holder that a grant to it names."""

    holder: Holder
    public: PublicKey


class _RosterRow(msgspec.Struct, frozen=True):
    version: int
    body: bytes
    signature: bytes


class _KeyRow(msgspec.Struct, frozen=True):
    version: int
    hpke_public: bytes
    signing_public: bytes


class _VouchRow(msgspec.Struct, frozen=True):
    key_version: int
    hpke_public: bytes
    signing_public: bytes
    facilitator_id: UUID
    vouched_at: datetime
    signature: bytes


class _CaseKeyRow(msgspec.Struct, frozen=True):
    version: int
    public: bytes
    facilitator_id: UUID
    signature: bytes


class _WorkerKeyRow(msgspec.Struct, frozen=True):
    epoch: int
    id: UUID
    public: bytes
    mac: bytes


@lru_cache(maxsize=4)
def _signed_roster(body: bytes, signature: bytes, root: Verifier) -> Roster:
    """Return what the root signed, or raise `VaultRefused`. Kept: the same bytes are asked for all day."""
    try:
        signed = msgspec.json.decode(body, type=Roster)
    except msgspec.MsgspecError:
        raise VaultRefused from None
    signed.verify(signature, root)
    return signed


async def newest_roster(tx: Reading, pins: Pins) -> Roster | None:
    """Return the newest roster that is stored, checked against the pinned root and version, or None."""
    row = await tx.one(
        _RosterRow,
        "SELECT version, body, signature FROM relay.rosters WHERE service_id = %s"
        " ORDER BY version DESC LIMIT 1",
        [pins.service_id],
    )
    if row is None:
        return None
    signed = _signed_roster(row.body, row.signature, pins.root)
    if (
        signed.service != pins.service_id
        or signed.version != row.version
        or signed.version < pins.roster_version
    ):
        raise VaultRefused
    return signed


async def roster(tx: Reading, house: House) -> Roster:
    """Return the service's newest roster. Raise `Unavailable` if none has been signed yet."""
    signed = await newest_roster(tx, house.pins)
    if signed is None:
        raise Unavailable(
            "No staff roster has been signed yet, so nothing can be done on cases. Ask whoever runs the"
            " machine of this service: they sign it there with: relay staff sign"
        )
    return signed


def _works_on_cases(entry: RosterEntry) -> bool:
    return Permission.REVIEW_DECIDE in permissions_of("staff", frozenset(entry.roles))


def verifier_of(signed: Roster, facilitator: UUID) -> Verifier:
    """Return the signing key of a facilitator or supervisor on the roster, or raise `VaultRefused`."""
    entry = signed.entry(facilitator)
    if entry is None or not _works_on_cases(entry):
        raise VaultRefused
    return Verifier(entry.signing_key)


def past_verifier_of(signed: Roster, facilitator: UUID) -> Verifier:
    """Return the same also for one who has left since: for what was released or given out before they did.

    Never for what is done now: nothing new is sealed, vouched for or released on the word of who has left.
    """
    entry = signed.entry(facilitator)
    if entry is not None and entry.roles == (FORMER,):
        return Verifier(entry.signing_key)
    return verifier_of(signed, facilitator)


async def is_carried(tx: Reading, house: House, person_id: UUID) -> bool:
    """Tell whether somebody can work on cases by now: whether any roster is signed, and carries them so."""
    signed = await newest_roster(tx, house.pins)
    return signed is not None and works_on_cases(signed, person_id)


async def carries(tx: Reading, house: House, person: Person) -> bool:
    """Tell whether the newest roster carries somebody with the very keys and roles that they have now."""
    signed = await newest_roster(tx, house.pins)
    entry = None if signed is None else signed.entry(person.id)
    return entry is not None and (
        frozenset(entry.roles),
        entry.key_version,
        entry.fingerprint,
        entry.signing_key,
    ) == (person.roles, person.key_version, person.keys.public.fingerprint, person.signer.public.encoded)


async def require_carried(tx: Reading, house: House, person: Person) -> None:
    """Raise `Forbidden` unless the roster carries them so.

    What the database says of somebody's role is not enough to decide over colleagues: whoever can write to
    it could have put it there.
    """
    if not await carries(tx, house, person):
        raise Forbidden(
            "Your keys are not on the signed list of staff yet, so you cannot do this. Whoever keeps the"
            " service's offline key adds them, with: relay staff sign"
        )


def works_on_cases(signed: Roster, account_id: UUID) -> bool:
    """Tell whether the roster carries somebody as a facilitator or supervisor."""
    entry = signed.entry(account_id)
    return entry is not None and _works_on_cases(entry)


async def staff_key(tx: Reading, house: House, account_id: UUID) -> TrustedKey:
    """Return the key of a facilitator or supervisor, as the roster carries it.

    Raise `Conflict` if it does not, or for somebody who does not work on cases.
    """
    entry = (await roster(tx, house)).entry(account_id)
    if entry is None:
        raise Conflict(
            "This person's keys are not on the signed staff roster yet. Ask whoever runs the machine of this"
            " service: they sign it there with: relay staff sign"
        )
    if not _works_on_cases(entry):
        raise Conflict("Only facilitators and supervisors work on cases. Choose somebody else.")
    return await carried_key(tx, entry)


async def carried_key(tx: Reading, entry: RosterEntry) -> TrustedKey:
    """Return the key that an entry of the roster names. Raise `VaultRefused` if the database has another."""
    row = await tx.one(
        _KeyRow,
        "SELECT version, hpke_public, signing_public FROM relay.account_keys"
        " WHERE account_id = %s AND version = %s",
        [entry.account, entry.key_version],
    )
    if row is None:
        raise VaultRefused
    public = PublicKey(row.hpke_public)
    if public.fingerprint != entry.fingerprint:
        raise VaultRefused
    return TrustedKey(Holder(kind="account", id=entry.account, key_version=entry.key_version), public)


async def participant_key(tx: Reading, house: House, case_id: UUID, account_id: UUID) -> TrustedKey:
    """Return a participant's current key.

    Raise `Conflict` if nobody who is still on the roster has vouched for it in this case.
    """
    row = await _vouched(tx, house, case_id, account_id, None)
    holder = Holder(kind="account", id=account_id, key_version=row.key_version)
    return TrustedKey(holder, PublicKey(row.hpke_public))


async def participant_verifier(
    tx: Reading, house: House, case_id: UUID, account_id: UUID, key_version: int
) -> Verifier:
    """Return the signing key that a participant had or has. Raises as `participant_key`."""
    return Verifier((await _vouched(tx, house, case_id, account_id, key_version)).signing_public)


async def _vouched(
    tx: Reading, house: House, case_id: UUID, account_id: UUID, key_version: int | None
) -> _VouchRow:
    """Return one version of a participant's keys, by default the newest, with a vouch that holds."""
    rows = await tx.all(
        _VouchRow,
        """
        SELECT k.version AS key_version, k.hpke_public, k.signing_public,
               v.facilitator_id, v.vouched_at, v.signature
        FROM relay.account_keys k
        JOIN relay.vouches v ON v.account_id = k.account_id AND v.key_version = k.version AND v.case_id = %s
        WHERE k.account_id = %s AND k.version = coalesce(%s, (
            SELECT max(version) FROM relay.account_keys WHERE account_id = k.account_id))
        ORDER BY v.vouched_at DESC, v.facilitator_id LIMIT 20
        """,
        [case_id, account_id, key_version],
    )
    signed = await roster(tx, house)
    row = next((one for one in rows if works_on_cases(signed, one.facilitator_id)), None)
    if row is None:
        raise Conflict("A facilitator has to confirm this person's keys first.")
    vouch = Vouch(
        service=house.pins.service_id,
        case=case_id,
        account=account_id,
        key_version=row.key_version,
        fingerprint=PublicKey(row.hpke_public).fingerprint,
        signing_key=row.signing_public,
        facilitator=row.facilitator_id,
        vouched_at=int(row.vouched_at.timestamp()),
    )
    vouch.verify(row.signature, verifier_of(signed, row.facilitator_id))
    return row


async def case_key(tx: Reading, house: House, case_id: UUID) -> TrustedKey:
    """Return a case's current public key, as a facilitator on the roster stated it.

    Raise `Conflict` if whoever stated it has left since: a colleague renews the key. It would be wrong to go
    on with it: they hold its private half, and a statement has no date, so that who left could make another
    one today. `VaultRefused` if nobody who was ever on the staff stated it.
    """
    row = await tx.one(
        _CaseKeyRow,
        "SELECT version, public, facilitator_id, signature FROM relay.case_keys WHERE case_id = %s"
        " ORDER BY version DESC LIMIT 1",
        [case_id],
    )
    if row is None:
        raise VaultRefused
    public = PublicKey(row.public)
    statement = CaseKeyStatement(
        service=house.pins.service_id,
        case=case_id,
        key_version=row.version,
        fingerprint=public.fingerprint,
        facilitator=row.facilitator_id,
    )
    try:
        statement.verify(row.signature, verifier_of(await roster(tx, house), row.facilitator_id))
    except VaultRefused:
        if await was_stated_by_staff(tx, house.pins, statement, row.signature):
            raise Conflict(KEY_TO_RENEW) from None
        raise
    return TrustedKey(Holder(kind="case", id=case_id, key_version=row.version), public)


async def was_stated_by_staff(tx: Reading, pins: Pins, statement: CaseKeyStatement, signature: bytes) -> bool:
    """Tell whether any roster that the root ever signed carries a facilitator who stated this."""
    rows = await tx.all(
        _RosterRow,
        "SELECT version, body, signature FROM relay.rosters WHERE service_id = %s"
        " ORDER BY version DESC LIMIT 1000",
        [pins.service_id],
    )
    for row in rows:
        try:
            signed = _signed_roster(row.body, row.signature, pins.root)
            statement.verify(signature, verifier_of(signed, statement.facilitator))
        except VaultRefused:
            continue
        return True
    return False


def worker_key_message(epoch: int, key_id: UUID, public: bytes) -> bytes:
    """Return what the keyring authenticates of a worker's public key."""
    return epoch.to_bytes(8, "big") + key_id.bytes + public


async def worker_key(tx: Reading, house: House) -> TrustedKey:
    """Return the workers' current public key. Raise `Unavailable` if no worker has published one yet."""
    row = await tx.one(
        _WorkerKeyRow,
        "SELECT epoch, id, public, mac FROM relay.worker_keys WHERE retired_at IS NULL"
        " ORDER BY epoch DESC LIMIT 1",
    )
    if row is None:
        raise Unavailable(
            "No worker has started yet, so nothing can be made safe. Please try again in a moment."
        )
    expected = house.keyring.mac(WORKER_PURPOSE, worker_key_message(row.epoch, row.id, row.public))
    if not hmac.compare_digest(expected, row.mac):
        raise VaultRefused
    return TrustedKey(Holder(kind="worker", id=row.id, key_version=row.epoch), PublicKey(row.public))
