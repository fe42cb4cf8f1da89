"""What people upload, and the sandbox's work on it: for real once, and its results used again."""

import io
import struct
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from relay.exchange.edits import Edits
from workers.media.kept import part
from workers.media.model import Clean, Facts, Kind, Limits, MediaRefused, Reason
from workers.sandbox.window import Source

MARK: Final = "Marked-7Qx9-in-the-file"
"""Stands in every file, where no page shows it."""
RECORDED_MS: Final = 2_000
_RATE: Final = 8_000
BEGINNING: Final = 9
"""Bytes by which a PDF, a JPEG and an M4A are known wherever they stand in plain; never by chance."""


class File(NamedTuple):
    """What an author has. `reason`: why it cannot be made safe, if it cannot."""

    content: bytes
    reason: Reason | None = None


def _page(form: str, **more: object) -> bytes:
    page, out = Image.new("RGB", (120, 160), (240, 240, 230)), io.BytesIO()
    draw = ImageDraw.Draw(page)
    for line in range(20, 150, 12):
        draw.line((15, line, 105, line), fill=(20, 20, 90), width=2)
    page.save(out, form, **more)
    return out.getvalue()


def _sound(hertz: int) -> bytes:
    """A WAV that somebody's recorder signed."""
    times = np.arange(RECORDED_MS * _RATE // 1000) / _RATE
    heard = (np.sin(2 * np.pi * hertz * times) * 9_000 * np.sin(np.pi * times)).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, _RATE, 2 * _RATE, 2, 16)
    signed = b"INFO" + _chunk(b"ICMT", MARK.encode() + b"\0")
    return _chunk(b"RIFF", b"WAVE" + _chunk(b"fmt ", form) + _chunk(b"LIST", signed) + _chunk(b"data", heard))


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


_SCAN = _page("PDF") + f"\n% {MARK}\n".encode()
_PHOTOGRAPH = _page("JPEG", comment=MARK.encode())
GOOD: Final = (File(_SCAN), File(_PHOTOGRAPH))
DAMAGED: Final = File(_SCAN[:400] + MARK.encode(), Reason.DAMAGED)
RECORDED: Final = (File(_sound(220)), File(_sound(330)))
TORN: Final = File(RECORDED[0].content[:100], Reason.DAMAGED)


class Again:
    """A file of a result, as often as it is wanted."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size = len(content)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """See `Source.read_into`."""
        piece = self._content[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """See `Kept.close`."""


class _Made(NamedTuple):
    files: dict[str, bytes]
    facts: Facts


class Once:
    """Stands where workers look for `clean`: the same file with the same edits goes into the sandbox once."""

    def __init__(self, clean: Callable[..., Clean]) -> None:
        self._clean = clean
        self._found: dict[tuple[bytes, Edits], _Made | MediaRefused] = {}

    def __call__(
        self,
        kind: Kind,
        source: Source,
        limits: Limits,
        progress: Callable[[int], None],
        *,
        edits: Edits,
        **more: object,
    ) -> Clean:
        """See `workers.media.clean`."""
        asked = part(source, 0, source.size), edits
        if asked not in self._found:
            self._found[asked] = self._for_real(kind, Again(asked[0]), limits, progress, edits=edits, **more)
        found = self._found[asked]
        if isinstance(found, MediaRefused):
            raise MediaRefused(found.reason, found.page)
        return Clean(kind, {role: Again(content) for role, content in found.files.items()}, found.facts)

    def _for_real(self, *given: object, **more: object) -> _Made | MediaRefused:
        try:
            with self._clean(*given, **more) as made:
                files = {role: part(file, 0, file.size) for role, file in made.files.items()}
                return _Made(files, made.facts)
        except MediaRefused as refused:
            return refused

    def of(self, file: File, edits: Edits, role: str = "clean") -> bytes | None:
        """What the sandbox made of a file, which it was given before; None if it makes no such thing."""
        found = self._found[file.content, edits]
        assert isinstance(found, _Made), "something was made of a file that was refused"
        return found.files.get(role)

    def beginnings(self) -> set[bytes]:
        """How what was made begins."""
        made = [one for one in self._found.values() if isinstance(one, _Made)]
        return {content[:BEGINNING] for one in made for content in one.files.values()}
