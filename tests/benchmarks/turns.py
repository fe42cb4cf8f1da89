"""Taking turns: what is compared runs one after the other in each round, so that a slow moment meets all."""

import time
from collections.abc import Callable, Mapping
from statistics import median


class Turns:
    """Seconds of each way, round by round."""

    def __init__(self, works: Mapping[str, Callable[[], object]], rounds: int, *, warm_up: int = 1) -> None:
        """Run each `warm_up` times unmeasured, then `rounds` times."""
        self.seconds_of: dict[str, list[float]] = {name: [] for name in works}
        for turn in range(rounds + warm_up):
            for name, work in works.items():
                start = time.perf_counter()
                work()
                if turn >= warm_up:
                    self.seconds_of[name].append(time.perf_counter() - start)

    def seconds(self, name: str) -> float:
        """Return the median of one."""
        return median(self.seconds_of[name])

    def ratio(self, name: str, other: str) -> float:
        """Return how long one took as a part of what the other took: the median over the rounds."""
        return median(
            one / two for one, two in zip(self.seconds_of[name], self.seconds_of[other], strict=True)
        )
