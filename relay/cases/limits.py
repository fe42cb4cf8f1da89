"""What a facilitator cannot keep to themselves: each author reads it before they begin, and says so.

The limits of confidentiality are told before writing, for each version of the words. That is a rule of
practice and no gate: it keeps nobody from receiving, or from sending what they began.
"""

from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from relay.audit.tags import Tag
from relay.db.transaction import Reading
from relay.errors import Conflict, Missing
from relay.house import House
from relay.identity.model import Person

VERSION: Final = 1
"""Of the words. Another one is asked for again of everybody, before what they begin next."""

WORDS: Final = (
    (
        "What you send is read or played by your facilitator, and by colleagues who work with them on the"
        " same case. What you have not sent, they cannot open."
    ),
    (
        "There are limits to what they can keep to themselves. If what you send shows that somebody is in"
        " danger, you or anybody else, or that there has been a new offence, they may have to tell others,"
        " such as the police or those who protect children. That can be so for things that are not passed on"
        " to the other person as well."
    ),
    (
        "Ask them before you write, if you are not sure. They can tell you what they would have to pass on,"
        " and to whom."
    ),
)

_FIRST = (
    "Before you begin, read what your facilitator has to pass on, and say that you have read it. You find it"
    " on the page where this begins."
)


class LimitsRead(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version of the words that somebody says they have read, and when they said so."""

    account_id: UUID
    version: int
    read_at: datetime


async def have_read(tx: Reading, case_id: UUID, account_id: UUID) -> bool:
    """Tell whether somebody says that they have read the words as they are now, on this case."""
    return bool(
        await tx.value(
            "SELECT true FROM relay.limits_read WHERE case_id = %s AND account_id = %s AND version = %s",
            [case_id, account_id, VERSION],
        )
    )


async def require_read(tx: Reading, case_id: UUID, account_id: UUID) -> None:
    """Raise `Conflict`, with what to do, unless they have."""
    if not await have_read(tx, case_id, account_id):
        raise Conflict(_FIRST)


class _SaidBeforeError(Exception):
    """Ends a transaction in which there is nothing to do, and so no entry to write."""


async def record_read(house: House, person: Person, case_id: UUID, version: int) -> None:
    """Record that a participant has read the words of this version. Saying it again changes nothing.

    Raise `Conflict` for another version than the one that is shown now.
    """
    if version != VERSION:
        raise Conflict("These words have changed since you opened the page. Please read them once more.")
    with suppress(_SaidBeforeError):
        async with house.database.acting(person.id, Tag.LIMITS_READ, chain=case_id, subject=person.id) as act:
            if not await act.value("SELECT %s = ANY (relay.cases())", [case_id]):
                raise Missing
            # of two at once the second waits here, and finds what the first has written
            if not await act.run(
                "INSERT INTO relay.limits_read (case_id, account_id, version, read_at)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [case_id, person.id, version, house.clock()],
            ):
                raise _SaidBeforeError
            act.note(version=version)


async def read_by(house: House, person: Person, case_id: UUID) -> dict[UUID, LimitsRead]:
    """Return who on a case has read which version last, for its facilitators. Empty for a case not theirs."""
    async with house.database.reading(person.id) as tx:
        found = await tx.all(
            LimitsRead,
            "SELECT DISTINCT ON (account_id) account_id, version, read_at FROM relay.limits_read"
            " WHERE case_id = %s ORDER BY account_id, version DESC",
            [case_id],
        )
    return {one.account_id: one for one in found}
