"""What was done in a case, for its facilitators.

Not what an author does before they send: when they begin something, save, upload or give it up is theirs
alone, like the words. The chain holds these entries as all others, and whoever verifies it reads them.
"""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from relay.house import House
from relay.identity.model import Person


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a case's chain. `detail` is JSON of identifiers, states and numbers."""

    sequence: int
    tag: str
    actor_id: UUID
    subject_id: UUID
    detail: str
    at_microseconds: int

    @property
    def at(self) -> datetime:
        """When, with its zone."""
        return moment_of(self.at_microseconds)


def moment_of(microseconds: int) -> datetime:
    """Return the moment that an entry's time stands for, with its zone."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC)


NEWEST: Final = 2**62
"""More than any entry's number: what is listed before it begins with the newest."""

# the list of tags as in the index `audit_entries_shown`; something is sent once it has a revision
_SHOWN: Final = """
FROM relay.audit_entries e WHERE e.chain = %(case)s
AND e.tag NOT IN (
    'item.started', 'item.draft_saved', 'upload.started', 'upload.completed', 'upload.ended',
    'object.removed')
AND (e.tag <> 'item.withdrawn' OR EXISTS (
    SELECT FROM relay.items i WHERE i.id = e.subject_id AND i.revision > 0))
"""


async def case_entries(
    house: House, person: Person, case_id: UUID, *, before: int = NEWEST, limit: int = 200
) -> list[AuditLine]:
    """Return entries of a case of the person's, the newest first, without what was done before sending.

    The next page is `before` the last one's number.
    """
    async with house.database.reading(person.id) as tx:
        return await tx.all(
            AuditLine,
            "SELECT e.sequence, e.tag, e.actor_id, e.subject_id, e.detail, e.at_microseconds"
            + _SHOWN
            + "AND e.sequence < %(before)s ORDER BY e.sequence DESC LIMIT %(limit)s",
            {"case": case_id, "before": before, "limit": min(limit, 200)},
        )


async def left_out(house: House, person: Person, case_id: UUID) -> int:
    """Return how many entries `case_entries` leaves out, up to the newest that it shows.

    Not those after it: a number that grows would tell that an author is writing at this moment.
    """
    async with house.database.reading(person.id) as tx:
        found: int = await tx.value(
            "SELECT coalesce(max(e.sequence), 0) - count(*)" + _SHOWN, {"case": case_id}
        )
    return found
