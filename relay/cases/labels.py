"""What the other side reads instead of a participant's name: put right where it was wrong."""

from uuid import UUID

from relay.audit.tags import Tag
from relay.cases.service import gate_facts
from relay.errors import Missing
from relay.house import House
from relay.identity.model import Person
from relay.identity.names import checked_name


async def change_label(house: House, person: Person, case_id: UUID, seat_id: UUID, label: str) -> None:
    """Change what the other side reads of whoever has this seat; empty for the service's usual words.

    It holds at once, wherever they are shown, also for what was passed on before. The entry says that it was
    done and by whom; the words are in no entry. Raise `Missing` for a seat that is no participant's of a case
    of theirs.
    """
    label = checked_name(label, "label") if label.strip() else ""
    async with house.database.acting(person.id, Tag.LABEL_CHANGED, chain=case_id, subject=case_id) as act:
        await act.lock_case(case_id)
        seat = (await gate_facts(act, case_id)).seat(seat_id)
        if seat is None or seat.part == "facilitator":
            raise Missing
        act.subject = seat.account_id
        sealed = house.columns.seal("seats", "label", seat_id, label) if label else None
        await act.run("UPDATE relay.seats SET label_sealed = %s WHERE id = %s", [sealed, seat_id])
        act.note(usual_words=not label)
