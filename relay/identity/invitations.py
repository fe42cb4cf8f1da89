"""Invitations: a secret of 140 bits to be handed over, and a short code to be spoken, for one enrolment.

The secret finds nothing and is stored as a hash only (and, for participants, sealed to the case, so that a
facilitator can check with it whose keys were enrolled). The code is worth little alone; there are five tries,
counted before comparing.
"""

import secrets
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

import msgspec

from relay.audit.tags import Tag
from relay.cases.keys import put_case_text
from relay.db.transaction import Reading
from relay.errors import Conflict, Forbidden, Invalid, Missing
from relay.house import House
from relay.identity.model import Person
from relay.identity.names import checked_name
from relay.identity.namesakes import refuse_namesake
from relay.identity.proofs import code_mac, secret_hash
from relay.identity.trust import require_carried
from relay.permissions import STAFF_ROLES, Permission
from relay.vault.columns import ColumnCipher
from relay.vault.keyring import Keyring
from relay.vault.statements import InvitationStatement

TRIES = 5
_ALPHABET = (
    "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing in it is taken for something else
)
_SECRET_LENGTH = 28
_CODE_LENGTH = 8


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """What is handed over: the address carries `id`; `secret` goes by letter or by hand, `code` is spoken."""

    id: UUID
    account_id: UUID
    secret: str
    code: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"<Invitation {self.id}>"


class KeptInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """What lies sealed to the case: the secret, and the word of the facilitator who gave it out."""

    secret: str
    facilitator: UUID
    signature: bytes

    def __repr__(self) -> str:
        return "<KeptInvitation>"


def _grouped(characters: str) -> str:
    return "-".join(characters[start : start + 4] for start in range(0, len(characters), 4))


