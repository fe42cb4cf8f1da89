import json
import subprocess
import sys
from pathlib import Path

import av
import pytest

from tests.support import media
from tests.support.photographs import pages_in, photograph

FRONT_CENTRE = Path("/usr/share/sounds/alsa/Front_Center.wav")


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workers", "clean", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_file_is_cleaned_by_hand(tmp_path: Path) -> None:
    source = media.film(tmp_path, seconds=1)
    result, poster, report = tmp_path / "safe.mp4", tmp_path / "poster.jpg", tmp_path / "report.json"
    done = run(source, result, "--poster", poster, "--report", report)
    assert done.returncode == 0, done.stderr
    said = json.loads(report.read_text())
    assert (said["outcome"], said["kind"], said["media_type"]) == ("clean", "video", "video/mp4")
    assert said["output_bytes"] == result.stat().st_size
    assert said["input_bytes"] == source.stat().st_size
    assert said["duration_ms"] == pytest.approx(1000, abs=50)
    assert said["seconds"] > 0
    assert said["loudness_before_lufs"] > -18
    assert said["loudness_after_lufs"] == pytest.approx(-23, abs=1)
    assert said["true_peak_after_dbtp"] <= -1
    assert poster.read_bytes().startswith(b"\xff\xd8")
    assert media.traces(result.read_bytes()) == []


def test_a_refusal_says_what_to_do_and_writes_nothing(tmp_path: Path) -> None:
    source = tmp_path / "film.mp4"
    source.write_bytes(b"#EXTM3U\n")
    done = run(source, tmp_path / "safe.mp4", "--report", tmp_path / "report.json")
    assert done.returncode == 1
    assert "Refused: We cannot open this kind of file." in done.stderr
    assert json.loads((tmp_path / "report.json").read_text())["reason"] == "unsupported"
    assert not (tmp_path / "safe.mp4").exists()


def test_a_report_on_pages_says_nothing_of_sound(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    assert run(media.document(tmp_path), tmp_path / "safe.pdf", "--report", report).returncode == 0
    said = json.loads(report.read_text())
    assert (said["kind"], said["outcome"], said["pages"]) == ("document", "clean", 2)
    assert not [name for name in said if name.startswith("loudness")]


def test_a_file_that_is_not_there_is_told_apart(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = run(tmp_path / "nothing.mp4", tmp_path / "safe.mp4", "--report", report)
    assert done.returncode == 2
    assert f"Not tried: There is no file {tmp_path / 'nothing.mp4'}." in done.stderr
    assert json.loads(report.read_text())["outcome"] == "failed"


def test_what_is_hidden_by_hand_is_told_in_the_report(tmp_path: Path) -> None:
    wishes, report = tmp_path / "edits.json", tmp_path / "report.json"
    wishes.write_text('{"stretches": [{"start_ms": 500, "end_ms": 1000, "how": "cut"}]}')
    more = ("--edits", wishes, "--disguise", "voice,off", "--report", report)
    done = run(media.film(tmp_path, seconds=2), tmp_path / "safe.mp4", *more)
    assert done.returncode == 0, done.stderr
    said = json.loads(report.read_text())
    assert said["hidden"] == {"cut": 1}
    assert said["padding_ms"] == 50
    assert said["disguise"] == {"voice": True, "picture": "off"}
    assert said["duration_ms"] == pytest.approx(1400, abs=260)
    areas = '{"areas": [{"page": 1, "left": 0, "top": 0, "right": 5000, "bottom": 5000}]}'
    wishes.write_text(areas)
    done = run(
        media.document(tmp_path), tmp_path / "safe.pdf", "--edits", wishes, "--report", report, "--replace"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(report.read_text())["hidden"] == {"areas": 1}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("mute 3 to 5", "This is not an edit list"),
        ("[]", "This is not an edit list"),
        ('{"stretches": [{"start_ms": 1, "end_ms": 2, "how": "blur"}]}', "This is not an edit list"),
        ('{"stretches": [{"start_ms": 2, "end_ms": 1, "how": "cut"}]}', "ends after it begins"),
        ('{"stretches": [{"start_ms": 1, "end_ms": 2, "how": "blank"}]}', "has no picture to hide"),
        ('{"disguise": {"picture": "off"}}', "has no picture to hide"),
        ('{"areas": [{"page": 1, "left": 0, "top": 0, "right": 1, "bottom": 1}]}', "cannot be used"),
        ("[" * 100_000, "This is not an edit list"),
        ("\0", "This is not an edit list"),
    ],
)
def test_a_bad_edit_list_is_answered_with_what_to_write(written: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "edits.json").write_text(written)
    source = media.speech(tmp_path)
    done = run(source, tmp_path / "safe.m4a", "--edits", tmp_path / "edits.json")
    assert done.returncode == 2
    assert said in done.stderr
    assert '"how": "mute"' in done.stderr, "an example"
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "safe.m4a").exists()


@pytest.mark.parametrize("words", ["nose", "off,cover", "voice,voice", ""])
def test_a_disguise_that_does_not_exist_is_answered_with_what_to_write(words: str, tmp_path: Path) -> None:
    done = run(media.speech(tmp_path), tmp_path / "safe.m4a", "--disguise", words)
    assert done.returncode == 2
    assert "Write voice, off, cover or faces" in done.stderr


def test_a_missing_edit_list_is_told_apart(tmp_path: Path) -> None:
    done = run(media.speech(tmp_path), tmp_path / "safe.m4a", "--edits", tmp_path / "none.json")
    assert done.returncode == 2
    assert f"Not tried: There is no file {tmp_path / 'none.json'}." in done.stderr


def test_an_unknown_command_lists_what_there_is() -> None:
    done = subprocess.run([sys.executable, "-m", "workers"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "clean" in done.stderr


@pytest.mark.skipif(
    not FRONT_CENTRE.exists(), reason="Debian's spoken sample (package alsa-utils) is not installed"
)
def test_a_real_spoken_recording(tmp_path: Path) -> None:
    assert run(FRONT_CENTRE, tmp_path / "front.m4a").returncode == 0
    with av.open(str(tmp_path / "front.m4a")) as opened:
        assert opened.duration == pytest.approx(1_428_000, abs=30_000)


def test_several_pictures_become_one_document(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (tmp_path / f"{number}.jpg").write_bytes(photograph(number))
    files = [tmp_path / f"{number}.jpg" for number in (3, 1, 2)]
    assert run(*files, tmp_path / "safe.pdf", "--turns", "90,0,0").returncode == 0
    content = (tmp_path / "safe.pdf").read_bytes()
    assert pages_in(content) == [(3, True), (1, False), (2, False)]
    assert media.traces(content) == []
    assert run(files[0], tmp_path / "one.pdf", "--turns", "270").returncode == 0
    assert pages_in((tmp_path / "one.pdf").read_bytes()) == [(3, True)]


@pytest.mark.parametrize("as_what", ["OUT", "--poster", "--report"])
def test_an_original_is_not_written_over(as_what: str, tmp_path: Path) -> None:
    source = media.film(tmp_path, seconds=1)
    before = source.read_bytes()
    words = [source] if as_what == "OUT" else [tmp_path / "safe.mp4", as_what, source]
    done = run(source, *words)
    assert done.returncode == 2
    assert "would be lost" in done.stderr
    assert source.read_bytes() == before


def test_a_folder_that_is_not_there_is_named_before_anything_is_done(tmp_path: Path) -> None:
    done = run(media.film(tmp_path, seconds=1), tmp_path / "nowhere" / "safe.mp4")
    assert done.returncode == 2
    assert f"There is no folder {tmp_path / 'nowhere'}" in done.stderr
