"""How somebody who is heard or seen is made harder to know. A disguise, never called anonymous.

**Voice.** The sound is taken apart 200 times a second, too shortly for the pitch to be in it, and put
together again on another pitch that never moves, its resonances stretched by one factor below and another
above, so that no change of pitch or of speed brings them back; then shifted by some Hz and narrowed to a
telephone's. Each factor is drawn anew for each recording and kept nowhere. How fast somebody speaks, where
they pause, how loud, and which words they choose stays as it was. ADR 16 has what was measured.

**Picture.** Black, or a grey mosaic of few cells and few pictures a second.
"""

import secrets
from dataclasses import dataclass
from typing import Any, Literal

from workers.media.shape import Picture

_RANDOM = secrets.SystemRandom()
_RATE = 48_000
_WINDOW = 128
_OVERLAP = 0.5
_LOST = 15
"""dB. What goes with all this, from 13 to 17 in the voices that were measured; peaks are held afterwards."""

_CELLS = 12
_SLOW = 4
"""Pictures a second of a covered film: how somebody moves tells who they are, too."""


@dataclass(frozen=True)
class Voice:
    """What was drawn for one recording."""

    rate: int
    """Hz in which it is taken apart: its 64th part is the new pitch."""
    stretch: float
    """By how much resonances come from higher up (above 1: a longer throat), at the lowest."""
    bend: float
    """What is added to that towards the highest."""
    shift: float
    """Hz added to everything."""
    lowest: int
    highest: int
    """Hz: what is left."""


def draw() -> Voice:
    """Draw at random, never near the voice as it was: a longer throat, or a shorter one."""
    longer = _RANDOM.random() < 0.5
    away = 1 if longer else -1
    return Voice(
        rate=_RANDOM.randint(11_500, 13_500),
        stretch=_RANDOM.uniform(1.16, 1.26) if longer else _RANDOM.uniform(0.78, 0.85),
        bend=-away * _RANDOM.uniform(0.2, 0.28),
        shift=away * _RANDOM.uniform(20, 60),
        lowest=_RANDOM.randint(200, 300),
        highest=_RANDOM.randint(3300, 3800),
    )


def sound(stream: Any, voice: Voice, layout: str) -> Any:
    """Another voice, as long as it was, in as many channels."""
    place = f"b*({voice.stretch:.4f}+{voice.bend:.4f}*b/nb)"
    apart = {
        # every part starts at once: what was the pitch lies in how they are shifted against each other
        "real": f"hypot(real({place},ch),imag({place},ch))",
        "imag": "0",
        "win_size": _WINDOW,
        "overlap": _OVERLAP,
    }
    stream = stream.filter("aformat", channel_layouts="mono").filter("aresample", voice.rate)
    stream = stream.filter("afftfilt", **apart).filter("afreqshift", shift=f"{voice.shift:.2f}")
    stream = stream.filter("highpass", f=voice.lowest).filter("lowpass", f=voice.highest)
    stream = stream.filter("volume", f"{_LOST}dB", precision="float").filter("aresample", _RATE)
    return stream.filter("aformat", sample_fmts="fltp", channel_layouts=layout)


def film(stream: Any, picture: Literal["keep", "off", "cover"], shape: Picture) -> Any:
    """Black for the whole length, or a grey mosaic of few cells; slow, and as large as it would be."""
    if picture == "keep":
        return stream
    slow = stream.filter("fps", fps=_SLOW)
    if picture == "off":
        return slow.filter("drawbox", 0, 0, "iw", "ih", color="black", thickness="fill")
    down = max(1, round(_CELLS * shape.height / shape.width))
    cells = slow.filter("format", "gray").filter("scale", _CELLS, down, flags="area")
    return cells.filter("scale", shape.width, shape.height, flags="neighbor").filter("format", "yuv420p")
