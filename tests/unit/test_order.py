"""Tests that are run side by side are all run, and none is begun last that takes long."""

from itertools import pairwise

import pytest

from tests.support.order import long_first


@pytest.mark.parametrize("processes", [2, 4, 7])
def test_each_process_begins_with_its_part_of_what_is_slow(
    request: pytest.FixtureRequest, processes: int
) -> None:
    items = [*request.session.items]
    ordered = long_first(items, processes)
    assert sorted(item.nodeid for item in ordered) == sorted(item.nodeid for item in items)
    quick = [item for item in items if item.get_closest_marker("slow") is None]
    turns = sum(
        before.get_closest_marker("slow") is None and after.get_closest_marker("slow") is not None
        for before, after in pairwise(ordered)
    )
    assert turns < processes or len(quick) < processes
