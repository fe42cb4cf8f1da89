"""Writing about a concern: what was told to whom, notes, how it ended. Each is an entry that nobody edits."""

from typing import Final
from uuid import UUID, uuid4

from relay.audit.tags import Tag
from relay.db.transaction import Acting
from relay.errors import Missing
from relay.house import House
from relay.identity.model import Person
from relay.safeguarding.model import Closing, Disclosure, Note, Said
from relay.safeguarding.reading import at_work, find_concern
from relay.safeguarding.rules import check_closer, checked_said
from relay.safeguarding.sealing import seal_said

_TAGS: Final = {Note: Tag.CONCERN_NOTED, Disclosure: Tag.CONCERN_DISCLOSED, Closing: Tag.CONCERN_CLOSED}


async def write(house: House, person: Person, concern_id: UUID, said: Said) -> UUID:
    """Add an entry, and return its id. A closing ends what the concern stops; the others can follow it too.

    Raise `Invalid` for what is lacking, `Missing` for a concern that is not of the person's cases, `Conflict`
    for a closing by who may not close it, or of one that is closed.
    """
    said = checked_said(said, house.clock())
    async with house.database.acting(person.id, _TAGS[type(said)]) as act:
        case_id = await _locked(act, concern_id)
        concern = await find_concern(act, house, person, concern_id)
        if isinstance(said, Closing):
            check_closer(concern, await at_work(act, case_id), person.id)
        entry_id = uuid4()
        sealed = await seal_said(act, house, case_id, entry_id, said)
        await act.run(
            """
            INSERT INTO relay.concern_entries (id, concern_id, case_id, kind, written_by, written_at,
                                               case_key_version, sealed)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                entry_id,
                concern_id,
                case_id,
                said.__struct_config__.tag,
                person.id,
                house.clock(),
                sealed.case_key_version,
                sealed.sealed,
            ],
        )
        act.chain, act.subject = case_id, concern.item_id or concern_id
        act.note(concern=concern_id, entry=entry_id)
    return entry_id


async def _locked(act: Acting, concern_id: UUID) -> UUID:
    """Lock the case that a concern is of, and return it. Raise `Missing`."""
    case_id: UUID | None = await act.value("SELECT case_id FROM relay.concerns WHERE id = %s", [concern_id])
    if case_id is None:
        raise Missing
    await act.lock_case(case_id)
    return case_id
