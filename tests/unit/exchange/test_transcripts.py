"""Transcripts: what is sealed is what is read, and lines break where a reader wants them."""

import pytest

from relay.errors import VaultRefused
from relay.exchange.transcripts import Transcript, Word, decode, encode, lines


def said(*words: tuple[int, str]) -> Transcript:
    return Transcript(words=tuple(Word(start, start + 300, 90, text) for start, text in words))


def test_what_is_sealed_is_what_is_read() -> None:
    transcript = said((0, "Grüße,"), (400, "زینب"))
    assert decode(encode(transcript)) == transcript


@pytest.mark.parametrize("written", [b"", b"{}", b'{"words":[[1,2]]}', b"\xff"])
def test_what_is_no_transcript_is_refused(written: bytes) -> None:
    with pytest.raises(VaultRefused):
        decode(written)


def test_lines_break_after_sentences_and_pauses_and_when_they_get_long() -> None:
    found = lines(said((0, "I"), (400, "know."), (800, "You"), (4_000, "said"), (4_400, "so")))
    assert [(line.start_ms, line.text) for line in found] == [
        (0, "I know."),
        (800, "You"),
        (4_000, "said so"),
    ]
    assert lines(said()) == []
    endless = said(*((second * 1000, "and") for second in range(60)))
    assert max(len(line.words) for line in lines(endless)) <= 13
