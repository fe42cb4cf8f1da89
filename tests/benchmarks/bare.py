"""What a worker is measured against: one ffmpeg with the same settings, from a file in memory to another.

It has no sandbox, looks at nothing before or after, and draws neither poster nor waveform.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import ffmpeg

from relay.exchange.edits import Edits
from workers.media import arguments, loudness, shape
from workers.media.arguments import Wanted
from workers.media.changes import asked
from workers.media.look import look
from workers.media.model import Kind, Limits
from workers.media.room import UNCHANGED, Room
from workers.media.tools import find
from workers.sandbox import memory
from workers.sandbox.runner import Walled
from workers.sandbox.window import File, Window


@contextmanager
def held(path: Path) -> Iterator[int]:
    """A file in memory, as long as it is looked at."""
    with path.open("rb") as file:
        original = memory.from_file("original", file.fileno())
    try:
        yield original
    finally:
        os.close(original)


def words(kind: Kind, original: int, edits: Edits = UNCHANGED) -> list[str]:
    """The worker's own filters and settings as one command line, the result to `OUTPUT`."""
    room = Room(Walled(), find(), Limits(), lambda _: None, lambda: False, edits)
    changes = asked(edits, kind, room.limits)
    with closing(Window(File(original))) as seen:
        source = look(kind, seen, room)
        level = changes.level(loudness.measure(kind, seen, source, room, changes.hide.unheard_ms()))
    picture = shape.plan(source) if kind is Kind.VIDEO else None
    wanted = Wanted(kind, source, picture, level, changes)
    stream = arguments.original(kind, source, room.limits, room.tools)
    made = []
    if picture:
        made.append(arguments.final_film(arguments.plain_film(stream, source, picture), wanted, picture))
    made.append(arguments.final_sound(arguments.plain_sound(stream, source), wanted, level))
    container = {"f": "mp4", "movflags": "+faststart"}
    output = ffmpeg.output(*made, "OUTPUT", **arguments.codecs(wanted), **container)
    return list(ffmpeg.compile(output.global_args(*arguments.QUIET), overwrite_output=True)[1:])


def listen(original: int) -> None:
    """Hear all of a sound, and measure how loud it is: the bare tool's pass before the one that makes it."""
    os.lseek(original, 0, os.SEEK_SET)
    heard = ffmpeg.input(f"/proc/self/fd/{original}").audio.filter("ebur128", peak="true", framelog="quiet")
    words = ffmpeg.compile(ffmpeg.output(heard, "-", f="null").global_args(*arguments.QUIET))[1:]
    subprocess.run([find().ffmpeg, *words], pass_fds=[original], stdout=subprocess.DEVNULL, check=True)


def run(original: int, words: list[str]) -> None:
    """Run `words`."""
    with ExitStack() as held:
        result = memory.held(held, "result")
        named = [str(original) if word == str(arguments.READ) else word for word in words]
        named[named.index("OUTPUT")] = f"/proc/self/fd/{result}"
        os.lseek(original, 0, os.SEEK_SET)
        subprocess.run([find().ffmpeg, *named], pass_fds=[original, result], check=True)
