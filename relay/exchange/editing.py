"""Edit lists as objects of their own: sealed, and padded to one size, so that nothing of them shows."""

from uuid import UUID

from relay.cases.model import Medium
from relay.db.transaction import Acting
from relay.errors import Invalid, VaultRefused
from relay.exchange.edits import Edits, check, decode, encode
from relay.exchange.model import Content
from relay.exchange.objects import NewObject, add_grant, finish, opened, store_bytes
from relay.house import House
from relay.identity.trust import TrustedKey
from relay.vault.padding import pad, unpad
from relay.vault.suite import DataKey

LIST_BYTES = 65_536


async def store_edits(house: House, owner_id: UUID, case_id: UUID, edits: Edits, kind: Medium) -> NewObject:
    """Store a list of `owner_id`'s, who acts, for something of this kind. `seal` makes it part of something.

    Raise `Invalid` for what does not fit the kind, or cannot be done here.
    """
    check(edits, kind)
    if edits.disguise.picture == "faces" and not house.settings.faces_model:
        raise Invalid(
            edits="Faces cannot be looked for here. Choose to cover the whole picture, or no picture."
        )
    plain = pad(encode(edits), LIST_BYTES)
    if len(plain) > LIST_BYTES:
        raise Invalid(edits="There are too many places at once.")
    return await store_bytes(house, owner_id, case_id, owner_id, plain, "edits")


async def seal(
    act: Acting, house: House, case_id: UUID, stored: NewObject, holders: tuple[TrustedKey, ...]
) -> None:
    """Make a stored list part of something: sealed to each of the holders."""
    await finish(act, stored.id, stored.summary.plaintext_size, stored.summary.commitment)
    for to in holders:
        await add_grant(act, house, case_id, stored.id, stored.key, to)


def content(object_id: UUID, commitment: bytes, key: DataKey) -> Content:
    """Return a list as something that can be opened."""
    return Content(
        object_id=object_id,
        key=key,
        commitment=commitment,
        media_type="application/octet-stream",
        size=LIST_BYTES,
    )


def read(house: House, found: Content, kind: Medium) -> Edits:
    """Open a list. Blocking. Raise `VaultRefused` or `Invalid` for what `store_edits` did not write."""
    with opened(house, found) as reader:
        if reader.plaintext_size != LIST_BYTES:
            raise VaultRefused
        return decode(unpad(reader.read_all(LIST_BYTES), LIST_BYTES), kind)
