"""A file that arrived and was not sent yet: its author plays it, or looks through it, before they send it.

It is the untouched original, opened with the author's own key, and served to nobody else. What a browser is
told that it is goes by its first bytes and is one of a few kinds of sound, film and picture: never a page, a
script or a drawing, whatever somebody put into the file.
"""

from asyncio import to_thread
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from relay.cases.model import Medium
from relay.errors import Missing
from relay.exchange import pages
from relay.exchange.items import find_item, require_kept
from relay.exchange.model import Content
from relay.exchange.objects import find_key, opened
from relay.exchange.submitting import NEW_UPLOAD
from relay.house import House
from relay.identity.model import Person

UNKNOWN: Final = "application/octet-stream"
"""Of what no browser is told anything."""
PDF: Final = "application/pdf"
PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
_HEAD: Final = 1024


_OTHERS: Final = (
    *(
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"Rar!",
        b"7z\xbc\xaf",
        b"\x1f\x8b",
        b"MZ",
        b"\x7fELF",
        b"\xd0\xcf\x11\xe0",
    ),
)
"""Archives, programs, office files."""
_OF_PAGES: Final = (b"%PDF-", b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*")
_OF_SOUND: Final = (b"OggS", b"fLaC", b"ID3", b"\x1a\x45\xdf\xa3", b"#!AMR")


class Piece(NamedTuple):
    """One file: where it lies, how far its author turned it, and what a browser may take it for.

    `fits`: it may be of the kind that its author chose, as far as its first bytes say.
    """

    start: int
    size: int
    turn: int
    media_type: str
    fits: bool


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """What arrived. `content` has the media type of all of it; `pieces` are its files, in order."""

    content: Content
    pieces: tuple[Piece, ...]


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    commitment: bytes
    size: int


_READY = "SELECT id, commitment, plaintext_size AS size FROM relay.objects WHERE id = %s AND state = 'ready'"


async def arrived(house: House, person: Person, item_id: UUID) -> Arrived:
    """Return the file that would be sent now.

    Raise `Missing` if none waits, it was taken back, the person was taken off the case, or it was sealed to
    keys that they no longer have.
    """
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        await require_kept(tx, item)
        row = await tx.one(_Row, _READY, [await tx.value(NEW_UPLOAD, [item_id])])
        if row is None:
            raise Missing
        key = await find_key(tx, house, item.case_id, row.id, person.holder, person.keys)
    content = Content(object_id=row.id, key=key, commitment=row.commitment, media_type=UNKNOWN, size=row.size)
    return await to_thread(_look, house, content, item.kind)


def _look(house: House, content: Content, kind: Medium) -> Arrived:
    with opened(house, content) as reader:

        def read(start: int, stop: int) -> bytes:
            return b"".join(map(bytes, reader.ranges(start, min(stop, content.size))))

        places = pages.places(content.size, read) if kind == "document" else []
        found = places or [pages.Place(0, content.size, 0)]
        pieces = tuple(_piece(kind, place, _head(read, place)) for place in found)
    whole = UNKNOWN if places else pieces[0].media_type
    return Arrived(content=msgspec.structs.replace(content, media_type=whole), pieces=pieces)


def _piece(kind: Medium, place: pages.Place, untrusted_head: bytes) -> Piece:
    return Piece(*place, appearance(kind, untrusted_head), fits(kind, untrusted_head))


def _head(read: Callable[[int, int], bytes], place: pages.Place) -> bytes:
    return read(place.start, place.start + min(_HEAD, place.size))


def appearance(kind: Medium, untrusted_head: bytes) -> str:
    """Return what a browser may take a file for that its author chose as this kind, by its first bytes."""
    head = untrusted_head
    if kind == "document":
        return _picture(head)
    if kind not in {"audio", "video"}:
        return UNKNOWN
    if head[4:8] == b"ftyp":
        return f"{kind}/mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return f"{kind}/webm"
    if head.startswith(b"OggS"):
        return f"{kind}/ogg"
    return _sound(head) if kind == "audio" else UNKNOWN


def fits(kind: Medium, untrusted_head: bytes) -> bool:
    """Tell whether something may come of a file, by its first bytes; for words only: a worker decides.

    False for what is plainly another kind: text, an archive, a program, pages for a recording.
    """
    if appearance(kind, untrusted_head) != UNKNOWN:
        return True
    others = _OTHERS + (_OF_SOUND if kind == "document" else _OF_PAGES)
    return not untrusted_head.startswith(others) and not _is_text(untrusted_head)


def _is_text(head: bytes) -> bool:
    try:
        text = getincrementaldecoder("utf-8")().decode(head)  # its last character may be cut
    except UnicodeDecodeError:
        return False
    return all(sign.isprintable() or sign in "\t\n\f\r" for sign in text)


def _picture(head: bytes) -> str:
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    return PDF if b"%PDF-" in head else UNKNOWN


def _sound(head: bytes) -> str:
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "audio/wav"
    if head.startswith(b"fLaC"):
        return "audio/flac"
    if head[:2] in {b"\xff\xf1", b"\xff\xf9"}:
        return "audio/aac"
    if head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0):
        return "audio/mpeg"
    return UNKNOWN
