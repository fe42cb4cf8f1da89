"""What is said in a clean recording, written down by a model of the operator's own choice.

Two sandboxed children: ffmpeg makes plain sound of the clean file, the second hears it. It answers in numbers
of the model's vocabulary, which the parent reads from the model itself; a word that is none ends it all.
"""

import json
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import ffmpeg

from relay.errors import Unavailable
from relay.exchange import letters
from relay.exchange.transcripts import Transcript, Word
from workers.media import arguments
from workers.media.model import Clean, MediaRefused, Reason, Role
from workers.media.room import Room
from workers.sandbox import memory
from workers.sandbox.pipe import Pipe
from workers.sandbox.runner import Child, Ffmpeg, Task
from workers.sandbox.window import Window

FILES = (
    *("config.json", "model.bin", "tokenizer.json", "preprocessor_config.json"),
    *("vocabulary.json", "vocabulary.txt"),
)
_WORD, _TOKEN = struct.Struct("<IIBB"), struct.Struct("<I")
_RATE = 16_000
_WORDS_A_SECOND, _MOST_WORDS = 10, 100
"""Nobody speaks faster, in the long run; what is very short may hold a few more."""
_LATE_MS = 60_000
"""A model hears in pieces of half a minute, and may put a word after the end."""
_MOST = 32 << 20
"""Bytes of an answer: more words than anybody says in hours."""


@dataclass(frozen=True)
class Model:
    """A folder with a model as faster-whisper takes it."""

    folder: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """Those that are there, in the order of `FILES`."""
        return tuple(self.folder / name for name in FILES if (self.folder / name).exists())

    @property
    def size(self) -> int:
        """Bytes of all of them."""
        return sum(path.stat().st_size for path in self.files)

    @cached_property
    def vocabulary(self) -> Mapping[int, bytes]:
        """What each number stands for. The model's own file, which is not hostile."""
        described = json.loads((self.folder / "tokenizer.json").read_text())
        alphabet = _alphabet()
        return {
            number: bytes(alphabet[letter] for letter in written)
            for written, number in described["model"]["vocab"].items()
            if all(letter in alphabet for letter in written)
        }

    def check(self) -> None:
        """Raise `Unavailable` with what to do where what runs a model is not installed."""
        if find_spec("faster_whisper") is None:
            raise Unavailable(
                "transcription_model is set, and faster-whisper is not installed. Install relay[transcribe]"
                " (requirements/transcribe.txt), or take the setting out."
            )


def _alphabet() -> dict[str, int]:
    """How GPT-2's tokenizers write bytes as letters: what can be seen as it is, the rest from U+0100 on."""
    seen = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    unseen = [byte for byte in range(256) if byte not in seen]
    return {chr(byte): byte for byte in seen} | {chr(256 + n): byte for n, byte in enumerate(unseen)}


def transcribe(made: Clean, room: Room, model: Model) -> Transcript:
    """Write down what is said in a clean recording. Blocks. Raises `MediaRefused` or `Cancelled`."""
    seconds = room.seconds(made.facts.duration_ms)
    with ExitStack() as held:
        result = held.enter_context(closing(Window(made.files[Role.CLEAN])))
        files = [held.enter_context(path.open("rb")).fileno() for path in model.files]
        said = memory.held(held, "words")
        sound = held.enter_context(Pipe())
        caps = room.caps(seconds, _MOST)
        there = [int((model.folder / name).exists()) for name in FILES]
        hear = Child("transcribe", (os.cpu_count() or 1, *there), makes_code=True)
        decoder = Task(_plain_sound(room), (result,), (sound.writing,), caps)
        listener = Task(hear, (sound.reading, *files), (said,), caps)
        children = room.start(held, decoder, listener)
        sound.close(sound.writing)
        sound.close(sound.reading)
        endings = room.follow(children, seconds)
        if not all(ending.good for ending in endings):
            raise MediaRefused(Reason.NOT_VERIFIED)
        memory.seal(said)
        untrusted_words = memory.part(said, 0, _MOST)
    length = made.facts.duration_ms
    return Transcript(words=tuple(_words(untrusted_words, model.vocabulary, length)))


def _plain_sound(room: Room) -> Ffmpeg:
    name, options = room.tools.source(arguments.READ)
    heard = ffmpeg.input(name, **options, format_whitelist="mov", codec_whitelist="aac")["a:0"]
    form = {"f": "s16le", "ac": 1, "ar": _RATE}
    made = ffmpeg.output(heard, f"pipe:{arguments.WRITE}", **form)
    words = ffmpeg.compile(made.global_args(*arguments.QUIET), overwrite_output=True)[1:]
    return Ffmpeg(room.tools.ffmpeg, tuple(words))


def _words(untrusted_answer: bytes, vocabulary: Mapping[int, bytes], length_ms: int) -> Iterator[Word]:
    """Read the child's answer; `MediaRefused` where it is not what a child of ours can say of this length."""
    place, before, left = 0, 0, _MOST_WORDS + length_ms * _WORDS_A_SECOND // 1000
    try:
        while place < len(untrusted_answer):
            left -= 1
            start, end, sure, count = _WORD.unpack_from(untrusted_answer, place)
            place += _WORD.size
            numbers = struct.unpack_from(f"<{count}I", untrusted_answer, place)
            place += count * _TOKEN.size
            if not before <= start <= end <= length_ms + _LATE_MS or sure > 100 or left < 0:
                raise MediaRefused(Reason.NOT_VERIFIED)
            before = start
            text = _visible(b"".join(vocabulary[number] for number in numbers))
            if text:
                yield Word(start, end, sure, text)
    except (struct.error, KeyError) as error:
        raise MediaRefused(Reason.NOT_VERIFIED) from error


def _visible(written: bytes) -> str:
    """A word as a letter may hold it: without what nobody can see, in one line."""
    text = "".join(letter for letter in written.decode(errors="replace") if letter.isprintable())
    return letters.visible(text).strip()
