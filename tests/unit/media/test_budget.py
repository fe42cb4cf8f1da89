"""A job that needs more memory than there is does not begin, and says what to do."""

from pathlib import Path

import pytest

from relay.errors import Unavailable
from tests.support import media
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


def test_what_one_job_was_promised_is_not_there_for_the_next() -> None:
    together = budget.Budget(lambda: 1000)
    with together.share(600):
        with pytest.raises(budget.NoMemory, match="Nothing was begun"), together.share(500):
            pass
        with together.share(400):
            pass
    with together.share(1000):
        pass


def test_what_others_took_meanwhile_counts_as_well() -> None:
    free = [1000]
    together = budget.Budget(lambda: free[0])
    with together.share(100):
        free[0] = 300
        with pytest.raises(budget.NoMemory), together.share(400):
            pass


def test_a_job_that_turns_out_larger_asks_again_and_gives_all_of_it_back() -> None:
    together = budget.Budget(lambda: 1000)
    with together.share(600) as share:
        share.widen(500)
        share.widen(900)
        with pytest.raises(budget.NoMemory):
            share.widen(1100)
        with pytest.raises(budget.NoMemory), together.share(200):
            pass
    with together.share(1000):
        pass


def test_larger_pictures_need_more_and_so_do_faces() -> None:
    ordinary = budget.of_film(1920 * 1080)
    assert ordinary == budget.need(Kind.VIDEO, 1, Limits())
    assert budget.of_film(3840 * 2160) > ordinary + 300 * MEBIBYTE
    assert budget.with_faces(ordinary) > ordinary


def test_a_film_of_large_pictures_is_looked_at_and_not_begun_without_memory(tmp_path: Path) -> None:
    film = media.film(tmp_path, "large.mp4", 1, "-preset", "ultrafast", size="3840x2160")
    free = budget.of_film(1920 * 1080)
    with pytest.raises(budget.NoMemory, match="Nothing was begun"):
        clean(Kind.VIDEO, Whole(film.read_bytes()), memory_budget=budget.Budget(lambda: free))


@pytest.mark.parametrize("kind", list(Kind))
def test_too_little_is_refused_before_anything_is_opened(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "available", lambda: 100 * MEBIBYTE)
    with pytest.raises(Unavailable, match=r"100 MiB are free\. Nothing was begun"):
        clean(kind, Whole(b"%PDF-1.7" if kind is Kind.DOCUMENT else b"\x1aE\xdf\xa3" * 100))
