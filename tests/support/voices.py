"""Voices that can be told apart, made of nothing but numbers, and a measure of how alike two are.

A speaker has a pitch, a way of moving it, a throat of some length and resonances of their own. The measure
is what simple speaker recognition hears: the mean colour of the voice, how it moves, and the pitch. It is no
match for a trained one (an ADR says what such a one found in spoken sentences), and hears only what a
telephone carries, so that a narrowed voice does not count as another one for that alone.
"""

from dataclasses import dataclass

import numpy as np

RATE = 16_000
_VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (660, 1720, 2410))
_WIDTHS = (80, 100, 140, 200, 250)
_FRAME, _STEP, _BANDS, _KEPT = 400, 160, 18, 12
_PITCH_WEIGHT = 12.0
"""An octave of pitch counts as much as twelve steps of colour."""


@dataclass(frozen=True)
class Speaker:
    """Pitch in Hz, how far it moves, how long the throat is (1: a man's), how clear the voice."""

    pitch: float
    lively: float
    throat: float
    breath: float
    tilt: float


SPEAKERS = (
    Speaker(105, 0.10, 1.00, 0.02, 0.93),
    Speaker(128, 0.18, 0.94, 0.05, 0.90),
    Speaker(155, 0.08, 0.97, 0.01, 0.95),
    Speaker(190, 0.15, 0.86, 0.04, 0.88),
    Speaker(215, 0.22, 0.83, 0.02, 0.92),
    Speaker(245, 0.12, 0.79, 0.06, 0.90),
)


def say(speaker: Speaker, text: int, seconds: float = 6) -> np.ndarray:
    """So many seconds of syllables; each `text` has others."""
    random = np.random.default_rng(text)
    spoken = [np.zeros(RATE // 10)]
    while sum(map(len, spoken)) < seconds * RATE:
        length = int(random.uniform(0.16, 0.3) * RATE)
        spoken.append(_syllable(speaker, _VOWELS[random.integers(len(_VOWELS))], length, random))
        spoken.append(np.zeros(int(random.choice([0.02, 0.05, 0.25], p=[0.5, 0.35, 0.15]) * RATE)))
    whole = np.concatenate(spoken)[: int(seconds * RATE)]
    return np.asarray(0.3 * whole / np.abs(whole).max(), np.float32)


def _syllable(
    speaker: Speaker, vowel: tuple[int, ...], length: int, random: np.random.Generator
) -> np.ndarray:
    along = np.linspace(0, 1, length)
    pitch = speaker.pitch * np.exp(speaker.lively * (random.normal() * 0.5 + np.sin(2 * np.pi * along) * 0.5))
    phase = np.cumsum(pitch / RATE)
    source = np.diff(np.floor(phase), prepend=0) + speaker.breath * random.normal(size=length)
    for n in range(1, length):  # the higher, the weaker: each voice by its own slope
        source[n] += speaker.tilt * source[n - 1]
    sound = source
    for place, width in zip((*vowel, 3500, 4500), _WIDTHS, strict=True):
        sound = _resonance(sound, min(place / speaker.throat, 7600), width)
    rise = np.minimum(1, np.minimum(along, 1 - along) * 8)
    return np.asarray(sound / max(1e-9, np.abs(sound).max()) * rise * random.uniform(0.5, 1))


def _resonance(sound: np.ndarray, place: float, width: float) -> np.ndarray:
    radius = np.exp(-np.pi * width / RATE)
    first, second = 2 * radius * np.cos(2 * np.pi * place / RATE), -(radius**2)
    out = np.empty(len(sound))
    before = last = 0.0
    for n, value in enumerate(sound.tolist()):
        before, last = last, (1 - first - second) * value + first * last + second * before
        out[n] = last
    return out


def faster(sound: np.ndarray, factor: float) -> np.ndarray:
    """Sound at 48 kHz, played faster and so higher: how somebody tries to undo a change of pitch. At RATE."""
    smooth = np.convolve(sound, np.hanning(9) / np.hanning(9).sum(), "same")
    step = factor * 48_000 / RATE
    places = np.arange(int(len(sound) / step)) * step
    return np.asarray(np.interp(places, np.arange(len(sound)), smooth))


def print_of(sound: np.ndarray) -> np.ndarray:
    """What a listener keeps of a voice."""
    count = 1 + (len(sound) - _FRAME) // _STEP
    frames = np.stack([sound[n * _STEP : n * _STEP + _FRAME] for n in range(count)])
    loud = np.sqrt((frames**2).mean(axis=1))
    frames = frames[loud > 0.25 * np.sort(loud)[-len(loud) // 10]]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(_FRAME), 512)) ** 2
    bands = np.log(spectrum @ _filters().T + 1e-7 * spectrum.sum(axis=1, keepdims=True))
    colours = bands @ _cosines().T
    pitches = np.log2([_pitch(frame) for frame in frames[::3]])
    moving = np.concatenate([colours.mean(axis=0), colours.std(axis=0)])
    return np.concatenate([moving, _PITCH_WEIGHT * np.array([np.median(pitches), pitches.std()])])


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """How far two voices are from each other; 0 is the same."""
    return float(np.sqrt(((one - other) ** 2).mean()))


def _pitch(frame: np.ndarray) -> float:
    wide = np.fft.irfft(np.abs(np.fft.rfft(frame - frame.mean(), 1024)) ** 2)
    shortest, longest = RATE // 400, RATE // 70
    return RATE / (shortest + int(np.argmax(wide[shortest:longest])))


def _filters() -> np.ndarray:
    mels = np.linspace(np.log(1 + 300 / 700), np.log(1 + 3300 / 700), _BANDS + 2)
    edges = 700 * (np.exp(mels) - 1)
    places = np.fft.rfftfreq(512, 1 / RATE)
    rising = (places - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - places) / (edges[2:] - edges[1:-1])[:, None]
    return np.asarray(np.maximum(0, np.minimum(rising, falling)))


def _cosines() -> np.ndarray:
    rows = np.arange(1, _KEPT + 1)[:, None] * (np.arange(_BANDS) + 0.5)
    return np.asarray(np.cos(np.pi / _BANDS * rows) * np.sqrt(2 / _BANDS))
