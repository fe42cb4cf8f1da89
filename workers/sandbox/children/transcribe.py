"""Child: writes down what is said in plain sound, word by word, in numbers of the model's own vocabulary.

Descriptors: 3 the sound (16 kHz, one channel, 16 bits), then those of `FILES` that the model has, then the
answer. Numbers: how many threads, then one for each of `FILES`: 1 if it was given. A child imports nothing of
ours: the layout of the answer is written again in `workers/media/transcript.py`, and a test compares the
two.

What hears is a network of fixed size: memory is what five minutes need, whatever the length.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # the walls are built around one thread; more may follow then

import io
import struct
from collections.abc import Iterator

import faster_whisper
import numpy as np
import numpy.fft
import numpy.ma  # both are looked for only when they are first used, and by then no file can be opened
from numpy.typing import NDArray

SOUND, FIRST_FILE = 3, 4
FILES = (
    *("config.json", "model.bin", "tokenizer.json", "preprocessor_config.json"),
    *("vocabulary.json", "vocabulary.txt"),
)
WORD = struct.Struct("<IIBB")
"""Beginning and end in milliseconds, how sure in percent, how many tokens follow."""
TOKEN = struct.Struct("<I")
MOST_TOKENS = 255

RATE = 16_000
PIECE = 300 * RATE
"""Samples that are heard at once."""
PAUSE = 20 * RATE
"""The end of a piece in which a pause is looked for, so that no word is cut in two."""
STEP = RATE // 5
LOUDEST = 32_768


def main(threads: int, *given: int) -> None:
    """Hear, answer."""
    names = [name for name, there in zip(FILES, given, strict=True) if there]
    files = {name: _read(FIRST_FILE + place) for place, name in enumerate(names)}
    model = faster_whisper.WhisperModel(
        "model", device="cpu", compute_type="int8", cpu_threads=threads, files=files
    )
    with os.fdopen(FIRST_FILE + len(names), "wb", closefd=False) as answer:
        for heard, samples in pieces(os.fdopen(SOUND, "rb", closefd=False)):
            for word in words(model, samples):
                answer.write(packed(model, word, heard))


def _read(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return file.read()


def pieces(sound: io.BufferedReader) -> Iterator[tuple[int, NDArray[np.int16]]]:
    """Yield each piece and how many samples came before it."""
    heard, rest = 0, b""
    while True:
        came = sound.read(2 * PIECE - len(rest))
        samples = np.frombuffer((rest + came)[: (len(rest) + len(came)) // 2 * 2], "<i2")
        if len(samples) < PIECE:
            if len(samples):
                yield heard, samples
            return
        end = quietest(samples)
        yield heard, samples[:end]
        heard, rest = heard + end, samples[end:].tobytes()


def quietest(samples: NDArray[np.int16]) -> int:
    """The middle of the quietest fifth of a second near the end."""
    last = np.abs(samples[-PAUSE:].astype(np.int32)).reshape(-1, STEP).sum(axis=1)
    return int(len(samples) - PAUSE + np.argmin(last) * STEP + STEP // 2)


def words(
    model: faster_whisper.WhisperModel, samples: NDArray[np.int16]
) -> Iterator[faster_whisper.transcribe.Word]:
    """Every word of a piece. What came before does not steer it: a mistake would be repeated for ever."""
    segments, _ = model.transcribe(
        samples.astype(np.float32) / LOUDEST,
        word_timestamps=True,
        condition_on_previous_text=False,
        beam_size=1,
    )
    for segment in segments:
        yield from segment.words or ()


def packed(model: faster_whisper.WhisperModel, word: faster_whisper.transcribe.Word, heard: int) -> bytes:
    """One word of the answer."""
    tokens = model.hf_tokenizer.encode(word.word, add_special_tokens=False).ids[:MOST_TOKENS]
    start, end = (int(heard * 1000 / RATE + 1000 * each) for each in (word.start, word.end))
    sure = min(100, max(0, round(100 * word.probability)))
    return WORD.pack(start, max(start, end), sure, len(tokens)) + b"".join(map(TOKEN.pack, tokens))
