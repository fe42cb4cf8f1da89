"""An operator may set the distribution's ffmpeg: older, with many libraries, without the `fd` protocol."""

from pathlib import Path

import pytest

from tests.support import films, media
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
