"""A case that nobody can open any more, given to a facilitator with the service's recovery key.

By the operator, on the machine itself. In this order, and nothing at all where one of them fails:

1. whoever gets it is on the roster that the root signed, with the keys that they have, and works on cases
2. nobody on the case can open it, but perhaps one person who is named as not able to any more
3. every version of its key was stated by somebody of the staff, and is what was sealed to the recovery key
4. all versions are sealed to them, as when a colleague adds them; they get a seat, the case's chain an entry
5. the service's chain gets one as well, with how many cases it were, so that uses of the key can be counted

Of a case this reads its identifier, its reference, who works on it, and its keys: no participant and no name
of theirs, no text and no item. Its private key is in this process's memory meanwhile, and is used to seal it.
"""

from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import psycopg

from relay.audit.tags import Tag
from relay.cases.lost import OnCase, Order, Plan, RecoveryCase, Staff, make_plan, obstacle
from relay.db.dsn import Dsn
from relay.db.transaction import Reading
from relay.errors import Conflict, Unavailable, VaultRefused
from relay.identity import roster as rosters
from relay.identity.operator import looking, operating
from relay.identity.roster import Member
from relay.identity.trust import TrustedKey, carried_key, newest_roster, was_stated_by_staff
from relay.vault.columns import ColumnCipher
from relay.vault.grants import Holder, grant_case_key, open_case_key
from relay.vault.pins import Pins
from relay.vault.statements import CaseKeyStatement
from relay.vault.suite import KeyPair, PublicKey


class Ground(NamedTuple):
    """What the machine of the service has: where the database is, what is pinned, what opens names."""

    owner: Dsn
    pins: Pins
    columns: ColumnCipher


# Who works here, and on what.


class _SeatedRow(msgspec.Struct, frozen=True):
    account_id: UUID
    under: list[int]


class _CaseRow(msgspec.Struct, frozen=True):
    id: UUID
    reference_sealed: bytes
    state: str
    facilitators: Any


async def read_staff(tx: Reading, ground: Ground) -> Staff:
    """Return the staff and the roster in force. Raise `Unavailable` if there is none that can be believed."""
    try:
        signed = await newest_roster(tx, ground.pins)
    except VaultRefused:
        raise Unavailable(
            "The roster in the database is older than this machine has seen, or was not signed by this"
            " service's root. Was a backup restored? Compare every key again and sign it: relay staff sign"
        ) from None
    if signed is None:
        raise Unavailable("No staff roster has been signed yet. Sign it first: relay staff sign")
    members = await rosters.staff(tx, ground.columns, ground.pins.service_id)
    return Staff({one.account_id: one for one in members}, signed)


async def read_cases(tx: Reading, staff: Staff) -> list[RecoveryCase]:
    """Return every case of the service, the oldest first, with who works on it."""
    rows = await tx.all(
        _CaseRow, "SELECT id, reference_sealed, state, facilitators FROM relay.recovery_cases()"
    )
    return [_case(staff, row) for row in rows]


def _case(staff: Staff, row: _CaseRow) -> RecoveryCase:
    seated = msgspec.convert(row.facilitators, list[_SeatedRow])
    return RecoveryCase(
        id=row.id,
        reference_sealed=row.reference_sealed,
        state=row.state,
        facilitators=tuple(
            OnCase(member, obstacle(staff, member, one.under))
            for one in seated
            if (member := staff.members.get(one.account_id)) is not None
        ),
    )


# The keys.


class _KeyRow(msgspec.Struct, frozen=True):
    version: int
    public: bytes
    facilitator_id: UUID
    signature: bytes
    sealed: bytes | None


async def open_keys(tx: Reading, pins: Pins, recovery: KeyPair, case_id: UUID) -> dict[int, KeyPair]:
    """Open every version of a case's key with the recovery key. Raise `Conflict` if one cannot be."""
    rows = await tx.all(
        _KeyRow,
        "SELECT version, public, facilitator_id, signature, sealed FROM relay.recovery_keys(%s)",
        [case_id],
    )
    if not rows:
        raise Conflict(_broken(case_id, "its keys are not there"))
    return {row.version: await _open_key(tx, pins, recovery, case_id, row) for row in rows}


