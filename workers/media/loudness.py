"""How loud a recording is, and by how much that is changed: one gain for all of it (EBU R128, ADR 10)."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Any

from workers.media.answers import LOUDNESS, Garbled, Source
from workers.media.look import look
from workers.media.model import Clean, Kind, MediaRefused, Reason, Role
from workers.media.room import Room
from workers.sandbox.runner import Child
from workers.sandbox.window import Window

TARGET = -23.0
"""LUFS. Source: EBU R 128 (2023)."""
CEILING = -2.0
"""dBTP before AAC, which may add to a peak what it takes from elsewhere; the result is to stay below −1."""
MOST_RAISED = 20.0
"""dB. Speech at −43 LUFS still arrives; what is quieter comes nearer, and the room's noise stays noise."""
NO_SPEECH = -60.0
"""LUFS. Nobody spoke here, so nothing is raised; above it, by two dB for each."""

_HEARD = 0
_HUNDREDTHS = 100
_OVERSAMPLED = 192_000
"""Four times 48 kHz: peaks between samples are seen. Source: ITU-R BS.1770-5, annex 2."""


@dataclass(frozen=True)
class Loudness:
    """Integrated loudness in LUFS (−70: silence), true peak in dBTP."""

    integrated: float
    peak: float


@dataclass(frozen=True)
class Level:
    """One gain in dB for the whole recording, and whether single peaks are then held below the ceiling."""

    gain: float
    limited: bool


def level(loudness: Loudness) -> Level:
    """What brings a recording to −23 LUFS. Pure."""
    most = max(0.0, min(MOST_RAISED, 2 * (loudness.integrated - NO_SPEECH)))
    gain = min(TARGET - loudness.integrated, most)
    return Level(round(gain, 2), limited=loudness.peak + gain > CEILING)


def measure(
    kind: Kind, original: Window, source: Source, room: Room, unheard: Iterable[tuple[int, int]] = ()
) -> Loudness:
    """Hear the first sound of a file to its end, in the sandbox, but not what nobody will hear.

    `unheard` are stretches in milliseconds. Raises `MediaRefused`.
    """
    most = room.limits.seconds(kind) + 1
    child = Child("measure", (source.sound_index, source.made_channels, most, *chain(*unheard)))
    seconds = room.seconds(source.exact_ms or most * 1000)
    try:
        status, untrusted_loudness, untrusted_peak = room.ask(child, LOUDNESS, original, seconds=seconds)
    except Garbled as error:
        raise MediaRefused(Reason.DAMAGED) from error
    if status != _HEARD:
        raise MediaRefused(Reason.DAMAGED)
    loudness, peak = untrusted_loudness / _HUNDREDTHS, untrusted_peak / _HUNDREDTHS
    return Loudness(_within(loudness, -70, 60), _within(peak, -70, 80))


def of_result(made: Clean, room: Room) -> Loudness:
    """What came out, measured as what came in was. Raises `MediaRefused`."""
    with closing(Window(made.files[Role.CLEAN])) as result:
        return measure(made.kind, result, look(made.kind, result, room), room)


def _within(untrusted_value: float, least: float, most: float) -> float:
    """What a meter can say at all."""
    return max(least, min(most, untrusted_value))


def apply(sound: Any, wanted: Level) -> Any:
    """Add the gain, and the limiter where it is needed, to a sound of ffmpeg-python at 48 kHz, in floats."""
    if wanted.gain:
        sound = sound.filter("volume", f"{wanted.gain}dB", precision="float")
    if wanted.limited:
        ceiling = 10 ** (CEILING / 20)
        sound = sound.filter("aresample", _OVERSAMPLED)
        sound = sound.filter("alimiter", limit=ceiling, attack=5, release=50, level=0, latency=1)
        sound = sound.filter("aresample", 48_000)
    return sound
