import platform
from datetime import UTC, datetime

from tests.benchmarks.__main__ import _all
from tests.benchmarks.options import Options
from tests.benchmarks.rows import Row, at_least, at_most
from tests.benchmarks.written import TITLES, Part, renewed


def test_a_target_counts_as_reached_from_the_figure_itself_on() -> None:
    assert at_least("speed", "1 GB/s", 0.85, 0.85).met
    assert not at_least("speed", "1 GB/s", 0.84, 0.85).met
    assert at_most("time", "1 ms", 1.3, 1.3).met
    assert not at_most("time", "1 ms", 1.31, 1.3).met


def test_the_page_says_what_was_missed_and_on_what_kind_of_machine_but_not_on_which() -> None:
    rows = (at_least("upload", "5 MB/s", 0.1, 0.85), Row("bare", "9 MB/s"))
    at = datetime(2026, 11, 22, tzinfo=UTC)
    page = renewed("", "uploads", Part(rows=rows, at=at, load_before=0.5, load_after=1.9))
    assert "| upload | 5 MB/s | 0.10 | ≥ 0.85 | **not reached** |" in page
    assert "| bare | 9 MB/s |  |  |  |" in page
    assert "22 November 2026; load 0.5 before, 1.9 after" in page
    assert "cores" in page
    assert platform.node() not in page


def test_a_part_that_is_measured_again_leaves_the_others_as_they_stand() -> None:
    def measured(figure: str) -> Part:
        return Part(rows=(Row("it", figure),), at=datetime.now(UTC), load_before=0, load_after=0)

    page = renewed(renewed("", "uploads", measured("1 s")), "vault", measured("2 s"))
    again = renewed(page, "uploads", measured("3 s"))
    assert page.index("| it | 2 s |") < page.index("| it | 1 s |"), "in the order of the parts"
    assert again == page.replace("| it | 1 s |", "| it | 3 s |")


def test_every_part_has_its_place_on_the_page() -> None:
    assert list(TITLES) == list(_all(Options()))
