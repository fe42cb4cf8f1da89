"""Letters as people write, send and approve them: through the real use cases."""

from uuid import UUID

from relay.cases.own import own_case
from relay.exchange.items import save_draft, start_item
from relay.exchange.submitting import submit
from relay.identity.model import Person
from relay.review.decisions import decide
from tests.support.house import Service
from tests.support.work import look_at

LETTER = "Drogi Panie,\n\nسلام\n\nI want you to know how it was. \u200b\u202eżółć\n"


async def seat_of(service: Service, author: Person, case_id: UUID) -> UUID:
    """The seat that the author writes to."""
    return (await own_case(service.participants, author, case_id)).counterparts[0].seat_id


async def write_letter(service: Service, author: Person, case_id: UUID, text: str = LETTER) -> UUID:
    """A draft to everybody on the other side."""
    case = await own_case(service.participants, author, case_id)
    seats = tuple(counterpart.seat_id for counterpart in case.counterparts)
    item_id = await start_item(service.participants, author, case_id, "letter", seats)
    await save_draft(service.participants, author, item_id, text)
    return item_id


async def send_letter(service: Service, author: Person, case_id: UUID, text: str = LETTER) -> UUID:
    """A letter to everybody on the other side, on its way to the workers."""
    item_id = await write_letter(service, author, case_id, text)
    await submit(service.participants, author, item_id)
    return item_id


async def approve(service: Service, facilitator: Person, item_id: UUID) -> None:
    """Look at all of an item and approve it."""
    rendition, sha256 = await look_at(service, facilitator, item_id)
    await decide(service.desk, facilitator, item_id, "approve", rendition_id=rendition, sha256=sha256)
