"""`python -m tests.benchmarks`: measure Relay against the figures to reach, print a table, keep it in docs/.

`--only NAME` (again for more) measures a part, `--quick` sees that everything works. Neither is kept.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from rich.console import Console

from tests.benchmarks import media, memory, queue_page, ranges, release, uploads, vault
from tests.benchmarks.options import Options, parse
from tests.benchmarks.rows import Row, show
from tests.benchmarks.written import written

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
    }


def main() -> None:
    """Measure, one part after the other."""
    options = parse(tuple(_all(Options())))
    console, found, load = Console(), {}, os.getloadavg()[0]
    for name, measure in _all(options).items():
        if options.only and name not in options.only:
            continue
        began = time.monotonic()
        with console.status(f"Measuring: {name} …"):
            found[name] = list(measure())
        console.print(f"{name}: {time.monotonic() - began:.0f} s")
    show(row for rows in found.values() for row in rows)
    if not options.only and not options.quick:
        _KEPT.write_text(written(found, load))
        console.print(f"Kept in {_KEPT.relative_to(_KEPT.parents[1])}")


if __name__ == "__main__":
    main()
