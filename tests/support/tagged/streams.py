"""Ogg, FLAC and Matroska: comments, pictures, attachments, chapters; what cameras and senders add."""

import base64
import struct
from collections.abc import Iterator
from pathlib import Path

from tests.support import media
from tests.support.tagged.base import BYTES, MARK, Bases, Tagged, small_jpeg, words
from workers.media.model import Kind

COMMENTS = words("""
    TITLE VERSION ALBUM TRACKNUMBER ARTIST PERFORMER COPYRIGHT LICENSE ORGANIZATION DESCRIPTION
    GENRE DATE LOCATION CONTACT ISRC ENCODEDBY ENCODED-BY LYRICS COMMENT COMPOSER CHAPTER001NAME
    GEO_LOCATION
""")


def _picture() -> bytes:
    content, form = small_jpeg(), b"image/jpeg"
    head = struct.pack(">II", 3, len(form)) + form + struct.pack(">I", len(BYTES)) + BYTES
    return head + struct.pack(">IIIII", 16, 16, 24, 0, len(content)) + content


def files(bases: Bases, folder: Path) -> Iterator[Tagged]:
    for number, name in enumerate(COMMENTS):
        ending = ("ogg", "opus", "flac")[number % 3]
        path = folder / f"comment.{ending}"
        media.ffmpeg(*media.voice(0.35), "-metadata", f"{name}={MARK}", path)
        yield Tagged(f"{ending} {name}", Kind.AUDIO, path.read_bytes())
    coded = base64.b64encode(_picture()).decode()
    for ending in ("ogg", "opus"):
        path = folder / f"picture.{ending}"
        media.ffmpeg(*media.voice(0.35), "-metadata", f"METADATA_BLOCK_PICTURE={coded}", path)
        yield Tagged(f"{ending} picture", Kind.AUDIO, path.read_bytes())
    flac = bases.sounds["flac"]
    cue = MARK.encode().ljust(128, b"\0") + bytes(8) + b"\0" * 259 + b"\x01" + bytes(8) + b"\xaa" + bytes(26)
    blocks = {"application": (2, b"APPL" + BYTES), "picture": (6, _picture()), "cue sheet": (5, cue)}
    for name, (kind, body) in (blocks | {"padding": (1, BYTES * 4), "unknown block": (100, BYTES)}).items():
        block = bytes([kind]) + struct.pack(">I", len(body))[1:] + body
        yield Tagged(
            f"flac {name}", Kind.AUDIO, flac[:4] + bytes([flac[4] & 0x7F]) + flac[5:42] + block + flac[42:]
        )
    yield from _matroska(folder)


def _matroska(folder: Path) -> Iterator[Tagged]:
    (folder / "note.txt").write_text(MARK)
    (folder / "words.srt").write_text(f"1\n00:00:00,000 --> 00:00:00,300\n{MARK}\n")
    chapter = f";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=300\ntitle={MARK}\n"
    (folder / "chapters.txt").write_text(chapter)
    attached = ["-attach", str(folder / "note.txt"), "-metadata:s:t", "mimetype=text/plain"]
    named = ["-attach", str(folder / "words.srt"), "-metadata:s:t", f"filename={MARK}"]
    variants: dict[str, list[str]] = {
        "title": ["-metadata", f"title={MARK}"],
        "tag": ["-metadata", f"DIRECTOR={MARK}"],
        "name of a track": ["-metadata:s:v", f"title={MARK}"],
        "tag of a track": ["-metadata:s:a", f"COMMENT={MARK}"],
        "handler": ["-metadata:s:v", f"handler_name={MARK}"],
        "attachment": attached,
        "name of an attachment": [*named, "-metadata:s:t", "mimetype=text/plain"],
        "subtitles": ["-i", str(folder / "words.srt"), "-map", "0", "-map", "1", "-map", "2"],
        "chapters": ["-i", str(folder / "chapters.txt"), "-map_chapters", "2"],
    }
    for name, more in variants.items():
        path = folder / "tagged.mkv"
        form = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-t", "0.35"]
        inputs = [*media.picture(0.35, "64x64"), *media.voice(0.35)]
        media.ffmpeg(*inputs, *more, *form, path)
        yield Tagged(f"mkv {name}", Kind.VIDEO, path.read_bytes())


def cameras(folder: Path) -> Iterator[Tagged]:
    """What dash-cams write into their pictures and beside them, and what senders say of a stream."""
    (folder / "places.txt").write_text(MARK * 3)
    (folder / "places.srt").write_text(f"1\n00:00:00,000 --> 00:00:00,300\n{MARK}\n")
    beside = ["-map", "0", "-map", "1", "-map", "2"]
    unit = "h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+"
    variants: dict[str, tuple[str, list[str]]] = {
        "user data in SEI": ("mp4", ["-bsf:v", unit + MARK]),
        "user data in SEI of a stream": ("ts", ["-bsf:v", unit + MARK]),
        "service": ("ts", ["-metadata", f"service_name={MARK}"]),
        "who provides a service": ("ts", ["-metadata", f"service_provider={MARK}"]),
        "data beside": ("ts", ["-f", "data", "-i", str(folder / "places.txt"), *beside, "-c:d", "copy"]),
        "timed text": ("mp4", ["-i", str(folder / "places.srt"), *beside, "-c:s", "mov_text"]),
        "title": ("flv", ["-metadata", f"title={MARK}", "-ar", "44100"]),
        "own": ("flv", ["-metadata", f"{MARK}={MARK}", "-ar", "44100"]),
    }
    made = {}
    for name, (ending, more) in variants.items():
        path = folder / f"camera.{ending}"
        form = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-t", "0.35"]
        media.ffmpeg(*media.picture(0.35, "64x64"), *media.voice(0.35), *more, *form, path)
        made[name] = Tagged(f"{ending} {name}", Kind.VIDEO, path.read_bytes())
    yield from made.values()
    text = made["timed text"].content
    for maker in (b"gpmd", b"mett", b"camm"):
        track = text.replace(b"sbtl", b"meta").replace(b"tx3g", maker)
        yield Tagged(f"mp4 track of places, {maker.decode()}", Kind.VIDEO, track)
