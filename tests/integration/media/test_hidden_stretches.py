"""What is hidden in a recording is gone, where it was asked for and 50 ms around, and nothing else is."""

from pathlib import Path

import numpy as np
import pytest

from relay.exchange.edits import Hiding
from tests.integration.media.conftest import CleanFile
from tests.integration.media.hidden import (
    BLACK,
    PADDING,
    RATE,
    edits,
    film,
    flashes,
    heard,
    runs,
    seen,
    silent,
    sound,
    tone,
)
from tests.support import media
from workers.media.model import Clean, Kind, Limits, MediaRefused, Reason

CLOSE = 0.02


def black(made: Clean) -> list[tuple[float, bool]]:
    """Time of each picture, and whether all of it is black."""
    return [(at, bool(picture.max() <= BLACK)) for at, picture in seen(made)]


def test_muted_is_digital_silence_with_its_padding(samples: Path, clean_file: CleanFile) -> None:
    made = clean_file(Kind.AUDIO, sound(samples), edits=edits((2.2, 3.1, "mute"), (5, 5.02, "mute")))
    samples_heard = heard(made)
    (first, second) = silent(samples_heard)
    assert first == pytest.approx((2.2 - PADDING, 3.1 + PADDING), abs=CLOSE)
    assert second == pytest.approx((5 - PADDING, 5.02 + PADDING), abs=CLOSE)
    assert not samples_heard[int(2.2 * RATE) : int(3.1 * RATE)].any(), "not quiet: nothing"
    assert made.facts.duration_ms == pytest.approx(8000, abs=25)
    assert tone(samples_heard, 1.2, 1.8) == pytest.approx(500, abs=2)
    assert tone(samples_heard, 3.3, 3.8) == pytest.approx(700, abs=2)
    assert not any(made.facts.peaks[280:385]), "nothing in the waveform either"