async def _open_key(tx: Reading, pins: Pins, recovery: KeyPair, case_id: UUID, row: _KeyRow) -> KeyPair:
    """Open one version, and hold it against what somebody of the staff stated."""
    if row.sealed is None:
        what = f"what was sealed of its key {row.version} to the recovery key is gone"
        raise Conflict(_broken(case_id, what))
    try:
        fingerprint = PublicKey(row.public).fingerprint
        await _require_stated(tx, pins, case_id, row, fingerprint)
        return open_case_key(
            recovery,
            row.sealed,
            service=pins.service_id,
            case=case_id,
            case_key_version=row.version,
            holder=Holder(kind="recovery", id=pins.service_id, key_version=1),
            fingerprint=fingerprint,
        )
    except VaultRefused:
        what = f"its key {row.version} is damaged, or is not what a facilitator made"
        raise Conflict(_broken(case_id, what)) from None


async def _require_stated(tx: Reading, pins: Pins, case_id: UUID, row: _KeyRow, fingerprint: bytes) -> None:
    """Raise `VaultRefused` unless somebody who is or was on the staff says that this is the case's key.

    Anybody can seal to the recovery key: what opens with it may be a key of somebody else's.
    """
    statement = CaseKeyStatement(
        service=pins.service_id,
        case=case_id,
        key_version=row.version,
        fingerprint=fingerprint,
        facilitator=row.facilitator_id,
    )
    if not await was_stated_by_staff(tx, pins, statement, row.signature):
        raise VaultRefused


def _broken(case_id: UUID, what: str) -> str:
    return (
        f"Case {case_id} cannot be recovered: {what}. Nothing was changed, here or on any other case. Look"
        " for it in a backup that `relay audit verify` finds whole; other cases can be named with --case."
    )


# Doing it.


async def prepare(ground: Ground, recovery: KeyPair, order: Order) -> Plan:
    """Try all of it but the writing: what this returns, `recover` does."""
    async with looking(ground.owner, ground.pins.service_id) as tx:
        plan = await _planned(tx, ground, order)
        for case in plan.cases:
            await open_keys(tx, ground.pins, recovery, case.id)
    return plan


async def recover(ground: Ground, recovery: KeyPair, order: Order, shown: Plan) -> None:
    """Do what was shown, for all of its cases or for none, with an entry in the chain of each.

    And with one in the service's. Raise `Conflict` if it is not the same any more.
    """
    former = shown.former.account_id if shown.former else None
    try:
        async with operating(
            ground.owner, ground.pins.service_id, Tag.CASE_RECOVERED, shown.to.account_id
        ) as act:
            # one order for all who take several of them
            for case in sorted(shown.cases, key=lambda one: one.id):
                await act.lock_case(case.id)
            if await _planned(act, ground, order) != shown:
                raise Conflict
            to = await _key_of(act, shown.to)
            for case in shown.cases:
                pairs = await open_keys(act, ground.pins, recovery, case.id)
                seat = await _store(act, ground.pins, case.id, pairs, to)
                act.chain = case.id
                act.note(reason=order.reason, seat=seat, key_version=max(pairs), former=former)
                await act.also(Tag.CASE_RECOVERED, shown.to.account_id)
            # the last: whoever signs in meanwhile waits for the service's chain
            act.tag, act.chain = Tag.RECOVERY_KEY_USED, ground.pins.service_id
            act.note(reason=order.reason, cases=len(shown.cases), former=former)
    except psycopg.DatabaseError as error:
        if error.sqlstate != "RL002":
            raise
        raise Conflict from None  # it changed in between: PostgreSQL looks at it once more


async def _planned(tx: Reading, ground: Ground, order: Order) -> Plan:
    staff = await read_staff(tx, ground)
    return make_plan(staff, await read_cases(tx, staff), order)


async def _key_of(tx: Reading, to: Member) -> TrustedKey:
    """Return the key of somebody whom the roster carries."""
    entry = to.entry()
    if entry is None:
        raise Conflict
    return await carried_key(tx, entry)


async def _store(tx: Reading, pins: Pins, case_id: UUID, pairs: dict[int, KeyPair], to: TrustedKey) -> UUID:
    """Seal every version to whoever gets the case, and return the seat that they have on it then."""
    versions = sorted(pairs)
    sealed = [
        grant_case_key(
            pairs[version],
            to.public,
            service=pins.service_id,
            case=case_id,
            case_key_version=version,
            holder=to.holder,
        )
        for version in versions
    ]
    seat: UUID = await tx.value(
        "SELECT relay.recover_case(%s, %s, %s, %s::integer[], %s::bytea[])",
        [case_id, to.holder.id, to.holder.key_version, versions, sealed],
    )
    return seat
