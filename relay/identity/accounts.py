"""Enrolling with an invitation; suspending an account, and ending that."""

import hmac
from datetime import datetime
from uuid import UUID

import msgspec
import psycopg.errors

from relay.audit.tags import Tag
from relay.db.transaction import Acting
from relay.errors import Conflict, Forbidden, Gone, Invalid, Missing
from relay.house import House
from relay.identity import passphrases
from relay.identity.invitations import TRIES
from relay.identity.model import Person
from relay.identity.names import NUMBER_DIGITS, Lookups, account_lookups, checked_sign_in_name, side_of
from relay.identity.namesakes import is_taken
from relay.identity.proofs import code_mac, enrolment_mac, secret_hash
from relay.identity.stretching import seal_bundle, stretch
from relay.identity.surfaces import QUESTIONS, FoundAccount
from relay.identity.trust import require_carried
from relay.permissions import Permission
from relay.vault.suite import KeyPair, Sealed, Signer

_PATIENCE = 10.0
"""Whoever has secret and code right waits for a place, so that no try is lost to a busy house."""


class _TryRow(msgspec.Struct, frozen=True):
    account_id: UUID
    service_id: UUID
    case_id: UUID | None
    secret_hash: bytes
    code_mac: bytes
    tries: int


class _NewKeys(msgspec.Struct, frozen=True):
    version: int
    keys: KeyPair
    signer: Signer
    sealed_private: Sealed
    mac: bytes


async def enrol(
    house: House, invitation_id: UUID, secret: str, code: str, sign_in_name: str, passphrase: str
) -> UUID:
    """Use an invitation: make the person's keys and let them sign in. Return the account.

    Raises `Invalid` (form, secret or code), or `Gone` for an invitation that is unknown, used, expired or
    tried five times.
    """
    sign_in_name = checked_sign_in_name(sign_in_name)
    bare = sign_in_name[:-NUMBER_DIGITS], sign_in_name.rstrip("0123456789")  # without digits behind it
    own_words = (sign_in_name, *bare, house.pins.name)
    passphrase = passphrases.checked(passphrase, own_words=own_words)
    found = await _evaluate(house, invitation_id, secret, code)
    side = side_of(house.database.surface)
    lookups = account_lookups(house.keyring, found.service_id, side, sign_in_name)
    await _refuse_taken(house, found, lookups)
    version = await _next_version(house, found.account_id)
    new = await stretch(
        house,
        lambda: _make_keys(house, found, invitation_id, secret, passphrase, version),
        patience=_PATIENCE,
    )
    try:
        async with house.database.acting(
            found.account_id,
            Tag.ACCOUNT_ENROLLED,
            chain=found.case_id or found.service_id,
            subject=found.account_id,
        ) as act:
            await _store(act, found.account_id, invitation_id, new, lookups.now, house.clock())
            act.note(key_version=version)
    except psycopg.errors.UniqueViolation as error:
        if error.diag.constraint_name == "accounts_service_id_side_lookup_key":
            raise Invalid(sign_in_name=_TAKEN) from None
        raise Gone(_UNUSABLE) from None
    return found.account_id


_TAKEN = "This name to sign in with is taken. Please choose another one."
_UNUSABLE = (
    "This invitation cannot be used. It may have expired, or been used already. Please ask for a new one."
    " Have you enrolled already? Then sign in with the name and passphrase that you chose."
)


async def _evaluate(house: House, invitation_id: UUID, secret: str, code: str) -> _TryRow:
    """Count a try, commit that, and only then compare."""
    async with house.database.before_sign_in() as tx:
        found = await tx.one(
            _TryRow, QUESTIONS[house.database.surface].invitation_try, [invitation_id, house.clock()]
        )
    if found is None or found.service_id != house.pins.service_id:
        raise Gone(_UNUSABLE)
    right_secret = hmac.compare_digest(found.secret_hash, secret_hash(secret))
    right_code = hmac.compare_digest(found.code_mac, code_mac(house.keyring, invitation_id, code))
    if not (right_secret and right_code):
        raise Invalid(code=_wrong(TRIES - found.tries))
    return found


def _wrong(left: int) -> str:
    wrong = "The long code or the short code is not right"
    if left == 0:
        return f"{wrong}, and this was the last try. Please ask for a new invitation."
    return f"{wrong}. You can try {left} more {'time' if left == 1 else 'times'}."


async def _refuse_taken(house: House, found: _TryRow, lookups: Lookups) -> None:
    """Raise `Invalid` for the name of somebody active who is found first, stored with its white space.

    The table refuses the others: it has each lookup once.
    """
    find = QUESTIONS[house.database.surface].find_account
    async with house.database.before_sign_in() as tx:
        holder = await tx.one(FoundAccount, find, [list(lookups), found.service_id])
    if holder is not None and holder.id != found.account_id:
        raise Invalid(sign_in_name=_TAKEN)


