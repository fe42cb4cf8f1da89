"""Two processes read one film, each what the other leaves: their clocks and their ends are the same."""

import struct
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.integration.media.conftest import CleanFile
from tests.integration.media.hidden import RATE, heard, seen
from tests.support import media
from workers.media.model import Clean, Kind, MediaRefused, Reason

FLASH = "color=black:s=160x120:r=25:d={end},drawbox=color=white:t=fill:enable='between(t,{at},{at}+0.2)'"
BEEP = "sine=f=1000:d={end},volume=0:enable='not(between(t,{at},{at}+0.2))'"
APART = 0.05
"""Seconds: a picture of 25 a second, and a piece of sound."""


def clip(folder: Path, name: str, at: float, end: float, later: float = 0) -> Path:
    """A flash and a beep at one moment; the picture begins `later` than the sound."""
    film, sound, path = folder / f"{name}-film.ts", folder / f"{name}-sound.ts", folder / name
    flash, beep = FLASH.format(at=at - later, end=end - later), BEEP.format(at=at, end=end)
    media.ffmpeg("-f", "lavfi", "-i", flash, "-pix_fmt", "yuv420p", "-preset", "ultrafast", film)
    media.ffmpeg("-f", "lavfi", "-i", beep, "-c:a", "aac", sound)
    both = ["-map", "0:v", "-map", "1:a", "-c", "copy"]
    media.ffmpeg("-itsoffset", str(later), "-i", film, "-i", sound, *both, path)
    return path


def beginnings(moments: Iterable[float]) -> list[float]:
    """The first of those that follow one another."""
    found = list(moments)
    return [found[0], *(later for sooner, later in pairwise(found) if later - sooner > 0.5)]


def flashes_and_beeps(made: Clean) -> tuple[list[float], list[float]]:
    flashes = beginnings(at for at, picture in seen(made) if float(picture.mean()) > 128)
    return flashes, beginnings(map(float, np.flatnonzero(np.abs(heard(made)) > 0.02) / RATE))


@pytest.mark.parametrize("name", ["late.ts", "late.mkv", "late.mp4"])
def test_a_picture_that_begins_later_stays_with_its_sound(
    name: str, samples: Path, clean_file: CleanFile
) -> None:
    (flash,), (beep,) = flashes_and_beeps(clean_file(Kind.VIDEO, clip(samples, name, 4, 6, later=2)))
    assert abs(flash - beep) < APART
    assert flash == pytest.approx(4, abs=0.1)


def test_a_clock_that_begins_anew_in_the_middle_does_so_for_both(
    samples: Path, clean_file: CleanFile
) -> None:
    path = samples / "glued.ts"
    first, second = clip(samples, "first.ts", 1, 3), clip(samples, "second.ts", 4, 6, later=2)
    path.write_bytes(first.read_bytes() + second.read_bytes())
    flashes, beeps = flashes_and_beeps(clean_file(Kind.VIDEO, path))
    assert len(flashes) == len(beeps) == 2
    assert max(abs(flash - beep) for flash, beep in zip(flashes, beeps, strict=True)) < APART


def test_a_film_of_which_only_the_sound_is_whole_is_not_taken(samples: Path, clean_file: CleanFile) -> None:
    path = samples / "half.mp4"
    content = bytearray(media.film(samples, "whole.mp4", 8, size="160x120").read_bytes())
    places, count = next(chunk_places(content))
    for number in range(count // 2, count):
        struct.pack_into(">I", content, places + 4 * number, 0x7FF00000)
    path.write_bytes(content)
    with pytest.raises(MediaRefused) as refused:
        clean_file(Kind.VIDEO, path)
    assert refused.value.reason is Reason.DAMAGED


def chunk_places(content: bytearray) -> Iterator[tuple[int, int]]:
    """Where the list of a track's chunks is, and how many there are: the film's first."""
    place = -1
    while (place := content.find(b"stco", place + 1)) >= 0:
        yield place + 12, struct.unpack_from(">I", content, place + 8)[0]
