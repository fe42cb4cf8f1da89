"""Faces that are found are black in every picture, between those that were looked at, too; the rest stays."""

import ast
import struct
from pathlib import Path

import numpy as np
import pytest

from relay.exchange.edits import Disguise, Edits, Stretch
from tests.integration.media.conftest import CleanFile
from tests.integration.media.hidden import BLACK, seen
from tests.support import faced, media
from tests.support.faced import COVERED, face
from workers.media import faces, tools
from workers.media.model import Clean, Kind, Limits, MediaRefused, Reason
from workers.media.network import Network
from workers.media.room import Room
from workers.sandbox.runner import Walled

CHILD = Path(faces.__file__).parents[1] / "sandbox" / "children" / "faces.py"
SECONDS = 4.0


@pytest.fixture(scope="module")
def network() -> Network:
    return faced.network()


def shown(made: Clean) -> list[float]:
    """For each picture, the brightest of where the face is."""
    return [float(picture[face(seconds)].max()) for seconds, picture in seen(made)]


def apart(one: Clean, other: Clean, rows: slice, columns: slice) -> float:
    """By how much two films differ there, at the most of all pictures."""
    both = zip(seen(one), seen(other), strict=True)
    return max(
        float(np.abs(mine[rows, columns].astype(int) - theirs[rows, columns]).mean())
        for (_, mine), (_, theirs) in both
    )


def test_a_face_is_black_in_every_picture_and_the_rest_is_as_it_was(
    samples: Path, clean_file: CleanFile, network: Network
) -> None:
    path = faced.film(samples, "face.mp4", SECONDS, "640x360")
    plain = clean_file(Kind.VIDEO, path)
    assert min(shown(plain)) > 150, "so this is where the face is"
    made = clean_file(Kind.VIDEO, path, edits=COVERED, faces=network)
    pictures = shown(made)
    assert len(pictures) == pytest.approx(30 * SECONDS, abs=1)
    assert max(pictures) <= BLACK
    assert apart(plain, made, slice(0, 360), slice(540, 640)) < 3
    assert apart(plain, made, slice(310, 360), slice(0, 640)) < 3
    assert made.facts.duration_ms == plain.facts.duration_ms


def test_a_film_that_is_turned_is_looked_at_as_it_is_shown(
    samples: Path, clean_file: CleanFile, network: Network
) -> None:
    flat = faced.film(samples, "flat-face.mp4", SECONDS, "360x640", after="transpose=clock")
    path = samples / "turned-face.mp4"
    media.ffmpeg("-display_rotation", "90", "-i", flat, "-c", "copy", path)
    assert min(shown(clean_file(Kind.VIDEO, path))) > 150
    made = clean_file(Kind.VIDEO, path, edits=COVERED, faces=network)
    assert (made.facts.width, made.facts.height) == (360, 640)
    assert max(shown(made)) <= BLACK


def test_what_is_cut_out_moves_the_boxes_with_the_faces(
    samples: Path, clean_file: CleanFile, network: Network
) -> None:
    path = faced.film(samples, "cut-face.mp4", SECONDS, "640x360")
    cut = Stretch(start_ms=1000, end_ms=2500, how="cut")
    edits = Edits(stretches=(cut,), disguise=Disguise(picture="faces"))
    pictures = seen(clean_file(Kind.VIDEO, path, edits=edits, faces=network))
    assert len(pictures) == pytest.approx(30 * (SECONDS - 1.6), abs=3)
    before = [(seconds, seconds) for seconds, _ in pictures if seconds < 0.93]
    after = [(seconds, seconds + 1.6) for seconds, _ in pictures if seconds > 0.97]
    black = dict(pictures)
    assert max(black[now][face(then)].max() for now, then in before + after) <= BLACK


_LATER = 2.53
"""Seconds."""


def test_a_film_that_begins_later_than_its_sound_keeps_its_clock(
    samples: Path, clean_file: CleanFile, network: Network
) -> None:
    film = faced.film(samples, "early-face.mp4", SECONDS, "640x360")
    path = samples / "late-face.mkv"
    late = ["-map", "0:v", "-map", "1:a", "-c", "copy"]
    media.ffmpeg("-itsoffset", str(_LATER), "-i", film, "-i", film, *late, path)
    plain = seen(clean_file(Kind.VIDEO, path))
    made = seen(clean_file(Kind.VIDEO, path, edits=COVERED, faces=network))
    faces = [face(max(0.0, seconds - _LATER)) for seconds, _ in plain]  # the first picture stands until then
    assert min(picture[where].max() for where, (_, picture) in zip(faces, plain, strict=True)) > 150
    assert max(picture[where].max() for where, (_, picture) in zip(faces, made, strict=True)) <= BLACK


def test_a_film_without_a_face_is_not_passed_on_as_covered(
    samples: Path, clean_file: CleanFile, network: Network
) -> None:
    with pytest.raises(MediaRefused) as refused:
        clean_file(Kind.VIDEO, media.film(samples, "nobody.mp4"), edits=COVERED, faces=network)
    assert refused.value.reason is Reason.NO_FACES


def test_where_nothing_finds_faces_it_is_refused_in_words(samples: Path, clean_file: CleanFile) -> None:
    with pytest.raises(MediaRefused, match="cover the whole picture, or no picture") as refused:
        clean_file(Kind.VIDEO, media.film(samples, "anybody.mp4"), edits=COVERED)
    assert refused.value.reason is Reason.FACES_NOT_HERE


def answer(*found: tuple[int, int, int, int, int, int], pictures: int = 3) -> bytes:
    packed = [struct.pack("<IHHHHB", *each) for each in found]
    return b"".join(packed) + struct.pack("<I", pictures)


ROOM = Room(Walled(), tools.find(), Limits(), lambda _: None, lambda: False)
SOMEBODY = (1, 100, 200, 300, 400, 50)


def test_an_answer_is_read_picture_by_picture() -> None:
    found = faces._read(answer(SOMEBODY, (1, 0, 0, 10_000, 10_000, 100)), ROOM)
    assert found == [[], [(100, 200, 300, 400), (0, 0, 10_000, 10_000)], []]


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\0",
        answer(SOMEBODY)[:-1],
        answer(SOMEBODY) + b"\0",
        answer(SOMEBODY, pictures=1),
        answer(pictures=5 * 1802 + 1),
        answer((2, 0, 0, 1, 1, 1), SOMEBODY),
        answer((0, 300, 200, 300, 400, 50)),
        answer((0, 100, 400, 300, 200, 50)),
        answer((0, 100, 200, 10_001, 400, 50)),
        answer((0, 100, 200, 300, 10_001, 50)),
        answer((0, 100, 200, 300, 400, 101)),
        answer(*[SOMEBODY] * 33),
    ],
)
def test_what_no_child_of_ours_says_is_refused(wrong: bytes) -> None:
    with pytest.raises(MediaRefused):
        faces._read(wrong, ROOM)


def test_both_sides_read_the_same_layout() -> None:
    written = {
        ast.unparse(statement.targets[0]): statement.value
        for statement in ast.parse(CHILD.read_text()).body
        if isinstance(statement, ast.Assign)
    }
    found = {name: eval(ast.unparse(written[name]), {"struct": struct}) for name in ("FACE", "END", "MOST")}  # noqa: S307 - ours
    assert found["FACE"].format == faces._FACE.format
    assert found["END"].format == faces._END.format
    assert found["MOST"] == faces._MOST_FACES
