"""The tiny recordings and pages that are tagged, made once, and what a tagged file is."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from tests.support import media
from workers.media.model import Kind

MARK = "tagged-7Qx9-zebra"
BYTES = MARK.encode()


class Tagged(NamedTuple):
    """A file that has the mark in the field that its name says."""

    name: str
    kind: Kind
    content: bytes


@dataclass(frozen=True)
class Bases:
    """Untagged recordings, by the ending of their names."""

    sounds: dict[str, bytes]
    films: dict[str, bytes]


def make(folder: Path) -> Bases:
    """A third of a second each; MP4 has its index at the end, so that it can grow."""
    clear = ["-map_metadata", "-1", "-fflags", "+bitexact"]
    sounds = {}
    for ending in ("m4a", "mp3", "wav", "aiff", "flac", "aac"):
        path = folder / f"base.{ending}"
        media.ffmpeg(*media.voice(0.35), *clear, *_only(ending), path)
        sounds[ending] = path.read_bytes()
    films = {}
    for ending in ("mp4", "mov", "avi"):
        path = folder / f"base-film.{ending}"
        form = (
            ["-pix_fmt", "yuv420p", "-shortest", "-preset", "ultrafast"] if ending != "avi" else ["-shortest"]
        )
        media.ffmpeg(*media.picture(0.35, "64x64"), *media.voice(0.35), *clear, *form, path)
        films[ending] = path.read_bytes()
    return Bases(sounds, films)


def _only(ending: str) -> list[str]:
    return ["-write_xing", "0", "-id3v2_version", "0"] if ending == "mp3" else []


def words(text: str) -> list[str]:
    """Names that are written one after the other."""
    return text.split()


def small_jpeg() -> bytes:
    """A thumbnail that carries the mark itself."""
    written = io.BytesIO()
    Image.new("RGB", (16, 16), (90, 120, 60)).save(written, "JPEG", comment=BYTES)
    return written.getvalue()


def page() -> Image.Image:
    """A page to be tagged."""
    drawn = Image.new("RGB", (96, 128), (240, 240, 235))
    drawn.paste((40, 40, 90), (20, 20, 76, 24))
    return drawn
