"""What a recipient got: written down byte for byte, then opened as their player would open it.

Only clean files are decoded here: a worker made each of them in its sandbox and checked it.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import pypdfium2

from relay.tour.client import Api

_HOP = 2**20
_STRUCTURE = {"major_brand", "minor_version", "compatible_brands", "language"}
"""What an MP4's own layout shows up as beside its tags. None of it is about the recording."""
_QUIET = 0.001
_FLAT = 2.0

NAMES = {
    "letter": "letter.txt",
    "audio": "recording.m4a",
    "video": "film.mp4",
    "document": "document.pdf",
}
"""Neutral names: whoever looks over a shoulder learns nothing. The original's name is kept nowhere."""


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """One file that somebody received. `told` says in words what it is."""

    recipient: str
    file: str
    media_type: str
    size: int
    sha256: str
    told: str


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What opening a file showed.

    `whole`: it has what its kind has (sound, picture, pages, text). `tags`: names of metadata.
    """

    whole: bool
    tags: tuple[str, ...]
    told: str


def fetch(
    api: Api, path: str, file: Path, advance: Callable[[int], object] = lambda _: None
) -> tuple[str, str, int]:
    """Write what `path` answers into `file`, by pieces. Return its SHA-256 in hex, media type and size."""
    file.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with api.stream(path) as answer, file.open("wb") as out:
        for piece in answer.iter_bytes(_HOP):
            digest.update(piece)
            out.write(piece)
            size += len(piece)
            advance(len(piece))
        media_type = answer.headers["content-type"]
    return digest.hexdigest(), media_type, size


def fetch_range(api: Api, path: str, start: int, stop: int) -> bytes:
    """Return bytes `start` up to, not including, `stop`."""
    with api.stream(path, {"range": f"bytes={start}-{stop - 1}"}) as answer:
        return answer.read() if answer.status_code == 206 else b""


def has_sound(given: Path) -> bool:
    """Return whether a film that was given has any. Somebody who signs needs none."""
    with av.open(str(given)) as container:
        return bool(container.streams.audio)


def look(file: Path, kind: str, *, sound: bool = True) -> Look:
    """Open a received file and play or show all of it. `sound`: whether a recording has to have any."""
    if kind == "letter":
        return _letter(file)
    return _document(file) if kind == "document" else _recording(file, kind, sound=sound)


def _letter(file: Path) -> Look:
    text = file.read_bytes().decode("utf-8", "strict")
    return Look(whole=bool(text.strip()), tags=(), told=f"{len(text):,} characters of plain text")


def _document(file: Path) -> Look:
    with pypdfium2.PdfDocument(file) as document:
        tags = tuple(name for name, value in document.get_metadata_dict().items() if value)
        pages = len(document)
        written = pages > 0 and all(_has_ink(document[number]) for number in range(pages))
    pages_told = "1 page" if pages == 1 else f"{pages} pages"
    return Look(whole=written, tags=tags, told=f"{pages_told}, {_tags(tags)}")


def _has_ink(page: Any) -> bool:
    return bool(page.render(scale=0.5).to_numpy().std() > _FLAT)


class _Played:
    """What was heard and seen."""

    def __init__(self) -> None:
        self.loudest = 0.0
        self.pictures = 0
        self.brightest_spread = 0.0
        self.end = 0.0

    def frame(self, frame: Any) -> None:
        if isinstance(frame, av.AudioFrame):
            sound = frame.to_ndarray()
            scale = float(np.iinfo(np.dtype(sound.dtype.str)).max) if sound.dtype.kind == "i" else 1.0
            self.loudest = max(self.loudest, float(np.abs(sound).max()) / scale)
        else:
            if self.pictures % 15 == 0:
                spread = float(frame.to_ndarray(format="gray").std())
                self.brightest_spread = max(self.brightest_spread, spread)
            self.pictures += 1
        if frame.time is not None:
            self.end = max(self.end, float(frame.time))


def _recording(file: Path, kind: str, *, sound: bool) -> Look:
    played = _Played()
    with av.open(str(file)) as container:
        tags = _metadata(container)
        others = [stream.type for stream in container.streams if stream.type not in {"audio", "video"}]
        seconds = (container.duration or 0) / av.time_base
        for frame in container.decode(*container.streams.audio, *container.streams.video):
            played.frame(frame)
        size = [(v.codec_context.width, v.codec_context.height) for v in container.streams.video]
    heard, seen = played.loudest > _QUIET, played.brightest_spread > _FLAT
    whole = (heard or not sound) and not others and played.end > 0 and (seen if kind == "video" else not size)
    parts = [f"{seconds:.1f} s"]
    if kind == "video" and size:
        parts.append(f"{size[0][0]} × {size[0][1]}, {played.pictures} pictures")
    parts += ["sound" if heard else "NO SOUND" if sound else "no sound, as it was given", _tags(tags)]
    return Look(whole=whole, tags=tags, told=", ".join(parts))


def _metadata(container: Any) -> tuple[str, ...]:
    """Return the names of all tags of the file and its streams that are not its layout."""
    found = [*container.metadata, *(f"chapter {n}" for n, _ in enumerate(container.chapters()))]
    for stream in container.streams:
        found += [name for name, value in stream.metadata.items() if value.strip()]
    return tuple(name for name in found if name not in _STRUCTURE)


def _tags(tags: tuple[str, ...]) -> str:
    return f"METADATA: {', '.join(tags)}" if tags else "no metadata"
