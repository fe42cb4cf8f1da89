"""Whether releasing a film takes as long as releasing a letter: a key is sealed, no file is copied.

`python -m tests.benchmarks.release`. Both by the desk's API, in turns; each release has an item of its own.
"""

import asyncio
import time
from statistics import median
from uuid import UUID

from tests.benchmarks.films import approved, reviewed
from tests.benchmarks.ground import ground
from tests.benchmarks.options import Options, parse
from tests.benchmarks.processes import MIB
from tests.benchmarks.rows import Row, show
from tests.support.web import Client

_NEAR = 1.3


async def _released(desk: Client, item_id: UUID) -> float:
    """Release an item and return the seconds that its request took."""
    seat = (await desk.ask(f"/items/{item_id}"))["recipients"][0]["seat_id"]
    began = time.perf_counter()
    answer = await desk.api("POST", f"/items/{item_id}/release", {"seat_id": seat})
    took = time.perf_counter() - began
    assert answer.status_code == 201, answer.text
    return took


async def _run(options: Options) -> list[Row]:
    size, rounds = (64 * MIB, 3) if options.quick else (1024 * MIB, 5)
    letters, films = [], []
    async with ground() as base:
        desk, author = base.exchange.desk, base.exchange.victim
        for turn in range(rounds + 1):
            letter = await approved(base, UUID(await base.exchange.write(author)))
            film = await reviewed(base, author, size)
            one, two = await _released(desk, letter), await _released(desk, film)
            # the first warms up; and of the large files there is never more than one
            if turn:
                letters.append(one)
                films.append(two)
            for name in list(base.service.blobs.names()):
                await asyncio.to_thread(base.service.blobs.delete, name)
    ratio = median(two / one for one, two in zip(letters, films, strict=True))
    near = f"{1 / _NEAR:.2f} to {_NEAR:.2f}"
    return [
        Row("release of a letter", f"{median(letters) * 1000:.1f} ms"),
        Row(
            f"release of a film of {size // MIB} MiB: of a letter",
            f"{median(films) * 1000:.1f} ms",
            ratio,
            near,
            1 / _NEAR <= ratio <= _NEAR,
        ),
    ]


def run(options: Options) -> list[Row]:
    """Measure."""
    return asyncio.run(_run(options))


if __name__ == "__main__":
    show(run(parse()))
