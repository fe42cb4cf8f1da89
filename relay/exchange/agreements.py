"""An author's agreement to a version of theirs in which a facilitator hid parts.

It is theirs by signature, of exactly the rendition that they were shown, and is looked at when that is
approved, planned and released. Nothing of it hangs on anybody but the author and what they made.
"""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

import msgspec
from psycopg.errors import UniqueViolation

from relay.audit.tags import Tag
from relay.db.transaction import Reading
from relay.errors import Conflict, VaultRefused
from relay.exchange import approvals
from relay.exchange.items import lock_item, require_seat
from relay.exchange.model import Rendition
from relay.exchange.moments import microseconds
from relay.exchange.renditions import find_rendition
from relay.exchange.transitions import State
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import participant_verifier
from relay.vault.statements import Agreement, Changes

NOT_YET: Final = (
    "The author has not agreed to this version yet. They read about it on their page, and answer there."
    " If they have enrolled anew since it was made, they take it back and send it again."
)


UNCONFIRMED: Final = (
    "The author agreed to this version, but every facilitator who had confirmed their keys has left since. So"
    " their agreement does not count at the moment. Ask the author whether the keys are theirs, and confirm"
    " them on the page of the case: then it counts again."
)


class Answer(msgspec.Struct, frozen=True):
    """When an author agreed, as far as that counts.

    `unconfirmed`: they did under the keys that they have now, which nobody who still works here vouches for.
    """

    agreed_at: datetime | None
    unconfirmed: bool = False


class _Row(msgspec.Struct, frozen=True):
    author_id: UUID
    key_version: int
    agreed_at: datetime
    signature: bytes
    current: bool


async def agreed_at(
    tx: Reading,
    house: House,
    author_id: UUID,
    rendition: Rendition,
    changes: Changes | None,
    *,
    approved: bool = False,
) -> datetime | None:
    """Return when its author agreed to exactly this rendition, or None: nothing that they signed says so.

    Under the keys that they have now. Under keys that were replaced since only if a facilitator has approved
    the rendition: they did so on an agreement that counted then, and whoever has the old keys cannot bring
    one about today. `approved`: the caller has verified such an approval. `changes`: what its recipient is
    told, which such an approval says.
    """
    return (await answer(tx, house, author_id, rendition, changes, approved=approved)).agreed_at


async def answer(
    tx: Reading,
    house: House,
    author_id: UUID,
    rendition: Rendition,
    changes: Changes | None,
    *,
    approved: bool = False,
) -> Answer:
    """Return what its author answered, as `agreed_at` does, or why that does not count."""
    unconfirmed = False
    rows = await tx.all(
        _Row,
        """
        SELECT g.author_id, g.key_version, g.agreed_at, g.signature,
               g.key_version = (SELECT max(version) FROM relay.account_keys k
                                WHERE k.account_id = g.author_id) AS current
        FROM relay.agreements g
        WHERE g.rendition_id = %s AND g.sha256 = %s AND g.author_id = %s AND EXISTS (
            SELECT FROM relay.account_keys k
            WHERE k.account_id = g.author_id AND k.version = g.key_version)
        ORDER BY g.key_version DESC LIMIT 20
        """,
        [rendition.id, rendition.sha256, author_id],
    )
    for row in rows:
        statement = _statement(house, author_id, rendition, row.agreed_at)
        try:
            signer = await participant_verifier(tx, house, rendition.case_id, author_id, row.key_version)
            statement.verify(row.signature, signer)
        except Conflict:
            unconfirmed |= row.current
            continue
        except VaultRefused:
            continue
        if row.current or approved or await approvals.was_given(tx, house, rendition, changes):
            return Answer(row.agreed_at)
    return Answer(None, unconfirmed)


def _statement(house: House, author_id: UUID, rendition: Rendition, at: datetime) -> Agreement:
    named = rendition.named(house.pins.service_id)
    return Agreement(**named, author=author_id, agreed_at=microseconds(at))


async def stands(tx: Reading, house: House, author_id: UUID, rendition: Rendition) -> bool:
    """Tell whether this may be passed on in its author's name: as they sent it, or as they agreed to it.

    The caller has verified that it was approved.
    """
    if rendition.edited_by is None:
        return True
    return await agreed_at(tx, house, author_id, rendition, None, approved=True) is not None


async def require(
    tx: Reading, house: House, author_id: UUID, rendition: Rendition, changes: Changes | None
) -> None:
    """Raise `Conflict` if the author has not answered yet, or their answer does not count at the moment."""
    if rendition.edited_by is None:
        return
    found = await answer(tx, house, author_id, rendition, changes)
    if found.agreed_at is None:
        raise Conflict(UNCONFIRMED if found.unconfirmed else NOT_YET)


async def agree(house: House, person: Person, item_id: UUID, *, rendition_id: UUID, sha256: bytes) -> None:
    """Agree, as its author, to the version that was shown, named by its id and hash.

    Raise `Conflict` if there is no such version (any more), or it was agreed to already.
    """
    try:
        async with house.database.acting(person.id, Tag.ITEM_AGREED) as act:
            item = await lock_item(act, item_id)
            await require_seat(act, item.case_id)
            if item.state is not State.IN_REVIEW:
                raise Conflict("Nothing of this waits for your answer now. Please look again.")
            rendition = await find_rendition(act, house, item, "clean")
            if rendition.edited_by is None:
                raise Conflict("This is as you sent it. You need not agree to it.")
            if (rendition.id, rendition.sha256) != (rendition_id, sha256):
                raise Conflict("Your facilitator has made another version since. Please look at that one.")
            at = house.clock()
            await act.run(
                """
                INSERT INTO relay.agreements (id, item_id, revision_id, rendition_id, case_id, author_id,
                                              sha256, key_version, agreed_at, signature)
                VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
                """,
                [
                    uuid4(),
                    item_id,
                    rendition.revision_id,
                    rendition.id,
                    item.case_id,
                    person.id,
                    rendition.sha256,
                    person.key_version,
                    at,
                    _statement(house, person.id, rendition, at).sign(person.signer),
                ],
            )
            act.note(rendition=rendition.id)
    except UniqueViolation:
        raise Conflict("You have agreed to this already.") from None
