"""What it costs to hide parts of a film: `python -m tests.benchmarks --only redaction`.

The limit is `bare`: one ffmpeg with the same settings and the same filters, without a sandbox, without a look
before or after. Few stretches and as many as there may be are compared with none.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from relay.exchange.edits import MOST_EDITS, Edits, Hiding, Stretch
from tests.benchmarks import bare
from tests.benchmarks.rows import Row, at_least
from tests.benchmarks.turns import Turns
from tests.support import media
from workers.media.clean import clean
from workers.media.model import Kind
from workers.media.room import UNCHANGED
from workers.sandbox.window import File

MINUTES = 20
_HOW: tuple[Hiding, ...] = ("mute", "bleep", "blank", "cut")
_FEW = 20


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Measure, and give out what was found as it comes."""
    minutes, rounds = (0.5, 1) if quick else (MINUTES, 1)
    length = round(minutes * 60_000)
    with TemporaryDirectory(prefix="relay-bench-") as name:
        path = _film(Path(name), length // 1000)
        with bare.held(path) as original:
            few, most = hidden(length, _FEW), hidden(length, MOST_EDITS)
            words = bare.words(Kind.VIDEO, original, few)
            turns = Turns(
                {
                    "bare": lambda: bare.run(original, words),
                    "worker": lambda: _work(original, few),
                    "most": lambda: _work(original, most),
                    "none": lambda: _work(original, UNCHANGED),
                },
                rounds,
                warm_up=0,
            )
    what = f"{minutes:g} min of film"
    figure = f"{turns.seconds('worker'):.1f} s; bare {turns.seconds('bare'):.1f} s"
    speed = 1 / turns.ratio("worker", "bare")
    yield at_least(f"{what}, {_FEW} stretches hidden, checked", figure, speed, 0.95)
    for name, count in (("worker", _FEW), ("most", MOST_EDITS)):
        figure = f"{turns.seconds(name):.1f} s; with none {turns.seconds('none'):.1f} s"
        yield Row(f"{what}, {count} stretches beside none", figure, turns.ratio("none", name))


def hidden(length_ms: int, count: int) -> Edits:
    """So many stretches, of all sorts in turn, over half of a film."""
    apart = length_ms // count
    return Edits(
        stretches=tuple(
            Stretch(start_ms=n * apart, end_ms=n * apart + max(1, apart // 2 - 100), how=_HOW[n % 4])
            for n in range(count)
        )
    )


def _film(folder: Path, seconds: int) -> Path:
    """Moving, with sound, of 640 × 360, as a phone sends it on; a minute of it, again and again."""
    short, path = folder / "minute.mp4", folder / "film.mp4"
    minute = min(60, seconds)
    form = ["-vf", "noise=alls=6:allf=t,format=yuv420p", "-preset", "ultrafast", "-b:v", "1500k", "-shortest"]
    media.ffmpeg(*media.picture(minute), *media.voice(minute), *form, short)
    media.ffmpeg(
        "-stream_loop", str(seconds // minute - 1), "-i", short, "-c", "copy", "-t", str(seconds), path
    )
    return path


def _work(original: int, edits: Edits) -> None:
    clean(Kind.VIDEO, File(original), edits=edits).close()
