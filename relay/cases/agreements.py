"""Who agrees to what in a case, as its facilitators read it: the newest record of each person and medium."""

from datetime import datetime
from uuid import UUID

import msgspec

from relay.cases.model import Manner, Medium
from relay.cases.service import gate_facts
from relay.house import House
from relay.identity.model import Person


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. `given` is false where it was taken back, at `given_at`; else it lapses at `ask_again_at`.

    `wording`: the version of the words that were agreed to. `recorded_by`: themselves, or who was told.
    """

    account_id: UUID
    medium: Medium
    given: bool
    wording: str
    manner: Manner
    given_at: datetime
    ask_again_at: datetime
    recorded_by: UUID


_NEWEST = """
SELECT DISTINCT ON (account_id, medium)
       account_id, medium, given, wording, manner, given_at, ask_again_at, recorded_by
FROM relay.consents WHERE case_id = %s ORDER BY account_id, medium, number DESC
"""


async def agreements(house: House, person: Person, case_id: UUID) -> list[Agreement]:
    """Return them, also of people who were taken off the case. Raise `Missing` for a case not theirs."""
    async with house.database.reading(person.id) as tx:
        await gate_facts(tx, case_id)
        return await tx.all(Agreement, _NEWEST, [case_id])
