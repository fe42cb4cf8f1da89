"""The most memory that a process of the participants' app takes, for a file of 10 MiB and for one of 1 GiB.

`python -m tests.benchmarks.memory`. Each in a fresh process: upload by tus, then a whole download of the
released film, then that again in ranges. What a worker takes is measured with its films (media.py): it holds
the original and the result in memory, because they must not reach a disk.
"""

import asyncio
import os

from tests.benchmarks.films import delivered
from tests.benchmarks.ground import Ground, ground
from tests.benchmarks.options import Options, parse
from tests.benchmarks.processes import MIB, Watch
from tests.benchmarks.rows import Row, show
from tests.benchmarks.uploads import PART, metadata, send

_APART = 16


def _peak(base: Ground, item_id: str, path: str, size: int) -> float:
    """Return MiB."""
    victim = base.exchange.victim
    with base.app(processes=1) as app, Watch(app.pid) as watch:
        with app.connect(victim) as connection:
            uploaded = send(connection, "/api/v1/uploads", metadata(item_id), size, os.urandom(PART))
            connection.ask("DELETE", uploaded, {"Tus-Resumable": "1.0.0"})
        with app.connect(victim) as connection:
            whole = connection.ask("GET", path)
            assert (whole.status, whole.size) == (200, size)
            for start in range(0, size, MIB):
                part = connection.ask("GET", path, {"Range": f"bytes={start}-{start + MIB - 1}"})
                assert (part.status, part.size) == (206, MIB)
        return watch.peak / MIB


async def _run(options: Options) -> list[Row]:
    sizes = (10 * MIB, (64 if options.quick else 1024) * MIB)
    async with ground() as base:
        item_id = await base.exchange.start(base.exchange.victim, "video")
        peaks = []
        for size in sizes:
            path = await delivered(base, base.exchange.offender, base.exchange.victim, size)
            peaks.append(_peak(base, item_id, path, size))
    first, second = (
        Row(f"peak memory of one process of the app, file of {size // MIB} MiB", "") for size in sizes
    )
    more = peaks[1] - peaks[0]
    return [
        first._replace(figure=f"{peaks[0]:.0f} MiB"),
        second._replace(figure=f"{peaks[1]:.0f} MiB", target=f"≤ {_APART} MiB more", met=more <= _APART),
    ]


def run(options: Options) -> list[Row]:
    """Measure."""
    return asyncio.run(_run(options))


if __name__ == "__main__":
    show(run(parse()))
