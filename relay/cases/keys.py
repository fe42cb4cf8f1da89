"""The case's own key pair: who can open it, and texts that are sealed to it or to one person."""

from typing import NamedTuple
from uuid import UUID

import msgspec

from relay.db.transaction import Acting, Reading
from relay.errors import Conflict, Missing
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import TrustedKey, case_key, staff_key
from relay.vault.grants import Holder, grant_case_key
from relay.vault.grants import open_case_key as open_sealed_case_key
from relay.vault.padding import pad, unpad
from relay.vault.seal import open_sealed, seal
from relay.vault.statements import CaseKeyStatement
from relay.vault.suite import KeyPair, PublicKey, Sealed, context


class _GrantRow(msgspec.Struct, frozen=True):
    version: int
    sealed: bytes
    public: bytes


async def make_case_key(act: Acting, house: House, person: Person, case_id: UUID, version: int) -> KeyPair:
    """Make, state and store a new key pair of the case; nobody can open it yet but through `grant_to`."""
    pair = KeyPair.generate()
    statement = CaseKeyStatement(
        service=house.pins.service_id,
        case=case_id,
        key_version=version,
        fingerprint=pair.public.fingerprint,
        facilitator=person.id,
    )
    await act.run(
        "INSERT INTO relay.case_keys (case_id, version, public, facilitator_id, signature)"
        " VALUES (%s, %s, %s, %s, %s)",
        [case_id, version, pair.public.encoded, person.id, statement.sign(person.signer)],
    )
    return pair


