"""Child: hears a recording to its end and says how loud it is, after EBU R128 (ITU-R BS.1770).

Descriptors: 3 the file, 4 the answer. Numbers: which stream, one channel or two, the most seconds to hear;
then, in milliseconds, beginning and end of each stretch that nobody will hear, which does not count. A child
imports nothing of ours: the layout of the answer is written again in `workers/media/answers.py`, and a test
compares the two.
"""

import bisect
import contextlib
import itertools
import math
import os
import struct
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import av
import av.error
import av.filter
import av.subtitles.codeccontext
import av.subtitles.stream
import av.subtitles.subtitle

FILE, ANSWER_TO = 3, 4
FIELDS = (("status", "B"), ("loudness", "i"), ("peak", "i"))
"""Loudness in hundredths of a LUFS, true peak in hundredths of a dBTP."""
ANSWER = struct.Struct("<" + "".join(code for _, code in FIELDS))

HEARD, BROKEN = 0, 1
RATE = 48_000
HUNDREDTHS = 100
SILENCE = -7000
"""Where nothing passes the gate of −70 LUFS; also the least that a peak is said to be."""
OPTIONS = {
    "protocol_whitelist": "none",
    "format_whitelist": "mov,matroska,webm,avi,mpegts,mpeg,asf,flv,wav,w64,mp3,aac,ogg,flac,amr,aiff,caf",
    "max_streams": "1000",
}
ERRORS = (av.error.FFmpegError, ValueError, OSError, MemoryError, ArithmeticError, AttributeError)


def main(stream: int, channels: int, seconds: int, *unheard: int) -> None:
    """Hear, answer."""
    answer = (BROKEN, SILENCE, SILENCE)
    with contextlib.suppress(*ERRORS):
        container = av.open(os.fdopen(FILE, "rb", closefd=False), "r", options=OPTIONS)
        layout = "mono" if channels == 1 else "stereo"
        heard = resampled(counting(decoded(container, stream), unheard, container.start_time), layout)
        answer = (HEARD, *hear(ahead(heard), layout, seconds))
    os.write(ANSWER_TO, ANSWER.pack(*answer))


def decoded(container: av.container.InputContainer, stream: int) -> Iterator[av.AudioFrame]:
    """Every piece that can be decoded: whether the rest is damage is decided where it is made anew."""
    sound = next(each for each in container.streams.audio if each.index == stream)
    for other in container.streams:
        if other.index != stream:
            other.discard = av.stream.Discard.all  # so that a film's pictures need not be read
    for packet in container.demux(sound):
        with contextlib.suppress(*ERRORS):
            yield from packet.decode()


def counting(
    frames: Iterator[av.AudioFrame], unheard: Sequence[int], start: int | None
) -> Iterator[av.AudioFrame]:
    """Without those that lie in a stretch that nobody will hear; `start` is the file's, in microseconds."""
    begins, ends = unheard[::2], unheard[1::2]
    for frame in frames:
        if begins and frame.time is not None:
            at = frame.time * 1000 - (start or 0) / 1000
            place = bisect.bisect_right(begins, at) - 1
            if place >= 0 and at + frame.samples * 1000 / frame.sample_rate <= ends[place]:
                continue
        yield frame


def resampled(frames: Iterator[av.AudioFrame], layout: str) -> Iterator[av.AudioFrame]:
    """As it will be made: 48 kHz, one channel or two, a second each. Its form may change on the way."""
    form, resampler = None, av.AudioResampler()
    for frame in frames:
        now = (frame.sample_rate, frame.layout.name, frame.format.name)
        if now != form:
            yield from resampler.resample(None)
            form, resampler = now, av.AudioResampler("fltp", layout, RATE, frame_size=RATE)
        frame.pts = None
        yield from resampler.resample(frame)
    yield from resampler.resample(None)


def ahead(pieces: Iterator[av.AudioFrame]) -> Iterator[av.AudioFrame]:
    """The same. While one is heard, another thread makes the next."""
    with ThreadPoolExecutor(1) as other:
        following = other.submit(next, pieces, None)
        while (piece := following.result()) is not None:
            following = other.submit(next, pieces, None)
            yield piece


def hear(frames: Iterator[av.AudioFrame], layout: str, seconds: int) -> tuple[int, int]:
    """Integrated loudness and true peak."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="fltp", layout=layout)
    meter = graph.add("ebur128", "metadata=1:peak=true:framelog=quiet")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    loudness, peak, heard = SILENCE, SILENCE, 0
    for frame in itertools.chain(frames, [silence(layout)]):
        frame.pts = heard
        heard += frame.samples
        graph.push(frame)
        for said in pulled(graph):
            loudness, peak = read(said, loudness, peak)
        if heard > seconds * RATE:
            break
    graph.push(None)
    for said in pulled(graph):
        loudness, peak = read(said, loudness, peak)
    return loudness, peak


def silence(layout: str) -> av.AudioFrame:
    """A tenth of a second, which the meter needs to say anything of the last piece."""
    frame = av.AudioFrame("fltp", layout, RATE // 10)
    frame.sample_rate = RATE
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame


def pulled(graph: av.filter.Graph) -> Iterator[dict[str, str]]:
    """What the meter says, every tenth of a second, of all that it has heard until then."""
    with contextlib.suppress(av.error.BlockingIOError, av.error.EOFError):
        while True:
            yield graph.pull().metadata


def read(said: dict[str, str], loudness: int, peak: int) -> tuple[int, int]:
    """The latest loudness, and the loudest peak of any channel (which the meter says as a share of full).

    What is left over at the end, less than a tenth of a second, is said without either.
    """
    share = float(said.get("lavfi.r128.true_peak", 0))
    if share > 0:
        peak = max(peak, round(20 * math.log10(share) * HUNDREDTHS))
    if "lavfi.r128.I" in said:
        loudness = max(SILENCE, round(float(said["lavfi.r128.I"]) * HUNDREDTHS))
    return loudness, peak
