import pytest

from relay.exchange import pages
from workers.media.looks import family, is_office
from workers.media.model import Kind


@pytest.mark.parametrize(
    "beginning",
    [
        b"%PDF-1.7\n",
        b"\0" * 20 + b"%PDF-1.4",
        b"\xff\xd8\xff\xe0",
        b"\x89PNG\r\n\x1a\n",
        b"II*\0",
        b"MM\0*",
        b"RIFF\x10\0\0\0WEBPVP8 ",
        b"\0\0\0\x18ftypheic",
        b"\0\0\0\x18ftypmif1",
        pages.MARK + b"\xff\xd8\xff\xe0",
    ],
)
def test_pages_and_photographs_look_like_documents(beginning: bytes) -> None:
    assert family(beginning) is Kind.DOCUMENT


@pytest.mark.parametrize(
    "beginning",
    [
        b"\0\0\0\x20ftypisom",
        b"\0\0\0\x14ftypqt  ",
        b"\0\0\0\x08wide\0\0",
        b"RIFF\x10\0\0\0WAVEfmt ",
        b"RIFF\x10\0\0\0AVI LIST",
        b"\x1aE\xdf\xa3",
        b"OggS",
        b"ID3\x04",
        b"\xff\xfb\x90\x64",
        b"fLaC",
        b"#!AMR\n",
        b"G" + b"\0" * 187 + b"G",
    ],
)
def test_recordings_look_like_recordings(beginning: bytes) -> None:
    assert family(beginning) is Kind.VIDEO


@pytest.mark.parametrize(
    "beginning", [b"", b"#EXTM3U\n", b"ffconcat version 1.0", b"<svg>", b"PK\x03\x04", b"MZ"]
)
def test_anything_else_is_unknown(beginning: bytes) -> None:
    assert family(beginning) is None


@pytest.mark.parametrize(
    "beginning",
    [
        b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml",
        b"PK\x03\x04" + b"\0" * 26 + b"mimetypeapplication/vnd.oasis.opendocument.text",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"{\\rtf1\\ansi",
    ],
)
def test_an_office_programs_files_are_known(beginning: bytes) -> None:
    assert is_office(beginning)
    assert family(beginning) is None


@pytest.mark.parametrize("beginning", [b"", b"PK\x03\x04", b"%PDF-1.7", b"word/"])
def test_others_are_not_taken_for_them(beginning: bytes) -> None:
    assert not is_office(beginning)
