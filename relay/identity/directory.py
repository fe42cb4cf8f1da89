"""Who works here, as staff see one another, and who is or was on a case of theirs."""

from datetime import datetime
from uuid import UUID

import msgspec

from relay.house import House
from relay.identity.model import Person


class Colleague(msgspec.Struct, frozen=True, kw_only=True):
    """A member of staff. `state` is "invited", "active" or "suspended".

    `enrolled`: they have keys, also while they are suspended. `since`: when the account was made.
    """

    account_id: UUID
    name: str
    roles: tuple[str, ...]
    state: str
    enrolled: bool
    since: datetime


class _NamedRow(msgspec.Struct, frozen=True):
    id: UUID
    seat_id: UUID | None
    name_sealed: bytes


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    name_sealed: bytes
    roles: str
    state: str
    enrolled: bool
    since: datetime


async def colleagues(house: House, person: Person) -> list[Colleague]:
    """Return all staff of the service, by name."""
    async with house.database.reading(person.id) as tx:
        rows = await tx.all(
            _Row,
            "SELECT id, name_sealed, roles, state, key_version > 0 AS enrolled, created_at AS since"
            " FROM relay.accounts"
            " WHERE side = 'staff' ORDER BY id LIMIT 1000",
        )
    found = [
        Colleague(
            account_id=row.id,
            name=house.columns.open("accounts", "name", row.id, row.name_sealed),
            roles=tuple(row.roles.split()),
            state=row.state,
            enrolled=row.enrolled,
            since=row.since,
        )
        for row in rows
    ]
    return sorted(found, key=lambda colleague: (colleague.name.casefold(), colleague.since))


async def names_in_case(house: House, person: Person, case_id: UUID) -> dict[UUID, str]:
    """Return names by account, and by seat, of who is or was on a case of the person's; of staff all."""
    async with house.database.reading(person.id) as tx:
        rows = await tx.all(
            _NamedRow,
            "SELECT a.id, s.id AS seat_id, a.name_sealed FROM relay.accounts a"
            " LEFT JOIN relay.seats s ON s.account_id = a.id AND s.case_id = %s"
            " WHERE a.side = 'staff' OR s.id IS NOT NULL LIMIT 2000",
            [case_id],
        )
    found: dict[UUID, str] = {}
    for row in rows:
        name = house.columns.open("accounts", "name", row.id, row.name_sealed)
        found |= {one: name for one in (row.id, row.seat_id) if one}
    return found
