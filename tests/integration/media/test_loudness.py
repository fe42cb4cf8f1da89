"""Sound comes out at −23 LUFS by one gain for all of it. Measured with ffmpeg's own meter (EBU R128)."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.integration.media.conftest import CleanFile
from tests.support import media
from workers.media.model import Clean, Kind
from workers.media.tools import find

RATE = 48_000
_SAID = re.compile(r"I:\s+(-?[\d.]+|-inf) LUFS[\s\S]*Peak:\s+(-?[\d.]+|-inf) dBFS")


def measured(path: Path | str, *inherited: int) -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dBTP, said by a stranger."""
    meter = ["-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"]
    command = [str(find().ffmpeg), "-hide_banner", "-nostdin", "-i", str(path), "-vn", *meter]
    done = subprocess.run(command, pass_fds=inherited, capture_output=True, text=True, check=True)
    found = _SAID.search(done.stderr[done.stderr.rindex("Integrated loudness") :])
    assert found
    return float(found[1]), float(found[2])


def after(made: Clean) -> tuple[float, float]:
    with media.held(made.files["clean"]) as file:
        return measured(f"/proc/self/fd/{file}", file)


def at(folder: Path, lufs: float, *more: str, name: str = "voice.wav", channels: int = 1) -> Path:
    """Something like speech at this loudness, in floats, so that nothing is cut on the way here."""
    base = media.speech(folder, "base.wav", 6, "-c:a", "pcm_f32le")
    path = folder / f"{lufs}-{channels}-{name}"
    loudness, _ = measured(base)
    gain = f"volume={lufs - loudness}dB"
    media.ffmpeg("-i", base, "-af", gain, "-ac", str(channels), "-c:a", "pcm_f32le", *more, path)
    return path


@pytest.mark.parametrize("lufs", [-40, -31, -23, -14, -5])
def test_speech_comes_out_at_the_same_loudness(lufs: float, samples: Path, clean_file: CleanFile) -> None:
    made = clean_file(Kind.AUDIO, at(samples, lufs))
    loudness, peak = after(made)
    assert loudness == pytest.approx(-23, abs=1)
    assert peak <= -1
    assert made.facts.loudness == pytest.approx(lufs, abs=0.5)


@pytest.mark.parametrize("channels", [2, 6])
def test_two_channels_and_six_too(channels: int, samples: Path, clean_file: CleanFile) -> None:
    made = clean_file(Kind.AUDIO, at(samples, -33, channels=channels))
    assert after(made)[0] == pytest.approx(-23, abs=1)


def test_speech_that_was_cut_off_at_the_top_stays_below_the_ceiling(
    samples: Path, clean_file: CleanFile
) -> None:
    loudness, peak = after(clean_file(Kind.AUDIO, at(samples, -3, "-c:a", "pcm_s16le", name="loud.wav")))
    assert loudness == pytest.approx(-23, abs=1)
    assert peak <= -1


def test_a_films_sound_too(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "quiet-film.mp4"
    form = ["-af", "volume=-20dB", "-pix_fmt", "yuv420p", "-shortest"]
    media.ffmpeg(*media.picture(4), *media.voice(4), *form, path)
    assert measured(path)[0] < -33
    loudness, peak = after(clean_file(Kind.VIDEO, path))
    assert loudness == pytest.approx(-23, abs=1)
    assert peak <= -1


def samples_of(made: Clean) -> np.ndarray:
    raw = media.decode(made.files["clean"], "-f", "f32le", "-ac", "1", "-ar", str(RATE), "-")
    return np.frombuffer(raw, np.float32)


def power(sound: np.ndarray, start: float, end: float) -> float:
    """In decibels, of a stretch in seconds."""
    return float(10 * np.log10(np.mean(sound[int(start * RATE) : int(end * RATE)] ** 2)))


def test_what_was_quiet_beside_what_was_loud_stays_so(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "whisper.wav"
    quieter = "volume=enable='lt(t,4)':volume=-14dB"
    media.ffmpeg(*media.voice(8), "-af", f"volume=-12dB,{quieter}", path)
    before = np.frombuffer(media.ffmpeg("-i", path, "-f", "f32le", "-"), np.float32)
    sound = samples_of(clean_file(Kind.AUDIO, path))
    gains = [
        power(sound, start, start + 1) - power(before, start, start + 1) for start in (0.5, 1.5, 2.5, 4.5, 6)
    ]
    assert max(gains) - min(gains) < 0.3, "one gain for all of it"


def test_a_door_that_slams_is_held_and_the_voice_around_it_is_not(
    samples: Path, clean_file: CleanFile
) -> None:
    path = samples / "slam.wav"
    slam = "0.7*sin(2*PI*90*t)*exp(-60*(t-4))*between(t,4,4.08)"
    both = f"[0]volume=-26dB[quiet];aevalsrc='{slam}':s=48000:d=8[slam];[quiet][slam]amix=normalize=0"
    media.ffmpeg(*media.voice(8), "-filter_complex", both, "-c:a", "pcm_f32le", path)
    before = np.frombuffer(media.ffmpeg("-i", path, "-f", "f32le", "-"), np.float32)
    made = clean_file(Kind.AUDIO, path)
    loudness, peak = after(made)
    assert -27 < loudness < -22, "the slam was counted before it was held"
    assert peak <= -1
    sound = samples_of(made)
    gains = [power(sound, start, start + 1) - power(before, start, start + 1) for start in (1, 2.5, 5, 6.5)]
    assert max(gains) - min(gains) < 0.3
    assert power(sound, 4, 4.03) > max(power(sound, start, start + 0.1) for start in (1, 2, 6)), (
        "still loudest"
    )


@pytest.mark.parametrize("level", [-60, -52])
def test_a_quiet_room_stays_a_quiet_room(level: float, samples: Path, clean_file: CleanFile) -> None:
    path = samples / f"room{level}.wav"
    noise = f"anoisesrc=d=6:c=pink:r=48000:a={10 ** (level / 20)}"
    media.ffmpeg("-f", "lavfi", "-i", noise, "-c:a", "pcm_f32le", path)
    before = np.frombuffer(media.ffmpeg("-i", path, "-f", "f32le", "-"), np.float32)
    sound = samples_of(clean_file(Kind.AUDIO, path))
    assert power(sound, 0.5, 5.5) < power(before, 0.5, 5.5) + 1


def test_sound_is_not_moved_by_the_limiter(samples: Path, clean_file: CleanFile) -> None:
    path = at(samples, -5)
    before = np.frombuffer(media.ffmpeg("-i", path, "-f", "f32le", "-"), np.float32)
    sound = samples_of(clean_file(Kind.AUDIO, path))
    first, second = before[RATE : 2 * RATE], sound[RATE - 500 : 2 * RATE + 500]
    shift = int(np.argmax(np.correlate(second, first, "valid"))) - 500
    assert abs(shift) <= 48, "within a millisecond"


def test_a_short_word_is_taken_as_it_is(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "yes.wav"
    media.ffmpeg(*media.voice(0.3), path)
    made = clean_file(Kind.AUDIO, path)
    assert after(made)[1] <= -1
    with media.opened(made.files["clean"]) as opened:
        assert opened.duration
