"""`python -m tests.benchmarks`: measure Relay against the figures to reach, print a table, keep it in docs/.

`--only NAME` (again for more) measures a part and renews that part of the page. `--quick` sees whether all
works, and is not kept.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.console import Console

from tests.benchmarks import beside, media, memory, queue_page, ranges, redaction, release, uploads, vault
from tests.benchmarks.options import Options, parse
from tests.benchmarks.rows import Row, show
from tests.benchmarks.written import Part, renewed

_KEPT = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def _all(options: Options) -> Mapping[str, Callable[[], Iterable[Row]]]:
    return {
        "vault": vault.run,
        "uploads": partial(uploads.run, options),
        "ranges": partial(ranges.run, options),
        "queue": partial(queue_page.run, options),
        "release": partial(release.run, options),
        "memory": partial(memory.run, options),
        "worker": partial(media.rows, quick=options.quick),
        "beside": partial(beside.rows, quick=options.quick),
        "redaction": partial(redaction.rows, quick=options.quick),
    }


def main() -> None:
    """Measure, one part after the other."""
    options = parse(tuple(_all(Options())))
    console = Console()
    shown: list[Row] = []
    for name, measure in _all(options).items():
        if options.only and name not in options.only:
            continue
        load = os.getloadavg()[0]
        with console.status(f"Measuring: {name} …"):
            rows = tuple(measure())
        shown += rows
        part = Part(rows=rows, at=datetime.now(UTC), load_before=load, load_after=os.getloadavg()[0])
        if not options.quick:
            # after each part: whatever comes later does not lose it
            _KEPT.write_text(renewed(_KEPT.read_text(), name, part))
    show(shown)
    if not options.quick:
        console.print(f"Kept in {_KEPT.relative_to(_KEPT.parents[1])}")


if __name__ == "__main__":
    main()
