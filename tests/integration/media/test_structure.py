"""Our own reading of results lets through what we make, and nothing that anybody adds to it."""

import os
import random
import struct

import pytest

from tests.support import media
from workers.media import mp4, pdf
from workers.media.model import Clean
from workers.sandbox import memory


def reads_as_film(content: bytes) -> bool:
    try:
        mp4.read(media.Whole(content))
    except mp4.Irregular:
        return False
    return True


def reads_as_pages(content: bytes) -> bool:
    file = memory.from_bytes("clean", content)
    try:
        return pdf.is_regular(file)
    finally:
        os.close(file)


@pytest.fixture
def film(clean_phone_film: Clean) -> bytes:
    return media.content(clean_phone_film.files["clean"])


@pytest.fixture
def pages(clean_document: Clean) -> bytes:
    return media.content(clean_document.files["clean"])


def test_results_read_well(film: bytes, pages: bytes, clean_speech: Clean) -> None:
    assert reads_as_film(film)
    assert reads_as_film(media.content(clean_speech.files["clean"]))
    assert reads_as_pages(pages)


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


@pytest.mark.parametrize("kind", [b"free", b"skip", b"uuid", b"meta", b"udta", b"mdat", b"moov", b"XXXX"])
def test_nothing_can_be_appended_to_a_film(film: bytes, kind: bytes) -> None:
    assert not reads_as_film(film + box(kind, b"a message"))


def test_nothing_can_be_hidden_behind_the_samples(film: bytes) -> None:
    place = film.index(b"mdat") - 4
    body = film[place + 8 :]
    assert not reads_as_film(film[:place] + box(b"mdat", body + b"a message"))
    assert not reads_as_film(film + b"a message")
    assert not reads_as_film(film[:-1])


def test_no_box_can_be_added_to_the_index(film: bytes) -> None:
    place = film.index(b"moov") - 4
    (length,) = struct.unpack_from(">I", film, place)
    for added in (box(b"udta", b"a message"), box(b"uuid", b"x" * 16), box(b"trak", b"")):
        moov = film[place + 8 : place + length] + added
        assert (
            not reads_as_film(film[:place] + box(b"moov", moov) + film[place + length :])
            or added[4:8] == b"trak"
        )


def test_no_time_and_no_name_can_be_written_into_a_film(film: bytes) -> None:
    for kind, offset in ((b"mvhd", 4), (b"tkhd", 8), (b"mdhd", 4), (b"hdlr", 24), (b"avc1", 50)):
        changed = bytearray(film)
        changed[film.index(kind, film.index(b"moov")) + 4 + offset] = 0x41
        assert not reads_as_film(bytes(changed)), kind


def test_noise_never_breaks_the_reader(film: bytes) -> None:
    noise = random.Random(4)  # noqa: S311 - the same noise every time
    index = film.index(b"mdat")
    for _ in range(400):
        changed = bytearray(film[:index])
        for _ in range(noise.choice([1, 4, 40])):
            changed[noise.randrange(index)] = noise.randrange(256)
        reads_as_film(bytes(changed) + film[index:])


@pytest.mark.parametrize(
    "added",
    [
        b"9 0 obj\n<< /S /JavaScript /JS (app.alert(1)) >>\nendobj\n",
        b"9 0 obj\n<< /Author (a message) >>\nendobj\n",
        b"9 0 obj\n<< /Type /Metadata /Subtype /XML /Length 3 >>\nstream\nabc\nendstream\nendobj\n",
        b"9 0 obj\n<< /Type /EmbeddedFile >>\nendobj\n",
        b"9 0 obj\n<< /A#41 1 >>\nendobj\n",
    ],
)
def test_nothing_can_be_added_to_a_document(pages: bytes, added: bytes) -> None:
    place = pages.index(b"xref\n")
    assert not reads_as_pages(pages[:place] + added + pages[place:])
    assert not reads_as_pages(pages + added)
