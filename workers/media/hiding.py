"""What is hidden in a recording, as filters: silence, a tone, a black picture, a piece taken out.

Times are those of the film or sound that comes out without edits, so the filters stand at the end, where its
clock is steady and starts as the viewer's does. Hidden sound is not turned down but written anew, and comes
last, so that nothing of it can ring on in a filter behind. Sound goes in pieces of 5 ms, of which every one
that touches a padded stretch is hidden; so is every picture that is shown in it. How many stretches there
are costs next to nothing: which one a moment is in is found by halving.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from relay.exchange.edits import Hiding, Stretch

PADDING_MS = 50
RATE = 48_000
"""Ticks of a second, for pictures too while a film is cut: sound and picture are cut at the same tick."""

_PIECE = 240
_TICKS = RATE // 1000
_GONE = 90_000_000_000
"""A month before the beginning: where pieces go that are to be left out."""
_TONE = "0.06*sin(2*PI*1000*t)"
"""About as loud as quiet speech at −23 LUFS."""

Ticks = tuple[int, int]


@dataclass(frozen=True)
class Hidden:
    """Stretches by how they are hidden, in ticks: padded, widened to whole pieces, joined, in order."""

    mute: tuple[Ticks, ...] = ()
    bleep: tuple[Ticks, ...] = ()
    blank: tuple[Ticks, ...] = ()
    cut: tuple[Ticks, ...] = ()

    def kept_ms(self, length_ms: int) -> int:
        """How long something of this length is without what is cut. Never falls as the length rises."""
        length = length_ms * _TICKS
        gone = sum(min(end, length) - min(start, length) for start, end in self.cut)
        return max(0, length - gone) // _TICKS

    def unheard_ms(self) -> list[tuple[int, int]]:
        """Where nothing of the original is heard, in whole milliseconds within it."""
        unheard = joined([*self.mute, *self.bleep, *self.cut])
        return [(-(-start // _TICKS), end // _TICKS) for start, end in unheard]


NOTHING = Hidden()


def hidden(stretches: Iterable[Stretch], most_ms: int) -> Hidden:
    """Sort out stretches; `most_ms` is the longest that a recording may be, where all of them end."""
    found: dict[Hiding, list[Ticks]] = {"mute": [], "bleep": [], "blank": [], "cut": []}
    for each in stretches:
        start = max(0, each.start_ms - PADDING_MS) * _TICKS // _PIECE - 1
        end = -(-min(each.end_ms + PADDING_MS, most_ms) * _TICKS // _PIECE)
        if end > start:
            found[each.how].append((max(0, start) * _PIECE, end * _PIECE))
    return Hidden(**{how: joined(ticks) for how, ticks in found.items()})


def joined(stretches: Iterable[Ticks]) -> tuple[Ticks, ...]:
    """In order; those that touch or overlap become one."""
    result: list[Ticks] = []
    for start, end in sorted(stretches):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return tuple(result)


def sound(stream: Any, hide: Hidden) -> Any:
    """Hide in a sound of ffmpeg-python at 48 kHz."""
    if not (hide.mute or hide.bleep or hide.cut):
        return stream
    stream = stream.filter("asetnsamples", _PIECE, pad=0)
    for instead, stretches in (("0", hide.mute), (_TONE, hide.bleep)):
        if stretches:
            stream = stream.filter("aeval", instead, channel_layout="same", enable=_during(stretches, 0))
    if hide.cut:
        stream = stream.filter("asetpts", _moved(hide.cut, 0)).filter("aselect", f"gt(pts,-{_GONE // 2})")
    return stream


def film(stream: Any, hide: Hidden, rate: str) -> Any:
    """Hide in a film of `rate` pictures a second: every picture that touches a stretch, in solid black."""
    shown = -(-RATE // Fraction(rate))
    if hide.blank:
        black = {"color": "black", "thickness": "fill", "enable": _during(hide.blank, shown)}
        stream = stream.filter("drawbox", 0, 0, "iw", "ih", **black)
    if hide.cut:
        stream = stream.filter("settb", f"1/{RATE}").filter("setpts", _moved(hide.cut, shown - 1))
        stream = stream.filter("select", f"gt(pts,-{_GONE // 2})")
    return stream


def _during(stretches: Sequence[Ticks], shown: int) -> str:
    """An expression of `t`: 1 within a stretch, and before it while what is `shown` so long touches it."""
    widened = joined((start - shown, end) for start, end in stretches)
    steps = [step for start, end in widened for step in ((start, 1), (end, 0))]
    return _stepwise("t", [(f"{at / RATE:.4f}", value) for at, value in steps], 0)


def _moved(cuts: Sequence[Ticks], before: int) -> str:
    """An expression of the new time: earlier by all that is cut before it; long ago for what is cut itself.

    Also cut is what begins up to `before` ticks before a stretch.
    """
    steps: list[Ticks] = []
    earlier = 0
    for start, end in cuts:
        if steps and start - before <= steps[-1][0]:
            steps.pop()
        else:
            steps.append((start - before, _GONE))
        earlier += end - start
        steps.append((end, earlier))
    return f"PTS-{_stepwise('PTS', [(str(at), value) for at, value in steps], 0)}"


def _stepwise(variable: str, steps: Sequence[tuple[str, int]], before: int) -> str:
    """An expression that has each step's value from its place on, and `before` until the first."""
    if not steps:
        return str(before)
    middle = len(steps) // 2
    place, value = steps[middle]
    left, right = _stepwise(variable, steps[:middle], before), _stepwise(variable, steps[middle + 1 :], value)
    return f"if(lt({variable},{place}),{left},{right})"
