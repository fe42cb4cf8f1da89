"""Files that a tour is given: what cannot be sent on is said at once, by the file and with what to give."""

from pathlib import Path

import pytest

from relay.errors import Invalid, Unavailable
from relay.settings import Settings
from relay.tour import material
from relay.tour.material import unusable
from relay.tour.stage import letter_of

KINDS = ("audio", "video", "document")


def refusal(kind: str, file: Path) -> str:
    with pytest.raises(Unavailable) as refused:
        material.make(file.parent / "made", **{kind: file})  # type: ignore[arg-type]
    assert not (file.parent / "made").exists(), "before anything is made"
    return refused.value.public


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_file_is_said_before_anything_starts(kind: str, tmp_path: Path) -> None:
    (tmp_path / "given").touch()
    said = refusal(kind, tmp_path / "given")
    assert said.startswith(f"{tmp_path / 'given'}: This file is empty.")
    assert f"Then give another file with --{kind}" in said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["No film.\n" * 1000, "\ufeffKein Film: ąęłż. ", "<svg/>", "a" + "ż" * 2000])
def test_a_text_that_is_named_like_a_recording_is_said_before_anything_starts(
    kind: str, text: str, tmp_path: Path
) -> None:
    (tmp_path / "text.mp4").write_text(text, encoding="utf-8")
    said = refusal(kind, tmp_path / "text.mp4")
    assert said.startswith(f"{tmp_path / 'text.mp4'}: We cannot open this kind of file. Please send sound as")
    assert f"Then give another file with --{kind}" in said


@pytest.mark.parametrize("kind", ["letter", *KINDS])
def test_a_folder_and_a_file_that_is_not_there_are_named(kind: str, tmp_path: Path) -> None:
    assert f"There is no file {tmp_path / 'none'}." in refusal(kind, tmp_path / "none")
    (tmp_path / "films").mkdir()
    assert refusal(kind, tmp_path / "films") == (
        f"{tmp_path / 'films'} is a folder. Name a file in it with --{kind}."
    )


@pytest.mark.parametrize(
    "beginning",
    [b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\n", b"ID3\x04\0\0\0\0\0\0", b"#!AMR\n\x0c\x91", b"\xff\xd8"],
)
def test_what_could_be_a_recording_or_a_page_is_left_to_the_worker(beginning: bytes, tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(beginning)
    files = dict.fromkeys(KINDS, tmp_path / "given")
    made = material.make(tmp_path / "made", **files)  # type: ignore[arg-type]
    assert made.audio == made.video == made.document == tmp_path / "given"


def test_what_the_worker_refuses_is_said_in_its_words_and_by_its_page() -> None:
    assert unusable("document", Path("letters.pdf"), "password", 3) == (
        "letters.pdf: Page 3 is locked with a password. Please save a copy of it without a password."
        " Then upload all pages once more. Then give another file with --document, or leave that out to have"
        " one made."
    )


def test_a_letter_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(" \n")
    with pytest.raises(Invalid, match=r"letter\.txt: The letter is empty\."):
        letter_of(tmp_path / "letter.txt", Settings(data=tmp_path))
