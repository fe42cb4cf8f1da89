import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.integration.media.conftest import CleanFile
from tests.support import media
from workers.media.model import Clean, Kind, Role
from workers.sandbox.window import Source


def test_a_phones_film_is_turned_upright_and_plays_to_the_end(clean_phone_film: Clean) -> None:
    file = clean_phone_film.files["clean"]
    with media.opened(file) as opened:
        assert [stream.type for stream in opened.streams] == ["video", "audio"]
        film, sound = opened.streams.video[0].codec_context, opened.streams.audio[0].codec_context
        assert (film.name, film.profile, film.pix_fmt) == ("h264", "High", "yuv420p")
        assert (film.width, film.height) == (720, 1280)
        assert (sound.name, sound.sample_rate) == ("aac", 48_000)
        assert next(opened.decode(video=0)).rotation == 0
        assert not [stream.metadata["encoder"] for stream in opened.streams if "encoder" in stream.metadata]
    media.decode(file)
    assert clean_phone_film.media_type(Role.CLEAN) == "video/mp4"


def test_nothing_that_was_written_about_a_phones_film_is_left(
    phone_film: Path, clean_phone_film: Clean
) -> None:
    assert media.traces(phone_film.read_bytes()), "the canaries are in the original, or this proves nothing"
    assert media.traces(media.content(clean_phone_film.files["clean"])) == []
    assert media.traces(media.content(clean_phone_film.files["poster"])) == []


def test_a_film_can_start_before_it_has_arrived(clean_phone_film: Clean) -> None:
    content = media.content(clean_phone_film.files["clean"])
    assert 0 < content.find(b"moov") < content.find(b"mdat")


def test_facts_and_poster_are_true(clean_phone_film: Clean) -> None:
    facts = clean_phone_film.facts
    assert facts.duration_ms == pytest.approx(3000, abs=25)
    assert (facts.width, facts.height, len(facts.peaks)) == (720, 1280, 1000)
    poster = Image.open(io.BytesIO(media.content(clean_phone_film.files["poster"])))
    assert (poster.format, poster.size) == ("JPEG", (540, 960))
    assert not poster.getexif()
    assert len(poster.getcolors(1 << 20) or [1] * 999) > 100, "there is something to see"


def test_a_browsers_film_has_no_length_of_its_own_and_gets_one(samples: Path, clean_file: CleanFile) -> None:
    made = clean_file(Kind.VIDEO, media.browser_film(samples))
    assert made.facts.duration_ms == pytest.approx(3000, abs=120)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        (
            "iphone.mov",
            ["-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params", "log-level=none"],
        ),
        ("dashcam.avi", ["-c:v", "mpeg4", "-c:a", "mp3"]),
        ("clip.mkv", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"]),
        ("camera.ts", ["-c:v", "mpeg2video", "-c:a", "mp2"]),
        (
            "whatsapp.3gp",
            ["-c:v", "h263", "-s", "352x288", "-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1"],
        ),
    ],
)
def test_films_of_many_makes_are_understood(
    name: str, more: list[str], samples: Path, clean_file: CleanFile
) -> None:
    made = clean_file(Kind.VIDEO, media.film(samples, name, 2, *more))
    assert made.facts.duration_ms == pytest.approx(2000, abs=150)
    media.decode(made.files["clean"])
    assert media.traces(media.content(made.files["clean"])) == []