def test_under_a_bleep_there_is_nothing(samples: Path, clean_file: CleanFile) -> None:
    made = clean_file(Kind.AUDIO, sound(samples), edits=edits((2.2, 3.1, "bleep")))
    samples_heard = heard(made)
    inner = samples_heard[int(2.2 * RATE) : int(3.1 * RATE)]
    spectrum = np.abs(np.fft.rfft(inner * np.hanning(len(inner)), RATE))
    assert np.argmax(spectrum) == pytest.approx(1000, abs=1)
    rest = np.delete(spectrum, range(960, 1041))
    assert 20 * np.log10(rest.max() / spectrum.max()) < -55, "600 and 700 Hz were there"
    step = RATE // 200
    pieces = samples_heard[: len(samples_heard) // step * step].reshape(-1, step)
    turned = np.exp(-2j * np.pi * 1000 * np.arange(step) / RATE)
    bleeping = np.abs(pieces @ turned) / step > 0.02
    (found,) = runs(bleeping & (np.abs(pieces).max(axis=1) < 0.08), 0.005, 0.2)
    assert found == pytest.approx((2.2 - PADDING, 3.1 + PADDING), abs=CLOSE)
    assert 0.04 < np.abs(inner).max() < 0.08, "heard, and not loud"


def test_blanked_pictures_are_black_and_their_neighbours_are_not(
    samples: Path, clean_file: CleanFile
) -> None:
    path = film(samples)
    before = seen(clean_file(Kind.VIDEO, path))
    made = clean_file(Kind.VIDEO, path, edits=edits((2.2, 3.1, "blank")))
    after = black(made)
    assert [at for at, _ in after] == [at for at, _ in before]
    frame = 1 / 30
    for at, hidden in after:
        touches = at + frame > 2.2 - PADDING and at < 3.1 + PADDING
        touches_widely = at + frame > 2.2 - PADDING - CLOSE and at < 3.1 + PADDING + CLOSE
        assert touches <= hidden <= touches_widely, at
    for (at, was), (_, is_now) in zip(before, seen(made), strict=True):
        if not 2.1 < at < 3.2:
            assert abs(float(was.mean()) - float(is_now.mean())) < 2, at
    assert silent(heard(made)) == [], "the sound stays"


def test_what_is_cut_is_gone_and_the_rest_closes_up(samples: Path, clean_file: CleanFile) -> None:
    made = clean_file(Kind.VIDEO, film(samples), edits=edits((2.1, 3.9, "cut")))
    gone = 1.8 + 2 * PADDING
    assert made.facts.duration_ms == pytest.approx((8 - gone) * 1000, abs=25)
    samples_heard = heard(made)
    assert len(samples_heard) / RATE == pytest.approx(8 - gone, abs=0.03)
    assert tone(samples_heard, 1.2, 1.9) == pytest.approx(500, abs=2)
    assert tone(samples_heard, 4.2 - gone, 4.9 - gone) == pytest.approx(800, abs=2)
    for at, picture in seen(made):
        original = at if at < 2 else at + gone
        expected = min(255, (60 + 190 * (1 - original % 2 / 2) - 16) * 255 / 219)
        near_a_turn = original % 2 < 0.1 or original % 2 > 1.9
        assert near_a_turn or abs(float(picture.mean()) - expected) < 9, at
    assert len(made.facts.peaks) == 1000


FORMS = {
    "mp4": ("flashes.mp4", ()),
    "turned": ("turned.mp4", ()),
    "a picture that begins later": ("later.mp4", ()),
    "a clock that begins later": (
        "offset.ts",
        ("-c:v", "mpeg2video", "-b:v", "2M", "-c:a", "mp2", "-output_ts_offset", "7.3"),
    ),
    "rate that varies": (
        "varies.mkv",
        ("-vf", "select='not(mod(n,3)*gt(mod(t,2),1.3))'", "-fps_mode", "vfr"),
    ),
    "ntsc": ("ntsc.mp4", ("-r", "30000/1001")),
    "browser": ("browser.webm", ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")),
    "transport stream": ("camera.ts", ("-c:v", "mpeg2video", "-b:v", "2M", "-c:a", "mp2")),
}


@pytest.mark.parametrize("form", FORMS)
def test_sound_and_picture_stay_together_after_cuts(form: str, samples: Path, clean_file: CleanFile) -> None:
    name, more = FORMS[form]
    path = flashes(samples, 12, *more, name=name)
    if form == "turned":
        path = _again(path, "-display_rotation", "90", "-i", path)
    if form == "a picture that begins later":
        path = _again(path, "-itsoffset", "0.4", "-i", path, "-i", path, "-map", "0:v", "-map", "1:a")
    plain = _beats(clean_file(Kind.VIDEO, path))
    cuts = edits((2.3, 3.25, "cut"), (5.21, 5.3, "cut"), (7.6, 9.7, "cut"))
    after = _beats(clean_file(Kind.VIDEO, path, edits=cuts))
    gone = [(2.25, 3.3), (5.16, 5.35), (7.55, 9.75)]

    def moved(at: float) -> float:
        return at - sum(end - start for start, end in gone if end <= at)

    for before, now in zip(plain, after, strict=True):
        left = [moved(at) for at in before if not any(start - 0.1 < at < end for start, end in gone)]
        assert now == pytest.approx(left, abs=CLOSE)
    assert len(after[0]) >= 8


def _again(path: Path, *arguments: str | Path) -> Path:
    """The same pictures and sounds, told otherwise."""
    again = path.with_name(f"again-{path.name}")
    media.ffmpeg(*arguments, "-c", "copy", again)
    return again


def _beats(made: Clean) -> tuple[list[float], list[float]]:
    """When flashes and when beeps begin."""
    pictures = seen(made)
    light = [float(picture.mean()) > 120 for _, picture in pictures]
    flashed = [pictures[n][0] for n in range(len(pictures)) if light[n] and not (n and light[n - 1])]
    samples_heard = heard(made)
    loud = np.abs(samples_heard[: len(samples_heard) // 48 * 48]).reshape(-1, 48).max(axis=1) > 0.05
    joined = np.convolve(loud, np.ones(30), "same") > 0
    return flashed, [start + 0.015 for start, _ in runs(joined, 0.001, 0.05)]


def test_gaps_in_the_clock_of_the_sound_move_nothing(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "gap.mkv"
    gap = ["-af", "aselect='not(between(t,1.5,2.5))'", "-c:v", "copy", "-c:a", "pcm_s16le"]
    media.ffmpeg("-i", film(samples, "whole.mp4"), *gap, path)
    made = clean_file(Kind.VIDEO, path, edits=edits((4.2, 5.1, "mute"), (4.2, 5.1, "blank")))
    found = [each for each in silent(heard(made)) if each[0] > 3]
    assert found[0] == pytest.approx((4.2 - PADDING, 5.1 + PADDING), abs=CLOSE)
    dark = [at for at, hidden in black(made) if hidden]
    assert dark[0] == pytest.approx(4.2 - PADDING, abs=0.034)
    assert dark[-1] + 1 / 30 == pytest.approx(5.1 + PADDING, abs=0.034)


def test_five_hundred_stretches_cost_little(samples: Path, clean_file: CleanFile) -> None:
    path = flashes(samples, 120, "-preset", "ultrafast", name="many.mp4")
    many: list[tuple[float, float, Hiding]] = [
        (0.2 + 0.24 * n, 0.2 + 0.24 * n + 0.02, "cut") for n in range(490)
    ]
    made = clean_file(Kind.VIDEO, path, edits=edits(*many[:400]))
    assert made.facts.duration_ms == pytest.approx(120_000 - 400 * 125, abs=1100)
    ways: tuple[Hiding, ...] = ("mute", "bleep", "blank")
    every = [(n * 0.24, n * 0.24 + 0.001, how) for n in range(125) for how in ways]
    made = clean_file(Kind.VIDEO, path, edits=edits(*every, *many[-125:]))
    assert made.facts.duration_ms < 120_000 - 125 * 120


def test_what_leaves_nothing_is_refused_in_words(samples: Path, clean_file: CleanFile) -> None:
    for kind, path, hidden in (
        (Kind.AUDIO, sound(samples), edits((0, 8, "cut"))),
        (Kind.AUDIO, sound(samples), edits((0, 8, "mute"))),
        (Kind.VIDEO, film(samples), edits((0.05, 5, "cut"), (4, 7.91, "cut"))),
        (Kind.VIDEO, media.browser_film(samples), edits((0, 4, "cut"))),
    ):
        with pytest.raises(MediaRefused) as refused:
            clean_file(kind, path, edits=hidden)
        assert refused.value.reason is Reason.NOTHING_LEFT
        assert "Please hide less" in refused.value.public


def test_what_is_too_long_does_not_become_short_enough_by_a_cut(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "long.webm"
    live = ["-c:a", "libopus", "-f", "webm", "-live", "1", "pipe:1"]
    path.write_bytes(media.ffmpeg(*media.voice(9), *live))
    for end in (4.9, 60):
        with pytest.raises(MediaRefused) as refused:
            clean_file(Kind.AUDIO, path, limits=Limits(audio_seconds=5), edits=edits((1, end, "cut")))
        assert refused.value.reason is Reason.TOO_LONG


@pytest.mark.parametrize("how", ["mute", "bleep", "cut"])
def test_a_stretch_after_the_end_is_refused_and_one_over_the_end_ends_there(
    how: Hiding, samples: Path, clean_file: CleanFile
) -> None:
    path = sound(samples)
    with pytest.raises(MediaRefused) as refused:
        clean_file(Kind.AUDIO, path, edits=edits((9, 10, how)))
    assert refused.value.reason is Reason.BEYOND_THE_END
    made = clean_file(Kind.AUDIO, path, edits=edits((7, 5000, how)))
    assert made.facts.duration_ms == pytest.approx(6950 if how == "cut" else 8000, abs=30)


def test_loudness_is_that_of_what_will_be_heard(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "shout.wav"
    shout = "0.02*sin(2*PI*500*t)+0.9*sin(2*PI*700*t)*between(t,3,5)"
    media.ffmpeg("-f", "lavfi", "-i", f"aevalsrc='{shout}':s={RATE}:d=9", path)
    whole = clean_file(Kind.AUDIO, path)
    hidden = clean_file(Kind.AUDIO, path, edits=edits((3, 5, "mute")))
    assert whole.facts.loudness is not None
    assert hidden.facts.loudness is not None
    assert hidden.facts.loudness < whole.facts.loudness - 20
    assert np.abs(heard(hidden)[:RATE]).max() > 3 * np.abs(heard(whole)[:RATE]).max()
