"""Child: says what a sound or film file holds, in numbers only.

Descriptors: 3 the file, 4 the answer. A child imports nothing of ours: the layout of the answer is written
again in `workers/media/answers.py`, and a test compares the two.
"""

import contextlib
import os
import struct

import av
import av.error
import av.subtitles.codeccontext
import av.subtitles.stream
import av.subtitles.subtitle

FILE, ANSWER_TO = 3, 4
FIELDS = (
    ("status", "B"),
    ("films", "H"),
    ("sounds", "H"),
    ("others", "H"),
    ("film_index", "H"),
    ("sound_index", "H"),
    ("channels", "H"),
    ("width", "I"),
    ("height", "I"),
    ("turn", "i"),
    ("shape_numerator", "I"),
    ("shape_denominator", "I"),
    ("rate_numerator", "I"),
    ("rate_denominator", "I"),
    ("claimed_ms", "Q"),
    ("film_decodes", "B"),
    ("sound_decodes", "B"),
)
ANSWER = struct.Struct("<" + "".join(code for _, code in FIELDS))

OPENED, NOT_OPENED, TOO_MANY_STREAMS = 0, 1, 2
MOST_STREAMS = 16
LONGEST_TIME = 1 << 40
OPTIONS = {
    "protocol_whitelist": "none",
    "format_whitelist": "mov,matroska,webm,avi,mpegts,mpeg,asf,flv,wav,w64,mp3,aac,ogg,flac,amr,aiff,caf",
    "max_streams": str(MOST_STREAMS),
    "max_pixels": str(64_000_000),
}
COVER_PICTURE = 0x0400  # AV_DISPOSITION_ATTACHED_PIC: the picture of a record sleeve is no film
ERRORS = (av.error.FFmpegError, ValueError, OSError, MemoryError, ArithmeticError, AttributeError)
"""AttributeError: a stream of an unknown kind has no codec to ask."""


def main() -> None:
    """Open, look, decode the first picture and sound, answer."""
    os.write(ANSWER_TO, ANSWER.pack(*(answer[name] for answer in (look(),) for name, _ in FIELDS)))


def look() -> dict[str, int]:
    """Everything that the answer holds."""
    answer = dict.fromkeys((name for name, _ in FIELDS), 0)
    try:
        container = av.open(os.fdopen(FILE, "rb", closefd=False), "r", options=OPTIONS)
    except ERRORS:
        return answer | {"status": NOT_OPENED}
    if len(container.streams) > MOST_STREAMS:
        return answer | {"status": TOO_MANY_STREAMS}
    films = [stream for stream in container.streams.video if not int(stream.disposition) & COVER_PICTURE]
    sounds = list(container.streams.audio)
    claimed = container.duration or 0
    answer |= {
        "status": OPENED,
        "films": len(films),
        "sounds": len(sounds),
        "others": len(container.streams) - len(films) - len(sounds),
        "claimed_ms": claimed // 1000 if 0 < claimed < LONGEST_TIME else 0,
    }
    if sounds:
        answer |= about_sound(container, sounds[0])
    if films:
        container.seek(0)
        answer |= about_film(container, films[0])
    return answer


def about_sound(container: av.container.InputContainer, sound: av.AudioStream) -> dict[str, int]:
    """Whether the first sound decodes, and its channels."""
    answer = {"sound_index": sound.index}
    with contextlib.suppress(*ERRORS):
        answer["channels"] = sound.codec_context.channels
        for frame in container.decode(sound):
            return answer | {"channels": frame.layout.nb_channels, "sound_decodes": 1}
    return answer


def about_film(container: av.container.InputContainer, film: av.VideoStream) -> dict[str, int]:
    """Size, rate, shape of a pixel, and the turn, which decoding the first picture reveals."""
    answer = {"film_index": film.index}
    with contextlib.suppress(*ERRORS):
        rate = film.average_rate or film.guessed_rate
        shape = film.sample_aspect_ratio
        answer |= {
            "width": film.codec_context.width,
            "height": film.codec_context.height,
            "rate_numerator": rate.numerator if rate else 0,
            "rate_denominator": rate.denominator if rate else 0,
            "shape_numerator": shape.numerator if shape else 0,
            "shape_denominator": shape.denominator if shape else 0,
        }
        film.codec_context.options = {"max_pixels": OPTIONS["max_pixels"]}
        for frame in container.decode(film):
            size = {"width": frame.width, "height": frame.height, "turn": round(frame.rotation)}
            return answer | size | {"film_decodes": 1}
    return answer
