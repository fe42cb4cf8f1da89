"""The items of one case, whatever became of them: for a facilitator who looks for one that is in no queue."""

from datetime import datetime
from uuid import UUID

import msgspec

from relay.cases.model import Medium
from relay.house import House
from relay.identity.model import Person


class ListedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a case, so since `changed_at`. Drafts are not listed: they are their author's alone.

    `due_at`: when it is to be passed on, if that is planned; to several people, the first time of them.
    """

    id: UUID
    author_id: UUID
    recipients: list[UUID]
    kind: Medium
    state: str
    revision: int
    taken_back: bool
    changed_at: datetime
    due_at: datetime | None


async def case_items(house: House, person: Person, case_id: UUID, *, limit: int = 200) -> list[ListedItem]:
    """Return what was ever sent in a case of the person's, the newest first."""
    async with house.database.reading(person.id) as tx:
        return await tx.all(
            ListedItem,
            """
            SELECT id, author_id, kind, state, revision, taken_back_at IS NOT NULL AS taken_back, changed_at,
                   ARRAY(SELECT s.account_id FROM relay.item_recipients p
                         JOIN relay.seats s ON s.id = p.seat_id
                         WHERE p.item_id = items.id ORDER BY s.added_at, s.id) AS recipients,
                   (SELECT min(due_at) FROM relay.scheduled_releases
                    WHERE item_id = items.id AND state = 'waiting') AS due_at
            FROM relay.items WHERE case_id = %s AND revision > 0 ORDER BY created_at DESC, id LIMIT %s
            """,
            [case_id, limit],
        )
