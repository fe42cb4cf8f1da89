"""Samples and results that several tests look at; made once for each test process."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import media
from workers.media.clean import clean
from workers.media.model import Clean, Kind, Limits
from workers.sandbox.window import File

CleanFile = Callable[..., Clean]


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("samples")


@pytest.fixture(scope="session")
def clean_file() -> Iterator[CleanFile]:
    """Clean a file from disk. The results are closed at the end."""
    made: list[Clean] = []

    def run(kind: Kind, path: Path, **more: object) -> Clean:
        with path.open("rb") as file:
            limits = more.pop("limits", Limits())
            result = clean(kind, File(file.fileno()), limits, **more)  # type: ignore[arg-type]
        made.append(result)
        return result

    yield run
    for result in made:
        result.close()


@pytest.fixture(scope="session")
def phone_film(samples: Path) -> Path:
    return media.phone_film(samples)


@pytest.fixture(scope="session")
def clean_phone_film(clean_file: CleanFile, phone_film: Path) -> Clean:
    return clean_file(Kind.VIDEO, phone_film)


@pytest.fixture(scope="session")
def clean_speech(clean_file: CleanFile, samples: Path) -> Clean:
    return clean_file(Kind.AUDIO, media.speech(samples))


@pytest.fixture(scope="session")
def clean_document(clean_file: CleanFile, samples: Path) -> Clean:
    return clean_file(Kind.DOCUMENT, media.document(samples))
