"""The order in which tests are run side by side: long ones first, so that nobody waits for one at the end."""

from itertools import groupby

import pytest


def long_first(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """Deal what is slow to all processes, and give each its part of the rest behind it.

    pytest-xdist gives each process one stretch of the list, and who has nothing left takes from the end of
    another's. A file that is slow as a whole stays together: its tests share what they made.
    """
    slow = [list(unit) for _, unit in groupby(filter(_is_slow, items), _unit)]
    quick = [item for item in items if not _is_slow(item)]
    dealt: list[pytest.Item] = []
    left = len(items)
    for process in range(processes):
        own = [item for unit in slow[process::processes] for item in unit]
        stretch = left // (processes - process)
        left -= stretch
        dealt += own
        dealt += quick[: max(0, stretch - len(own))]
        del quick[: max(0, stretch - len(own))]
    return dealt + quick


def _is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


def _unit(item: pytest.Item) -> str:
    module = item.getparent(pytest.Module)
    whole = module is not None and any(mark.name == "slow" for mark in module.own_markers)
    return module.nodeid if whole and module else item.nodeid
