import os
import threading
import time
from pathlib import Path

import pytest

from tests.support import media
from workers.media.clean import clean
from workers.media.model import Cancelled, Kind, Limits, MediaRefused, Reason
from workers.sandbox import memory


def children_of_mine() -> set[str]:
    return set(Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split())


@pytest.fixture(scope="module")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("long")
    return media.film(folder, "long.mp4", 10, "-preset", "ultrafast", size="1280x720").read_bytes()


def test_progress_rises_to_a_hundred(long_film: bytes) -> None:
    heard: list[int] = []
    original = memory.from_bytes("original", long_film)
    clean(Kind.VIDEO, original, progress=heard.append).close()
    os.close(original)
    assert heard == sorted(heard)
    assert len(heard) > 4
    assert heard[-1] == 100


def test_stopping_ends_everything_at_once(long_film: bytes) -> None:
    stop = threading.Event()
    original = memory.from_bytes("original", long_film)

    def hear(percent: int) -> None:
        if percent > 0:
            stop.set()

    before = children_of_mine()
    with pytest.raises(Cancelled):
        clean(Kind.VIDEO, original, Limits(), hear, stopped=stop.is_set)
    os.close(original)
    assert children_of_mine() == before


def test_too_slow_is_refused(long_film: bytes) -> None:
    original = memory.from_bytes("original", long_film)
    started = time.monotonic()
    with pytest.raises(MediaRefused) as refused:
        clean(Kind.VIDEO, original, Limits(least_seconds=1, slowness=0))
    os.close(original)
    assert refused.value.reason is Reason.OUT_OF_TIME
    assert time.monotonic() - started < 60


def test_a_result_that_grows_too_large_is_refused(long_film: bytes) -> None:
    original = memory.from_bytes("original", long_film)
    with pytest.raises(MediaRefused) as refused:
        clean(Kind.VIDEO, original, Limits(output_bytes=300_000))
    os.close(original)
    assert refused.value.reason is Reason.RESULT_TOO_LARGE


def test_an_original_that_could_still_change_is_not_looked_at(tmp_path: Path) -> None:
    path = media.speech(tmp_path, seconds=1)
    with path.open("rb") as file, pytest.raises(ValueError, match="sealed"):
        clean(Kind.AUDIO, file.fileno())


def test_two_jobs_in_threads_do_not_disturb_each_other(tmp_path: Path) -> None:
    original = memory.from_file("original", os.open(media.film(tmp_path, seconds=2), os.O_RDONLY))
    results: list[int] = []

    def run() -> None:
        with clean(Kind.VIDEO, original) as made:
            results.append(made.facts.duration_ms)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.close(original)
    assert results == [2000, 2000]
