"""Sample files as people send them, made with ffmpeg and pillow: real codecs and containers, with canaries.

Each function writes one file into a folder and answers its path. Nothing here comes from a real person.
"""

import base64
import io
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import av.container
from PIL import Image, ImageDraw

from relay.exchange.pages import MARK, Part, index
from workers.media.kept import part
from workers.media.tools import find
from workers.sandbox import memory
from workers.sandbox.window import Source

CANARY = "canary-7Qx9"
"""Planted in every tag; must be in no result, in no encoding."""
PLACE = "+51.5007-000.1246/"
TAGS = {
    "title": f"{CANARY}-title",
    "artist": f"{CANARY}-artist",
    "album": f"{CANARY}-album",
    "comment": f"{CANARY}-comment",
    "description": f"{CANARY}-description",
    "copyright": f"{CANARY}-copyright",
    "make": f"{CANARY}-make",
    "model": f"{CANARY}-model",
    "location": PLACE,
    "com.apple.quicktime.location.ISO6709": PLACE,
    "com.apple.quicktime.make": f"{CANARY}-apple",
    "com.apple.quicktime.software": f"{CANARY}-software",
    "creation_time": "2024-03-05T06:07:08.000000Z",
    "lyrics": f"{CANARY}-lyrics",
}

_VOICE = (
    "aevalsrc='0.4*sin(2*PI*(150+25*sin(2*PI*0.7*t))*t)*(0.55+0.45*sin(2*PI*3.1*t))"
    "+0.15*sin(2*PI*(710+90*sin(2*PI*1.3*t))*t)*(0.5+0.5*sin(2*PI*4.3*t))"
    "+0.05*(random(0)-0.5)':s=48000:d={seconds}"
)


