"""Recordings with which it can be measured where something is hidden, and what measures them.

The sound is a tone that says the time: a second at 400, 500, 600, … Hz in turn. The picture's
brightness says it too: every picture is a little darker than the one before, for two seconds at a time.
"""

from pathlib import Path

import numpy as np

from relay.exchange.edits import Edits, Hiding, Stretch
from tests.support import media
from workers.media.model import Clean

RATE = 48_000
PADDING = 0.05
BLACK = 20
"""Of 255, the brightest that may be in a picture that is hidden: a black of 16, as coders leave it."""

_TONE = "0.3*sin(2*PI*(400+100*mod(floor(t),10))*t)"
_LIGHT = "lum='60+190*(1-mod(T,2)/2)':cb=128:cr=128"


def edits(*stretches: tuple[float, float, Hiding]) -> Edits:
    """Stretches in seconds."""
    return Edits(
        stretches=tuple(
            Stretch(start_ms=round(start * 1000), end_ms=round(end * 1000), how=how)
            for start, end, how in stretches
        )
    )


def film(
    folder: Path,
    name: str = "clock.mp4",
    seconds: float = 8,
    rate: str = "30",
    *more: str,
    size: str = "320x180",
) -> Path:
    """A film with the clock."""
    path = folder / name
    light = f"color=black:s={size}:r={rate}:d={seconds},format=yuv420p,geq={_LIGHT}"
    tone = f"aevalsrc='{_TONE}':s={RATE}:d={seconds}"
    media.ffmpeg("-f", "lavfi", "-i", light, "-f", "lavfi", "-i", tone, *more, path)
    return path


def sound(folder: Path, name: str = "clock.wav", seconds: float = 8, *more: str) -> Path:
    """A recording of sound with the clock."""
    path = folder / name
    media.ffmpeg("-f", "lavfi", "-i", f"aevalsrc='{_TONE}':s={RATE}:d={seconds}", *more, path)
    return path


def flashes(folder: Path, seconds: int = 12, *more: str, name: str = "flashes.mp4", rate: str = "30") -> Path:
    """A black and silent film, in which a flash and a beep of a tenth of a second begin with each second."""
    path = folder / name
    light = f"color=black:s=320x180:r={rate}:d={seconds},format=yuv420p,geq=lum='if(lt(mod(T,1),0.1),235,16)'"
    beep = f"aevalsrc='0.5*sin(2*PI*1500*t)*lt(mod(t,1),0.1)':s={RATE}:d={seconds}"
    media.ffmpeg("-f", "lavfi", "-i", f"{light}:cb=128:cr=128", "-f", "lavfi", "-i", beep, *more, path)
    return path


def heard(made: Clean) -> np.ndarray:
    """The samples, from the time 0 of the player."""
    first = ["-af", "aresample=async=1:first_pts=0"]
    raw = media.decode(made.files["clean"], *first, "-f", "f32le", "-ac", "1", "-ar", str(RATE), "-")
    return np.frombuffer(raw, np.float32)


def seen(made: Clean) -> list[tuple[float, np.ndarray]]:
    """Time and brightness of every picture."""
    with media.opened(made.files["clean"]) as opened:
        return [
            (float(frame.time or 0), frame.reformat(format="gray").to_ndarray())
            for frame in opened.decode(video=0)
        ]


def runs(marked: np.ndarray, unit: float, least: float = 0.03) -> list[tuple[float, float]]:
    """Where it is true for `least` seconds or longer: beginnings and ends in seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(np.int8), [0]])))
    found = [(start * unit, end * unit) for start, end in edges.reshape(-1, 2)]
    return [(start, end) for start, end in found if end - start >= least]


def silent(samples: np.ndarray) -> list[tuple[float, float]]:
    """Where nothing is heard, found to the millisecond."""
    step = RATE // 1000
    loudest = np.abs(samples[: len(samples) // step * step]).reshape(-1, step).max(axis=1)
    return runs(loudest < 0.005, 0.001)


def tone(samples: np.ndarray, start: float, end: float) -> float:
    """The strongest frequency of a stretch, in Hz."""
    piece = samples[int(start * RATE) : int(end * RATE)] * np.hanning(int(end * RATE) - int(start * RATE))
    return float(np.argmax(np.abs(np.fft.rfft(piece, RATE))))
