"""A transcript: what a machine heard in a recording. A draft for the reviewer, never a record."""

import msgspec

from relay.errors import VaultRefused

TRANSCRIPT_TYPE = "application/json"


class Word(msgspec.Struct, frozen=True, array_like=True):
    """One word, when it is said (milliseconds of the recording), and how sure the machine is (percent)."""

    start_ms: int
    end_ms: int
    sure: int
    text: str


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """All words in their order."""

    words: tuple[Word, ...]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Words that belong together, as a reader wants them."""

    start_ms: int
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words with spaces between."""
        return " ".join(word.text for word in self.words)


def encode(transcript: Transcript) -> bytes:
    """The bytes that are sealed."""
    return msgspec.json.encode(transcript)


def decode(written: bytes) -> Transcript:
    """Read what `encode` wrote."""
    try:
        return msgspec.json.decode(written, type=Transcript)
    except msgspec.DecodeError as error:
        raise VaultRefused from error


_LONGEST_LINE_MS = 12_000
_PAUSE_MS = 1_200
_ENDS = (".", "?", "!", "…", "。", "\u061f", "\u06d4")


def lines(transcript: Transcript) -> list[Line]:
    """Break it after sentences, pauses, and whatever gets too long."""
    found: list[list[Word]] = []
    for word in transcript.words:
        if found and not _breaks(found[-1], word):
            found[-1].append(word)
        else:
            found.append([word])
    return [Line(start_ms=words[0].start_ms, words=tuple(words)) for words in found]


def _breaks(line: list[Word], word: Word) -> bool:
    ended = line[-1].text.endswith(_ENDS)
    paused = word.start_ms - line[-1].end_ms > _PAUSE_MS
    return ended or paused or word.end_ms - line[0].start_ms > _LONGEST_LINE_MS
