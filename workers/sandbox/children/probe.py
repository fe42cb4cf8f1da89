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
    ("primaries", "H"),
    ("transfer", "H"),
    ("matrix", "H"),
    ("interlaced", "B"),
    ("claimed_ms", "Q"),
    ("claim_exact", "B"),
    ("complete", "B"),
    ("film_decodes", "B"),
    ("sound_decodes", "B"),
)
ANSWER = struct.Struct("<" + "".join(code for _, code in FIELDS))

OPENED, NOT_OPENED, TOO_MANY_STREAMS = 0, 1, 2
LONGEST_TIME = 1 << 40
OPTIONS = {
    "protocol_whitelist": "none",
    "format_whitelist": "mov,matroska,webm,avi,mpegts,mpeg,asf,flv,wav,w64,mp3,aac,ogg,flac,amr,aiff,caf",
    "max_streams": "1000",
    "max_pixels": str(1 << 28),  # enough to learn the size of a picture that is too large to be taken
}
ESTIMATING = {"mp3", "aac", "amr", "mpegts", "mpeg"}
"""Formats that do not say how long they last; FFmpeg guesses it from the first seconds."""
LATE = 100_000
"""Microseconds."""
MOST_BOXES = 1 << 20
FILM_BOXES = {b"mdat", b"moov", b"moof"}
SEGMENT = b"\x18\x53\x80\x67"
SLACK = 512
"""Recorders write sizes that are wrong by a header or so."""
STREAMED = {0, 0xFFFFFFFF}
COVER_PICTURE = 0x0400  # AV_DISPOSITION_ATTACHED_PIC: the picture of a record sleeve is no film
ERRORS = (av.error.FFmpegError, ValueError, OSError, MemoryError, ArithmeticError, AttributeError)
"""AttributeError: a stream of an unknown kind has no codec to ask."""


def main(most_pixels: int, most_streams: int) -> None:
    """Open, look, decode the first picture and sound, answer."""
    os.write(
        ANSWER_TO,
        ANSWER.pack(*(answer[name] for answer in (look(most_pixels, most_streams),) for name, _ in FIELDS)),
    )


def look(most_pixels: int, most_streams: int) -> dict[str, int]:
    """Everything that the answer holds."""
    answer = dict.fromkeys((name for name, _ in FIELDS), 0)
    try:
        container = av.open(os.fdopen(FILE, "rb", closefd=False), "r", options=OPTIONS)
    except ERRORS:
        return answer | {"status": NOT_OPENED}
    if len(container.streams) > most_streams:
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
        "claim_exact": is_exact(container),
        "complete": is_complete(container.format.name),
    }
    if sounds:
        answer |= about_sound(container, sounds[0])
    if films:
        container.seek(0)
        answer |= about_film(container, films[0], most_pixels)
    return answer


def is_exact(container: av.container.InputContainer) -> bool:
    """Whether the length is that of what can be seen and heard.

    Matroska whose clock begins late counts from its beginning or from 0, whoever wrote it.
    """
    late = container.format.name.startswith("matroska") and (container.start_time or 0) > LATE
    return container.format.name not in ESTIMATING and not late


def is_complete(form: str) -> bool:
    """Whether the file is as long as its own outermost box says. What decodes may still have been cut off."""
    size = os.fstat(FILE).st_size
    if form.startswith("mov"):
        return boxes_fit(size)
    start = os.pread(FILE, 128, 0)
    if form.startswith("matroska") and SEGMENT in start:
        return segment_fits(start, start.index(SEGMENT) + len(SEGMENT), size)
    if form in {"wav", "avi", "aiff"} and start[:4] in {b"RIFF", b"FORM"}:
        written = int.from_bytes(start[4:8], "little" if start[:4] == b"RIFF" else "big")
        return written in STREAMED or written + 8 <= size + SLACK
    return True


def boxes_fit(size: int) -> bool:
    """MP4 and its family: no box of a film reaches over the end."""
    place = 0
    for _ in range(MOST_BOXES):
        header = os.pread(FILE, 16, place)
        if len(header) < 8:
            return True
        length, kind = int.from_bytes(header[:4], "big"), header[4:8]
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if kind in FILM_BOXES and place + length > size:
            return False
        if length < 8:  # "to the end of the file", or no box at all
            return True
        place += length
    return False


def segment_fits(start: bytes, place: int, size: int) -> bool:
    """Matroska and WebM: the length of the one segment; all ones where it was written as it came."""
    width = 9 - start[place].bit_length()
    if not 1 <= width <= 8:
        return False
    length = int.from_bytes(start[place : place + width], "big") & ((1 << 7 * width) - 1)
    return length == (1 << 7 * width) - 1 or place + width + length <= size


def about_sound(container: av.container.InputContainer, sound: av.AudioStream) -> dict[str, int]:
    """Whether the first sound decodes, and its channels."""
    answer = {"sound_index": sound.index}
    with contextlib.suppress(*ERRORS):
        answer["channels"] = sound.codec_context.channels
        for frame in container.decode(sound):
            return answer | {"channels": frame.layout.nb_channels, "sound_decodes": 1}
    return answer


def about_film(
    container: av.container.InputContainer, film: av.VideoStream, most_pixels: int
) -> dict[str, int]:
    """Size, rate, shape of a pixel, and the turn and colours, which decoding the first picture reveals."""
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
        film.codec_context.options = {"max_pixels": str(most_pixels)}
        for frame in container.decode(film):
            size = {"width": frame.width, "height": frame.height, "turn": round(frame.rotation)}
            found = {"interlaced": frame.interlaced_frame, "film_decodes": 1}
            return answer | size | colours(frame) | found
    return answer


def colours(frame: av.VideoFrame) -> dict[str, int]:
    """Primaries, transfer and matrix, by their numbers in ITU-T H.273."""
    said = {"primaries": frame.color_primaries, "transfer": frame.color_trc, "matrix": frame.colorspace}
    return {name: int(value or 0) for name, value in said.items()}
