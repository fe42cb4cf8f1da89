"""What a benchmark gives: rows of a table, of which some have a figure to reach."""

from collections.abc import Iterable
from typing import NamedTuple

from rich.console import Console
from rich.table import Table


class Row(NamedTuple):
    """One measurement. `target` is the figure to reach, in words, and `met` whether it was."""

    name: str
    figure: str
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


def at_least(name: str, figure: str, ratio: float, target: float) -> Row:
    """Return a row whose ratio should not be below `target`."""
    return Row(name, figure, ratio, f"≥ {target:.2f}", ratio >= target)


def at_most(name: str, figure: str, ratio: float, target: float) -> Row:
    """Return a row whose ratio should not be above `target`."""
    return Row(name, figure, ratio, f"≤ {target:.2f}", ratio <= target)


def show(rows: Iterable[Row]) -> None:
    """Print a table."""
    table = Table("what", "figure", "ratio", "to reach", "")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        mark = "" if row.met is None else ("reached" if row.met else "NOT REACHED")
        table.add_row(row.name, row.figure, ratio, row.target, mark)
    Console().print(table)
