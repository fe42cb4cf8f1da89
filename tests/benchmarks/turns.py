"""Taking turns: what is compared runs one after the other in each round, so that a slow moment meets all."""

import time
from collections.abc import Callable, Mapping
from statistics import median


class Turns:
    """Seconds of each way, round by round."""

    def __init__(
        self,
        works: Mapping[str, Callable[[], object]],
        rounds: int,
        *,
        warm_up: int = 1,
        between: Callable[[], object] | None = None,
    ) -> None:
        """Run each `warm_up` times unmeasured, then `rounds` times.

        With `between`, which runs unmeasured after each, another one begins in each round: none always finds
        the machine as the same other one has left it.
        """
        self.seconds_of: dict[str, list[float]] = {name: [] for name in works}
        names = list(works)
        for turn in range(rounds + warm_up):
            first = turn % len(names) if between else 0
            for name in names[first:] + names[:first]:
                start = time.perf_counter()
                works[name]()
                spent = time.perf_counter() - start
                if turn >= warm_up:
                    self.seconds_of[name].append(spent)
                if between:
                    between()

    def seconds(self, name: str) -> float:
        """Return the median of one."""
        return median(self.seconds_of[name])

    def ratio(self, name: str, other: str) -> float:
        """Return how long one took as a part of what the other took: the median over the rounds."""
        return median(
            one / two for one, two in zip(self.seconds_of[name], self.seconds_of[other], strict=True)
        )
