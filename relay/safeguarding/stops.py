"""What an open concern about an item stops: asked before it is decided on, planned, passed on or printed.

Never in a participant's name: their role may not ask, and nothing of it is in what they read. What stops a
whole case is a gate (`cases.service.facts_for_staff`).
"""

from uuid import UUID

from relay.cases.gates import for_staff
from relay.cases.model import Block
from relay.db.transaction import Reading
from relay.errors import Blocked
from relay.safeguarding import rules
from relay.safeguarding.model import Open


async def blocks(tx: Reading, case_id: UUID, item_id: UUID) -> tuple[Block, ...]:
    """Return what keeps an item of the actor's cases where it is; nothing if no concern about it is open."""
    found = await tx.all(Open, "SELECT id, item_id FROM relay.open_concerns(%s)", [case_id])
    return rules.of_item(found, item_id)


async def require_none(tx: Reading, case_id: UUID, item_id: UUID) -> None:
    """Raise `Blocked` while a concern about an item is open."""
    if found := await blocks(tx, case_id, item_id):
        raise Blocked(for_staff(found))
