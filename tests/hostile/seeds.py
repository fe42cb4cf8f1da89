"""Small good files of every family that people send, to be damaged."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from tests.support import media
from workers.media.model import Kind

_SECONDS = 0.4
_SIZE = "96x64"
_FILMS: dict[str, tuple[str, ...]] = {
    "index-last.mp4": (),
    "index-first.mp4": ("-movflags", "+faststart"),
    "pieces.mp4": ("-movflags", "+frag_keyframe+empty_moov"),
    "phone.mov": ("-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1"),
    "browser.webm": ("-c:v", "libvpx-vp9", "-c:a", "libopus", "-deadline", "realtime", "-live", "1"),
    "disc.mkv": ("-c:v", "libx264", "-c:a", "libvorbis"),
    "car.avi": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-c:a", "pcm_s16le"),
    "camera.ts": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    "old.wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    "old.flv": ("-c:v", "flv", "-ar", "44100", "-c:a", "libmp3lame"),
    "old.mpg": ("-c:v", "mpeg1video", "-c:a", "mp2", "-r", "25"),
}
_SOUNDS: dict[str, tuple[str, ...]] = {
    "memo.m4a": (),
    "player.mp3": (),
    "message.ogg": ("-c:a", "libopus"),
    "disc.ogg": ("-c:a", "libvorbis"),
    "recorder.wav": (),
    "recorder.w64": (),
    "archive.flac": (),
    "stream.aac": (),
    "desk.aiff": (),
    "desk.caf": (),
    "dictation.amr": ("-ar", "8000", "-ac", "1", "-c:a", "libopencore_amrnb"),
}
_PICTURES = ("JPEG", "PNG", "TIFF", "WEBP")
_SEVERAL = {"page.jpeg": 90, "page.png": 0, "pages.pdf": 270}


class Seed(NamedTuple):
    """A good file."""

    name: str
    kind: Kind
    content: bytes


def seeds(folder: Path) -> Iterator[Seed]:
    """Make one of each. What the ffmpeg at hand cannot write (old encoders) is left out."""
    for name, codec in _FILMS.items():
        with contextlib.suppress(subprocess.CalledProcessError):
            path = media.film(folder, name, _SECONDS, *codec, size=_SIZE)
            yield Seed(name, Kind.VIDEO, path.read_bytes())
    for name, codec in _SOUNDS.items():
        with contextlib.suppress(subprocess.CalledProcessError):
            yield Seed(name, Kind.AUDIO, media.speech(folder, name, _SECONDS, *codec).read_bytes())
    yield from _documents(folder)


def _documents(folder: Path) -> Iterator[Seed]:
    page = media.written_page(310, 438)
    for form in _PICTURES:
        path = folder / f"page.{form.lower()}"
        page.save(path, form)
        yield Seed(path.name, Kind.DOCUMENT, path.read_bytes())
    yield Seed("page.heic", Kind.DOCUMENT, _heic(page, folder / "page.heic"))
    path = folder / "pages.pdf"
    page.save(path, "PDF", save_all=True, append_images=[page])
    yield Seed(path.name, Kind.DOCUMENT, path.read_bytes())
    files = [((folder / name).read_bytes(), turn) for name, turn in _SEVERAL.items()]
    yield Seed("several.pages", Kind.DOCUMENT, media.several(*files, filling=40))


def _heic(page: Image.Image, path: Path) -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    page.save(path, "HEIF")
    return path.read_bytes()
