"""What `python -m workers clean` refuses before any work, and in which words."""

from pathlib import Path

import pytest

from workers.media import byhand

SOUND = b"RIFF\x24\0\0\0WAVEfmt "
FILM = b"\0\0\0\x18ftypisom"
PAGE = b"\xff\xd8\xff\xe0\0\x10JFIF"


class Hand:
    """Runs it in a folder, on files that only begin like what they are named, so that no work is done."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capture = folder, capture
        for name, content in {"voice.wav": SOUND, "film.mov": FILM, "page.jpg": PAGE}.items():
            (folder / name).write_bytes(content)

    def __call__(self, *words: str, code: int = 2) -> str:
        """Return what was said. No file is touched, and the exit code is this one."""
        before = {path: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}
        self.capture.readouterr()
        assert byhand.main(words) == code
        assert {path: path.read_bytes() for path in self.folder.iterdir() if path.is_file()} == before
        return self.capture.readouterr().err


@pytest.fixture
def by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Hand:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RELAY_FACES_MODEL", raising=False)
    return Hand(tmp_path, capsys)


@pytest.mark.parametrize(
    ("original", "name", "ending"),
    [
        ("voice.wav", "safe.mp3", ".m4a"),
        ("voice.wav", "safe.mp4", ".m4a"),
        ("film.mov", "safe.mov", ".mp4"),
        ("film.mov", "safe.v2", ".mp4"),
        ("page.jpg", "safe.jpg", ".pdf"),
    ],
)
def test_a_name_that_would_lie_is_refused_with_the_ending_to_give(
    original: str, name: str, ending: str, by_hand: Hand
) -> None:
    said = by_hand(original, name)
    assert f"{name} would be misnamed. Please give it a name that ends in {ending}.\n" in said


def test_a_letter_is_text_and_has_not_to_be_made_safe(by_hand: Hand, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear you\n")
    said = by_hand("letter.txt", "l.txt")
    assert "letter.txt is text, as a letter is, and has not to be made safe. Sound becomes .m4a, " in said
    assert "film becomes MP4" not in said


def test_which_kinds_there_are_is_said_of_a_file_that_could_be_anything(
    by_hand: Hand, tmp_path: Path
) -> None:
    (tmp_path / "notes.odt").write_bytes(b"?")
    said = by_hand("notes.odt", "safe.odt")
    assert "Nothing tells what notes.odt is. Sound becomes .m4a, a film .mp4, pages (a PDF or " in said
    assert "--kind" in said


def test_a_poster_is_named_as_the_jpeg_that_it_is(by_hand: Hand) -> None:
    said = by_hand("film.mov", "safe.mp4", "--poster", "poster.png")
    assert "poster.png would be misnamed. Please give it a name that ends in .jpg.\n" in said


@pytest.mark.parametrize("name", ["safe", "SAFE.PDF"])
def test_no_ending_and_capitals_are_fine(name: str, by_hand: Hand, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    said = by_hand("empty.jpg", name, "--kind", "document", code=1)
    assert "Refused: This file is empty." in said


def test_a_file_that_could_be_anything_is_what_its_result_is_named(by_hand: Hand, tmp_path: Path) -> None:
    (tmp_path / "empty.pdf").touch()
    assert "Refused: This file is empty." in by_hand("empty.pdf", "safe.pdf", code=1)


@pytest.mark.parametrize("option", ["OUT", "--poster", "--report"])
def test_what_is_there_is_written_over_only_on_request(option: str, by_hand: Hand, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("of last year")
    words = ["there"] if option == "OUT" else ["safe.mp4", option, "there"]
    said = by_hand("film.mov", *words)
    assert said.startswith("Not tried: there is there already, and would be lost. Please name another file")
    assert "--replace" in said


def test_with_replace_the_result_of_last_time_is_in_nobodys_way(by_hand: Hand, tmp_path: Path) -> None:
    (tmp_path / "safe.pdf").write_text("of last time, and kept where nothing takes its place")
    (tmp_path / "empty.jpg").touch()
    said = by_hand("empty.jpg", "safe.pdf", "--kind", "document", "--replace", code=1)
    assert "Refused: This file is empty." in said
    assert "page.jpg is to be made safe" in by_hand("page.jpg", "page.jpg", "--replace")


def test_two_results_do_not_share_a_file(by_hand: Hand) -> None:
    assert "have to be different files" in by_hand("film.mov", "safe", "--report", "./safe")


def test_what_is_not_there_or_no_file_is_named_in_words(by_hand: Hand, tmp_path: Path) -> None:
    (tmp_path / "photographs").mkdir()
    assert by_hand("none.mp4", "safe.mp4").startswith("\rNot tried: There is no file none.mp4.")
    assert "photographs is a folder. Please name the files in it" in by_hand("photographs", "safe.pdf")
    assert "photographs is a folder. Please name a file in it." in by_hand("page.jpg", "photographs")
    assert "/dev/null is no file on a disk." in by_hand("/dev/null", "safe.pdf")
    assert "There is no file none.json." in by_hand("film.mov", "safe.mp4", "--edits", "none.json")


def test_a_file_that_cannot_be_opened_is_named_in_words(
    by_hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    assert byhand.main(["film.mov", "safe.mp4"]) == 2
    assert "film.mov cannot be used: Permission denied.\n" in by_hand.capture.readouterr().err


def test_turns_that_do_not_exist_are_answered_with_those_that_do(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ("45", "90,", "a quarter"):
        with pytest.raises(SystemExit) as ended:
            byhand.main(["page.jpg", "safe.pdf", "--turns", words])
        assert ended.value.code == 2
        assert f"{words!r} is no turn. Write 0, 90, 180 or 270" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("originals", "turns", "example"),
    [(["page.jpg", "page.jpg"], "90", "there are 2. Write for example 90,0"), (["page.jpg"], "0,90", "is 1")],
)
def test_each_file_has_a_turn_or_none_has(
    originals: list[str], turns: str, example: str, by_hand: Hand
) -> None:
    assert example in by_hand(*originals, "safe.pdf", "--turns", turns)


def test_faces_without_what_finds_them_are_answered_with_how_to_get_it(by_hand: Hand) -> None:
    said = by_hand("film.mov", "safe.mp4", "--disguise", "faces")
    assert "`make faces`" in said
    assert "--faces-model" in said
