"""How large and how fast a film becomes. Pure."""

from dataclasses import dataclass
from fractions import Fraction

from workers.media.answers import Source

LONG_SIDE, SHORT_SIDE = 1920, 1080
FASTEST = Fraction(30)
_SLOWEST = Fraction(1)
_ROUND_UP = Fraction(1, 2)  # 30.3 pictures a second is a phone's 30
_WIDEST_PIXEL = Fraction(4)


@dataclass(frozen=True)
class Picture:
    """Size in pixels, both even, and pictures per second as ffmpeg takes it."""

    width: int
    height: int
    rate: str


def plan(source: Source) -> Picture:
    """Fit into 1920 × 1080 (upright: 1080 × 1920), never larger than it was; at most 30 pictures a second."""
    width, height = Fraction(source.width), Fraction(source.height)
    if source.shape_numerator and source.shape_denominator:
        pixel = Fraction(source.shape_numerator, source.shape_denominator)
        width *= min(max(pixel, 1 / _WIDEST_PIXEL), _WIDEST_PIXEL)
    if source.turn % 180 == 90:
        width, height = height, width
    across, down = (LONG_SIDE, SHORT_SIDE) if width >= height else (SHORT_SIDE, LONG_SIDE)
    factor = min(Fraction(1), across / width, down / height)
    return Picture(_even(width * factor), _even(height * factor), _rate(source))


def _even(length: Fraction) -> int:
    return max(16, round(length / 2) * 2)


def _rate(source: Source) -> str:
    """The rate of the source where it is steady and slow enough; 30 where it is not or is unknown."""
    if not source.rate_numerator or not source.rate_denominator:
        return str(FASTEST)
    rate = Fraction(source.rate_numerator, source.rate_denominator)
    return str(rate) if _SLOWEST <= rate <= FASTEST + _ROUND_UP else str(FASTEST)
