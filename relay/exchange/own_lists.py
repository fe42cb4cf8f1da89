"""What an author can read of the edit lists of their own item: theirs, and a facilitator's."""

from asyncio import to_thread
from uuid import UUID

from relay.db.transaction import Reading
from relay.errors import Invalid, Missing
from relay.exchange import editing
from relay.exchange.edits import AS_IT_IS, Disguise, Edits
from relay.exchange.items import find_item
from relay.exchange.model import Item
from relay.exchange.objects import find_key
from relay.exchange.renditions import own_number
from relay.exchange.revisions import Submitted, submitted
from relay.house import House
from relay.identity.model import Person


async def own_list(tx: Reading, house: House, person: Person, item: Item, row: Submitted) -> Edits:
    """Return what is hidden or disguised in a version. Raise `Missing` if it is not sealed to these keys."""
    if row.edits_id is None or row.edits_commitment is None:
        return Edits()
    key = await find_key(tx, house, item.case_id, row.edits_id, person.holder, person.keys)
    written = editing.content(row.edits_id, row.edits_commitment, key)
    return await to_thread(editing.read, house, written, item.kind)


async def disguise_before(house: House, person: Person, item_id: UUID) -> Disguise | None:
    """Return how the author asked to be disguised when they sent this last.

    None: they did, and it was sealed to keys that they no longer have.
    """
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        if item.kind not in {"audio", "video"} or item.revision == 0:
            return AS_IT_IS
        row = await submitted(tx, house, item, await own_number(tx, item_id))
        try:
            return (await own_list(tx, house, person, item, row)).disguise
        except Missing:
            return None


async def disguise_again(house: House, person: Person, item_id: UUID) -> Disguise:
    """Return the same for a new file that is sent without a word about it: as before.

    Raise `Invalid` if it cannot be read: nobody loses a disguise without having said so.
    """
    found = await disguise_before(house, person, item_id)
    if found is None:
        raise Invalid(
            disguise="How you asked to be disguised before was sealed to keys that you no longer have."
            " Say it once more."
        )
    return found
