"""Renditions: the clean files made from a revision, and who may open one."""

from typing import Literal
from uuid import UUID

import msgspec

from relay.cases.keys import open_case_key
from relay.db.transaction import Reading
from relay.errors import Conflict, Missing
from relay.exchange.items import find_item, require_kept
from relay.exchange.model import Content, Item, Rendition, RenditionRole
from relay.exchange.objects import find_key
from relay.exchange.origin import Making
from relay.exchange.revisions import submitted
from relay.house import House
from relay.identity.model import Person
from relay.vault.grants import Holder, open_grant
from relay.vault.suite import DataKey

_FIND = """
SELECT n.id, n.revision_id, n.item_id, n.case_id, n.role, n.object_id, o.commitment, n.media_type,
       n.sha256, n.size, n.duration_ms, n.width, n.height, n.pages, n.origin, r.edits_id, r.edited_by
FROM relay.renditions n
JOIN relay.revisions r ON r.id = n.revision_id
JOIN relay.objects o ON o.id = n.object_id
WHERE n.item_id = %s AND r.number = %s AND n.role = %s
"""


class _Found(Rendition, frozen=True, kw_only=True):
    origin: bytes
    edits_id: UUID | None


async def find_rendition(
    tx: Reading, house: House, item: Item, role: RenditionRole, number: int | None = None
) -> Rendition:
    """Return a rendition of one of the item's revisions, by default of the newest.

    Raise `Conflict` if it is not made yet, `VaultRefused` if no worker made it from this revision.
    """
    if number is None:
        await _check_newest(tx, item)
    found = await tx.one(_Found, _FIND, [item.id, item.revision if number is None else number, role])
    if found is None:
        raise Conflict("This has not been made ready yet. Please wait a moment and look again.")
    made = Making(
        case=item.case_id,
        item=item.id,
        revision=found.revision_id,
        rendition=found.id,
        role=role,
        object=found.object_id,
        commitment=found.commitment,
        sha256=found.sha256,
        media_type=found.media_type,
        edits=found.edits_id,
        edited_by=found.edited_by,
    )
    made.check(house, found.origin)
    checked = {"case_id": item.case_id, "item_id": item.id}  # as in the check, whatever else the row says
    return Rendition(**{name: getattr(found, name) for name in Rendition.__struct_fields__} | checked)


async def _check_newest(tx: Reading, item: Item) -> None:
    """Raise `Conflict` if there is a newer one than the item says: it came in just now, or a row was edited.

    Without this, one changed number would bring back a version with everything that was hidden since.
    """
    if await tx.value(
        "SELECT true FROM relay.revisions WHERE item_id = %s AND number > %s LIMIT 1",
        [item.id, item.revision],
    ):
        raise Conflict("A newer version has come in. Please look at that one.")


async def own_number(tx: Reading, item_id: UUID) -> int:
    """Return the number of the newest revision that the author sent: what every edit list counts in."""
    found: int | None = await tx.value(
        "SELECT max(r.number) FROM relay.revisions r JOIN relay.items i ON i.id = r.item_id"
        " WHERE r.item_id = %s AND r.edited_by IS NULL AND r.number <= i.revision",
        [item_id],
    )
    if found is None:
        raise Missing
    return found


def _content(rendition: Rendition, key: DataKey) -> Content:
    return Content(
        object_id=rendition.object_id,
        key=key,
        commitment=rendition.commitment,
        media_type=rendition.media_type,
        size=rendition.size,
    )


async def case_content(tx: Reading, house: House, person: Person, rendition: Rendition) -> Content:
    """Open a rendition's key with the case's key, for a facilitator of the case."""
    return _content(
        rendition, await case_object_key(tx, house, person, rendition.case_id, rendition.object_id)
    )


class _GrantRow(msgspec.Struct, frozen=True):
    holder_key_version: int
    sealed: bytes


async def case_object_key(
    tx: Reading, house: House, person: Person, case_id: UUID, object_id: UUID
) -> DataKey:
    """Open the key of any object that was sealed to a case, for a facilitator of it."""
    row = await tx.one(
        _GrantRow,
        "SELECT holder_key_version, sealed FROM relay.grants"
        " WHERE object_id = %s AND holder_kind = 'case' AND holder_id = %s",
        [object_id, case_id],
    )
    if row is None:
        raise Missing
    return open_grant(
        await open_case_key(tx, house, person, case_id, row.holder_key_version),
        row.sealed,
        service=house.pins.service_id,
        case=case_id,
        object_id=object_id,
        holder=Holder(kind="case", id=case_id, key_version=row.holder_key_version),
    )


async def own_content(
    house: House, person: Person, item_id: UUID, which: Literal["original"] | RenditionRole
) -> Content:
    """Return what an author may open of their own item: the newest revision's original or a rendition.

    Raise `Missing` once it was taken back, or they were taken off the case; what they wrote in a letter
    stays theirs to read.
    """
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        if (which, item.kind) != ("original", "letter"):
            await require_kept(tx, item)
        if which == "original":
            row = await submitted(tx, house, item)
            if row.gone:
                raise Missing
            key = await find_key(tx, house, item.case_id, row.object_id, person.holder, person.keys)
            return Content(
                object_id=row.object_id,
                key=key,
                commitment=row.commitment,
                media_type="application/octet-stream",
                size=row.size,
            )
        rendition = await find_rendition(tx, house, item, which)
        key = await find_key(tx, house, item.case_id, rendition.object_id, person.holder, person.keys)
    return _content(rendition, key)


class AsSent(msgspec.Struct, frozen=True, kw_only=True):
    """A rendition of what the author sent last, before parts were hidden. `pages` is 0 for no document."""

    content: Content
    pages: int


async def as_sent(house: House, person: Person, item_id: UUID, role: RenditionRole = "clean") -> AsSent:
    """Return what was made of the author's own newest version: what they hold a facilitator's against.

    It is their own work and nobody else's: the row says that no facilitator edited it, under the keyring.
    Raise `Missing` if it is not sealed to the keys that they have now, was taken back, or is of a case that
    they were taken off, `Conflict` if it was never made.
    """
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        await require_kept(tx, item)
        rendition = await find_rendition(tx, house, item, role, await own_number(tx, item_id))
        if rendition.edited_by is not None:
            raise Missing
        key = await find_key(tx, house, item.case_id, rendition.object_id, person.holder, person.keys)
    return AsSent(content=_content(rendition, key), pages=rendition.pages or 0)
