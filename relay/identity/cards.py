"""The enrolment card: an invitation on paper, for somebody who is not handed a link."""

from datetime import datetime
from uuid import UUID

import msgspec

from relay.audit.tags import Tag
from relay.db.transaction import Reading
from relay.errors import Conflict, Missing
from relay.house import House
from relay.identity.model import Person
from relay.identity.vouching import given_secret
from relay.printing import press
from relay.printing.model import Printed, Size
from relay.times import day


class _Row(msgspec.Struct, frozen=True):
    id: UUID | None
    expires_at: datetime | None


async def print_card(house: House, person: Person, case_id: UUID, account_id: UUID, size: Size) -> Printed:
    """Return the card of the invitation that waits for this participant, as a PDF. Leaves an audit entry.

    The address and the secret are on it. The short code is not, and cannot be: only its keyed hash is kept.
    Raise `Missing` for somebody who has no seat in a case of the person's, `Conflict` if no invitation waits.
    """
    async with house.database.reading(person.id) as tx:
        invitation_id, until = await _waiting(tx, house, case_id, account_id)
        secret = await given_secret(tx, house, person, case_id, account_id, invitation_id)
    printed = await press.enrolment_card(
        address=f"{house.settings.participants_origin}/enrol/{invitation_id}",
        secret=secret,
        until=day(until, house.settings.zone),
        size=size,
        folder=house.settings.print_fonts,
    )
    async with house.database.acting(person.id, Tag.CARD_PRINTED, chain=case_id, subject=account_id) as act:
        if (await _waiting(act, house, case_id, account_id))[0] != invitation_id:
            raise Conflict
        act.note(invitation=invitation_id, size=str(size))
    return printed


async def _waiting(tx: Reading, house: House, case_id: UUID, account_id: UUID) -> tuple[UUID, datetime]:
    row = await tx.one(
        _Row,
        """
        SELECT i.id, i.expires_at FROM relay.seats s
        LEFT JOIN relay.invitations i ON i.account_id = s.account_id AND i.case_id = s.case_id
            AND i.used_at IS NULL AND i.expires_at > %s
        WHERE s.case_id = %s AND s.account_id = %s AND s.removed_at IS NULL AND s.part <> 'facilitator'
        """,
        [house.clock(), case_id, account_id],
    )
    if row is None:
        raise Missing
    if row.id is None or row.expires_at is None:
        raise Conflict("No invitation waits for this person: it was used, or has run out. Invite them anew.")
    return row.id, row.expires_at
