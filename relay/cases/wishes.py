"""The wish of each victim as it stands, and who has ever wished it: whose wishes have met sees the other."""

from datetime import datetime
from uuid import UUID

import msgspec

from relay.cases.model import PersonOnCase
from relay.cases.service import gate_facts
from relay.house import House
from relay.identity.model import Person


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is recorded last of a victim's wish for the exchange: that they ask, or that they took it back."""

    account_id: UUID
    asked: bool
    recorded_by: UUID
    recorded_at: datetime


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """Of one case: each victim's wish; who ever asked, or agreed to anything, also if they took it back."""

    of_victims: dict[UUID, Wish]
    asked: frozenset[UUID]
    agreed: frozenset[UUID]

    def lacking(self, victim: UUID, offender: UUID) -> tuple[UUID, ...]:
        """Return whose wish there never was, of two who are not shown to one another; empty if they are.

        As `relay.counterparts` has it in SQL.
        """
        never_asked = () if victim in self.asked else (victim,)
        never_agreed = () if offender in self.agreed else (offender,)
        return never_asked + never_agreed


_NEWEST = """
SELECT DISTINCT ON (account_id) account_id, asked, recorded_by, recorded_at
FROM relay.victim_requests WHERE case_id = %s ORDER BY account_id, number DESC
"""


async def wishes(house: House, person: Person, case_id: UUID) -> Wishes:
    """Return them for a facilitator. Raise `Missing` for a case that is not theirs."""
    async with house.database.reading(person.id) as tx:
        await gate_facts(tx, case_id)
        newest = await tx.all(Wish, _NEWEST, [case_id])
        asked = "SELECT DISTINCT account_id FROM relay.victim_requests WHERE case_id = %s AND asked"
        agreed = "SELECT DISTINCT account_id FROM relay.consents WHERE case_id = %s AND given"
        return Wishes(
            of_victims={one.account_id: one for one in newest},
            asked=frozenset(await tx.values(asked, [case_id])),
            agreed=frozenset(await tx.values(agreed, [case_id])),
        )


def seen_by(one: PersonOnCase, people: list[PersonOnCase], found: Wishes) -> list[PersonOnCase]:
    """Return who of the other side sees somebody on their own pages."""
    return [other for other in _other_side(one, people) if not _lacking(one, other, found)]


def in_words(one: PersonOnCase, people: list[PersonOnCase], found: Wishes) -> tuple[str, ...]:
    """Say who of the other side sees somebody, and when the others will."""
    others = _other_side(one, people)
    if not others:
        return ("Nobody is there yet who could see it.",)
    sees = [other.name for other in seen_by(one, people, found)]
    told = [f"{' and '.join(sees)} {'sees' if len(sees) == 1 else 'see'} it."] if sees else []
    told += [
        f"{other.name} does not see it yet, and will once {_needs(one, other, lacking)}."
        for other in others
        if (lacking := _lacking(one, other, found))
    ]
    return tuple(told)


_WISHED = {"victim": "has asked for the exchange", "offender": "has agreed to something"}


def _needs(one: PersonOnCase, other: PersonOnCase, lacking: tuple[UUID, ...]) -> str:
    return " and ".join(
        f"{who.name} {_WISHED[who.part]}" for who in (one, other) if who.account_id in lacking
    )


def _other_side(one: PersonOnCase, people: list[PersonOnCase]) -> list[PersonOnCase]:
    opposite = {"victim": "offender", "offender": "victim"}.get(one.part)
    return [other for other in people if other.part == opposite]


def _lacking(one: PersonOnCase, other: PersonOnCase, found: Wishes) -> tuple[UUID, ...]:
    victim, offender = (one, other) if one.part == "victim" else (other, one)
    return found.lacking(victim.account_id, offender.account_id)
