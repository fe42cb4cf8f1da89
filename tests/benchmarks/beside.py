"""Sound and documents beside the bare tools with the same settings, and two jobs at once beside one by one.

What is bare runs outside of every wall and checks nothing: one ffmpeg for sound, one Python with pdfium,
Pillow and img2pdf for pages.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.benchmarks import bare
from tests.benchmarks.rows import Row, at_least
from tests.benchmarks.turns import Turns
from tests.support import media
from workers.media.clean import clean
from workers.media.model import Kind, Limits
from workers.sandbox.children import bind
from workers.sandbox.window import File

ROUNDS = 5
MINUTES = 10
PAGES = 20
FILM_SECONDS = 10
_PAGES_BY_HAND = """
import io, sys
import img2pdf, pypdfium2
from PIL import ImageOps
pages = []
for page in pypdfium2.PdfDocument(sys.argv[1]):
    kept = io.BytesIO()
    picture = page.render(scale=int(sys.argv[3]) / 72).to_pil().convert("RGB")
    picture.save(kept, "JPEG", quality=int(sys.argv[4]))
    pages.append(kept.getvalue())
with open(sys.argv[2], "wb") as result:
    img2pdf.convert(pages, outputstream=result)
"""


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Measure, and give out what was found as it comes."""
    rounds = 1 if quick else ROUNDS
    with tempfile.TemporaryDirectory(prefix="relay-bench-") as name:
        folder = Path(name)
        yield from _sound(folder, rounds, 1 if quick else MINUTES)
        yield _pages(folder, rounds, 3 if quick else PAGES)
        yield _two(folder, rounds, 2 if quick else FILM_SECONDS)


def _sound(folder: Path, rounds: int, minutes: int) -> Iterator[Row]:
    """Beside two passes of ffmpeg, one that measures how loud it is, and one that makes it so loud.

    Beside the second alone, too, which then has to be told.
    """
    path = media.speech(folder, "voice.mp3", minutes * 60)
    with bare.held(path) as original:
        words = bare.words(Kind.AUDIO, original)

        def both() -> None:
            bare.listen(original)
            bare.run(original, words)

        one = partial(bare.run, original, words)
        turns = Turns({"bare": both, "one": one, "worker": partial(_work, Kind.AUDIO, original)}, rounds)
    what = f"{minutes} min of speech, checked, beside the bare tool"
    yield _beside(what, turns, "bare")
    seconds = turns.seconds("one")
    yield Row(
        f"{what} that is told how loud it is", f"bare {seconds:.2f} s", 1 / turns.ratio("worker", "one")
    )


def _pages(folder: Path, rounds: int, pages: int) -> Row:
    path = media.document(folder, "scan.pdf", pages)
    settings = (str(Limits().page_dots_per_inch), str(bind.QUALITY))
    command = [sys.executable, "-c", _PAGES_BY_HAND, str(path), str(folder / "bare.pdf"), *settings]
    with bare.held(path) as original:
        work, by_hand = partial(_work, Kind.DOCUMENT, original), partial(subprocess.run, command, check=True)
        turns = Turns({"bare": by_hand, "worker": work}, rounds)
    return _beside(f"a scan of {pages} pages, checked, beside the bare tool", turns, "bare")


def _beside(what: str, turns: Turns, bare: str) -> Row:
    figure = f"{turns.seconds('worker'):.2f} s; bare {turns.seconds(bare):.2f} s"
    return at_least(what, figure, 1 / turns.ratio("worker", bare), 0.95)


def _two(folder: Path, rounds: int, seconds: int) -> Row:
    """Two films at once, as two workers or `worker_jobs = 2` would, beside one after the other."""
    path = media.film(folder, "film.mp4", seconds, "-preset", "ultrafast", size="1280x720")
    with bare.held(path) as first, bare.held(path) as second, ThreadPoolExecutor(2) as pool:

        def work(original: int) -> None:
            _work(Kind.VIDEO, original)

        films = (first, second)
        turns = Turns(
            {
                "one by one": lambda: [*map(work, films)],
                "at once": lambda: [*pool.map(work, films)],
            },
            rounds,
        )
    figure = f"{turns.seconds('at once'):.1f} s; one by one {turns.seconds('one by one'):.1f} s"
    ratio = turns.ratio("one by one", "at once")
    return at_least(f"two films at once on {os.cpu_count()} cores, beside one by one", figure, ratio, 1.0)


def _work(kind: Kind, original: int) -> None:
    clean(kind, File(original)).close()
