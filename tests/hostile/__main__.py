"""Run damaged files through the media room, each in its own sandbox as a worker would.

    python -m tests.hostile [--count N] [--first N] [--seed N] [--samples N] [--jobs N] [--keep FOLDER]

Every file has to end accepted or refused within its limits. What is accepted has to be clean: no trace of
what was planted. No worker may die, forget a child or a descriptor, or grow, and no name may be made in a
folder (`outside.Surroundings`). Where this runs as root it does so in a network of its own, in which a packet
to anywhere is counted, and none may be sent. Exit code 0 only if all of that held.
"""

import argparse
import os
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory, mkdtemp
from typing import NamedTuple

from tests.hostile.damage import damaged
from tests.hostile.outside import Surroundings, counted_network
from tests.hostile.samples import PACKAGES, samples
from tests.hostile.seeds import Seed, seeds
from tests.support import media
from tests.support.media import Whole
from workers.media.clean import clean
from workers.media.model import Limits, MediaRefused
from workers.sandbox import runner

_LIMITS = Limits(least_seconds=30, slowness=4, memory_bytes=2 << 30, output_bytes=256 << 20, pages=10)
_LONGEST = 4 * 30 + 60.0
"""Seconds: a look, a measurement, a making and a check, each ended at its limit, and what lies between."""
_MOST_GROWTH = 200 << 10
"""KiB that a process may grow over all of its files: nothing adds up."""
_BATCH = 25
_NOTORIOUS = re.compile("crash|timeout|bomb|oom|fuzz|invalid|recurs|loop", re.IGNORECASE)


class Outcome(NamedTuple):
    """What became of one file. `wrong` says what must not be, or nothing."""

    seed: str
    number: int
    ended: str
    seconds: float
    wrong: str = ""


def main() -> int:
    """Run, print a table, return the exit code."""
    asked = _parser().parse_args()
    found = _samples(asked.samples) if asked.samples else []
    network = counted_network()
    with TemporaryDirectory(prefix="relay-hostile-") as folder:
        made = list(seeds(Path(folder)))
    begun = time.monotonic()
    outcomes: list[Outcome] = []
    numbers = [*range(asked.first, asked.first + asked.count), *range(-1, -1 - len(found), -1)]
    batches = [numbers[start : start + _BATCH] for start in range(0, len(numbers), _BATCH)]
    ground = Ground(made, found, asked.seed)
    with (
        TemporaryDirectory(prefix="relay-hostile-") as folder,
        ProcessPoolExecutor(asked.jobs, initializer=_stand, initargs=(ground, folder)) as pool,
    ):
        for done in pool.map(_run, batches):
            outcomes += done
            sys.stderr.write(f"\r{len(outcomes)} of {len(numbers)}")
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    if network and network.sent:
        wrong.append(Outcome("network", 0, "", 0, f"{network.sent} packets were sent"))
    for outcome in wrong:
        _keep(asked.keep, ground, outcome)
    _print(outcomes, wrong, time.monotonic() - begun, counted=network is not None)
    return 1 if wrong or len(outcomes) != len(numbers) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--count", type=int, default=12_000, help="how many files")
    parser.add_argument("--first", type=int, default=0, help="the number of the first of them")
    parser.add_argument("--seed", type=int, default=20_261_122, help="the same number makes the same files")
    parser.add_argument("--samples", type=int, default=0, help="every how many-th sample of parsers too")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once")
    parser.add_argument("--keep", type=Path, help="a folder for the files that did not end as they must")
    return parser


def _samples(every: int) -> list[Seed]:
    """Every so many-th of the samples that makers of parsers collected, and each that once broke one."""
    found: list[Seed] = []
    for package in PACKAGES:
        there = list(samples(package))
        if len(there) < package.samples:
            raise ValueError(f"{package.name} has {len(there)} samples only.")
        found += [one for place, one in enumerate(there) if place % every == 0 or _NOTORIOUS.search(one.name)]
    return found


@dataclass(frozen=True)
class Ground:
    """What the files are made of: good files to damage, samples as they are, and a number for chance."""

    good: list[Seed]
    samples: list[Seed]
    seed: int

    def file(self, number: int) -> Seed:
        """The damaged file of this number; below zero, a sample."""
        if number < 0:
            return self.samples[-1 - number]
        chance = Random(f"{self.seed} {number}")  # noqa: S311 - the same files every time
        chosen = self.good[number % len(self.good)]
        content = damaged(chosen.content, [each.content for each in self.good], chance)
        return Seed(chosen.name, chosen.kind, content)


_stood: list[tuple[Ground, Surroundings]] = []


def _stand(ground: Ground, folder: str) -> None:
    """Given once to each process, which stands in a folder of its own."""
    strangers = range(runner._FIRST_STRANGER, runner._FIRST_STRANGER + runner._STRANGERS)
    _stood[:] = [(ground, Surroundings(Path(mkdtemp(dir=folder)), strangers))]


def _run(numbers: list[int]) -> list[Outcome]:
    return list(_outcomes(*_stood[0], numbers))


def _outcomes(ground: Ground, surroundings: Surroundings, numbers: list[int]) -> Iterator[Outcome]:
    before = _state()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in numbers:
        chosen = ground.file(number)
        began = time.monotonic()
        try:
            ended, wrong = _attempt(chosen)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not be
            ended, wrong = "failed", f"{type(error).__name__}: {error}"
        seconds = time.monotonic() - began
        if seconds > _LONGEST:
            wrong = wrong or f"took {seconds:.0f} s"
        if _state() != before:
            wrong = wrong or "left a child or a descriptor behind"
        yield Outcome(chosen.name, number, ended, seconds, wrong)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - grown
    if grown > _MOST_GROWTH:
        yield Outcome("memory", numbers[0], "", 0, f"grew by {grown} KiB")
    if new := surroundings.new():
        yield Outcome("folders", numbers[0], "", 0, f"left {new}")


def _attempt(seed: Seed) -> tuple[str, str]:
    try:
        with clean(seed.kind, Whole(seed.content), _LIMITS) as made:
            found = media.traces(b"".join(media.content(file) for file in made.files.values()))
            return "accepted", f"traces: {found}" if found else ""
    except MediaRefused as refused:
        return str(refused.reason), ""


def _state() -> tuple[frozenset[str], str]:
    """Open descriptors and children of this process."""
    with os.scandir("/proc/self/fd") as listed:
        descriptors = frozenset(entry.name for entry in listed)
    return descriptors, Path(f"/proc/self/task/{os.getpid()}/children").read_text()


def _keep(folder: Path | None, ground: Ground, outcome: Outcome) -> None:
    if folder and outcome.ended:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{outcome.number}-{outcome.seed.replace('/', '-')}"
        (folder / name).write_bytes(ground.file(outcome.number).content)


def _print(outcomes: list[Outcome], wrong: list[Outcome], seconds: float, *, counted: bool) -> None:
    files = [outcome for outcome in outcomes if outcome.ended]
    lines = [f"{count:7} {ended}" for ended, count in Counter(one.ended for one in files).most_common()]
    slowest = max((outcome.seconds for outcome in files), default=0.0)
    packets = "no packet sent" if counted else "packets not counted (needs root)"
    lines.append(f"{len(files)} files in {seconds:.0f} s, the slowest in {slowest:.1f} s; {packets}.")
    lines += [f"WRONG {one.number} {one.seed}: {one.wrong}" for one in wrong]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
