"""Where faces are in a film: found by a network of the operator's own, to help with covering them.

Two sandboxed children: ffmpeg makes small plain pictures of the hostile film, on the same clock as the film
that will come out; the second looks at them. It answers in numbers, which are held against what it can
say at all. It misses faces: a help, never a safeguard.
"""

import os
import struct
from contextlib import ExitStack

from workers.media import arguments, covering
from workers.media.answers import Source
from workers.media.covering import TENTHOUSANDTHS, Box
from workers.media.model import Kind, MediaRefused, Reason
from workers.media.network import Network
from workers.media.room import Room
from workers.media.shape import Picture
from workers.sandbox import memory
from workers.sandbox.pipe import Pipe
from workers.sandbox.runner import Child, Ffmpeg, Task
from workers.sandbox.running import Stop
from workers.sandbox.window import Window

_FACE, _END = struct.Struct("<IHHHHB"), struct.Struct("<I")
_MOST_FACES = 32
_LONG_SIDE = 640
"""Pixels of what is looked at. A face of less than about a fortieth of it is not found."""


def find(original: Window, source: Source, picture: Picture, room: Room) -> bytes:
    """Look for faces in a film; answer what steers the filters that cover them. Blocks.

    Raises `MediaRefused`, also where there is no network or where it finds nobody, or `Cancelled`.
    """
    if room.faces is None:
        raise MediaRefused(Reason.FACES_NOT_HERE)
    found = _read(_look(original, source, picture, room, room.faces), room)
    if not any(found):
        raise MediaRefused(Reason.NO_FACES)
    return covering.steering(covering.covered(found), picture)


def _look(original: Window, source: Source, picture: Picture, room: Room, network: Network) -> bytes:
    """What the child answers, not yet believed."""
    seconds = room.seconds(source.exact_ms or room.limits.seconds(Kind.VIDEO) * 1000)
    small = _small(picture)
    most = (room.limits.seconds(Kind.VIDEO) + 2) * covering.A_SECOND * _MOST_FACES * _FACE.size
    with ExitStack() as held:
        model = held.enter_context(network.path.open("rb")).fileno()
        answer = memory.held(held, "faces")
        pictures = held.enter_context(Pipe())
        words = arguments.pictures(source, picture, small, covering.A_SECOND, room.limits, room.tools)
        caps = room.caps(seconds, most)
        child = Child("faces", (small.width, small.height, os.cpu_count() or 1))
        decoder = Task(Ffmpeg(room.tools.ffmpeg, words), (original,), (pictures.writing,), caps)
        looker = Task(child, (pictures.reading, model), (answer,), caps)
        children = room.start(held, decoder, looker)
        pictures.close(pictures.writing)
        pictures.close(pictures.reading)
        endings = room.follow(children, seconds)
        if not all(ending.good for ending in endings):
            film_failed = endings[1].good or endings[1].stop is Stop.SIBLING
            raise MediaRefused(Reason.DAMAGED if film_failed else Reason.NOT_VERIFIED)
        memory.seal(answer)
        return memory.part(answer, 0, most)


def _small(picture: Picture) -> Picture:
    factor = min(1.0, _LONG_SIDE / max(picture.width, picture.height))
    width, height = (max(16, round(side * factor / 2) * 2) for side in (picture.width, picture.height))
    return Picture(width, height, picture.rate)


def _read(untrusted_answer: bytes, room: Room) -> list[list[Box]]:
    """The faces of each picture; `MediaRefused` where it is not what a child of ours can say."""
    body = len(untrusted_answer) - _END.size
    if body < 0 or body % _FACE.size:
        raise MediaRefused(Reason.NOT_VERIFIED)
    (pictures,) = _END.unpack_from(untrusted_answer, body)
    if pictures > (room.limits.seconds(Kind.VIDEO) + 2) * covering.A_SECOND:
        raise MediaRefused(Reason.NOT_VERIFIED)
    found: list[list[Box]] = [[] for _ in range(pictures)]
    before = 0
    for number, left, top, right, bottom, sure in _FACE.iter_unpack(untrusted_answer[:body]):
        lies_within = left < right <= TENTHOUSANDTHS and top < bottom <= TENTHOUSANDTHS
        if not before <= number < pictures or not lies_within or sure > 100:
            raise MediaRefused(Reason.NOT_VERIFIED)
        before = number
        found[number].append((left, top, right, bottom))
        if len(found[number]) > _MOST_FACES:
            raise MediaRefused(Reason.NOT_VERIFIED)
    return found
