"""A film whose index comes last reads as ffmpeg itself would have written it with the index first."""

import random
import struct
from pathlib import Path

import pytest

from tests.support import media
from tests.support.media import Whole
from workers.media import mp4
from workers.media.faststart import FastStart
from workers.media.kept import part
from workers.media.mp4 import Irregular
from workers.media.samples import Chunks, chunks, fill, places

_PLAIN = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]
_PLAIN += ["-empty_hdlr_name", "1", "-bsf:v", "filter_units=pass_types=1|5|7|8"]


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def table(kind: bytes, numbers: list[int]) -> bytes:
    form = {b"stco": "I", b"co64": "Q"}[kind]
    return box(kind, bytes(4) + struct.pack(f">I{len(numbers)}{form}", len(numbers), *numbers))


def index(kind: bytes, numbers: list[int], sizes: list[int]) -> bytes:
    """The index of one track, each of whose samples is a chunk."""
    stsc = box(b"stsc", bytes(4) + struct.pack(">4I", 1, 1, 1, 1))
    stsz = box(b"stsz", bytes(4) + struct.pack(f">II{len(sizes)}I", 0, len(sizes), *sizes))
    nested = stsc + stsz + table(kind, numbers)
    for name in (b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        nested = box(name, nested)
    return nested


FORM = box(b"ftyp", b"isom\0\0\2\0isomiso2")
BODY = len(FORM) + 16


def packed(kind: bytes, numbers: list[int], body: bytes = b"abcdefghij") -> bytes:
    return FORM + box(b"free", b"") + box(b"mdat", body) + index(kind, numbers, [4] * len(numbers))


def pointed_at(film: bytes, kind: bytes, size: int) -> list[bytes]:
    """What the places in a film's index point at."""
    at = film.index(kind) + 8
    form, width = {b"stco": ("I", 4), b"co64": ("Q", 8)}[kind]
    (count,) = struct.unpack_from(">I", film, at)
    found = struct.unpack_from(f">{count}{form}", film, at + 4)
    assert len(film) >= at + 4 + count * width
    return [film[place : place + size] for place in found]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faststart")


@pytest.mark.parametrize("form", ["mp4", "ipod"])
def test_it_reads_as_ffmpeg_itself_would_have_written_it(written: Path, form: str) -> None:
    film = media.film(written, f"{form}.mp4", 4, "-g", "30")
    chosen = ["-vn"] if form == "ipod" else []
    last, first = written / f"last.{form}", written / f"first.{form}"
    media.ffmpeg("-i", film, "-c", "copy", *chosen, *_PLAIN, "-f", form, last)
    media.ffmpeg("-i", film, "-c", "copy", *chosen, *_PLAIN, "-movflags", "+faststart", "-f", form, first)
    source = FastStart(Whole(last.read_bytes()))
    made, wanted = media.content(source), first.read_bytes()
    assert made != wanted, "ffmpeg leaves eight bytes of room; so its places are eight higher"
    assert [each.kind for each in mp4.top(Whole(wanted))] == [b"ftyp", b"moov", b"free", b"mdat"]
    assert [each.kind for each in mp4.top(source)] == [b"ftyp", b"moov", b"mdat"]
    body = wanted.index(b"mdat")
    assert made[made.index(b"mdat") :] == wanted[body:]
    assert len(made) == len(wanted) - 8
    mp4.read(source)
    decoded = [media.decode(Whole(each), "-map", "0", "-f", "framemd5", "-") for each in (made, wanted)]
    assert decoded[0] == decoded[1]


@pytest.mark.parametrize("kind", [b"stco", b"co64"])
def test_every_place_still_points_at_the_same_bytes(kind: bytes) -> None:
    before = packed(kind, [BODY, BODY + 2, BODY + 6])
    assert pointed_at(before, kind, 4) == [b"abcd", b"cdef", b"ghij"]
    source = FastStart(Whole(before))
    assert pointed_at(media.content(source), kind, 4) == [b"abcd", b"cdef", b"ghij"]


def test_any_part_of_it_reads_the_same() -> None:
    source = FastStart(Whole(packed(b"stco", [BODY, BODY + 4])))
    whole = media.content(source)
    for start in range(len(whole) + 2):
        for length in (1, 3, 50, 500):
            assert part(source, start, length) == whole[start : start + length]


@pytest.mark.parametrize(
    "numbers", [[0], [BODY - 1], [BODY + 10], [BODY, 2**32 - 1], [BODY, len(FORM)]], ids=str
)
@pytest.mark.parametrize("kind", [b"stco", b"co64"])
def test_a_place_outside_of_the_body_is_refused(kind: bytes, numbers: list[int]) -> None:
    with pytest.raises(Irregular):
        FastStart(Whole(packed(kind, numbers)))


@pytest.mark.parametrize("number", [2**63, 2**64 - 1, 2**64 - BODY, 2**62])
def test_places_that_no_file_has_are_refused(number: int) -> None:
    with pytest.raises(Irregular):
        FastStart(Whole(packed(b"co64", [BODY, number])))


@pytest.mark.parametrize("kind", [b"stco", b"co64"])
def test_a_table_that_is_longer_or_shorter_than_it_says_is_refused(kind: bytes) -> None:
    good = table(kind, [BODY, BODY + 1])[8:]
    for count in (0, 1, 3, 2**31, 2**32 - 1):
        with pytest.raises(Irregular):
            places(kind, good[:4] + struct.pack(">I", count) + good[8:])
    for length in range(len(good)):
        with pytest.raises(Irregular):
            places(kind, good[:length])


class Large:
    """A packed film with a body of any length, of which a few bytes are something."""

    def __init__(self, length: int, last: int) -> None:
        wide = length + 16 > 0xFFFF_FFFF
        header = (
            struct.pack(">I4sQ", 1, b"mdat", length + 16)
            if wide
            else struct.pack(">I4s", length + 8, b"mdat")
        )
        self.start = FORM + header
        self.body = range(len(self.start), len(self.start) + length)
        half = last // 2
        numbers = [self.body.start + each for each in (0, half, last)]
        kind = b"co64" if numbers[-1] > 0xFFFF_FFFF else b"stco"
        self.end = index(kind, numbers, [half, last - half, length - last])
        self.size = self.body.stop + len(self.end)
        self.mark = range(self.body.start + last, self.body.start + last + 4)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        length = max(0, min(len(buffer), self.size - offset))
        for place in range(offset, offset + min(length, 1 << 17)):
            buffer[place - offset] = self._byte(place)
        return min(length, 1 << 17)

    def _byte(self, place: int) -> int:
        if place < self.body.start:
            return self.start[place]
        if place >= self.body.stop:
            return self.end[place - self.body.stop]
        return b"MARK"[place - self.mark.start] if place in self.mark else 0


@pytest.mark.parametrize("before", [1000, 200, 100, 1, 0, -1, -100, -(2**20)])
def test_places_become_wider_where_four_bytes_do_not_hold_them(before: int) -> None:
    """Around 4 GiB: what the index in front adds may be what is too much."""
    packed = Large(2**32 + 2**21, 2**32 - before - len(FORM) - 16)
    source = FastStart(packed)
    front = part(source, 0, 4000)
    kind = b"co64" if b"co64" in front else b"stco"
    at, form = front.index(kind) + 12, {b"stco": ">3I", b"co64": ">3Q"}[kind]
    first, _, last = struct.unpack_from(form, front, at)
    assert first == front.index(b"mdat") + 12
    assert part(source, last, 4) == b"MARK"
    fill(mp4_tracks(front), range(first, source.size))
    assert (kind == b"co64") == (last > 0xFFFF_FFFF or packed.mark.start > 0xFFFF_FFFF)


def mp4_tracks(front: bytes) -> list[Chunks]:
    place = front.index(b"stbl")
    (length,) = struct.unpack_from(">I", front, place - 4)
    return [chunks(list(mp4.boxes(front[place + 4 : place - 4 + length])))]


@pytest.mark.parametrize(
    "order",
    [
        ["ftyp", "moov", "mdat"],
        ["ftyp", "mdat"],
        ["ftyp", "moov"],
        ["mdat", "moov"],
        ["ftyp", "mdat", "moov", "mdat"],
        ["ftyp", "mdat", "moov", "moov"],
        ["ftyp", "ftyp", "mdat", "moov"],
        [],
    ],
    ids=" ".join,
)
def test_boxes_in_another_order_are_refused(order: list[str]) -> None:
    known = {"ftyp": FORM, "mdat": box(b"mdat", b"abcd"), "moov": index(b"stco", [], [])}
    with pytest.raises(Irregular):
        FastStart(Whole(b"".join(known[each] for each in order)))


def test_noise_in_the_index_is_refused_or_harmless(written: Path) -> None:
    film = media.film(written, "noise.mp4", 1)
    last = written / "noise-last.mp4"
    media.ffmpeg("-i", film, "-c", "copy", *_PLAIN, last)
    good = last.read_bytes()
    start = good.index(b"moov") - 4
    noise = random.Random(11)  # noqa: S311 - the same noise every time
    whole = media.content(FastStart(Whole(good)))
    passed = 0
    for _ in range(600):
        changed = bytearray(good)
        for _ in range(noise.choice([1, 2, 8])):
            changed[noise.randrange(start, len(good))] = noise.randrange(256)
        try:
            source = FastStart(Whole(bytes(changed)))
            found = mp4.read(source)
        except Irregular:
            continue
        passed += 1
        assert source.size == len(whole)
        fill(found.tracks, found.body)
    assert passed < 500


def test_samples_that_overlap_or_leave_a_gap_are_refused() -> None:
    film = [
        (b"stsc", bytes(4) + struct.pack(">4I", 1, 1, 1, 1)),
        (b"stsz", bytes(4) + struct.pack(">2I", 4, 2)),
    ]
    for numbers, good in (([100, 104], True), ([104, 100], True), ([100, 103], False), ([100, 105], False)):
        track = chunks([*film, (b"stco", table(b"stco", numbers)[8:])])
        if good:
            fill([track], range(100, 108))
            continue
        with pytest.raises(Irregular):
            fill([track], range(100, 108))
    for body in (range(99, 108), range(100, 109), range(100, 107)):
        with pytest.raises(Irregular):
            fill([chunks([*film, (b"stco", table(b"stco", [100, 104])[8:])])], body)


@pytest.mark.parametrize(
    "tables",
    [
        {b"stsc": struct.pack(">4I", 1, 2, 1, 1)},
        {b"stsc": struct.pack(">4I", 2, 1, 1, 1)},
        {b"stsc": struct.pack(">7I", 2, 1, 1, 1, 1, 1, 1)},
        {b"stsc": struct.pack(">4I", 1, 1, 2, 1)},
        {b"stsc": struct.pack(">4I", 1, 1, 2**32 - 1, 1)},
        {b"stsc": struct.pack(">I", 0)},
        {b"stsc": struct.pack(">3I", 1, 1, 1)},
        {b"stsz": struct.pack(">2I", 4, 2**32 - 1)},
        {b"stsz": struct.pack(">2I", 0, 2)},
        {b"stsz": b""},
    ],
)
def test_tables_that_contradict_each_other_are_refused(tables: dict[bytes, bytes]) -> None:
    good = {b"stsc": struct.pack(">4I", 1, 1, 1, 1), b"stsz": struct.pack(">2I", 4, 2)}
    named = [(kind, bytes(4) + content) for kind, content in (good | tables).items()]
    with pytest.raises(Irregular):
        chunks([*named, (b"stco", table(b"stco", [100, 104])[8:])])


@pytest.mark.parametrize("where", [0, 1, 4])
def test_an_index_of_boxes_without_end_is_no_film(where: int) -> None:
    """Each of them would become several objects in memory: sixteen megabytes of them, gigabytes."""
    film = packed(b"stco", [BODY])
    content, names = film[film.index(b"moov") + 4 :], [b"moov", b"trak", b"mdia", b"minf", b"stbl"]
    for name in names[1 : where + 1]:
        content = content[content.index(name) + 4 :]
    content += box(b"free", b"") * 501
    for name in reversed(names[: where + 1]):
        content = box(name, content)
    with pytest.raises(Irregular):
        FastStart(Whole(film[: film.index(b"moov") - 4] + content))


class Claimed:
    """A file whose boxes are as long as they say and hold nothing, of which what is read is counted."""

    def __init__(self, **lengths: int) -> None:
        self._headers, self.size, self.read = {}, 0, 0
        for kind, length in lengths.items():
            self._headers[self.size] = struct.pack(">I4s", length, kind.encode())
            self.size += length

    def read_into(self, offset: int, buffer: memoryview) -> int:
        length = max(0, min(len(buffer), self.size - offset))
        self.read += length
        buffer[:length] = bytes(length)
        for place, header in self._headers.items():
            if offset <= place and place + len(header) <= offset + length:
                buffer[place - offset : place - offset + len(header)] = header
        return length


@pytest.mark.parametrize(
    "lengths",
    [
        {"ftyp": 28, "mdat": 100, "moov": mp4.LARGEST_INDEX + 1},
        {"ftyp": 28, "mdat": 100, "moov": 1 << 31},
        {"ftyp": 4097, "mdat": 100, "moov": 100},
        {"ftyp": 1 << 31, "mdat": 100, "moov": 100},
    ],
    ids=str,
)
def test_what_is_too_large_to_be_held_is_refused_before_it_is_read(lengths: dict[str, int]) -> None:
    """The packer is not believed, and the index of a file of gigabytes would be held several times over."""
    file = Claimed(**lengths)
    with pytest.raises(Irregular):
        FastStart(file)
    assert file.read < 200
