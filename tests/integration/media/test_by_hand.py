import json
import subprocess
import sys
from pathlib import Path

import av
import pytest

from tests.support import media

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
    done = run(tmp_path / "nothing.mp4", tmp_path / "safe.mp4")
    assert done.returncode == 2
    assert "Not tried" in done.stderr


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