def test_a_fast_large_film_becomes_1080_lines_at_thirty(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "large.mp4"
    media.ffmpeg(*media.picture(1, "2560x1440", 60), "-preset", "ultrafast", "-pix_fmt", "yuv420p", path)
    made = clean_file(Kind.VIDEO, path)
    with media.opened(made.files["clean"]) as opened:
        film = opened.streams.video[0]
        assert (film.codec_context.width, film.codec_context.height) == (1920, 1080)
        assert float(film.average_rate or 0) == 30
        assert film.frames == 30


def test_a_film_whose_clock_begins_late_is_whole(samples: Path, clean_file: CleanFile) -> None:
    media.ffmpeg(
        "-i", media.film(samples, "early.mp4"), "-c", "copy", "-output_ts_offset", "5", samples / "late.mkv"
    )
    made = clean_file(Kind.VIDEO, samples / "late.mkv")
    assert made.facts.duration_ms == pytest.approx(3000, abs=100)


def test_minutes_of_film_keep_sound_and_picture_together(samples: Path, clean_file: CleanFile) -> None:
    made = clean_file(
        Kind.VIDEO, media.film(samples, "minutes.mp4", 150, "-preset", "ultrafast", size="160x120")
    )
    assert made.facts.duration_ms == pytest.approx(150_000, abs=50)
    with media.opened(made.files["clean"]) as opened:
        ends = [float((stream.duration or 0) * (stream.time_base or 0)) for stream in opened.streams]
        starts = [float((stream.start_time or 0) * (stream.time_base or 0)) for stream in opened.streams]
    assert max(ends) - min(ends) < 0.05
    assert max(starts) - min(starts) < 0.03


def test_a_silent_film_is_taken_for_signs_need_no_sound(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "signs.mp4"
    media.ffmpeg(*media.picture(1), "-pix_fmt", "yuv420p", path)
    made = clean_file(Kind.VIDEO, path)
    assert made.facts.peaks == b""
    assert made.facts.duration_ms == pytest.approx(1000, abs=25)


def test_subtitles_chapters_attachments_and_second_tracks_are_gone(
    samples: Path, clean_file: CleanFile
) -> None:
    (samples / "words.srt").write_text(f"1\n00:00:00,100 --> 00:00:01,000\n{media.CANARY}-subtitle\n")
    chapters = f";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=900\ntitle={media.CANARY}-chapter\n"
    (samples / "chapters.txt").write_text(chapters)
    (samples / "note.txt").write_text(f"{media.CANARY}-attachment")
    path = samples / "full.mkv"
    inputs = [*media.picture(2), *media.voice(2), *media.voice(2)]
    inputs += ["-i", str(samples / "words.srt"), "-i", str(samples / "chapters.txt")]
    maps = [word for stream in ("0:v", "1:a", "2:a", "3:s") for word in ("-map", stream)]
    attached = ["-attach", str(samples / "note.txt"), "-metadata:s:t", "mimetype=text/plain"]
    media.ffmpeg(*inputs, *maps, "-map_chapters", "4", *attached, *media.tags(), "-pix_fmt", "yuv420p", path)
    assert path.read_bytes().count(media.CANARY.encode()) > 10
    content = media.content(clean_file(Kind.VIDEO, path).files["clean"])
    assert media.traces(content) == []
    assert content.count(b"trak") == 2


def teeth(file: Source) -> float:
    """How much more neighbouring lines differ than every second one does; 0 where nothing is interlaced."""
    raw = media.decode(file, "-f", "rawvideo", "-pix_fmt", "gray", "-")
    lines = np.frombuffer(raw, np.uint8).reshape(-1, 240, 320)[5:-5].astype(int)
    next_line, second_line = (np.abs(lines[:, step:] - lines[:, :-step]).mean() for step in (1, 2))
    return float(next_line - second_line)


def test_a_camcorders_interlaced_film_has_no_teeth(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "interlaced.mts"
    moving = "nullsrc=s=320x240:r=50:d=2,geq=lum='255*between(X,mod(N*6,280),mod(N*6,280)+40)':cb=128:cr=128"
    woven = ["-vf", "tinterlace=interleave_top,setfield=tff", "-flags", "+ilme+ildct"]
    media.ffmpeg("-f", "lavfi", "-i", moving, *woven, "-pix_fmt", "yuv420p", "-preset", "ultrafast", path)
    assert teeth(media.Whole(path.read_bytes())) > 5, "or this proves nothing"
    made = clean_file(Kind.VIDEO, path)
    assert teeth(made.files["clean"]) < 0.5
    assert made.facts.duration_ms == pytest.approx(2000, abs=100)
