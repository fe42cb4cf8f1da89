"""What is covered of a film's picture, and when: the faces that were found, widened, held, joined. Pure.

Faces are looked for five times a second. What finds them misses some, most often for moments: when
somebody turns, or lifts a hand. So each box is larger than the face, begins earlier and ends later, and stays
while a face is lost that comes back near by; where it moves, all the way between is covered. Boxes that
touch become one. More boxes than there are filters for: the whole picture is covered.

The filters are steered from a file by the clock of the film that comes out, before anything is cut from
it. Until the first word of it, and after the last picture that was looked at, everything is covered.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from workers.media.shape import Picture

A_SECOND = 5
"""Pictures that are looked at."""
TENTHOUSANDTHS = 10_000
MOST = 8
"""Boxes at a time: each is a filter."""

_WIDER = 1.6
_HELD = 3
"""Pictures before and after: 0.6 s."""
_GAP = 10
"""A face that comes back within 2 s was there all the time."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in ten-thousandths."""
_WHOLE: Box = (0, 0, TENTHOUSANDTHS, TENTHOUSANDTHS)
_OUTSIDE = (-64, -64, 16, 16)
"""In pixels, where a box is that covers nothing: one without width would be as wide as the picture."""


def covered(found: Sequence[Sequence[Box]]) -> list[tuple[Box, ...]]:
    """What is covered at each picture that was looked at, and for the time of `_HELD` after the last."""
    widened = [_few(_joined(map(_widened, faces))) for faces in found]
    bridged = [*map(list, widened), *([] for _ in range(_HELD))]
    for first, faces in enumerate(widened):
        for face in faces:
            _bridge(face, first, widened, bridged)
    return [
        _few(_joined(box for boxes in bridged[max(0, at - _HELD) : at + _HELD + 1] for box in boxes))
        for at in range(len(bridged))
    ]


def _bridge(face: Box, first: int, widened: Sequence[Sequence[Box]], bridged: list[list[Box]]) -> None:
    """Cover the way from a face to where it is seen next."""
    reach = _grown(face, 1.0)
    for later in range(first + 1, min(first + _GAP, len(widened) - 1) + 1):
        if near := [_hull(face, other) for other in widened[later] if _touch(reach, other)]:
            for between in range(first, later + 1):
                bridged[between] += near
            return


def _widened(face: Box) -> Box:
    return _grown(face, (_WIDER - 1) / 2)


def _grown(box: Box, share: float) -> Box:
    """Larger on each side by a share of its size."""
    across, down = round((box[2] - box[0]) * share), round((box[3] - box[1]) * share)
    return (
        *(max(0, box[0] - across), max(0, box[1] - down)),
        *(min(TENTHOUSANDTHS, box[2] + across), min(TENTHOUSANDTHS, box[3] + down)),
    )


def _touch(one: Box, other: Box) -> bool:
    across = one[0] <= other[2] and other[0] <= one[2]
    return across and one[1] <= other[3] and other[1] <= one[3]


def _hull(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _joined(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """In order; those that touch became one."""
    apart: list[Box] = []
    for each in dict.fromkeys(boxes):
        box = each
        while touching := next((other for other in apart if _touch(other, box)), None):
            apart.remove(touching)
            box = _hull(touching, box)
        apart.append(box)
    return tuple(sorted(apart))


def _few(boxes: tuple[Box, ...]) -> tuple[Box, ...]:
    return boxes if len(boxes) <= MOST else (_WHOLE,)


def steering(plan: Sequence[tuple[Box, ...]], picture: Picture) -> bytes:
    """The file for `sendcmd`: a line at each time when something changes."""
    lines: list[str] = []
    now: list[Box | None] = [None] * MOST
    for at, boxes in enumerate([*plan, (_WHOLE,)]):
        seconds = max(0.0, (at - 0.5) / A_SECOND)
        pixels = [_pixels(box, picture) for box in boxes]
        wanted = [*pixels, *[_OUTSIDE] * (MOST - len(pixels))]
        words = [
            f"drawbox@face{number} {name} {value}"
            for number, (box, before) in enumerate(zip(wanted, now, strict=True))
            if box != before
            for name, value in zip("xywh", box, strict=True)
        ]
        lines += [f"{seconds:.3f} {', '.join(words)};\n"] if words else []
        now = [*wanted]
    return "".join(lines).encode()


def _pixels(box: Box, picture: Picture) -> Box:
    """Left, top, width, height in pixels: outwards to even ones, for colours have half as many."""
    left, right = (box[0] * picture.width // TENTHOUSANDTHS, -(-box[2] * picture.width // TENTHOUSANDTHS))
    top, bottom = (box[1] * picture.height // TENTHOUSANDTHS, -(-box[3] * picture.height // TENTHOUSANDTHS))
    left, top = left // 2 * 2, top // 2 * 2
    return left, top, -(-(right - left) // 2) * 2, -(-(bottom - top) // 2) * 2


def film(stream: Any, descriptor: int) -> Any:
    """Cover in a film what the file at `descriptor` says."""
    stream = stream.filter("sendcmd", filename=f"/proc/self/fd/{descriptor}")
    for number in range(MOST):
        x, y, width, height = (0, 0, "iw", "ih") if number == 0 else _OUTSIDE
        black = {"color": "black", "thickness": "fill"}
        stream = stream.filter(f"drawbox@face{number}", x, y, width, height, **black)
    return stream
