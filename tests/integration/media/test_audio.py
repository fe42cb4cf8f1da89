from pathlib import Path

import numpy as np
import pytest

from tests.integration.media.conftest import CleanFile
from tests.support import media
from workers.media.model import Clean, Kind, MediaRefused, Reason, Role


def test_sound_becomes_aac_that_decodes_to_the_end(clean_speech: Clean) -> None:
    assert set(clean_speech.files) == {"clean"}
    assert clean_speech.media_type(Role.CLEAN) == "audio/mp4"
    file = clean_speech.files["clean"]
    with media.opened(file) as opened:
        (stream,) = opened.streams.audio
        assert len(opened.streams) == 1
        assert (stream.codec_context.name, stream.codec_context.sample_rate) == ("aac", 48_000)
    samples = np.frombuffer(media.decode(file, "-f", "s16le", "-"), dtype="<i2")
    assert abs(len(samples) - 3 * 48_000) <= 1024
    assert np.abs(samples.astype(int)).max() > 5000


def test_it_sounds_as_before(samples: Path, clean_speech: Clean) -> None:
    before = np.frombuffer(
        media.ffmpeg("-i", samples / "voice.wav", "-f", "s16le", "-ac", "1", "-"), dtype="<i2"
    ).astype(float)
    after = np.frombuffer(media.decode(clean_speech.files["clean"], "-f", "s16le", "-"), dtype="<i2").astype(
        float
    )
    length = min(len(before), len(after))
    assert np.corrcoef(before[:length], after[:length])[0, 1] > 0.98, "same sound, at the same time"


def test_facts_are_true(clean_speech: Clean) -> None:
    assert clean_speech.facts.duration_ms == pytest.approx(3000, abs=25)
    assert len(clean_speech.facts.peaks) == 1000
    assert max(clean_speech.facts.peaks) > 50


@pytest.mark.parametrize(
    "name",
    [
        "voice.mp3",
        "voice.m4a",
        "voice.ogg",
        "voice.opus",
        "voice.flac",
        "voice.amr",
        "voice.aiff",
        "voice.webm",
    ],
)
def test_recorders_and_phones_of_all_kinds_are_understood(
    name: str, samples: Path, clean_file: CleanFile
) -> None:
    narrow = ["-ar", "8000", "-ac", "1"] if name.endswith("amr") else []
    made = clean_file(Kind.AUDIO, media.speech(samples, name, 3, *narrow))
    assert made.facts.duration_ms == pytest.approx(3000, abs=120)
    assert media.traces(media.content(made.files["clean"])) == []


def test_ten_minutes_are_as_good_as_three_seconds(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "long.flac"
    media.ffmpeg("-f", "lavfi", "-i", "sine=300:d=600:r=8000", path)
    made = clean_file(Kind.AUDIO, path)
    assert made.facts.duration_ms == pytest.approx(600_000, abs=25)
    media.decode(made.files["clean"])


def test_a_record_sleeve_is_no_film_and_does_not_get_through(samples: Path, clean_file: CleanFile) -> None:
    cover = media.photographed_page(samples, "cover.jpg")
    path = samples / "cover.mp3"
    joined = [
        "-i",
        str(cover),
        "-map",
        "0:a",
        "-map",
        "1:v",
        "-c:v",
        "copy",
        "-disposition:v",
        "attached_pic",
    ]
    media.ffmpeg(*media.voice(2), *joined, path)
    made = clean_file(Kind.AUDIO, path)
    media_bytes = media.content(made.files["clean"])
    assert media.traces(media_bytes) == []
    assert len(media_bytes) < cover.stat().st_size


def test_six_channels_become_two(samples: Path, clean_file: CleanFile) -> None:
    made = clean_file(Kind.AUDIO, media.speech(samples, "six.flac", 2, "-ac", "6"))
    with media.opened(made.files["clean"]) as opened:
        assert opened.streams.audio[0].codec_context.channels == 2


def test_silence_is_refused_kindly(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "silence.wav"
    media.ffmpeg("-f", "lavfi", "-i", "anullsrc=d=2", path)
    with pytest.raises(MediaRefused) as refused:
        clean_file(Kind.AUDIO, path)
    assert refused.value.reason is Reason.SILENT


def test_a_file_of_words_alone_has_no_sound(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "words.mkv"
    words = b"1\n00:00:00,000 --> 00:00:05,000\nDear you.\n"
    media.ffmpeg("-f", "srt", "-i", "pipe:0", "-c:s", "srt", path, stdin=words)
    with pytest.raises(MediaRefused) as refused:
        clean_file(Kind.AUDIO, path)
    assert refused.value.reason is Reason.NO_SOUND