async def _next_version(house: House, account_id: UUID) -> int:
    async with house.database.reading(account_id) as tx:
        current: int | None = await tx.value(
            "SELECT key_version FROM relay.accounts WHERE id = %s", [account_id]
        )
    if current is None:
        raise Gone(_UNUSABLE)
    return current + 1


def _make_keys(
    house: House, found: _TryRow, invitation_id: UUID, secret: str, passphrase: str, version: int
) -> _NewKeys:
    keys, signer = KeyPair.generate(), Signer.generate()
    sealed = seal_bundle(house.keyring, keys, signer, passphrase, found.service_id, found.account_id, version)
    mac = enrolment_mac(
        secret,
        service_id=found.service_id,
        invitation_id=invitation_id,
        account_id=found.account_id,
        key_version=version,
        hpke_public=keys.public.encoded,
        signing_public=signer.public.encoded,
    )
    return _NewKeys(version, keys, signer, sealed, mac)


async def _store(
    act: Acting, account_id: UUID, invitation_id: UUID, new: _NewKeys, lookup: bytes, now: datetime
) -> None:
    used = await act.run(
        "UPDATE relay.invitations SET used_at = %s WHERE id = %s AND used_at IS NULL", [now, invitation_id]
    )
    if used != 1:
        raise Gone(_UNUSABLE)
    await act.run(
        """
        INSERT INTO relay.account_keys (account_id, version, hpke_public, signing_public, sealed_private,
        invitation_id,
                                        enrolment_mac)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        [
            account_id,
            new.version,
            new.keys.public.encoded,
            new.signer.public.encoded,
            new.sealed_private,
            invitation_id,
            new.mac,
        ],
    )
    await act.run(
        "UPDATE relay.accounts SET lookup = %s, state = 'active', key_version = %s WHERE id = %s",
        [lookup, new.version, account_id],
    )


async def suspend(house: House, person: Person, account_id: UUID) -> None:
    """Stop an account at once: its sessions open nothing any more, its invitations are void.

    A facilitator may for participants of their cases, an administrator for staff, nobody for themselves.
    """
    if account_id == person.id:
        raise Conflict("You cannot suspend your own account.")
    async with house.database.acting(
        person.id, Tag.ACCOUNT_SUSPENDED, chain=person.service_id, subject=account_id
    ) as act:
        await _manageable(act, house, person, account_id)
        await act.run("UPDATE relay.accounts SET state = 'suspended' WHERE id = %s", [account_id])


async def end_suspension(house: House, person: Person, account_id: UUID) -> None:
    """Let somebody sign in again, with the keys that they had. Who may is as for suspending.

    Nothing else comes back: no session, no invitation, and no approval that they gave before. What the signed
    roster says of them stays (`relay/identity/roster.py`). Raise `Conflict` for who is not suspended, and for
    staff who had not enrolled, or whose name a colleague has by now.
    """
    async with house.database.acting(
        person.id, Tag.SUSPENSION_ENDED, chain=person.service_id, subject=account_id
    ) as act:
        account = await _manageable(act, house, person, account_id)
        if account.state != "suspended":
            raise Conflict("This account is not suspended.")
        if account.side == "staff" and not account.key_version:
            raise Conflict("They had not enrolled, so there is nothing to go back to. Invite them once more.")
        name = house.columns.open("accounts", "name", account_id, account.name_sealed)
        if account.side == "staff" and await is_taken(
            act, house.columns, person.service_id, name, house.clock()
        ):
            raise Conflict(
                "A colleague of this name is among the accounts by now, perhaps the same person, invited once"
                " more. Suspend that account first, if this is the one that is to be used."
            )
        await act.run(
            "UPDATE relay.accounts SET state = CASE WHEN key_version > 0 THEN 'active' ELSE 'invited' END,"
            " returned_at = %s WHERE id = %s AND state = 'suspended'",
            [house.clock(), account_id],
        )


class _AccountRow(msgspec.Struct, frozen=True):
    side: str
    state: str
    key_version: int
    name_sealed: bytes


async def _manageable(act: Acting, house: House, person: Person, account_id: UUID) -> _AccountRow:
    """Return an account that the person may stop and let in again, held to the end of the transaction."""
    account = await act.one(
        _AccountRow,
        "SELECT side, state, key_version, name_sealed FROM relay.accounts WHERE id = %s FOR NO KEY UPDATE",
        [account_id],
    )
    if account is None:
        raise Missing
    needed = Permission.ACCOUNT_MANAGE if account.side == "staff" else Permission.CASE_PEOPLE
    if needed not in person.permissions:
        raise Forbidden
    if account.side == "staff":
        await require_carried(act, house, person)
    return account
