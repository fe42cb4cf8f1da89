"""A job that needs more memory than there is does not begin, and says what to do."""

from pathlib import Path

import pytest

from relay.errors import Unavailable
from tests.support.media import Whole
from workers.media import budget
from workers.media.clean import clean
from workers.media.model import MEBIBYTE, Kind, Limits


def machine(folder: Path, *, free: int) -> Path:
    folder.mkdir()
    (folder / "meminfo").write_text(f"MemTotal: 99999999 kB\nMemAvailable: {free // 1024} kB\n")
    return folder


def group(folder: Path, most: str, used: int, spare: int) -> Path:
    folder.mkdir()
    (folder / "memory.max").write_text(f"{most}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {spare}\n")
    return folder


def test_the_container_counts_where_it_has_less_than_the_machine(tmp_path: Path) -> None:
    processes = machine(tmp_path / "proc", free=1000 * MEBIBYTE)
    tight = group(tmp_path / "tight", str(500 * MEBIBYTE), 400 * MEBIBYTE, 50 * MEBIBYTE)
    free = group(tmp_path / "free", "max", 400 * MEBIBYTE, 50 * MEBIBYTE)
    assert budget.available(processes, tight) == 150 * MEBIBYTE
    assert budget.available(processes, free) == 1000 * MEBIBYTE
    assert budget.available(processes, tmp_path / "none") == 1000 * MEBIBYTE
    assert budget.available(tmp_path / "none", tmp_path / "none") is None


def test_this_machine_says_something() -> None:
    assert (budget.available() or 0) > MEBIBYTE


def test_a_film_needs_the_same_however_long_and_a_document_what_it_has() -> None:
    limits = Limits()
    assert budget.need(Kind.VIDEO, 10, limits) == budget.need(Kind.VIDEO, 4 << 30, limits)
    assert budget.need(Kind.DOCUMENT, 200 << 20, limits) > budget.need(Kind.DOCUMENT, 10, limits)


@pytest.mark.parametrize("kind", list(Kind))
def test_too_little_is_refused_before_anything_is_opened(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "available", lambda: 100 * MEBIBYTE)
    with pytest.raises(Unavailable, match=r"100 MiB are free\. Nothing was opened"):
        clean(kind, Whole(b"%PDF-1.7" if kind is Kind.DOCUMENT else b"\x1aE\xdf\xa3" * 100))
