"""What each surface may ask before anybody is signed in: one function each in PostgreSQL, as literals."""

from typing import LiteralString, NamedTuple
from uuid import UUID

import msgspec

from relay.db.transaction import Surface


class FoundAccount(msgspec.Struct, frozen=True):
    """An account's sealed keys: of the first of several lookups that somebody active has, or at a step-up."""

    id: UUID
    key_version: int
    sealed_private: bytes


class Questions(NamedTuple):
    """The statements of one surface. A surface's role cannot execute the other's."""

    find_account: LiteralString
    session_start: LiteralString
    session_open: LiteralString
    session_end: LiteralString
    invitation_try: LiteralString


QUESTIONS: dict[Surface, Questions] = {
    Surface.PARTICIPANTS: Questions(
        "SELECT f.* FROM unnest(%s::bytea[]) WITH ORDINALITY AS typed (lookup, nth),"
        " relay.find_account_participants(%s, typed.lookup) f ORDER BY nth LIMIT 1",
        "SELECT relay.session_start_participants(%s, %s, %s, %s, %s, %s, %s)",
        "SELECT * FROM relay.session_open_participants(%s, %s, %s)",
        "SELECT relay.session_end_participants(%s)",
        "SELECT * FROM relay.invitation_try_participants(%s, %s)",
    ),
    Surface.DESK: Questions(
        "SELECT f.* FROM unnest(%s::bytea[]) WITH ORDINALITY AS typed (lookup, nth),"
        " relay.find_account_desk(%s, typed.lookup) f ORDER BY nth LIMIT 1",
        "SELECT relay.session_start_desk(%s, %s, %s, %s, %s, %s, %s)",
        "SELECT * FROM relay.session_open_desk(%s, %s, %s)",
        "SELECT relay.session_end_desk(%s)",
        "SELECT * FROM relay.invitation_try_desk(%s, %s)",
    ),
}
