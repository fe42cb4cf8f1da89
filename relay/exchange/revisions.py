"""Revisions: submissions of an item, by its author or by a facilitator who hid parts of it."""

from uuid import UUID, uuid4

import msgspec

from relay.db.transaction import Acting, Reading
from relay.errors import Missing
from relay.exchange.model import Item
from relay.exchange.objects import NewObject
from relay.exchange.origin import Submission
from relay.exchange.transitions import State
from relay.house import House


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """What a revision is made of. `size` is of the original's plain bytes; `gone`: it was removed."""

    id: UUID
    number: int
    object_id: UUID
    commitment: bytes
    size: int
    gone: bool
    origin: bytes
    edits_id: UUID | None
    edits_commitment: bytes | None
    edited_by: UUID | None


async def submitted(tx: Reading, house: House, item: Item, number: int | None = None) -> Submitted:
    """Return a revision of an item, by default the newest.

    Raise `Missing` if there is none, `VaultRefused` if its row is not what was submitted.
    """
    found = await tx.one(
        Submitted,
        """
        SELECT r.id, r.number, r.object_id, o.commitment, o.plaintext_size AS size, o.state = 'gone' AS gone,
               r.origin, r.edits_id, r.edits_commitment, r.edited_by
        FROM relay.revisions r JOIN relay.objects o ON o.id = r.object_id
        WHERE r.item_id = %s AND r.number = %s
        """,
        [item.id, item.revision if number is None else number],
    )
    if found is None:
        raise Missing
    submission = Submission(
        case=item.case_id,
        item=item.id,
        author=item.author_id,
        kind=item.kind,
        revision=found.id,
        object=found.object_id,
        commitment=found.commitment,
        edits=found.edits_id,
        edits_commitment=found.edits_commitment,
        edited_by=found.edited_by,
    )
    submission.check(house, found.origin)
    return found


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
