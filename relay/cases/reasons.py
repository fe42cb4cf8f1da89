"""What was written when responsibility and safety were recorded, for facilitators: the newest, and before."""

from datetime import datetime
from uuid import UUID

import msgspec

from relay.cases.model import Grade
from relay.cases.orders import written
from relay.cases.service import gate_facts
from relay.db.transaction import Reading
from relay.house import House
from relay.identity.model import Person


class Reasoned(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. `account_id`: whose responsibility it is; empty for the safety assessment.

    `words` is empty where this facilitator cannot open it: they made new keys since.
    """

    account_id: UUID | None
    recorded_by: UUID
    recorded_at: datetime
    words: str


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    account_id: UUID | None
    recorded_by: UUID
    recorded_at: datetime


_NEWEST = """
(SELECT DISTINCT ON (account_id) id, account_id, recorded_by, recorded_at FROM relay.responsibilities
 WHERE case_id = %(case)s ORDER BY account_id, number DESC)
UNION ALL
(SELECT id, NULL, recorded_by, recorded_at FROM relay.assessments
 WHERE case_id = %(case)s ORDER BY number DESC LIMIT 1)
"""


class Earlier(Reasoned, frozen=True, kw_only=True):
    """One that others followed: how far responsibility was accepted, or whether it was safe, until when."""

    grade: Grade | None
    safe: bool | None
    valid_until: datetime | None


class _EarlierRow(_Row, frozen=True, kw_only=True):
    grade: Grade | None
    safe: bool | None
    valid_until: datetime | None


_EARLIER = """
(SELECT id, account_id, recorded_by, recorded_at, grade, NULL AS safe, NULL AS valid_until
 FROM relay.responsibilities r WHERE case_id = %(case)s AND EXISTS (
     SELECT FROM relay.responsibilities later
     WHERE later.case_id = r.case_id AND later.account_id = r.account_id AND later.number > r.number)
 ORDER BY number DESC LIMIT %(limit)s)
UNION ALL
(SELECT id, NULL, recorded_by, recorded_at, NULL, safe, valid_until
 FROM relay.assessments WHERE case_id = %(case)s ORDER BY number DESC LIMIT %(limit)s OFFSET 1)
"""


async def earlier(house: House, person: Person, case_id: UUID, *, limit: int = 20) -> list[Earlier]:
    """Return those before the newest: so many of either kind, the later first. Raise as `reasons` does."""
    async with house.database.reading(person.id) as tx:
        await gate_facts(tx, case_id)
        rows = await tx.all(_EarlierRow, _EARLIER, {"case": case_id, "limit": limit})
        return [
            Earlier(
                account_id=row.account_id,
                recorded_by=row.recorded_by,
                recorded_at=row.recorded_at,
                words=await _words(tx, house, person, case_id, row),
                grade=row.grade,
                safe=row.safe,
                valid_until=row.valid_until,
            )
            for row in rows
        ]


async def _words(tx: Reading, house: House, person: Person, case_id: UUID, row: _Row) -> str:
    purpose = "responsibility" if row.account_id else "assessment"
    return " ".join(await written(tx, house, person, case_id, [row.id], purpose))


async def reasons(house: House, person: Person, case_id: UUID) -> list[Reasoned]:
    """Return the newest of each. Raise `Missing` for a case that is not theirs."""
    async with house.database.reading(person.id) as tx:
        await gate_facts(tx, case_id)
        return [
            Reasoned(
                account_id=row.account_id,
                recorded_by=row.recorded_by,
                recorded_at=row.recorded_at,
                words=await _words(tx, house, person, case_id, row),
            )
            for row in await tx.all(_Row, _NEWEST, {"case": case_id})
        ]
