import threading
import time
from pathlib import Path

import pytest

from tests.support import media
from tests.support.media import Whole
from workers.media.clean import clean
from workers.media.model import Cancelled, Kind, Limits, MediaRefused, Reason


def children_of_mine() -> set[str]:
    return set(Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split())


@pytest.fixture(scope="module")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("long")
    return media.film(folder, "long.mp4", 10, "-preset", "ultrafast", size="1280x720").read_bytes()


def test_progress_rises_to_a_hundred(long_film: bytes) -> None:
    heard: list[int] = []
    clean(Kind.VIDEO, Whole(long_film), progress=heard.append).close()
    assert heard == sorted(heard)
    assert len(heard) > 4
    assert heard[-1] == 100


def test_stopping_ends_everything_at_once(long_film: bytes) -> None:
    stop = threading.Event()

    def hear(percent: int) -> None:
        if percent > 0:
            stop.set()

    before = children_of_mine()
    with pytest.raises(Cancelled):
        clean(Kind.VIDEO, Whole(long_film), Limits(), hear, stopped=stop.is_set)
    assert children_of_mine() == before


def test_too_slow_is_refused(long_film: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(MediaRefused) as refused:
        clean(Kind.VIDEO, Whole(long_film), Limits(least_seconds=1, slowness=0))
    assert refused.value.reason is Reason.OUT_OF_TIME
    assert time.monotonic() - started < 60


def test_a_result_that_grows_too_large_is_refused(long_film: bytes) -> None:
    with pytest.raises(MediaRefused) as refused:
        clean(Kind.VIDEO, Whole(long_film), Limits(output_bytes=300_000))
    assert refused.value.reason is Reason.RESULT_TOO_LARGE


def test_two_jobs_in_threads_do_not_disturb_each_other(tmp_path: Path) -> None:
    film = Whole(media.film(tmp_path, seconds=2).read_bytes())
    results: list[int] = []

    def run() -> None:
        with clean(Kind.VIDEO, film) as made:
            results.append(made.facts.duration_ms)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [2000, 2000]
