"""What was done in a case, for its facilitators."""

from datetime import UTC, datetime
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
        return datetime.fromtimestamp(self.at_microseconds / 1e6, UTC)


async def case_entries(
    house: House, person: Person, case_id: UUID, *, before: int = 2**62, limit: int = 200
) -> list[AuditLine]:
    """Return entries of a case of the person's, the newest first.

    The next page is `before` the last one's number.
    """
    async with house.database.reading(person.id) as tx:
        return await tx.all(
            AuditLine,
            """
            SELECT sequence, tag, actor_id, subject_id, detail, at_microseconds FROM relay.audit_entries
            WHERE chain = %s AND sequence < %s ORDER BY sequence DESC LIMIT %s
            """,
            [case_id, before, min(limit, 200)],
        )
