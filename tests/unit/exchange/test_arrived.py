"""What a browser may take an author's own file for, and where several files lie in one upload."""

import struct

import pytest

from relay.exchange import pages
from relay.exchange.arrived import UNKNOWN, appearance, fits
from relay.exchange.pages import Place, places
from tests.support.media import several

SHOWN = {
    "audio": {
        b"RIFF\0\0\0\0WAVEfmt ": "audio/wav",
        b"ID3\x04\0": "audio/mpeg",
        b"\xff\xfb\x90\x64": "audio/mpeg",
        b"\xff\xf1\x50\x80": "audio/aac",
        b"OggS\0": "audio/ogg",
        b"fLaC\0": "audio/flac",
        b"\0\0\0\x20ftypM4A ": "audio/mp4",
        b"\x1a\x45\xdf\xa3\x01": "audio/webm",
    },
    "video": {b"\0\0\0\x20ftypisom": "video/mp4", b"\x1a\x45\xdf\xa3\x01": "video/webm"},
    "document": {
        b"\xff\xd8\xff\xe0": "image/jpeg",
        b"\x89PNG\r\n\x1a\n": "image/png",
        b"RIFF\0\0\0\0WEBPVP8 ": "image/webp",
        b"%PDF-1.7": "application/pdf",
    },
}


@pytest.mark.parametrize("kind", SHOWN)
def test_a_file_is_told_by_its_first_bytes(kind: str) -> None:
    assert {head: appearance(kind, head) for head in SHOWN[kind]} == SHOWN[kind]  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["letter", *SHOWN])
@pytest.mark.parametrize(
    "head", [b"", b"\xff", b"<!doctype html>", b"<svg xmlns=", b"MZ", b"GIF89a", b"\0" * 99]
)
def test_nothing_else_is_told_to_be_anything(kind: str, head: bytes) -> None:
    assert appearance(kind, head) == UNKNOWN  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", SHOWN)
@pytest.mark.parametrize(
    "head",
    [b"a list of things", "ein Käsebrot".encode()[:6], b"<!doctype html>", b"PK\x03\x04", b"MZ\x90\0", b""],
)
def test_text_archives_and_programs_fit_nothing(kind: str, head: bytes) -> None:
    assert not fits(kind, head)  # type: ignore[arg-type]


def test_pages_fit_no_recording_and_sound_no_document() -> None:
    for kind in ("audio", "video"):
        assert not any(fits(kind, head) for head in SHOWN["document"] if not head.startswith(b"RIFF"))
    assert not fits("document", b"OggS\0")


@pytest.mark.parametrize("kind", SHOWN)
def test_what_is_shown_and_what_nobody_knows_may_fit(kind: str) -> None:
    assert all(fits(kind, head) for head in (*SHOWN[kind], b"\0" * 99, b"\0\0\0\x20ftypheic"))  # type: ignore[arg-type]


def found(content: bytes) -> list[Place]:
    return places(len(content), lambda start, stop: content[start:stop])


@pytest.mark.parametrize("filling", [0, 1, 5000])
def test_files_are_found_where_they_were_put(filling: int) -> None:
    content = several((b"first", 0), (b"second one", 90), filling=filling)
    assert found(content) == [Place(8, 5, 0), Place(13, 10, 90)]


INDEX = struct.Struct("<QI")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        pages.MARK,
        pages.END,
        pages.MARK + pages.END,
        b"no such upload at all, however long it may be" * 9,
        several((b"first", 0))[:-1],
        several((b"first", 0)) + b"\0",
        several(),
        several((b"", 0)),
        several((b"first", 45)),
        several(*[(b"x", 0)] * (pages.MOST + 1)),
        pages.MARK + b"first" + INDEX.pack(6, 0) + b"\1\0\0\0" + pages.END,
        pages.MARK + b"first" + INDEX.pack(2**64 - 1, 0) + b"\1\0\0\0" + pages.END,
        pages.MARK + b"first" + INDEX.pack(5, 0) + b"\xff\xff\xff\xff" + pages.END,
    ],
)
def test_in_what_is_not_whole_no_file_is_found(content: bytes) -> None:
    assert found(content) == []
