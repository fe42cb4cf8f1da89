"""What an author sees of their items: how far each has come, and what facilitators answered."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from relay.cases.keys import own_text
from relay.cases.model import Medium
from relay.db.transaction import Reading
from relay.errors import Conflict, Missing
from relay.exchange.edits import Edits
from relay.exchange.items import IS_THERE, find_item
from relay.exchange.model import Feedback, Item, OwnItem, Proposal, Step
from relay.exchange.own_lists import own_list
from relay.exchange.renditions import find_rendition
from relay.exchange.revisions import submitted
from relay.exchange.transitions import State
from relay.house import House
from relay.identity.model import Person

LOST: Final = "This was sealed to keys that you no longer have."


class _OwnRow(msgspec.Struct, frozen=True):
    id: UUID
    case_id: UUID
    kind: Medium
    state: str
    revision: int
    failure: str | None
    failure_page: int | None
    taken_back: bool
    was_approved: bool
    percent: int
    step: Step
    recipients: list[UUID]
    number: int
    empty: bool
    uploaded: bool
    edited: bool
    made: bool
    agreed: bool
    started_at: datetime


_OWN = f"""
SELECT i.id, i.case_id, i.kind, i.created_at AS started_at, i.state, i.revision, i.failure,
       i.failure_page, i.taken_back_at IS NOT NULL AS taken_back,
       i.approvals_needed <= (SELECT count(*) FROM relay.reviews a
                              WHERE a.item_id = i.id AND a.revision_id = v.id AND a.decision = 'approve')
       AS was_approved,
       coalesce(w.percent, 0) AS percent,
       -- whether a worker has come to it yet would say whether it was busy with somebody else's
       CASE WHEN w.step <> 'making' THEN w.step WHEN coalesce(w.percent, 0) = 0 THEN 'opening'
            WHEN w.percent < 99 THEN 'making' ELSE 'checking' END AS step,
       ARRAY(SELECT seat_id FROM relay.item_recipients p
             WHERE p.item_id = i.id ORDER BY seat_id) AS recipients,
       (SELECT count(*) FROM relay.items b
        WHERE b.author_id = i.author_id AND b.case_id = i.case_id AND b.kind = i.kind
          AND b.created_at <= i.created_at AND (b.created_at, b.id) <= (i.created_at, i.id)) AS number,
       i.state = 'draft' AND NOT EXISTS (SELECT FROM relay.uploads u WHERE u.item_id = i.id AND {IS_THERE})
       AND NOT EXISTS (SELECT FROM relay.sealed_texts t
                       WHERE t.subject_id = i.id AND t.purpose = 'draft') AS empty,
       EXISTS (SELECT FROM relay.uploads u WHERE u.item_id = i.id AND u.state = 'complete'
               AND NOT EXISTS (SELECT FROM relay.revisions r WHERE r.object_id = u.object_id)) AS uploaded,
       coalesce(v.edited_by IS NOT NULL, false) AS edited, n.id IS NOT NULL AS made,
       EXISTS (SELECT FROM relay.agreements a WHERE a.rendition_id = n.id
               AND (i.state <> 'in_review' OR a.key_version = (
                   SELECT max(version) FROM relay.account_keys WHERE account_id = i.author_id))) AS agreed
FROM relay.items i
LEFT JOIN relay.revisions v ON v.item_id = i.id AND v.number = i.revision
LEFT JOIN relay.work w ON w.revision_id = v.id
LEFT JOIN relay.renditions n ON n.revision_id = v.id AND n.role = 'clean'
"""  # noqa: S608 - with a constant


def _own(row: _OwnRow) -> OwnItem:
    state = (
        "withdrawn"
        if row.taken_back
        else {"scheduled": "approved", "released": "approved"}.get(row.state, row.state)
    )
    return msgspec.convert(
        {
            "id": row.id,
            "case_id": row.case_id,
            "kind": row.kind,
            "state": state,
            "revision": row.revision,
            "failure": row.failure if row.state == "failed" else None,
            "failure_page": row.failure_page if row.state == "failed" else None,
            "percent": row.percent,
            "step": row.step,
            "recipients": tuple(row.recipients),
            "number": row.number,
            "empty": row.empty,
            "uploaded": row.uploaded,
            # not while it is looked at: whether one of two approved is not told
            "was_approved": row.was_approved and state in {"approved", "withdrawn"},
            "edited": row.edited,
            "asked": row.edited and row.made and not row.agreed and state == "in_review",
            "started_at": row.started_at,
        },
        OwnItem,
    )


_THERE = """
WHERE i.author_id = %s AND i.case_id = %s AND (
    i.state <> 'withdrawn' OR i.revision > 0
    OR EXISTS (SELECT FROM relay.sealed_texts t WHERE t.subject_id = i.id AND t.purpose = 'draft'))
"""


async def own_items(house: House, person: Person, case_id: UUID, *, limit: int = 100) -> list[OwnItem]:
    """Return what this author made in a case, the newest first. A draft that they removed is not there."""
    async with house.database.reading(person.id) as tx:
        rows = await tx.all(
            _OwnRow,
            _OWN + _THERE + "ORDER BY i.created_at DESC, i.id LIMIT %s",
            [house.clock(), person.id, case_id, limit],
        )
    return [_own(row) for row in rows]


_REMOVED = """
SELECT i.state = 'withdrawn' AND i.revision = 0
   AND NOT EXISTS (SELECT FROM relay.sealed_texts t WHERE t.subject_id = i.id AND t.purpose = 'draft')
