"""The draft of what is said in a recording, for its reviewer."""

from asyncio import to_thread
from uuid import UUID

from relay.errors import Conflict, VaultRefused
from relay.exchange.model import Content
from relay.exchange.objects import opened
from relay.exchange.transcripts import Transcript, decode
from relay.house import House
from relay.identity.model import Person
from relay.review.reading import open_rendition
from relay.vault.padding import unpad

_MOST = 64 << 20


async def draft(house: House, person: Person, item_id: UUID) -> Transcript | None:
    """Return what a machine heard in the newest version of an item, or None if none has listened to it.

    Raise `Missing` for what is not of the person's cases.
    """
    try:
        _, content = await open_rendition(house, person, item_id, "transcript")
        return await to_thread(_read, house, content)
    except (Conflict, VaultRefused):  # a draft that cannot be opened keeps nobody from the recording
        return None


def _read(house: House, content: Content) -> Transcript:
    with opened(house, content) as reader:
        return decode(unpad(reader.read_all(_MOST)))
