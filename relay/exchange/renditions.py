"""Renditions: the clean files made from a revision, and who may open one."""

from typing import Literal
from uuid import UUID

import msgspec

from relay.cases.keys import open_case_key
from relay.db.transaction import Reading
from relay.errors import Conflict, Missing
from relay.exchange.items import find_item
from relay.exchange.model import Content, Item, Rendition, RenditionRole
from relay.exchange.objects import find_key
from relay.exchange.origin import Making, Submission
from relay.house import House
from relay.identity.model import Person
from relay.vault.grants import Holder, open_grant
from relay.vault.suite import DataKey

_FIND = """
SELECT n.id, n.revision_id, n.item_id, n.case_id, n.role, n.object_id, o.commitment, n.media_type,
       n.sha256, n.size, n.duration_ms, n.width, n.height, n.pages, n.origin
FROM relay.renditions n
JOIN relay.revisions r ON r.id = n.revision_id
JOIN relay.objects o ON o.id = n.object_id
WHERE n.item_id = %s AND r.number = %s AND n.role = %s
"""


class _Found(Rendition, frozen=True, kw_only=True):
    origin: bytes


async def find_rendition(tx: Reading, house: House, item: Item, role: RenditionRole) -> Rendition:
    """Return a rendition of the item's newest revision.

    Raise `Conflict` if it is not made yet, `VaultRefused` if no worker made it from this revision.
    """
    found = await tx.one(_Found, _FIND, [item.id, item.revision, role])
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
    )
    made.check(house, found.origin)
    return Rendition(**{name: getattr(found, name) for name in Rendition.__struct_fields__})


def _content(rendition: Rendition, key: DataKey) -> Content:
    return Content(
        object_id=rendition.object_id,
        key=key,
        commitment=rendition.commitment,
        media_type=rendition.media_type,
        size=rendition.size,
    )


class _GrantRow(msgspec.Struct, frozen=True):
    holder_key_version: int
    sealed: bytes


async def case_content(tx: Reading, house: House, person: Person, rendition: Rendition) -> Content:
    """Open a rendition's key with the case's key, for a facilitator of the case."""
    row = await tx.one(
        _GrantRow,
        "SELECT holder_key_version, sealed FROM relay.grants"
        " WHERE object_id = %s AND holder_kind = 'case' AND holder_id = %s",
        [rendition.object_id, rendition.case_id],
    )
    if row is None:
        raise Missing
    pair = await open_case_key(tx, house, person, rendition.case_id, row.holder_key_version)
    holder = Holder(kind="case", id=rendition.case_id, key_version=row.holder_key_version)
    key = open_grant(
        pair,
        row.sealed,
        service=house.pins.service_id,
        case=rendition.case_id,
        object_id=rendition.object_id,
        holder=holder,
    )
    return _content(rendition, key)


class _OriginalRow(msgspec.Struct, frozen=True):
    id: UUID
    object_id: UUID
    commitment: bytes
    plaintext_size: int
    origin: bytes


async def own_content(
    house: House, person: Person, item_id: UUID, which: Literal["original"] | RenditionRole
) -> Content:
    """Return what an author may open of their own item: the newest revision's original or a rendition."""
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        if which == "original":
            row = await tx.one(
                _OriginalRow,
                "SELECT r.id, o.id AS object_id, o.commitment, o.plaintext_size, r.origin"
                " FROM relay.revisions r JOIN relay.objects o ON o.id = r.object_id"
                " WHERE r.item_id = %s AND r.number = %s AND o.state <> 'gone'",
                [item_id, item.revision],
            )
            if row is None:
                raise Missing
            submission = Submission(
                case=item.case_id,
                item=item_id,
                author=item.author_id,
                kind=item.kind,
                revision=row.id,
                object=row.object_id,
                commitment=row.commitment,
            )
            submission.check(house, row.origin)
            key = await find_key(tx, house, item.case_id, row.object_id, person.holder, person.keys)
            return Content(
                object_id=row.object_id,
                key=key,
                commitment=row.commitment,
                media_type="application/octet-stream",
                size=row.plaintext_size,
            )
        rendition = await find_rendition(tx, house, item, which)
        key = await find_key(tx, house, item.case_id, rendition.object_id, person.holder, person.keys)
    return _content(rendition, key)