def ffmpeg(*arguments: str | Path, stdin: bytes | None = None) -> bytes:
    """Run ffmpeg outside of any sandbox, on files that we made ourselves."""
    command = [find().ffmpeg, "-hide_banner", "-nostdin", "-loglevel", "error", "-y", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout


def tags() -> list[str]:
    """Arguments that plant a canary in every tag."""
    return [word for name, value in TAGS.items() for word in ("-metadata", f"{name}={value}")]


def voice(seconds: float) -> list[str]:
    """Input arguments for something that sounds a little like speech: pitch, vowels, syllables, breath."""
    return ["-f", "lavfi", "-i", _VOICE.format(seconds=seconds)]


def picture(seconds: float, size: str = "640x360", rate: int = 30) -> list[str]:
    """Input arguments for a moving picture with a running clock."""
    return ["-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}"]


def speech(folder: Path, name: str = "voice.wav", seconds: float = 3, *more: str) -> Path:
    """A recording of sound; the name's ending chooses container and codec."""
    path = folder / name
    ffmpeg(*voice(seconds), *tags(), *more, path)
    return path


def film(folder: Path, name: str = "film.mp4", seconds: float = 3, *more: str, size: str = "640x360") -> Path:
    """A film with sound; the name's ending chooses container and codec."""
    path = folder / name
    ffmpeg(*picture(seconds, size), *voice(seconds), *tags(), "-pix_fmt", "yuv420p", "-shortest", *more, path)
    return path


def phone_film(folder: Path, name: str = "phone.mp4", seconds: float = 3) -> Path:
    """What a phone held upright makes: turned by 90 degrees, with its place, the index at the end."""
    flat = film(folder, f"flat-{name}", seconds, "-preset", "ultrafast", size="1280x720")
    path = folder / name
    turned = ["-display_rotation", "90", "-i", str(flat), "-c", "copy", "-movflags", "use_metadata_tags"]
    ffmpeg(*turned, *tags(), path)
    assert path.read_bytes().find(b"moov") > path.read_bytes().find(b"mdat"), "the index is not at the end"
    return path


def browser_film(folder: Path, seconds: float = 3) -> Path:
    """What a browser records: WebM, VP8 and Opus, written as it comes, so without a length."""
    path = folder / "browser.webm"
    coded = [
        "-c:v",
        "libvpx",
        "-deadline",
        "realtime",
        "-c:a",
        "libopus",
        "-f",
        "webm",
        "-live",
        "1",
        "pipe:1",
    ]
    path.write_bytes(ffmpeg(*picture(seconds), *voice(seconds), *tags(), "-pix_fmt", "yuv420p", *coded))
    return path


def written_page(width: int = 1240, height: int = 1754) -> Image.Image:
    """A page with lines of strokes on it."""
    page = Image.new("RGB", (width, height), (250, 248, 240))
    draw = ImageDraw.Draw(page)
    for line in range(12, 60):
        top = line * height // 70
        for word in range(9):
            left = width // 12 + word * width // 11
            draw.line(
                (left, top, left + width // 14, top + (word * 7 + line) % 9), fill=(30, 30, 90), width=3
            )
    draw.rectangle((0, 0, width // 6, height // 40), fill=(200, 30, 30))  # tells the top left corner
    return page


def photographed_page(folder: Path, name: str = "page.jpg") -> Path:
    """A photograph of a page, lying on its side, with camera, place and owner in its EXIF.

    HEIC is written upright: there, readers turn by the file's own property, which pillow-heif cannot write.
    """
    path = folder / name
    upright = path.suffix == ".heic"
    exif = Image.Exif()
    exif[0x010E] = f"{CANARY}-description"
    exif[0x010F] = f"{CANARY}-make"
    exif[0x0112] = 1 if upright else 6  # 6: turn to the right to look at it
    exif[0x013B] = f"{CANARY}-artist"
    exif[0x9286] = f"{CANARY}-comment"
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 2.5), 3: "W", 4: (0.0, 7.0, 28.5), 29: "2024:03:05"})
    page = written_page().rotate(0 if upright else 90, expand=True)
    page.info["comment"] = f"{CANARY}-jpeg"
    page.save(path, exif=exif)
    return path


def document(folder: Path, name: str = "letter.pdf", pages: int = 2) -> Path:
    """A scanned document."""
    path = folder / name
    first, *others = [written_page() for _ in range(pages)]
    first.save(path, save_all=True, append_images=others, title=f"{CANARY}-title", author=f"{CANARY}-author")
    return path


def locked_document(folder: Path) -> Path:
    """A PDF that opens with a password only."""
    import pikepdf

    path = folder / "locked.pdf"
    with pikepdf.open(document(folder, "open.pdf", 1)) as opened:
        opened.save(path, encryption=pikepdf.Encryption(owner="owner", user="user"))
    return path


def cut(path: Path, share: float = 0.6) -> Path:
    """A copy that ends too early, as when a transfer breaks."""
    shorter = path.with_name(f"cut-{path.name}")
    content = path.read_bytes()
    shorter.write_bytes(content[: int(len(content) * share)])
    return shorter


def content(file: Source) -> bytes:
    """All bytes of a result."""
    return part(file, 0, file.size)


def opened(file: Source) -> av.container.InputContainer:
    """A result, opened as players do."""
    return av.open(io.BytesIO(content(file)), "r")


@contextmanager
def held(file: Source) -> Iterator[int]:
    """A result as a file in memory, for a program."""
    descriptor = memory.from_bytes("result", content(file))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def decode(file: Source, *outputs: str) -> bytes:
    """Decode a result to its end, any error being one; answer what `outputs` write."""
    with held(file) as descriptor:
        arguments = ["-xerror", "-i", f"/proc/self/fd/{descriptor}", *(outputs or ("-f", "null", "-"))]
        command = [str(find().ffmpeg), "-hide_banner", "-nostdin", "-loglevel", "error", *arguments]
        return subprocess.run(command, pass_fds=[descriptor], capture_output=True, check=True).stdout


def traces(content: bytes) -> list[str]:
    """Which marks of an original, or of the programs that made it, are in a result: none may be."""
    planted = [CANARY, "51.5007", "2024-03-05", "2024:03:05"]
    programs = ["Lavf", "Lavc", "x264", "libx264", "LAME", "Exif", "ffmpeg", "pikepdf", "img2pdf", "Pillow"]
    forms = {word: word.encode() for word in [*planted, *programs]}
    for word in planted:
        forms |= {
            f"{word} utf-16-le": word.encode("utf-16-le"),
            f"{word} utf-16-be": word.encode("utf-16-be"),
        }
        forms |= {
            f"{word} hex": word.encode().hex().encode(),
            f"{word} hexed": word.encode().hex().upper().encode(),
        }
        for shift in range(3):  # base64 of the word wherever it stands in three bytes
            coded = base64.b64encode(b"\0" * shift + word.encode())
            forms[f"{word} base64 {shift}"] = coded[4 if shift else 0 : -4]
    return [name for name, form in forms.items() if form in content]


class Whole:
    """Bytes as an original."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size = len(content)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """See `workers.sandbox.window.Source`."""
        there = self._content[offset : offset + len(buffer)]
        buffer[: len(there)] = there
        return len(there)


def several(*files: tuple[bytes, int], filling: int = 0) -> bytes:
    """Several files as one document, each with its turn: docs/pages-format.md."""
    parts = [Part(len(file), turn) for file, turn in files]
    return MARK + b"".join(file for file, _ in files) + b"\0" * filling + index(parts)