async def grant_to(
    act: Acting, house: House, pair: KeyPair, case_id: UUID, version: int, to: TrustedKey
) -> None:
    """Seal the case's private half to one holder. Doing it again changes nothing."""
    sealed = grant_case_key(
        pair,
        to.public,
        service=house.pins.service_id,
        case=case_id,
        case_key_version=version,
        holder=to.holder,
    )
    await act.run(
        """
        INSERT INTO relay.case_key_grants (case_id, version, holder_kind, holder_id, holder_key_version,
                                           sealed)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [case_id, version, to.holder.kind, to.holder.id, to.holder.key_version, sealed],
    )


def recovery_key(house: House) -> TrustedKey:
    """Return the service's recovery key, as it is pinned; its private half is offline."""
    return TrustedKey(Holder(kind="recovery", id=house.pins.service_id, key_version=1), house.pins.recovery)


async def open_case_keys(tx: Reading, house: House, person: Person, case_id: UUID) -> dict[int, KeyPair]:
    """Open every version of the case's key that this person was given. Raise `Missing` if there is none."""
    rows = await tx.all(
        _GrantRow,
        """
        SELECT g.version, g.sealed, k.public FROM relay.case_key_grants g
        JOIN relay.case_keys k ON k.case_id = g.case_id AND k.version = g.version
        WHERE g.case_id = %s AND g.holder_kind = 'account' AND g.holder_id = %s AND g.holder_key_version = %s
        """,
        [case_id, person.id, person.key_version],
    )
    if not rows:
        raise Missing
    return {
        row.version: open_sealed_case_key(
            person.keys,
            row.sealed,
            service=house.pins.service_id,
            case=case_id,
            case_key_version=row.version,
            holder=person.holder,
            fingerprint=PublicKey(row.public).fingerprint,
        )
        for row in rows
    }


async def open_case_key(
    tx: Reading, house: House, person: Person, case_id: UUID, version: int | None = None
) -> KeyPair:
    """Open one version of the case's key, by default the newest. Raise `Missing` if it is not theirs."""
    pairs = await open_case_keys(tx, house, person, case_id)
    pair = pairs.get(max(pairs) if version is None else version)
    if pair is None:
        raise Missing
    return pair


async def admit(act: Acting, house: House, person: Person, case_id: UUID, newcomer: UUID) -> None:
    """Seal every version of the case's key to a new facilitator, whose key the roster must carry."""
    to = await staff_key(act, house, newcomer)
    for version, pair in (await open_case_keys(act, house, person, case_id)).items():
        await grant_to(act, house, pair, case_id, version, to)


async def rotate(act: Acting, house: House, person: Person, case_id: UUID, remaining: list[UUID]) -> int:
    """Make the next version of the case's key for those who remain. What comes after opens to nobody else.

    Somebody who remains but has left the roster gets none: it must not keep a colleague from being taken off.
    """
    # whoever made the last one may have left the roster: this is how the case gets a key that counts again
    version: int = await act.value(
        "SELECT max(version) + 1 FROM relay.case_keys WHERE case_id = %s", [case_id]
    )
    pair = await make_case_key(act, house, person, case_id, version)
    for account_id in remaining:
        try:
            to = await staff_key(act, house, account_id)
        except Conflict:
            continue
        await grant_to(act, house, pair, case_id, version, to)
    await grant_to(act, house, pair, case_id, version, recovery_key(house))
    await act.run("UPDATE relay.cases SET key_version = %s WHERE id = %s", [version, case_id])
    return version


# Texts in rows. Each is sealed to one holder, and bound to what it is about.


def _text_info(house: House, case_id: UUID, purpose: str, subject_id: UUID, holder: Holder) -> bytes:
    return context(
        "text",
        house.pins.service_id,
        case_id,
        purpose,
        subject_id,
        holder.kind,
        holder.id,
        holder.key_version,
    )


def seal_text(
    house: House, to: TrustedKey, case_id: UUID, purpose: str, subject_id: UUID, text: str
) -> Sealed:
    """Seal `text` to one holder, bound to what it is about."""
    return seal(to.public, pad(text.encode()), _text_info(house, case_id, purpose, subject_id, to.holder))


def open_text(
    house: House,
    pair: KeyPair,
    holder: Holder,
    case_id: UUID,
    purpose: str,
    subject_id: UUID,
    sealed: bytes,
) -> str:
    """Open what was sealed to a holder, whose key pair is `pair`. Who sealed it, it does not say."""
    info = _text_info(house, case_id, purpose, subject_id, holder)
    return unpad(open_sealed(pair, sealed, info)).decode()


async def put_text(
    act: Reading, house: House, to: TrustedKey, case_id: UUID, purpose: str, subject_id: UUID, text: str
) -> None:
    """Seal `text` to one holder. A later one for the same subject and holder takes its place."""
    sealed = seal_text(house, to, case_id, purpose, subject_id, text)
    parameters = {
        "service": house.pins.service_id,
        "case": case_id,
        "purpose": purpose,
        "subject": subject_id,
        "kind": to.holder.kind,
        "holder": to.holder.id,
        "version": to.holder.key_version,
        "sealed": sealed,
    }
    await act.run(
        """
        INSERT INTO relay.sealed_texts (id, service_id, case_id, purpose, subject_id, holder_kind, holder_id,
                                        holder_key_version, sealed)
        VALUES (gen_random_uuid(), %(service)s, %(case)s, %(purpose)s, %(subject)s, %(kind)s, %(holder)s,
                %(version)s, %(sealed)s)
        ON CONFLICT (subject_id, purpose, holder_kind, holder_id)
        DO UPDATE SET sealed = excluded.sealed, holder_key_version = excluded.holder_key_version
        """,
        parameters,
    )


async def put_case_text(
    act: Reading, house: House, case_id: UUID, purpose: str, subject_id: UUID, text: str
) -> None:
    """Seal `text` for the facilitators of the case."""
    await put_text(act, house, await case_key(act, house, case_id), case_id, purpose, subject_id, text)


class _TextRow(msgspec.Struct, frozen=True):
    holder_key_version: int
    sealed: bytes


_TEXT = """
SELECT holder_key_version, sealed FROM relay.sealed_texts
WHERE subject_id = %s AND purpose = %s AND holder_kind = %s AND holder_id = %s
"""


async def own_text(
    tx: Reading, house: House, person: Person, case_id: UUID, purpose: str, subject_id: UUID
) -> str | None:
    """Open what was sealed to this person, or return None if there is nothing."""
    row = await tx.one(_TextRow, _TEXT, [subject_id, purpose, "account", person.id])
    if row is None:
        return None
    if row.holder_key_version != person.key_version:
        raise Conflict(
            "This was written under keys that you no longer have. Ask your facilitator to help you."
        )
    return open_text(house, person.keys, person.holder, case_id, purpose, subject_id, row.sealed)


async def case_text(
    tx: Reading, house: House, person: Person, case_id: UUID, purpose: str, subject_id: UUID
) -> str | None:
    """Open what was sealed to the case, with the key that this facilitator holds."""
    row = await tx.one(_TextRow, _TEXT, [subject_id, purpose, "case", case_id])
    if row is None:
        return None
    pair = await open_case_key(tx, house, person, case_id, row.holder_key_version)
    found = SealedToCase(row.holder_key_version, row.sealed)
    return open_from_case(house, {found.case_key_version: pair}, case_id, purpose, subject_id, found)


# The same in rows of their own, where a text is never to be taken the place of.


class SealedToCase(NamedTuple):
    """A text that the facilitators of a case can open, and the version of the case's key that it is for."""

    case_key_version: int
    sealed: bytes


async def seal_to_case(
    tx: Reading, house: House, case_id: UUID, purpose: str, subject_id: UUID, text: str
) -> SealedToCase:
    """Seal `text` for the facilitators of the case. Whoever calls this keeps it."""
    to = await case_key(tx, house, case_id)
    return SealedToCase(to.holder.key_version, seal_text(house, to, case_id, purpose, subject_id, text))


def open_from_case(
    house: House,
    pairs: dict[int, KeyPair],
    case_id: UUID,
    purpose: str,
    subject_id: UUID,
    found: SealedToCase,
) -> str:
    """Open what `seal_to_case` made, with the keys of the case. Raise `Missing` if it is for none of them."""
    pair = pairs.get(found.case_key_version)
    if pair is None:
        raise Missing
    holder = Holder(kind="case", id=case_id, key_version=found.case_key_version)
    return open_text(house, pair, holder, case_id, purpose, subject_id, found.sealed)
