"""What is packed is what decodes: damage on the way between the two processes is found by decoding alone."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

from tests.support import media
from workers.media import arguments
from workers.media.model import Kind
from workers.media.tools import find
from workers.sandbox import memory
from workers.sandbox.protocol import Caps
from workers.sandbox.runner import Ffmpeg, Task, Walled
from workers.sandbox.running import watch

CAPS = Caps(cpu_seconds=60, memory_bytes=3 << 30, output_bytes=16 << 20)
TRIES = 24
CODED = ["-c:v", "libx264", "-profile:v", "high", "-preset", "veryfast", "-c:a", "aac"]
PIECES = ["-f", "mp4", "-movflags", "+delay_moov+default_base_moof", "-frag_duration", "500000"]


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = media.film(tmp_path_factory.mktemp("pieces"), "film.mp4", 2, size="320x180")
    return media.ffmpeg("-i", Path(path), *CODED, *PIECES, "-")


def bodies(content: bytes) -> Iterator[range]:
    """Where sound and picture are."""
    place = 0
    while place < len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        if content[place + 4 : place + 8] == b"mdat":
            yield range(place + 8, place + length)
        place += length


def is_packed(pieces: bytes, words: tuple[str, ...]) -> bool:
    with ExitStack() as held:
        given = memory.from_bytes("pieces", pieces)
        held.callback(os.close, given)
        results = [memory.held(held, name) for name in ("clean", "samples")]
        task = Task(Ffmpeg(find().ffmpeg, words), (given,), tuple(results), CAPS)
        with Walled().start(task) as running:
            return watch([running], seconds=60, stopped=lambda: False)[0].good


def without_decoding(words: tuple[str, ...]) -> tuple[str, ...]:
    """The same, but for the output that decodes film into nothing, and the waveform."""
    first = words.index("-map", words.index(f"/proc/self/fd/{arguments.WRITE}"))
    return (*words[:first], *arguments.QUIET, "-xerror", "-y")


def test_a_bit_that_changed_on_the_way_is_found_by_decoding(pieces: bytes) -> None:
    words = arguments.pack(Kind.VIDEO, film=True, sound=True)
    copying = without_decoding(words)
    assert is_packed(pieces, words)
    assert is_packed(pieces, copying)
    chance = Random(5)  # noqa: S311 - which bit
    places = [place for body in bodies(pieces) for place in body]
    found = missed = 0
    for _ in range(TRIES):
        changed = bytearray(pieces)
        changed[chance.choice(places)] ^= 1 << chance.randrange(8)
        found += not is_packed(bytes(changed), words)
        missed += is_packed(bytes(changed), copying)
    # a bit may also turn one valid picture into another: then it plays, which is all that is promised
    assert found >= TRIES // 4
    assert missed >= TRIES - TRIES // 8
