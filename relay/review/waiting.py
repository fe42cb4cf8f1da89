"""What waits for a facilitator in each of their cases: said on their first page."""

from typing import Final
from uuid import UUID

import msgspec

from relay.cases.settings import WISH_LASTS
from relay.house import House
from relay.identity.model import Person
from relay.review.queue import APPROVED_BY_ME


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Of one case: how many items are to be looked at, or approved and not passed on yet; planned ones too.

    `for_others`: what the reader has approved, and a colleague has to. `concerns`: how many are open; an item
    that one is about is not counted beside them. `unconfirmed`: people who have enrolled, and whose keys
    nobody has confirmed. `paused`: the case, or somebody on it. `asked`: a colleague asks that one approval
    be enough.
    """

    case_id: UUID
    to_review: int
    for_others: int
    approved: int
    planned: int
    concerns: int
    unconfirmed: int
    paused: bool
    asked: bool


_CASES: Final = """
SELECT c.id AS case_id, i.to_review, i.for_others, i.approved,
       (SELECT count(*) FROM relay.scheduled_releases s
        WHERE s.case_id = c.id AND s.state = 'waiting') AS planned,
       (SELECT count(*) FROM relay.open_concerns(c.id)) AS concerns,
       (SELECT count(DISTINCT s.account_id) FROM relay.seats s JOIN relay.accounts a ON a.id = s.account_id
        WHERE s.case_id = c.id AND s.removed_at IS NULL AND s.part <> 'facilitator' AND a.key_version > 0
          AND NOT EXISTS (SELECT FROM relay.vouches v WHERE v.case_id = c.id AND v.account_id = a.id
                            AND v.key_version = a.key_version)) AS unconfirmed,
       EXISTS (SELECT FROM (SELECT DISTINCT ON (account_id) paused FROM relay.pauses p WHERE p.case_id = c.id
                            ORDER BY account_id, number DESC) AS newest WHERE newest.paused) AS paused,
       coalesce(c.lowering_asked_by <> (SELECT relay.actor()) AND c.lowering_asked_at > %s, false) AS asked
FROM relay.cases c,
     LATERAL (SELECT count(*) FILTER (WHERE state = 'in_review' AND NOT mine) AS to_review,
                     count(*) FILTER (WHERE mine) AS for_others,
                     count(*) FILTER (WHERE state = 'approved') AS approved
              FROM (SELECT page.state, """
_ITEMS: Final = """ AS mine
                    FROM relay.items page WHERE case_id = c.id AND state IN ('in_review', 'approved')
                      AND id NOT IN (SELECT item_id FROM relay.open_concerns(c.id) WHERE item_id IS NOT NULL)
                   ) AS waits) AS i
WHERE c.id = ANY(%s)
"""
_WAITING: Final = _CASES + APPROVED_BY_ME + _ITEMS


async def waiting(house: House, person: Person, cases: list[UUID]) -> dict[UUID, Waiting]:
    """Return it for those of the cases that are the person's."""
    async with house.database.reading(person.id) as tx:
        found = await tx.all(Waiting, _WAITING, [house.clock() - WISH_LASTS, cases])
    return {one.case_id: one for one in found}
