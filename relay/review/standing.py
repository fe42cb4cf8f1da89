"""How an item stands, in little: what an open page asks for every few seconds."""

import hashlib
from datetime import datetime
from uuid import UUID

import msgspec

from relay.cases.model import Medium
from relay.errors import Missing
from relay.house import House
from relay.identity.model import Person


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What an open page may be behind of. `percent` is how far a worker has come with the newest version.

    `answered` says that its author signed something about it, not that it counts: the page looks into that.
    """

    kind: Medium
    state: str
    revision: int
    failed: bool
    taken_back: bool
    rendition_id: UUID | None
    edited: bool
    answered: bool
    reviews: int
    concerns: int
    percent: int
    seen_all: bool
    claimed_by: UUID | None
    claimed_until: datetime | None

    def is_awaited(self, reader: UUID) -> bool:
        """Whether something is to come: a worker's result, its author's answer, that all of it was served."""
        if self.state not in {"in_review", "approved"}:
            return self.state == "submitted"
        unanswered = self.edited and not self.answered and not self.failed
        return unanswered or (self.claimed_by == reader and not self.seen_all)

    @property
    def mark(self) -> str:
        """Two marks are the same if a page that shows the one need not be loaded again for the other."""
        shown = (
            self.revision,
            self.failed,
            self.taken_back,
            self.rendition_id,
            self.answered,
            self.reviews,
            self.concerns,
        )
        digest = hashlib.sha256(repr((self.state, *map(str, shown), str(self.claimed_by))).encode())
        return f"{self.state}-{digest.hexdigest()[:16]}"


async def standing(house: House, person: Person, item_id: UUID) -> Standing:
    """Return how an item of the person's cases stands for them. Raise `Missing`."""
    async with house.database.reading(person.id) as tx:
        found = await tx.one(
            Standing,
            """
            SELECT i.kind, i.state, i.revision, i.failure IS NOT NULL AS failed,
                   i.taken_back_at IS NOT NULL AS taken_back, n.id AS rendition_id,
                   r.edited_by IS NOT NULL AS edited,
                   EXISTS (SELECT FROM relay.agreements g WHERE g.rendition_id = n.id) AS answered,
                   (SELECT count(*)::int FROM relay.reviews v WHERE v.item_id = i.id) AS reviews,
                   (SELECT count(*)::int FROM relay.open_concerns(i.case_id) o
                    WHERE o.item_id = i.id) AS concerns,
                   coalesce((SELECT w.percent FROM relay.work w WHERE w.revision_id = r.id), 0) AS percent,
                   coalesce(c.seen @> int8range(0, n.size), false) AS seen_all,
                   l.facilitator_id AS claimed_by, l.until AS claimed_until
            FROM relay.items i
            JOIN relay.revisions r ON r.item_id = i.id AND r.number = i.revision
            LEFT JOIN relay.renditions n ON n.revision_id = r.id AND n.role = 'clean'
            LEFT JOIN relay.coverage c ON c.rendition_id = n.id AND c.reviewer_id = %(person)s
            LEFT JOIN relay.claims l ON l.item_id = i.id
                AND (l.until > %(now)s OR l.facilitator_id = %(person)s)
            WHERE i.id = %(item)s
            """,
            {"item": item_id, "person": person.id, "now": house.clock()},
        )
    if found is None:
        raise Missing
    return found
