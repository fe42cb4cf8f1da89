"""A first look at a file's beginning. It decides on words only: what is opened is decided in the sandbox."""

from workers.media.model import Kind
from workers.sandbox.window import Source

_BEGINNING = 2048

_DOCUMENTS = (
    *(b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    b"\xabPAGES1\n",  # several of them: docs/pages-format.md
)
_RECORDINGS = (
    *(b"ID3", b"OggS", b"fLaC", b"#!AMR", b"FORM", b"caff", b"\x1aE\xdf\xa3", b"FLV\x01"),
    *(b"0&\xb2u\x8ef\xcf\x11", b"\0\0\x01\xba", b"riff"),
)
_PICTURE_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")

_OFFICE = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf", b"\xffWPC")
_IN_OFFICE_ARCHIVES = (b"[Content_Types].xml", b"mimetypeapplication/vnd.", b"word/", b"Index/Document.iwa")


def beginning(source: Source) -> bytes:
    """The first 2 KiB."""
    buffer = memoryview(bytearray(min(_BEGINNING, source.size)))
    return bytes(buffer[: source.read_into(0, buffer)]) if buffer else b""


def is_office(beginning: bytes) -> bool:
    """Whether it looks like a file of a word processor or an office program, old or new."""
    if beginning.startswith(_OFFICE):
        return True
    return beginning.startswith(b"PK\x03\x04") and any(name in beginning for name in _IN_OFFICE_ARCHIVES)


def family(beginning: bytes) -> Kind | None:
    """DOCUMENT for pages and photographs, VIDEO for any recording (also of sound), None if unknown."""
    if beginning[:4] == b"RIFF":
        return Kind.DOCUMENT if beginning[8:12] == b"WEBP" else Kind.VIDEO
    if beginning[4:8] == b"ftyp":
        return Kind.DOCUMENT if beginning[8:12] in _PICTURE_BRANDS else Kind.VIDEO
    if beginning[4:8] in {b"moov", b"mdat", b"wide", b"free", b"skip"}:
        return Kind.VIDEO
    if beginning.startswith(_DOCUMENTS) or b"%PDF-" in beginning[:1024]:
        return Kind.DOCUMENT
    if beginning.startswith(_RECORDINGS) or _is_frame(beginning):
        return Kind.VIDEO
    return None


def _is_frame(beginning: bytes) -> bool:
    """MP3 or AAC without a header, or an MPEG transport stream."""
    synchronised = len(beginning) > 1 and beginning[0] == 0xFF and beginning[1] & 0xE0 == 0xE0
    return synchronised or (beginning[:1] == b"G" and beginning[188:189] == b"G")
