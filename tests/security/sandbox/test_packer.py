"""The packer takes nothing but pixels and samples, whatever a first process that was taken over says."""

import os
from contextlib import ExitStack, closing
from random import Random

import numpy as np
import pytest

from relay.vault.spool import Spool
from tests.support import media
from workers.media import arguments, mp4
from workers.media.answers import Source
from workers.media.arguments import Wanted
from workers.media.faststart import FastStart
from workers.media.loudness import Level
from workers.media.model import Kind, Limits
from workers.media.packed import Packed
from workers.media.shape import Picture
from workers.media.tools import find
from workers.sandbox import memory
from workers.sandbox.protocol import Caps
from workers.sandbox.runner import Ffmpeg, Task, Walled
from workers.sandbox.running import watch

CAPS = Caps(cpu_seconds=60, memory_bytes=3 << 30, output_bytes=16 << 20)
PICTURE = Picture(64, 48, "25")
A_PICTURE = 64 * 48 * 3 // 2
PICTURES, SAMPLES = 25, 48_000
SOURCE = Source(**{**dict.fromkeys(Source.__annotations__, 0), "films": 1, "sounds": 1, "channels": 1})
LIMITS = Limits()
SHORT = Limits(video_seconds=2)
FILM = Wanted(Kind.VIDEO, SOURCE, PICTURE, Level(0.0, limited=False))


def pack(pictures: bytes, sound: bytes, limits: Limits = LIMITS) -> bytes | None:
    """What the packer makes of them; None if it fails."""
    with ExitStack() as held:
        packed = held.enter_context(closing(Packed(Spool)))
        given = []
        for name, content in (("pictures", pictures), ("sound", sound)):
            given.append(memory.from_bytes(name, content))
            held.callback(os.close, given[-1])
        others = [memory.held(held, name) for name in ("samples", "report", "steer")]
        program = Ffmpeg(find().ffmpeg, arguments.pack(FILM, limits, find()))
        task = Task(program, tuple(given), (packed.file, *others), CAPS)
        with Walled().start(task) as running:
            good = watch([running], seconds=60, stopped=lambda: False, meanwhile=packed.drain)[0].good
        if not good:
            return None
        made = FastStart(packed.finish())
        mp4.read(made)
        return media.content(made)


def noise(count: int) -> bytes:
    return Random(5).randbytes(count)  # noqa: S311 - it stands for whatever somebody would send


def quiet() -> bytes:
    return np.zeros(SAMPLES, np.float32).tobytes()


@pytest.fixture(scope="module")
def another_film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return media.phone_film(tmp_path_factory.mktemp("packer")).read_bytes()


def test_it_makes_a_regular_film_of_any_bytes(another_film: bytes) -> None:
    """Also of a film with tags and all: that is only what the pixels look like."""
    whole = another_film[: len(another_film) // A_PICTURE * A_PICTURE]
    assert media.traces(whole)
    for pictures in (noise(PICTURES * A_PICTURE), whole):
        made = pack(pictures, quiet())
        assert made is not None
        assert media.traces(made) == []
        with media.opened(media.Whole(made)) as opened:
            assert [stream.type for stream in opened.streams] == ["video", "audio"]
            assert sum(1 for _ in opened.decode(video=0)) == len(pictures) // A_PICTURE


def test_samples_that_are_no_numbers_become_a_regular_film() -> None:
    wild = np.frombuffer(noise(4 * SAMPLES), np.float32).copy()
    wild[:100] = np.nan
    wild[100:200] = np.inf
    made = pack(bytes(PICTURES * A_PICTURE), wild.tobytes())
    if made is not None:  # refusing them is as good
        media.decode(media.Whole(made))


def test_a_picture_that_was_cut_off_ends_it() -> None:
    assert pack(bytes(PICTURES * A_PICTURE), quiet())
    assert pack(bytes(PICTURES * A_PICTURE - 1), quiet()) is None


def test_it_takes_no_more_than_may_be() -> None:
    endless = PICTURES * 8
    made = pack(bytes(endless * A_PICTURE), np.zeros(SAMPLES * 8, np.float32).tobytes(), SHORT)
    assert made is not None
    with media.opened(media.Whole(made)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == PICTURES * (SHORT.seconds(Kind.VIDEO) + 1)