async def issue(
    tx: Reading,
    keyring: Keyring,
    *,
    service_id: UUID,
    account_id: UUID,
    case_id: UUID | None,
    created_by: UUID,
    now: datetime,
    days: int,
) -> Invitation:
    """Make and store an invitation in the caller's transaction; the account's earlier ones end."""
    await tx.run(
        "UPDATE relay.invitations SET used_at = %s WHERE account_id = %s AND used_at IS NULL",
        [now, account_id],
    )
    invitation = Invitation(
        id=uuid4(),
        account_id=account_id,
        secret=_grouped("".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))),
        code=_grouped("".join(secrets.choice("0123456789") for _ in range(_CODE_LENGTH))).replace("-", " "),
        expires_at=now + timedelta(days=days),
    )
    await tx.run(
        """
        INSERT INTO relay.invitations (id, service_id, account_id, case_id, secret_hash, code_mac, expires_at,
        created_by) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            invitation.id,
            service_id,
            account_id,
            case_id,
            secret_hash(invitation.secret),
            code_mac(keyring, invitation.id, invitation.code),
            invitation.expires_at,
            created_by,
        ],
    )
    return invitation


async def invite_participant(
    house: House,
    person: Person,
    case_id: UUID,
    name: str,
    part: Literal["victim", "offender"],
    label: str = "",
) -> Invitation:
    """Put a new participant on a case of the facilitator's: account, seat and invitation.

    `name` is for staff; `label` is what the other side reads, empty for the service's usual words.
    """
    name = checked_name(name)
    if part not in {"victim", "offender"}:
        raise Invalid(part="Choose victim or offender.")
    label = checked_name(label, "label") if label.strip() else ""
    account_id, seat_id = uuid4(), uuid4()
    async with house.database.acting(
        person.id, Tag.ACCOUNT_INVITED, chain=case_id, subject=account_id
    ) as act:
        await act.lock_case(case_id)
        state = await act.value("SELECT state FROM relay.cases WHERE id = %s", [case_id])
        if state is None:
            raise Missing
        if state != "open":
            raise Conflict("This case is closed. Open it again before you invite anyone.")
        await insert_account(
            act,
            house.columns,
            account_id,
            service_id=person.service_id,
            side="participant",
            roles="",
            name=name,
        )
        await act.run(
            "INSERT INTO relay.seats (id, case_id, account_id, part, label_sealed)"
            " VALUES (%s, %s, %s, %s, %s)",
            [
                seat_id,
                case_id,
                account_id,
                part,
                house.columns.seal("seats", "label", seat_id, label) if label else None,
            ],
        )
        act.note(seat=seat_id, part=part)
        return await _issue_for_case(act, house, person, case_id, account_id)


async def invite_again(house: House, person: Person, case_id: UUID, account_id: UUID) -> Invitation:
    """Invite a participant of the case anew: the first invitation was lost, or they lost their passphrase.

    Enrolling again makes new keys. They wait for a facilitator to confirm them, and open nothing that was
    sent before.
    """
    async with house.database.acting(
        person.id, Tag.ACCOUNT_INVITED, chain=case_id, subject=account_id
    ) as act:
        found = await act.value(
            """
            SELECT a.state FROM relay.seats s JOIN relay.accounts a ON a.id = s.account_id
            WHERE s.case_id = %s AND s.account_id = %s AND s.removed_at IS NULL AND s.part <> 'facilitator'
            """,
            [case_id, account_id],
        )
        if found is None:
            raise Missing
        if found == "suspended":
            raise Conflict(
                "This account is suspended. If it should not be, end the suspension first: on the page of the"
                " case, under “More about” this person."
            )
        act.note(again=True)
        return await _issue_for_case(act, house, person, case_id, account_id)


async def _issue_for_case(
    tx: Reading, house: House, person: Person, case_id: UUID, account_id: UUID
) -> Invitation:
    invitation = await issue(
        tx,
        house.keyring,
        service_id=person.service_id,
        account_id=account_id,
        case_id=case_id,
        created_by=person.id,
        now=house.clock(),
        days=house.settings.invitation_days,
    )
    statement = invitation_statement(house, case_id, account_id, invitation.id, invitation.secret, person.id)
    kept = KeptInvitation(
        secret=invitation.secret, facilitator=person.id, signature=statement.sign(person.signer)
    )
    await put_case_text(tx, house, case_id, "invitation", invitation.id, msgspec.json.encode(kept).decode())
    return invitation


def invitation_statement(
    house: House, case_id: UUID, account_id: UUID, invitation_id: UUID, secret: str, facilitator: UUID
) -> InvitationStatement:
    """Return what the inviting facilitator signs: whose the secret is."""
    return InvitationStatement(
        service=house.pins.service_id,
        case=case_id,
        account=account_id,
        invitation=invitation_id,
        secret_hash=secret_hash(secret),
        facilitator=facilitator,
    )


async def invite_staff(house: House, person: Person, role: str, name: str) -> Invitation:
    """Invite a member of staff, as an administrator on the roster. They can work once it carries them too.

    Raise `Invalid` for a name that a colleague has.
    """
    if Permission.ACCOUNT_MANAGE not in person.permissions:
        raise Forbidden
    account_id = uuid4()
    async with house.database.acting(
        person.id, Tag.ACCOUNT_INVITED, chain=person.service_id, subject=account_id
    ) as act:
        await require_carried(act, house, person)
        act.note(role=role)
        await refuse_namesake(act, house.columns, person.service_id, name, house.clock())
        return await insert_staff(
            act,
            house.keyring,
            house.columns,
            account_id,
            service_id=person.service_id,
            role=role,
            name=name,
            created_by=person.id,
            now=house.clock(),
            days=house.settings.invitation_days,
        )


async def insert_staff(
    tx: Reading,
    keyring: Keyring,
    columns: ColumnCipher,
    account_id: UUID,
    *,
    service_id: UUID,
    role: str,
    name: str,
    created_by: UUID,
    now: datetime,
    days: int,
) -> Invitation:
    """Store a member of staff and their invitation inside the caller's transaction."""
    if role not in STAFF_ROLES:
        raise Invalid(role=f"Choose one of: {', '.join(STAFF_ROLES)}.")
    await insert_account(
        tx, columns, account_id, service_id=service_id, side="staff", roles=role, name=checked_name(name)
    )
    return await issue(
        tx,
        keyring,
        service_id=service_id,
        account_id=account_id,
        case_id=None,
        created_by=created_by,
        now=now,
        days=days,
    )


async def insert_account(
    tx: Reading,
    columns: ColumnCipher,
    account_id: UUID,
    *,
    service_id: UUID,
    side: str,
    roles: str,
    name: str,
) -> None:
    """Store an account that nobody has enrolled for yet."""
    await tx.run(
        "INSERT INTO relay.accounts (id, service_id, side, roles, name_sealed) VALUES (%s, %s, %s, %s, %s)",
        [account_id, service_id, side, roles, columns.seal("accounts", "name", account_id, name)],
    )