FROM relay.items i WHERE i.id = %s
"""


async def is_removed(house: House, person: Person, item_id: UUID) -> bool:
    """Tell whether this was a draft of which nothing is left: it is not in its author's list any more."""
    async with house.database.reading(person.id) as tx:
        return bool(await tx.value(_REMOVED, [item_id]))


_ANSWERS = """
WHERE i.author_id = %s AND i.taken_back_at IS NULL AND (
    i.state IN ('in_review', 'changes_requested', 'failed')
    OR i.state = 'declined' AND NOT EXISTS (
        SELECT FROM relay.items later WHERE later.author_id = i.author_id AND later.case_id = i.case_id
          AND later.created_at > i.created_at))
LIMIT 200
"""


async def answers(house: House, person: Person) -> dict[UUID, set[str]]:
    """Return by case what waits for the author: "asked", "changes_requested", "failed" or "declined".

    Nothing of the other side's is in it. What was declined is told until they begin something new there.
    """
    async with house.database.reading(person.id) as tx:
        rows = await tx.all(_OwnRow, _OWN + _ANSWERS, [house.clock(), person.id])
    found: dict[UUID, set[str]] = {}
    for item in map(_own, rows):
        state = "asked" if item.asked else item.state
        if state != "in_review":
            found.setdefault(item.case_id, set()).add(state)
    return found


async def own_item(house: House, person: Person, item_id: UUID) -> OwnItem:
    """Return one of the author's items, or raise `Missing`."""
    async with house.database.reading(person.id) as tx:
        row = await tx.one(_OwnRow, _OWN + "WHERE i.id = %s", [house.clock(), item_id])
    if row is None:
        raise Missing
    return _own(row)


async def own_pages(house: House, person: Person, item_id: UUID) -> int:
    """Return how many pages the clean copy of an author's own document has; 0 for what is none."""
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        pages: int | None = await tx.value(
            """
            SELECT n.pages FROM relay.renditions n JOIN relay.revisions r ON r.id = n.revision_id
            WHERE n.item_id = %s AND r.number = %s AND n.role = 'clean'
            """,
            [item_id, item.revision],
        )
        return pages or 0


async def being_looked_at(house: House, person: Person, case_id: UUID) -> dict[UUID, UUID]:
    """Return, by seat of the other side, the author's item to it that is on its way: it is one at a time."""
    async with house.database.reading(person.id) as tx:
        rows = await tx.all(
            _Waiting,
            "SELECT seat_id, item_id FROM relay.item_recipients"
            " WHERE author_id = %s AND case_id = %s AND waiting LIMIT 100",
            [person.id, case_id],
        )
    return {row.seat_id: row.item_id for row in rows}


class _Waiting(msgspec.Struct, frozen=True):
    seat_id: UUID
    item_id: UUID


class _ProposalRow(msgspec.Struct, frozen=True):
    revision_id: UUID
    edited_by: UUID | None
    agreed: bool


async def proposal(house: House, person: Person, item_id: UUID) -> Proposal | None:
    """Return the newest version, if it was made by a facilitator who hid parts, and is there to be seen."""
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        row = await tx.one(
            _ProposalRow,
            """
            SELECT r.id AS revision_id, r.edited_by,
                   EXISTS (SELECT FROM relay.agreements a WHERE a.revision_id = r.id
                           AND (%s OR a.key_version = %s)) AS agreed
            FROM relay.revisions r JOIN relay.renditions n ON n.revision_id = r.id AND n.role = 'clean'
            WHERE r.item_id = %s AND r.number = %s
            """,
            [item.state is not State.IN_REVIEW, person.key_version, item_id, item.revision],
        )
        if row is None or row.edited_by is None or item.taken_back_at is not None:
            return None
        rendition = await find_rendition(tx, house, item, "clean")
        note = await _words(tx, house, person, item, "redaction", row.revision_id)
        edits = await _hidden(tx, house, person, item)
    return Proposal(
        revision=item.revision,
        rendition_id=rendition.id,
        sha256=rendition.sha256,
        note=note,
        edits=edits,
        agreed=row.agreed,
    )


async def _words(
    tx: Reading, house: House, person: Person, item: Item, purpose: str, subject_id: UUID
) -> str:
    """Return what a facilitator wrote to the author, or that it cannot be opened any more: the rest can."""
    try:
        return await own_text(tx, house, person, item.case_id, purpose, subject_id) or ""
    except Conflict:
        return LOST


async def _hidden(tx: Reading, house: House, person: Person, item: Item) -> Edits | None:
    try:
        return await own_list(tx, house, person, item, await submitted(tx, house, item))
    except Missing:
        return None


class _FeedbackRow(msgspec.Struct, frozen=True):
    id: UUID
    revision: int
    decision: str
    reasons: str


async def feedback(house: House, person: Person, item_id: UUID) -> list[Feedback]:
    """Return what facilitators answered to each revision, the newest first. Approvals are not listed."""
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        rows = await tx.all(
            _FeedbackRow,
            """
            SELECT v.id, r.number AS revision, v.decision, v.reasons
            FROM relay.reviews v JOIN relay.revisions r ON r.id = v.revision_id
            WHERE v.item_id = %s AND v.decision <> 'approve' ORDER BY v.decided_at DESC
            """,
            [item_id],
        )
        return [
            msgspec.convert(
                {
                    "revision": row.revision,
                    "decision": row.decision,
                    "reasons": tuple(row.reasons.split()),
                    "guidance": await _words(tx, house, person, item, "guidance", row.id),
                },
                Feedback,
            )
            for row in rows
        ]
