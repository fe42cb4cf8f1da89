"""Logs of children: bounded, and readable by their owner only."""

import io
from pathlib import Path

from relay.process.log import RotatingLog


def test_a_full_file_becomes_number_one_and_the_oldest_goes(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "child.log", limit=100, keep=2)
    for number in range(40):
        log.write(b"line %02d\n" % number)
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["child.log", "child.log.1", "child.log.2"]
    kept = "".join((tmp_path / name).read_text() for name in ("child.log.2", "child.log.1", "child.log"))
    assert kept.splitlines()[-1] == "line 39"
    assert kept.splitlines() == [f"line {n:02}" for n in range(40 - len(kept.splitlines()), 40)]
    assert all(path.stat().st_size <= 108 for path in tmp_path.iterdir())


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "log" / "child.log", limit=10)
    log.write(b"more than ten bytes\n")
    log.close()
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "log").iterdir())


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "child.log", limit=2**20, keep=1)
    log.follow(io.BytesIO(b"x" * 3 * 2**20), "child").join()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2 * (2**20 + 2**16)


def test_the_last_lines_are_at_hand_for_a_sentence_to_the_operator(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "child.log")
    log.follow(io.BytesIO(b"first\nsecond \xff\n"), "child").join()
    assert list(log.tail) == ["first", "second �"]
