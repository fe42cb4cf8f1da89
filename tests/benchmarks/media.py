"""How fast a worker makes a film safe, and with how much memory: `python -m tests.benchmarks.media`.

The limit is `bare`: one ffmpeg with the same settings, from the same file in memory to a file in memory. It
has no sandbox and checks nothing. A worker does more: it looks first, looks at the result afterwards, reads
its structure, draws a poster and a waveform. Ratios come from one run, in which both take turns.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import bare
from tests.benchmarks.processes import MIB, Watch
from tests.benchmarks.rows import Row, at_least, at_most, show
from tests.benchmarks.turns import Turns
from tests.support import media
from workers.media.clean import clean
from workers.media.model import GIBIBYTE, Kind, Limits, Role
from workers.sandbox.window import File

ROUNDS = 5
SECONDS = 30
_SIZES = (10, 1024, 4000)
"""MiB; the last is a film of nearly as much as is taken at all."""
_LARGE_RATE = 200_000_000
_SEED_SECONDS = 3


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Measure, and give out what was found as it comes."""
    rounds, seconds = (1, 5) if quick else (ROUNDS, SECONDS)
    with TemporaryDirectory(prefix="relay-bench-") as name:
        folder = Path(name)
        yield from _film(folder, rounds, seconds)
        yield from _others(folder, rounds)
        yield from _flat(folder, _SIZES[: 1 if quick else None])


def _film(folder: Path, rounds: int, seconds: int) -> Iterator[Row]:
    """A film as a phone makes it: 1080 lines, 30 pictures and 16 Mbit a second, some grain, with sound."""
    path = folder / "phone.mp4"
    grain = ["-vf", "noise=alls=4:allf=t,format=yuv420p", "-preset", "ultrafast", "-b:v", "16M"]
    zoom = ["-f", "lavfi", "-i", f"mandelbrot=s=1920x1080:r=30:end_scale=0.05,trim=duration={seconds}"]
    media.ffmpeg(*zoom, *media.voice(seconds), *grain, "-shortest", path)
    with bare.held(path) as original:
        words = bare.words(Kind.VIDEO, original)
        turns = Turns(
            {"bare": lambda: bare.run(original, words), "worker": lambda: _work(Kind.VIDEO, original)}, rounds
        )
    speed = 1 / turns.ratio("worker", "bare")
    figure = f"{turns.seconds('worker'):.1f} s; bare {turns.seconds('bare'):.1f} s, for {seconds} s of film"
    yield at_least("a worker's film, checked", figure, speed, 0.95)


def _work(kind: Kind, original: int) -> None:
    clean(kind, File(original)).close()


def _others(folder: Path, rounds: int) -> Iterator[Row]:
    sound = media.speech(folder, "voice.mp3", 600)
    pages = media.document(folder, "scan.pdf", 20)
    for kind, path, what in (
        (Kind.AUDIO, sound, "10 min of speech"),
        (Kind.DOCUMENT, pages, "a scan of 20 pages"),
    ):
        with bare.held(path) as original:
            turns = Turns({"worker": lambda: _work(kind, original)}, rounds)  # noqa: B023 - used at once
        yield Row(what, f"{turns.seconds('worker'):.2f} s")


def _flat(folder: Path, sizes: tuple[int, ...]) -> Iterator[Row]:
    """What jobs on ever larger films hold, the last beside the first."""
    held = []
    for size in sizes:
        what, figure, peak = _memory(folder, size)
        held.append(peak)
        yield Row(what, figure)
    if len(held) > 1:
        figure = f"{held[-1] / MIB:.0f} MiB, the smallest {held[0] / MIB:.0f} MiB"
        yield at_most("memory for the largest film: of the smallest", figure, held[-1] / held[0], 1.25)


def _memory(folder: Path, mebibytes: int) -> tuple[str, str, int]:
    """What a job holds: the worker, its children, and the files in memory (original and result in part)."""
    path, seed = folder / "large.mp4", folder / "seed.mp4"
    seconds = max(_SEED_SECONDS, mebibytes * MIB * 8 / _LARGE_RATE)
    bits = round(mebibytes * MIB * 8 / seconds)
    noise = f"testsrc2=s=1920x1080:r=30:d={_SEED_SECONDS},noise=alls=100:allf=t+u"
    rate = ["-b:v", str(bits), "-maxrate", str(bits), "-bufsize", str(bits // 10)]
    made: list[str | Path] = ["-pix_fmt", "yuv420p", "-preset", "ultrafast", *rate, "-shortest", seed]
    media.ffmpeg("-f", "lavfi", "-i", noise, *media.voice(_SEED_SECONDS), *made)
    again = str(round(seconds / _SEED_SECONDS) - 1)
    media.ffmpeg("-stream_loop", again, "-i", seed, "-c", "copy", path)
    limits = Limits(input_bytes=4 * GIBIBYTE)
    with (
        path.open("rb") as original,
        Watch(os.getpid(), whole=True) as watch,
        clean(Kind.VIDEO, File(original.fileno()), limits) as made_safe,
    ):
        result = made_safe.files[Role.CLEAN].size
    figure = f"{watch.growth / MIB:.0f} MiB of processes, {watch.files / MIB:.0f} MiB of files in memory"
    size = path.stat().st_size / MIB
    what = f"memory for a film of {size:.0f} MiB, which becomes one of {result / MIB:.0f} MiB"
    return what, figure, watch.growth + watch.files


if __name__ == "__main__":
    import sys

    show(rows(quick="--quick" in sys.argv))
