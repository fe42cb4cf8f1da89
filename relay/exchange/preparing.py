"""What a release is made of: all checked under lock, the key sealed to the recipient, the record signed."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET

from relay.cases import gates
from relay.cases.service import facts_for_staff
from relay.db.transaction import Acting
from relay.errors import Blocked, Conflict, Missing, VaultRefused
from relay.exchange import agreements, approvals
from relay.exchange.model import Item, Rendition
from relay.exchange.moments import microseconds
from relay.exchange.release_rows import ReleaseRow
from relay.exchange.renditions import case_content, find_rendition
from relay.exchange.telling import Told
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import TrustedKey, participant_key, roster, verifier_of
from relay.safeguarding import stops
from relay.vault.grants import grant
from relay.vault.notes import Note
from relay.vault.release import ReleaseRecord, Signatures, SignedApproval, verify
from relay.vault.statements import Changes
from relay.vault.suite import Sealed


class Prepared(NamedTuple):
    """Everything that a release writes, sealed and signed. `again`: they had it before, under older keys."""

    item: Item
    rendition: Rendition
    recipient: TrustedKey
    sealed: Sealed
    record: ReleaseRecord
    signatures: Signatures
    again: bool

    def row(self, released_at: datetime, note: Sealed | None) -> ReleaseRow:
        """Return what is written down of it. `note`: what the recipient reads before they choose, sealed."""
        return ReleaseRow(
            case_id=self.item.case_id,
            item_id=self.item.id,
            revision_id=self.rendition.revision_id,
            rendition_id=self.rendition.id,
            object_id=self.rendition.object_id,
            recipient_id=self.record.recipient,
            kind=self.item.kind,
            media_type=self.rendition.media_type,
            size=self.rendition.size,
            duration_ms=self.rendition.duration_ms,
            pages=self.rendition.pages,
            holder_key_version=self.recipient.holder.key_version,
            sequence=self.record.sequence,
            record=msgspec.json.encode(self.record),
            signatures=msgspec.json.encode(self.signatures),
            released_at=released_at,
            note=note,
        )


async def prepare(
    act: Acting,
    house: House,
    person: Person,
    item: Item,
    seat_id: UUID,
    released_at: datetime,
    told: Told,
    note: Note | None,
) -> Prepared:
    """Check everything under lock, open the key as the case, seal it to the recipient, sign the record.

    `told`: what the recipient is told of it, looked up before. `note`: what is written to them.
    """
    if item.taken_back_at is not None:
        raise Conflict("The author has taken this back. Nothing more of it is released.")
    account_id = await _recipient(act, house, item, seat_id)
    rendition = await find_rendition(act, house, item, "clean")
    changes = told.of(rendition)
    await agreements.require(act, house, item.author_id, rendition, changes)
    recipient = await participant_key(act, house, item.case_id, account_id)
    again = await _again(act, rendition, recipient)
    approved = await _approvals(act, house, person, rendition, changes)
    key = (await case_content(act, house, person, rendition)).key
    sequence = await act.value(
        """
        SELECT 1 + greatest(
            (SELECT coalesce(max(sequence), 0) FROM relay.releases
             WHERE case_id = %(c)s AND recipient_id = %(r)s),
            (SELECT coalesce(max(sequence), 0) FROM relay.scheduled_releases
             WHERE case_id = %(c)s AND recipient_id = %(r)s))
        """,
        {"c": item.case_id, "r": account_id},
    )
    record = ReleaseRecord(
        **rendition.named(house.pins.service_id),
        recipient=account_id,
        recipient_key=recipient.public.fingerprint,
        recipient_key_version=recipient.holder.key_version,
        facilitators=tuple(approval.facilitator for approval in approved),
        sequence=sequence,
        released_at=int(released_at.timestamp()),
        changes=changes or UNSET,
        note=note.digest if note else UNSET,
    )
    signatures = Signatures(release=record.sign(person.signer), approvals=approved)
    signed = await roster(act, house)
    # before anything is sealed: rows that were swapped since the approval was signed end here (SAFETY 3)
    verify(record, signatures, lambda facilitator: verifier_of(signed, facilitator))
    sealed = grant(
        key,
        recipient.public,
        service=house.pins.service_id,
        case=item.case_id,
        object_id=rendition.object_id,
        holder=recipient.holder,
    )
    return Prepared(item, rendition, recipient, sealed, record, signatures, again)


class _Before(msgspec.Struct, frozen=True):
    rendition_id: UUID
    holder_key_version: int


async def _again(act: Acting, rendition: Rendition, recipient: TrustedKey) -> bool:
    """Tell whether they were given this before, under keys that they no longer have.

    Raise `Conflict` if they have it under the keys that they use now.
    """
    before = await act.one(
        _Before,
        "SELECT rendition_id, holder_key_version FROM relay.releases"
        " WHERE item_id = %s AND recipient_id = %s ORDER BY holder_key_version DESC LIMIT 1",
        [rendition.item_id, recipient.holder.id],
    )
    if before is None:
        return False
    if before.holder_key_version >= recipient.holder.key_version:
        raise Conflict("This has been released to this person already.")
    if before.rendition_id != rendition.id:
        raise VaultRefused  # what was released is never changed: somebody edited a row
    return True


async def _recipient(act: Acting, house: House, item: Item, seat_id: UUID) -> UUID:
    """Return the account in the recipient's seat, if every gate between the two is open."""
    if not await act.value(
        "SELECT true FROM relay.item_recipients WHERE item_id = %s AND seat_id = %s", [item.id, seat_id]
    ):
        raise Missing
    facts = await facts_for_staff(act, item.case_id)
    seat = facts.seat(seat_id)
    if seat is None:
        raise Conflict("The recipient is no longer on the case.")
    found = (
        *await stops.blocks(act, item.case_id, item.id),
        *gates.blocks(facts, item.author_id, seat.account_id, item.kind, house.local_time()),
    )
    if found:
        raise Blocked(gates.for_staff(found))
    if await act.value(
        "SELECT true FROM relay.scheduled_releases"
        " WHERE item_id = %s AND recipient_id = %s AND state = 'waiting'",
        [item.id, seat.account_id],
    ):
        raise Conflict(
            "This is planned for this person already. Take that back first to choose another time."
        )
    return seat.account_id


async def _approvals(
    act: Acting, house: House, person: Person, rendition: Rendition, changes: Changes | None
) -> tuple[SignedApproval, ...]:
    """Return as many of the approvals that count as the item needs, the releaser's first."""
    rows = await approvals.standing(act, house, rendition, changes)
    needed = await approvals.needed(act, rendition.item_id)
    if len(rows) < needed:
        raise Conflict(
            "This needs two approvals, by two people who are on the case now."
            " A colleague on the case reads it and approves it too."
            if needed > 1
            else "Nobody who is on the case now has approved this. Read it and approve it first."
        )
    own = next((row for row in rows if row.reviewer_id == person.id), None)
    if own is None:
        raise Conflict(
            "Only somebody who approved this can release it. Read it and approve it first, or ask who did."
        )
    chosen = [own, *(row for row in rows if row is not own)][:needed]
    return tuple(
        SignedApproval(
            facilitator=row.reviewer_id, decided_at=microseconds(row.decided_at), signature=row.signature
        )
        for row in chosen
    )
