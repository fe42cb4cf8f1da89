"""A disguise: another voice that can be understood, a black picture, a coarse grey one."""

import io
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from relay.exchange.edits import Disguise, Edits
from tests.integration.media.conftest import CleanFile
from tests.integration.media.hidden import BLACK, edits, heard, seen
from tests.support import media, voices
from tests.support.voices import SPEAKERS, apart, faster, print_of, say
from workers.media.model import Clean, Kind

VOICE = Edits(disguise=Disguise(voice=True))
OFF, COVER = Edits(disguise=Disguise(picture="off")), Edits(disguise=Disguise(picture="cover"))
BACK = (0.66, 0.74, 0.8, 0.87, 0.95, 1.0, 1.06, 1.15, 1.25, 1.35, 1.5)
"""How much faster somebody plays it who wants the voice back."""
SAME = 0.72
"""Two recordings of one voice are no further apart than this, two voices seldom nearer."""


def spoken(folder: Path, speaker: int, text: int = 3) -> Path:
    path = folder / f"speaker{speaker}-{text}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(voices.RATE)
        file.writeframes((say(SPEAKERS[speaker], text, 5) * 32_767).astype("<i2").tobytes())
    return path


def nearest(sound: np.ndarray) -> list[float]:
    """How near each speaker comes to it, at the best of all speeds."""
    tried = [print_of(faster(sound, factor)) for factor in BACK]
    known = [print_of(say(speaker, 1, 5)) for speaker in SPEAKERS]
    return [min(apart(one, each) for one in tried) for each in known]


@pytest.fixture(scope="module")
def disguised(samples: Path, clean_file: CleanFile) -> list[tuple[int, Clean]]:
    """Three speakers, two draws of each."""
    chosen = [0, 0, 2, 2, 4, 4]
    return [(each, clean_file(Kind.AUDIO, spoken(samples, each), edits=VOICE)) for each in chosen]


@pytest.mark.parametrize("speaker", [0, 2, 4])
def test_a_voice_that_is_only_higher_or_lower_is_found_again(speaker: int, samples: Path) -> None:
    path = spoken(samples, speaker)
    for factor in (1.25, 0.8):
        pitch = f"aresample=48000,asetrate={round(48_000 * factor)},aresample=48000,atempo={1 / factor}"
        raw = media.ffmpeg("-i", path, "-af", pitch, "-f", "f32le", "-ac", "1", "-")
        near = nearest(np.frombuffer(raw, np.float32))
        assert near[speaker] == min(near)
        assert near[speaker] < SAME, "so this measure finds what it should"


def test_a_disguised_voice_is_not_found_again(disguised: list[tuple[int, Clean]]) -> None:
    found = [(speaker, nearest(heard(made))) for speaker, made in disguised]
    assert np.mean([near[speaker] for speaker, near in found]) > SAME * 1.2
    taken_for_somebody_else = [near[speaker] > min(near) for speaker, near in found]
    assert sum(taken_for_somebody_else) >= 4


def test_what_is_said_can_still_be_followed(samples: Path, disguised: list[tuple[int, Clean]]) -> None:
    for speaker, made in disguised:
        raw = media.ffmpeg("-i", spoken(samples, speaker), "-ar", "48000", "-f", "f32le", "-")
        before, after = (_loudness_over_time(each) for each in (np.frombuffer(raw, np.float32), heard(made)))
        length = min(len(before), len(after)) - 80
        fits = [
            float(np.corrcoef(before[40 : 40 + length], after[40 + late : 40 + late + length])[0, 1])
            for late in range(-40, 40)
        ]
        assert max(fits) > 0.7
        assert abs(int(np.argmax(fits)) - 40) <= 20, "milliseconds"
        assert made.facts.duration_ms == pytest.approx(5000, abs=30)


def _loudness_over_time(sound: np.ndarray) -> np.ndarray:
    """A value for each millisecond, of twenty around it."""
    smooth = np.convolve(sound**2, np.ones(960) / 960, "same")
    return np.sqrt(smooth[::48])


def test_each_recording_gets_another_voice(disguised: list[tuple[int, Clean]]) -> None:
    first, second = heard(disguised[0][1]), heard(disguised[1][1])
    assert apart(print_of(faster(first, 1)), print_of(faster(second, 1))) > 0.1
    assert not np.array_equal(first, second)


def test_both_channels_carry_the_same_voice(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "two.wav"
    media.ffmpeg("-i", spoken(samples, 1), "-af", "pan=stereo|c0=c0|c1=0.3*c0", "-ar", "44100", path)
    made = clean_file(Kind.AUDIO, path, edits=VOICE)
    raw = media.decode(made.files["clean"], "-f", "f32le", "-ac", "2", "-ar", "48000", "-")
    left, right = np.frombuffer(raw, np.float32).reshape(-1, 2).T
    assert np.abs(left - right).max() < 0.02, "where somebody stood in the room is gone"
    assert -27 < _lufs(made) < -19


def _lufs(made: Clean) -> float:
    from tests.integration.media.test_loudness import after

    return after(made)[0]


@pytest.mark.parametrize("form", ["flat", "turned"])
def test_a_picture_that_is_off_is_black_all_the_way(
    form: str, samples: Path, phone_film: Path, clean_file: CleanFile
) -> None:
    path = phone_film if form == "turned" else media.film(samples)
    made = clean_file(Kind.VIDEO, path, edits=OFF)
    pictures = seen(made)
    assert pictures
    assert max(int(picture.max()) for _, picture in pictures) <= BLACK
    poster = Image.open(io.BytesIO(media.content(made.files["poster"]))).convert("L")
    assert int(np.asarray(poster).max()) <= BLACK
    assert made.facts.duration_ms == pytest.approx(3000, abs=260)
    assert heard(made).any(), "the sound stays"


def test_a_covered_picture_is_grey_coarse_and_slow(phone_film: Path, clean_file: CleanFile) -> None:
    made = clean_file(Kind.VIDEO, phone_film, edits=COVER)
    pictures = seen(made)
    assert len(pictures) <= 13, "three seconds"
    assert (made.facts.width, made.facts.height) == (720, 1280)
    poster = Image.open(io.BytesIO(media.content(made.files["poster"])))
    for picture in (picture for _, picture in pictures):
        cells = np.asarray(picture, float).reshape(1280, 12, 60)
        assert cells[:, :, 8:52].std(axis=2).max() < 12, "flat in each of twelve cells across"
    colours = np.asarray(poster.convert("RGB"), int)
    assert np.abs(colours[..., 0] - colours[..., 2]).max() < 8
    assert np.asarray(poster.convert("L"), float).std() > 5, "something can be seen"
    moving = np.abs(np.diff(np.stack([picture.astype(int) for _, picture in pictures]), axis=0))
    assert moving.max() > 20


def test_a_disguise_and_hidden_stretches_go_together(phone_film: Path, clean_file: CleanFile) -> None:
    hidden = edits((0.5, 1, "cut"), (1.5, 2, "mute"), (1.5, 2, "blank"))
    both = Edits(stretches=hidden.stretches, disguise=Disguise(voice=True, picture="cover"))
    made = clean_file(Kind.VIDEO, phone_film, edits=both)
    assert made.facts.duration_ms == pytest.approx(2400, abs=260)
    sound = heard(made)
    assert not sound[int(0.9 * 48_000) : int(1.4 * 48_000)].any(), "silent, after all that changes a voice"
    assert max(int(picture.max()) for at, picture in seen(made) if 0.9 <= at <= 1.15) <= BLACK
