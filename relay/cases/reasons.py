"""What was written when responsibility and safety were recorded: the newest of each, for facilitators."""

from datetime import datetime
from uuid import UUID

import msgspec

from relay.cases.orders import written
from relay.cases.service import gate_facts
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


async def reasons(house: House, person: Person, case_id: UUID) -> list[Reasoned]:
    """Return the newest of each. Raise `Missing` for a case that is not theirs."""
    async with house.database.reading(person.id) as tx:
        await gate_facts(tx, case_id)
        return [
            Reasoned(
                account_id=row.account_id,
                recorded_by=row.recorded_by,
                recorded_at=row.recorded_at,
                words=" ".join(
                    await written(
                        tx,
                        house,
                        person,
                        case_id,
                        [row.id],
                        "responsibility" if row.account_id else "assessment",
                    )
                ),
            )
            for row in await tx.all(_Row, _NEWEST, {"case": case_id})
        ]
