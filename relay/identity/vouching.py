"""A facilitator confirms that a participant's keys are theirs. Before that, nothing is sealed to them."""

import hmac
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from relay.audit.tags import Tag
from relay.cases.keys import case_text
from relay.db.transaction import Reading
from relay.errors import Conflict, Missing, VaultRefused
from relay.house import House
from relay.identity.invitations import KeptInvitation, invitation_statement
from relay.identity.model import Person
from relay.identity.proofs import enrolment_mac
from relay.identity.trust import past_verifier_of, roster, works_on_cases
from relay.vault.statements import Vouch
from relay.vault.suite import PublicKey

_NOT_THEIRS = (
    "These keys were not made with the invitation that was given out. Do not confirm them: somebody else may"
    " have enrolled. Suspend the account, tell your administrator, take it off the case, and invite the"
    " person as somebody new. Do not end the suspension: whoever enrolled could sign in again."
)


class _KeyRow(msgspec.Struct, frozen=True):
    version: int
    hpke_public: bytes
    signing_public: bytes
    invitation_id: UUID
    enrolment_mac: bytes
    invitation_case_id: UUID | None
    vouchers: list[UUID]


async def vouch(house: House, person: Person, case_id: UUID, account_id: UUID) -> None:
    """Check a participant's newest keys against the invitation's secret, and sign that they are theirs.

    Raises `Missing` for somebody who has no seat in it, `Conflict` before they have enrolled, when it is done
    already, or when the keys were not made with the invitation.
    """
    async with house.database.acting(
        person.id, Tag.ACCOUNT_VOUCHED, chain=case_id, subject=account_id
    ) as act:
        await _require_seat(act, case_id, account_id)
        row = await _newest_key(act, case_id, account_id)
        signed = await roster(act, house)
        # the word of who has left the roster does not count any more: a colleague gives theirs
        if any(one == person.id or works_on_cases(signed, one) for one in row.vouchers):
            raise Conflict("These keys are confirmed already.")
        await _check(act, house, person, account_id, row)
        vouched_at = int(house.clock().timestamp())
        statement = Vouch(
            service=house.pins.service_id,
            case=case_id,
            account=account_id,
            key_version=row.version,
            fingerprint=PublicKey(row.hpke_public).fingerprint,
            signing_key=row.signing_public,
            facilitator=person.id,
            vouched_at=vouched_at,
        )
        await act.run(
            """
            INSERT INTO relay.vouches (case_id, account_id, key_version, facilitator_id, vouched_at,
            signature) VALUES (%s, %s, %s, %s, %s, %s)
            """,
            [
                case_id,
                account_id,
                row.version,
                person.id,
                datetime.fromtimestamp(vouched_at, UTC),
                statement.sign(person.signer),
            ],
        )
        act.note(key_version=row.version)


async def _require_seat(tx: Reading, case_id: UUID, account_id: UUID) -> None:
    part = await tx.value(
        "SELECT part FROM relay.seats WHERE case_id = %s AND account_id = %s AND removed_at IS NULL",
        [case_id, account_id],
    )
    if part is None or part == "facilitator":
        raise Missing


async def _newest_key(tx: Reading, case_id: UUID, account_id: UUID) -> _KeyRow:
    row = await tx.one(
        _KeyRow,
        """
        SELECT k.version, k.hpke_public, k.signing_public, k.invitation_id, k.enrolment_mac,
               i.case_id AS invitation_case_id,
               ARRAY(SELECT v.facilitator_id FROM relay.vouches v WHERE v.case_id = %s
                     AND v.account_id = k.account_id AND v.key_version = k.version) AS vouchers
        FROM relay.account_keys k LEFT JOIN relay.invitations i ON i.id = k.invitation_id
        WHERE k.account_id = %s ORDER BY k.version DESC LIMIT 1
        """,
        [case_id, account_id],
    )
    if row is None:
        raise Conflict("This person has not enrolled yet. You can confirm their keys once they have.")
    return row


async def _check(tx: Reading, house: House, person: Person, account_id: UUID, row: _KeyRow) -> None:
    """Raise `Conflict` unless whoever enrolled held a secret that a facilitator gave to this very person."""
    if row.invitation_case_id is None:
        raise Conflict(
            "This person was invited in another case. A facilitator of that case has to confirm them here."
        )
    try:
        secret = await given_secret(tx, house, person, row.invitation_case_id, account_id, row.invitation_id)
    except (VaultRefused, msgspec.MsgspecError):
        raise Conflict(_NOT_THEIRS) from None
    expected = enrolment_mac(
        secret,
        service_id=house.pins.service_id,
        invitation_id=row.invitation_id,
        account_id=account_id,
        key_version=row.version,
        hpke_public=row.hpke_public,
        signing_public=row.signing_public,
    )
    if not hmac.compare_digest(expected, row.enrolment_mac):
        raise Conflict(_NOT_THEIRS)


async def given_secret(
    tx: Reading, house: House, person: Person, case_id: UUID, account_id: UUID, invitation_id: UUID
) -> str:
    """Open an invitation's secret. Anyone can seal one to the case, so its giver's signature is checked.

    Raise `VaultRefused` if there is none, or nobody who may have gave it out.
    """
    text = await case_text(tx, house, person, case_id, "invitation", invitation_id)
    if text is None:
        raise VaultRefused
    kept = msgspec.json.decode(text, type=KeptInvitation)
    statement = invitation_statement(house, case_id, account_id, invitation_id, kept.secret, kept.facilitator)
    statement.verify(kept.signature, past_verifier_of(await roster(tx, house), kept.facilitator))
    return kept.secret
