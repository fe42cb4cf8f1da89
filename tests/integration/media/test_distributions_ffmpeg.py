"""An operator may set the distribution's ffmpeg: older, with many libraries, without the `fd` protocol."""

from pathlib import Path

import pytest

from relay.exchange.edits import Disguise, Edits
from tests.integration.media.hidden import BLACK, edits, heard, seen, tone
from tests.support import faced, films, media
from tests.support.media import Whole
from workers.media.clean import clean
from workers.media.model import Kind
from workers.media.tools import find

DEBIANS = Path("/usr/bin/ffmpeg")
pytestmark = pytest.mark.skipif(not DEBIANS.exists(), reason="the distribution's ffmpeg is not installed")


def test_it_makes_recordings_just_as_safe(tmp_path: Path) -> None:
    film, voice = media.phone_film(tmp_path), media.speech(tmp_path, "voice.m4a")
    wide = films.bars(tmp_path, films.HLG, seconds=3)
    for kind, path in ((Kind.VIDEO, film), (Kind.AUDIO, voice), (Kind.VIDEO, wide)):
        with clean(kind, Whole(path.read_bytes()), ffmpeg=find(str(DEBIANS))) as made:
            assert made.facts.duration_ms == pytest.approx(3000, abs=60)
            media.decode(made.files["clean"])
            assert media.traces(media.content(made.files["clean"])) == []


def test_it_reads_what_is_larger_than_what_is_held_of_it_at_a_time(tmp_path: Path) -> None:
    """It opens the original anew, with an offset of its own."""
    path = tmp_path / "large.avi"
    noise = ["-vf", "noise=alls=100:allf=t", "-c:v", "mjpeg", "-q:v", "1", "-pix_fmt", "yuvj444p"]
    media.ffmpeg(*media.picture(2, "1280x720"), *media.voice(2), *noise, path)
    assert path.stat().st_size > 40 << 20
    with clean(Kind.VIDEO, Whole(path.read_bytes()), ffmpeg=find(str(DEBIANS))) as made:
        assert made.facts.duration_ms == pytest.approx(2000, abs=100)


def test_it_hides_and_disguises_just_as_well(tmp_path: Path) -> None:
    asked = Edits(
        stretches=edits((0.5, 1, "cut"), (1.5, 2, "mute"), (1.5, 2, "blank"), (2.2, 2.4, "bleep")).stretches,
        disguise=Disguise(voice=True),
    )
    film = media.film(tmp_path)
    with clean(Kind.VIDEO, Whole(film.read_bytes()), ffmpeg=find(str(DEBIANS)), edits=asked) as made:
        assert made.facts.duration_ms == pytest.approx(2400, abs=40)
        sound = heard(made)
        assert not sound[int(0.9 * 48_000) : int(1.4 * 48_000)].any()
        assert tone(sound, 1.6, 1.8) == pytest.approx(1000, abs=2)
        assert max(int(picture.max()) for at, picture in seen(made) if 0.9 <= at <= 1.4) <= BLACK


def test_it_covers_faces_just_as_well(tmp_path: Path) -> None:
    network = faced.network()
    film = faced.film(tmp_path, "face.mp4", 2, "640x360")
    original, debians = Whole(film.read_bytes()), find(str(DEBIANS))
    with clean(Kind.VIDEO, original, ffmpeg=debians, edits=faced.COVERED, faces=network) as made:
        assert max(int(picture[faced.face(at)].max()) for at, picture in seen(made)) <= BLACK
