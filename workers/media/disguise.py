"""How somebody who is heard or seen is made harder to know. A disguise, never called anonymous."""

from dataclasses import dataclass
from typing import Any, Literal

from workers.media.shape import Picture

_CELLS = 12
_SLOW = 4
"""Pictures a second of a covered film: how somebody moves tells who they are, too."""


@dataclass(frozen=True)
class Voice:
    """What was drawn for one recording."""


def draw() -> Voice:
    """Draw at random."""
    return Voice()


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


def sound(stream: Any, voice: Voice, layout: str) -> Any:
    """Another voice."""
    return stream
