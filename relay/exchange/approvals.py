"""Which approvals of an item stand: one place, for deciding, for releasing and for the desk's pages.

An approval counts while whoever gave it works on the case: on it without a break since, and on the roster as
somebody who works on cases. What an item needs is what its case asked for when it came into review, or what
the case asks for now, whichever is more.
"""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET

from relay.db.transaction import Reading
from relay.errors import VaultRefused
from relay.exchange.model import Rendition
from relay.exchange.moments import microseconds
from relay.house import House
from relay.identity.trust import newest_roster, past_verifier_of, works_on_cases
from relay.vault.statements import Approval, Changes, Roster


class Standing(msgspec.Struct, frozen=True):
    """An approval that counts."""

    reviewer_id: UUID
    decided_at: datetime
    signature: bytes


async def standing(
    tx: Reading, house: House, rendition: Rendition, changes: Changes | None
) -> list[Standing]:
    """Return the approvals that count of exactly this rendition, since it last came into review.

    Each reviewer's newest; the earliest first. What its recipient is told (`changes`) is part of what was
    approved: an approval from before approvals said that is none of a version of which there is something to
    tell. Nobody has signed it, and a release could not carry it.
    """
    rows = await tx.all(
        Standing,
        """
        SELECT DISTINCT ON (v.reviewer_id) v.reviewer_id, v.decided_at, v.signature
        FROM relay.reviews v JOIN relay.items i ON i.id = v.item_id
        WHERE v.item_id = %s AND v.rendition_id = %s AND v.sha256 = %s AND v.decision = 'approve'
          AND v.decided_at >= i.ready_at
          AND relay.works_on_case_since(v.case_id, v.reviewer_id, v.decided_at)
        ORDER BY v.reviewer_id, v.decided_at DESC
        """,
        [rendition.item_id, rendition.id, rendition.sha256],
    )
    signed = await newest_roster(tx, house.pins)
    found = [row for row in rows if signed is not None and works_on_cases(signed, row.reviewer_id)]
    if changes and signed is not None:
        found = [row for row in found if not _signed(signed, house, rendition, None, row)]
    return sorted(found, key=lambda row: row.decided_at)


async def was_given(tx: Reading, house: House, rendition: Rendition, changes: Changes | None) -> bool:
    """Tell whether anybody who was ever a facilitator here signed an approval of exactly this rendition.

    It need not count any more, and may be from before approvals said what its recipient is told (`changes`).
    Rows that nobody signed are none.
    """
    rows = await tx.all(
        Standing,
        "SELECT reviewer_id, decided_at, signature FROM relay.reviews"
        " WHERE rendition_id = %s AND decision = 'approve' AND signature IS NOT NULL"
        " ORDER BY decided_at DESC LIMIT 100",
        [rendition.id],
    )
    signed = await newest_roster(tx, house.pins)
    return signed is not None and any(
        _signed(signed, house, rendition, said, row) for row in rows for said in {changes, None}
    )


def statement(
    house: House, rendition: Rendition, changes: Changes | None, facilitator: UUID, decided_at: datetime
) -> Approval:
    """Return what a facilitator signs who approves exactly this rendition, and what is told of it."""
    named = rendition.named(house.pins.service_id)
    return Approval(
        **named, facilitator=facilitator, decided_at=microseconds(decided_at), changes=changes or UNSET
    )


def _signed(
    signed: Roster, house: House, rendition: Rendition, changes: Changes | None, row: Standing
) -> bool:
    said = statement(house, rendition, changes, row.reviewer_id, row.decided_at)
    try:
        said.verify(row.signature, past_verifier_of(signed, row.reviewer_id))
    except VaultRefused:
        return False
    return True


async def needed(tx: Reading, item_id: UUID) -> int:
    """Return how many people have to approve an item."""
    found: int = await tx.value(
        "SELECT greatest(i.approvals_needed, CASE WHEN c.second_approval THEN 2 ELSE 1 END)"
        " FROM relay.items i JOIN relay.cases c ON c.id = i.case_id WHERE i.id = %s",
        [item_id],
    )
    return found


async def still_stands(tx: Reading, case_id: UUID, reviewer_id: UUID, decided_at: datetime) -> bool:
    """Tell whether who approved then has been on the case ever since. The roster is asked by who verifies."""
    return bool(
        await tx.value("SELECT relay.works_on_case_since(%s, %s, %s)", [case_id, reviewer_id, decided_at])
    )


async def may_approve(tx: Reading, house: House, case_id: UUID) -> list[UUID]:
    """Return who can give an approval that counts: the facilitators of the case who work there now."""
    rows = await tx.values(
        "SELECT account_id FROM relay.seats WHERE case_id = %s AND part = 'facilitator'"
        " AND removed_at IS NULL AND relay.works_on_case_since(case_id, account_id, 'infinity')"
        " ORDER BY added_at, id",
        [case_id],
    )
    signed = await newest_roster(tx, house.pins)
    return [one for one in rows if signed is not None and works_on_cases(signed, one)]
