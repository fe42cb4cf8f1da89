"""Files that are on their way: while one is, its item is not sent.

Else somebody would send the file that it replaces. One that nobody goes on with is cancelled by its author
(`uploads.terminate`), or expires.
"""

from typing import Final
from uuid import UUID

from relay.db.transaction import Reading
from relay.errors import Conflict
from relay.exchange.items import find_item
from relay.exchange.uploads import Upload
from relay.house import House
from relay.identity.model import Person

STILL_ARRIVING: Final = (
    "A file for this is still on its way, so nothing was sent. Wait until it has arrived, or cancel that"
    " upload; then send it."
)
MOST_SHOWN: Final = 20

_ARRIVING = """
FROM relay.uploads WHERE item_id = %s AND state = 'open' AND expires_at > %s
"""


async def arriving(house: House, person: Person, item_id: UUID) -> list[Upload]:
    """Return the uploads of an author's item that were begun and have not ended, the oldest first."""
    async with house.database.reading(person.id) as tx:
        await find_item(tx, item_id)
        return await tx.all(
            Upload,
            "SELECT object_id AS id, item_id, received, length, expires_at, state"
            + _ARRIVING
            + "ORDER BY created_at, object_id LIMIT %s",
            [item_id, house.clock(), MOST_SHOWN],
        )


async def require_arrived(tx: Reading, house: House, item_id: UUID) -> None:
    """Raise `Conflict` while a file of this item is on its way. Under the item's lock none can begin."""
    if await tx.value(f"SELECT EXISTS (SELECT {_ARRIVING})", [item_id, house.clock()]):
        raise Conflict(STILL_ARRIVING)
