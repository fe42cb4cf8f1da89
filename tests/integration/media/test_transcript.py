"""What is said in a recording is written down in the sandbox, in numbers, at the times when it is said."""

import ast
import struct
from pathlib import Path

import pytest

from relay.exchange.edits import Edits, Stretch
from relay.exchange.transcripts import Transcript
from tests.support import media, spoken
from tests.support.media import Whole
from workers.media import tools, transcript
from workers.media.clean import clean
from workers.media.model import Kind, Limits, MediaRefused
from workers.media.room import Room
from workers.media.transcript import FILES, transcribe
from workers.sandbox.bubble import strongest

CHILD = Path(transcript.__file__).parents[1] / "sandbox" / "children" / "transcribe.py"
VOCABULARY = {1: b"Gr\xc3", 2: b"\xbc\xc3\x9fe", 3: b" you", 4: b"\x1b[2J\xe2\x80\xae", 5: b"\xff"}


def heard(original: Path, kind: Kind = Kind.AUDIO, edits: Edits = Edits()) -> Transcript:  # noqa: B008 - frozen
    model, sandbox = spoken.model(), strongest()
    room = Room(sandbox, tools.find(), Limits(), lambda _: None, lambda: False)
    with clean(kind, Whole(original.read_bytes()), edits=edits, sandbox=sandbox) as made:
        return transcribe(made, room, model)


def text(found: Transcript) -> str:
    return " ".join(word.text.lower().strip(".,") for word in found.words)


def test_words_are_found_when_they_are_said(tmp_path: Path) -> None:
    said = spoken.speech(
        tmp_path / "said.wav", (1.0, "Front_Center"), (5.0, "Side_Left"), (9.0, "Front_Left")
    )
    found = heard(said)
    assert [word for word in ("front", "center", "side", "left") if word not in text(found)] == []
    (center,) = (word for word in found.words if word.text.lower().startswith("center"))
    assert 500 <= center.start_ms <= center.end_ms <= 4_000, "the small model is out by two seconds at times"
    last = found.words[-1]
    assert last.text.lower().startswith("left")
    assert 8_000 <= last.start_ms <= last.end_ms <= 12_000


def test_what_is_hidden_is_not_written_down(tmp_path: Path) -> None:
    said = spoken.speech(tmp_path / "said.wav", (1.0, "Front_Center"), (5.0, "Side_Left"))
    hidden = Edits(stretches=(Stretch(start_ms=4_900, end_ms=7_000, how="bleep"),))
    assert "left" in text(heard(said))
    assert "left" not in text(heard(said, edits=hidden))


@pytest.mark.slow
def test_a_long_recording_is_heard_in_pieces_and_its_times_go_on(tmp_path: Path) -> None:
    """Longer than what the child hears at once, with words around where one piece ends."""
    said = tuple((float(second), "Front_Center") for second in (2, 270, 296, 299, 303, 330))
    words = heard(spoken.speech(tmp_path / "said.wav", *said)).words
    centers = [word.start_ms / 1000 for word in words if word.text.lower().startswith("center")]
    for second, _ in said:
        assert any(second - 1 < start < second + 3 for start in centers), (second, centers)


def test_in_silence_nobody_says_anything(tmp_path: Path) -> None:
    film = media.film(tmp_path, "silent.mp4", 3, "-af", "volume=-70dB")
    assert heard(film, Kind.VIDEO).words == ()


def answer(*words: tuple[int, int, int, tuple[int, ...]]) -> bytes:
    packed = b""
    for start, end, sure, tokens in words:
        packed += struct.pack(f"<IIBB{len(tokens)}I", start, end, sure, len(tokens), *tokens)
    return packed


def test_tokens_become_words_and_nothing_that_nobody_can_see() -> None:
    found = [
        *transcript._words(
            answer((0, 9, 50, (1, 2)), (9, 12, 100, (3,)), (12, 13, 1, (4, 3))), VOCABULARY, 10_000
        )
    ]
    assert [word.text for word in found] == ["Grüße", "you", "[2J you"]


@pytest.mark.parametrize(
    "wrong",
    [
        answer((0, 9, 50, (6,))),
        answer((9, 8, 50, (3,))),
        answer((9, 9, 50, (3,)), (8, 9, 50, (3,))),
        answer((0, 9, 101, (3,))),
        answer((0, 9, 50, (3,)))[:-1],
        answer((0, 9, 50, (3,))) + b"\0",
        struct.pack("<IIBB", 0, 1, 1, 255),
        answer((80_000, 80_001, 50, (3,))),
        answer(*[(1, 2, 50, (3,))] * 300),
    ],
)
def test_what_no_child_of_ours_says_is_refused(wrong: bytes) -> None:
    with pytest.raises(MediaRefused):
        list(transcript._words(wrong, VOCABULARY, 10_000))


def test_both_sides_read_the_same_layout() -> None:
    names = {"FILES", "WORD", "TOKEN"}
    written = {
        statement.targets[0].id: statement.value
        for statement in ast.parse(CHILD.read_text()).body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }
    found = {name: eval(ast.unparse(written[name]), {"struct": struct}) for name in names}  # noqa: S307 - ours
    assert found["FILES"] == FILES
    assert (found["WORD"].format, found["TOKEN"].format) == (
        transcript._WORD.format,
        transcript._TOKEN.format,
    )
