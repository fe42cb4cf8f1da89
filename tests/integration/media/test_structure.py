"""Our own reading of results lets through what we make, and nothing that anybody adds to it."""

import os
import random
import struct
from pathlib import Path

import pytest

from tests.integration.media.conftest import CleanFile
from tests.support import media
from workers.media import mp4, pdf
from workers.media.model import Clean, Kind
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


def changed(film: bytes, box: bytes, at: int, value: int) -> bytes:
    """The same with another byte at a place in the content of a box."""
    place = film.index(box, film.index(b"moov")) + 4 + at
    assert film[place] != value
    return film[:place] + bytes([value]) + film[place + 1 :]


PROFILE, LEVEL, UNIT, PROFILE_AGAIN, LEVEL_AGAIN = 1, 3, 8, 9, 11


@pytest.mark.parametrize("profile", [44, 88, 110, 122, 144, 244])
def test_a_film_that_not_every_telephone_plays_is_not_ours(film: bytes, profile: int) -> None:
    rarer = changed(changed(film, b"avcC", PROFILE, profile), b"avcC", PROFILE_AGAIN, profile)
    assert not reads_as_film(rarer)


@pytest.mark.parametrize(("level", "ours"), [(30, True), (40, True), (42, False), (51, False), (62, False)])
def test_a_film_of_a_higher_level_is_not_ours(film: bytes, level: int, *, ours: bool) -> None:
    assert film[film.index(b"avcC") + 4 + LEVEL] == 41
    other = changed(film, b"avcC", LEVEL, level)
    assert not reads_as_film(other), "the parameters say something else"
    assert reads_as_film(changed(other, b"avcC", LEVEL_AGAIN, level)) is ours


def test_a_telephones_odd_rate_stays_within_that_level(samples: Path, clean_file: CleanFile) -> None:
    odd = ["-preset", "ultrafast", "-r", "303/10"]
    made = clean_file(Kind.VIDEO, media.film(samples, "odd.mp4", 1, *odd, size="1920x1080"))
    with media.opened(made.files["clean"]) as opened:
        assert float(opened.streams.video[0].average_rate or 0) == pytest.approx(30.3, abs=0.01)


def test_a_film_without_parameters_at_their_place_is_not_ours(film: bytes) -> None:
    assert not reads_as_film(changed(film, b"avcC", UNIT, 0x68))


FLAGS, CODEC, KIND_OF_AAC, ON_TOP, END = 11, 17, 35, 39, 45


@pytest.mark.parametrize("kind", [1, 3, 4, 5, 29, 31])
def test_sound_that_is_not_plain_aac_is_not_ours(film: bytes, kind: int) -> None:
    assert not reads_as_film(changed(film, b"esds", KIND_OF_AAC, kind << 3))


@pytest.mark.parametrize(("at", "value"), [(FLAGS, 0x40), (CODEC, 0x6B), (ON_TOP, 0x80), (END, 0xFF), (5, 0)])
def test_nothing_else_is_said_of_sound(film: bytes, at: int, value: int) -> None:
    assert not reads_as_film(changed(film, b"esds", at, value))


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
