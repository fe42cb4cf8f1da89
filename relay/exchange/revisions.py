"""Beginning a revision: one submission of an item, by its author or by a facilitator who hid parts of it."""

from uuid import UUID, uuid4

import msgspec

from relay.db.transaction import Acting
from relay.exchange.model import Item
from relay.exchange.objects import NewObject
from relay.exchange.origin import Submission
from relay.exchange.transitions import State
from relay.house import House


class NewRevision(msgspec.Struct, frozen=True, kw_only=True):
    """What the next revision of an item is made of: an original, and an edit list or none.

    `edited_by` is the facilitator whose list it is; empty for what the author sends.
    """

    item: Item
    object_id: UUID
    edits: NewObject | None = None
    edited_by: UUID | None = None


async def begin(act: Acting, house: House, new: NewRevision) -> UUID:
    """Write the revision and its work, move the item to `submitted`, and tell the workers. Return its id.

    The object and the list are finished, and sealed to the workers, before.
    """
    item, revision_id = new.item, uuid4()
    commitment = await act.value("SELECT commitment FROM relay.objects WHERE id = %s", [new.object_id])
    submission = Submission(
        case=item.case_id,
        item=item.id,
        author=item.author_id,
        kind=item.kind,
        revision=revision_id,
        object=new.object_id,
        commitment=commitment,
        edits=new.edits.id if new.edits else None,
        edits_commitment=new.edits.summary.commitment if new.edits else None,
        edited_by=new.edited_by,
    )
    await act.run(
        """
        INSERT INTO relay.revisions (id, item_id, case_id, author_id, number, object_id, submitted_at, origin,
                                     edits_id, edits_commitment, edited_by)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            revision_id,
            item.id,
            item.case_id,
            item.author_id,
            item.revision + 1,
            new.object_id,
            house.clock(),
            submission.mac(house),
            submission.edits,
            submission.edits_commitment,
            new.edited_by,
        ],
    )
    await act.run(
        "INSERT INTO relay.work (revision_id, case_id) VALUES (%s, %s)", [revision_id, item.case_id]
    )
    await act.run(
        "UPDATE relay.items SET state = %s, revision = revision + 1 WHERE id = %s", [State.SUBMITTED, item.id]
    )
    await act.enqueue("make_safe", revision_id)
    act.note(revision=revision_id, number=item.revision + 1)
    return revision_id
