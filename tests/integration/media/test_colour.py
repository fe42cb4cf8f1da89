"""Films in a wide range of light come out as every screen shows them: nothing burnt out, nothing grey."""

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from tests.integration.media.conftest import CleanFile
from tests.support import films, media
from workers.media.model import Clean, Kind

BT709, TELEVISION = 1, 1
BARS = {"red": 50, "green": 150, "yellow": 260, "blue": 370, "magenta": 470, "cyan": 580}
"""Where testsrc2 has them, in a picture 640 wide, at line 300."""


def first_picture(made: Clean) -> np.ndarray:
    width, height = made.facts.width, made.facts.height
    raw = media.decode(made.files["clean"], "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    return np.frombuffer(raw, np.uint8).reshape(height, width, 3).astype(int)


def said(made: Clean) -> tuple[int, int, int, int]:
    with media.opened(made.files["clean"]) as opened:
        frame = next(opened.decode(video=0))
        return frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range


@pytest.mark.parametrize("transfer", [films.PQ, films.HLG])
def test_light_keeps_its_order_and_nothing_burns_out(
    transfer: str, samples: Path, clean_file: CleanFile
) -> None:
    picture = first_picture(clean_file(Kind.VIDEO, films.ramp(samples, transfer)))
    grey = picture[32]
    assert (abs(grey - grey.mean(axis=1, keepdims=True)) <= 4).all(), "grey stays grey"
    light = grey.mean(axis=1)[::32]
    assert all(later >= earlier - 2 for earlier, later in pairwise(light)), "brighter stays brighter"
    white, bright = (light[round(len(light) * share)] for share in (films.WHITE[transfer], 0.85))
    assert 195 <= white <= 230, "paper is as light as on an ordinary screen"
    assert white + 8 < bright < 252, "what is brighter than paper is still told apart"
    assert light[0] <= 4


@pytest.mark.parametrize("transfer", [films.PQ, films.HLG])
def test_ordinary_colours_come_back_from_a_wide_range(
    transfer: str, samples: Path, clean_file: CleanFile
) -> None:
    made = clean_file(Kind.VIDEO, films.bars(samples, transfer))
    line = first_picture(made)[300]
    for name, place in BARS.items():
        red, green, blue = line[place - 8 : place + 8].mean(axis=0)
        for value, lit in (
            (red, name in {"red", "yellow", "magenta"}),
            (green, name in {"green", "yellow", "cyan"}),
            (blue, name in {"blue", "magenta", "cyan"}),
        ):
            assert (value > 190) if lit else (value < 60), f"{name}: {red:.0f} {green:.0f} {blue:.0f}"
    assert said(made) == (BT709, BT709, BT709, TELEVISION)


def test_a_studios_notes_on_its_screen_do_not_get_through(samples: Path, clean_file: CleanFile) -> None:
    path = films.ramp(samples, films.PQ)
    with av.open(str(path)) as opened:
        notes = " ".join(map(str, next(opened.decode(video=0)).side_data))
    assert "MASTERING_DISPLAY" in notes, "the notes are in the original, or this proves nothing"
    assert "CONTENT_LIGHT" in notes
    made = clean_file(Kind.VIDEO, path)
    assert not {b"mdcv", b"clli", b"amve", b"dvvC"} & set(words(media.content(made.files["clean"])))


def words(content: bytes) -> list[bytes]:
    index = content[content.index(b"moov") : content.index(b"mdat")]
    return [index[place : place + 4] for place in range(len(index))]


def test_stronger_colours_without_more_light_are_brought_back_too(
    samples: Path, clean_file: CleanFile
) -> None:
    path = samples / "wide.mov"
    wide = films.coded(primaries="bt2020")
    media.ffmpeg(*media.picture(0.5), "-pix_fmt", "yuv420p10le", "-color_primaries", "bt2020", *wide, path)
    assert said(clean_file(Kind.VIDEO, path)) == (BT709, BT709, BT709, TELEVISION)


def test_an_ordinary_film_says_what_it_said_before(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "pal.mp4"
    tags = ["-color_primaries", "bt470bg", "-color_trc", "smpte170m", "-colorspace", "bt470bg"]
    form = ["-vf", "format=yuv420p,setparams=color_primaries=bt470bg:color_trc=smpte170m:colorspace=bt470bg"]
    media.ffmpeg(*media.picture(0.5), *form, *tags, path)
    assert said(clean_file(Kind.VIDEO, path)) == (5, 6, 5, TELEVISION)


def test_an_iphones_film_is_upright_and_ordinary(samples: Path, clean_file: CleanFile) -> None:
    path = films.iphone(samples)
    assert media.traces(path.read_bytes()), "the canaries are in the original, or this proves nothing"
    made = clean_file(Kind.VIDEO, path)
    assert (made.facts.width, made.facts.height) == (360, 640)
    assert made.facts.duration_ms == pytest.approx(2000, abs=100)
    assert said(made) == (BT709, BT709, BT709, TELEVISION)
    assert media.traces(media.content(made.files["clean"])) == []
