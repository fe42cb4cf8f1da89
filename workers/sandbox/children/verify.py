"""Child: opens a result as a stranger would, says in numbers what is in it, and draws a poster.

Descriptors: 3 the result, 4 the answer, 5 the poster. A child imports nothing of ours: the layout of the
answer is written again in `workers/media/answers.py`, and a test compares the two.
"""

import os
import struct

import av
import av.error
import av.subtitles.codeccontext
import av.subtitles.stream
import av.subtitles.subtitle
from PIL import Image

FILE, ANSWER_TO, POSTER_TO = 3, 4, 5
FIELDS = (
    ("status", "B"),
    ("films", "H"),
    ("sounds", "H"),
    ("others", "H"),
    ("h264_high", "B"),
    ("aac", "B"),
    ("width", "I"),
    ("height", "I"),
    ("turn", "i"),
    ("channels", "H"),
    ("sample_rate", "I"),
    ("claimed_ms", "Q"),
    ("pictures", "I"),
    ("tags", "I"),
    ("poster_bytes", "I"),
)
ANSWER = struct.Struct("<" + "".join(code for _, code in FIELDS))

OPENED, NOT_OPENED, BROKEN = 0, 1, 2
OPTIONS = {
    "protocol_whitelist": "none",
    "format_whitelist": "mov",
    "codec_whitelist": "h264,aac",
    "export_all": "1",
}
CONSTANT_TAGS = {
    ("major_brand", "isom"),
    ("major_brand", "M4A "),
    ("minor_version", "512"),
    ("compatible_brands", "isomiso2avc1mp41"),
    ("compatible_brands", "M4A isomiso2"),
    ("language", "und"),
    ("encoder", " "),
}
POSTER_SIDE, POSTER_QUALITY = 960, 80
PLACES, POSTER = (0.0, 0.1, 1.0), 1
"""Where in a film pictures are decoded, and which of them the poster is drawn from."""
ERRORS = (av.error.FFmpegError, ValueError, OSError, MemoryError, ArithmeticError)

Image.preinit()


def main() -> None:
    """Open, look, decode some key pictures, answer."""
    os.write(ANSWER_TO, ANSWER.pack(*(answer[name] for answer in (look(),) for name, _ in FIELDS)))


def look() -> dict[str, int]:
    """Everything that the answer holds."""
    answer = dict.fromkeys((name for name, _ in FIELDS), 0)
    try:
        container = av.open(os.fdopen(FILE, "rb", closefd=False), "r", options=OPTIONS)
    except ERRORS:
        return answer | {"status": NOT_OPENED}
    films, sounds = container.streams.video, container.streams.audio
    answer |= {
        "films": len(films),
        "sounds": len(sounds),
        "others": len(container.streams) - len(films) - len(sounds),
        "claimed_ms": (container.duration or 0) // 1000,
        "tags": count_tags(container),
    }
    try:
        if sounds:
            answer |= about_sound(sounds[0])
        if films:
            answer |= about_film(container, films[0])
    except ERRORS:
        answer["status"] = BROKEN
    return answer


def count_tags(container: av.container.InputContainer) -> int:
    """Everything that is written about the content, apart from the container's constants; and chapters."""
    tags = list(container.metadata.items())
    for stream in container.streams:
        tags.extend(stream.metadata.items())
    return sum(tag not in CONSTANT_TAGS for tag in tags) + len(container.chapters())


def about_sound(sound: av.AudioStream) -> dict[str, int]:
    """Codec, channels and rate."""
    context = sound.codec_context
    return {"aac": context.name == "aac", "channels": context.channels, "sample_rate": context.sample_rate}


def about_film(container: av.container.InputContainer, film: av.VideoStream) -> dict[str, int]:
    """Codec, size, turn, how many of three key pictures decode, and the poster."""
    context = film.codec_context
    context.skip_frame = "NONKEY"
    length = film.duration or 0
    seen = [each for place in PLACES if (each := key_picture(container, film, round(length * place)))]
    chosen = seen[POSTER] if len(seen) == len(PLACES) else None
    return {
        "h264_high": context.name == "h264" and context.profile == "High" and context.pix_fmt == "yuv420p",
        "width": context.width,
        "height": context.height,
        "turn": max((abs(round(each.rotation)) for each in seen), default=0),
        "pictures": len(seen),
        "poster_bytes": draw(chosen) if chosen else 0,
    }


def key_picture(
    container: av.container.InputContainer, film: av.VideoStream, place: int
) -> av.VideoFrame | None:
    """The last one that can be shown by itself until `place`, in the film's own ticks."""
    container.seek(place, stream=film)
    return next(container.decode(film), None)


def draw(frame: av.VideoFrame) -> int:
    """Write the poster and answer its length."""
    picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    picture.thumbnail((POSTER_SIDE, POSTER_SIDE))
    with os.fdopen(POSTER_TO, "wb", closefd=False) as poster:
        picture.save(poster, "JPEG", quality=POSTER_QUALITY, optimize=False)
        return poster.tell()
