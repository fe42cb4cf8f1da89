"""Canaries: a whole exchange in which everything that matters is a secret, and a search of every place.

DESIGN, "Always true", 9; SAFETY, "Figures to hold". A place in which a leak made on purpose is not found
proves nothing, so each is leaked into, in every form.
"""

import fnmatch
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self
from uuid import uuid4

import httpx
import pytest
from rich.console import Console

from relay.settings import load
from relay.tour.stage import Stage
from relay.tour.story import Performance, Play, scratch, staged
from tests.support.canaries import Found, Searcher, Secret
from tests.support.places import (
    DatabaseFiles,
    Folder,
    Jobs,
    Log,
    Place,
    Processes,
    Tables,
    Temporary,
    leaks,
)
from tests.support.planted import Planted

pytestmark = pytest.mark.slow

_KINDS = {
    "letter": ("letter, Polish", "letter, Urdu", "letter, English", "letter, last line"),
    "names": (
        "victim's name",
        "offender's name",
        "facilitator's name",
        "label of the *",
        "reference of the case",
    ),
    "telephone": ("telephone number in the first draft",),
    "notes": (
        "guidance to the author",
        "note to the recipient",
        "reasoning on responsibility",
        "safety assessment",
    ),
    "what is hidden": ("words that are hidden", "what the author is told about them"),
    "file names": tuple(f"file name of the {kind}" for kind in ("letter", "audio", "video", "document")),
    "EXIF": ("EXIF description", "EXIF make", "EXIF artist", "EXIF copyright", "JPEG comment"),
    "ID3": ("ID3 tag title", "ID3 tag artist", "ID3 tag comment", "ID3 tag lyrics"),
    "MP4 tags": ("MP4 tag title", "MP4 tag comment", "MP4 tag location", "chapter"),
    "subtitle": ("subtitle",),
    "content": ("recording as sent, *", "film as sent, *", "page as sent, *", "*film.mp4 as received, *"),
    "passphrase": tuple(f"passphrase of the {role}" for role in ("victim", "offender", "facilitator")),
    "invitation": tuple(
        f"{part} of the {role}"
        for part in ("invitation's letters", "invitation's letters, joined,", "spoken code")
        for role in ("victim", "offender", "facilitator")
    ),
    "cookie halves": tuple(f"half *.* of the {role}" for role in ("victim", "offender", "facilitator")),
    "keys": (
        *(f"private keys of the {role}" for role in ("victim", "offender", "facilitator")),
        *(f"signing key of the {role}" for role in ("victim", "offender", "facilitator")),
        *("data key of object *", "private key * of a case"),
        *("offline key relay-root.key", "offline key relay-recovery.key"),
    ),
}
"""What SAFETY lists, and what of each there must be: names of canaries."""
_MANY = ("half *", "cookie or token *", "data key of *", "* as sent, *", "* as received, *")
"""Of these there are as many as it happens: forty others are wanted."""
_TEMPORARY = tuple(map(Path, ("/tmp", "/var/tmp", "/dev/shm")))


class Watch:
    """Looks into the temporary folders all the while: a file that is there for a moment is there too long."""

    def __init__(self, searcher: Searcher) -> None:
        self.found: list[Found] = []
        self._places = [Temporary(folder) for folder in _TEMPORARY]
        self._searcher = searcher
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.4):
            for place in self._places:
                self.found += place.search(self._searcher)


class Searched:
    """A stack after an exchange, everything that must lie nowhere in it, and the places to look."""

    def __init__(self, performance: Performance, planted: Planted, watched: list[Found]) -> None:
        self.stage = performance.stage
        self.settings = performance.stack.settings
        self.planted = planted
        self.watched = watched
        data, database = self.settings.data, self.stage.operator.database_administrator()
        self.places: list[Place] = [
            DatabaseFiles(database, self.settings.postgres_folder, wal=False),
            DatabaseFiles(database, self.settings.postgres_folder, wal=True),
            Tables(database, "relay"),
            Jobs(database, "jobs"),
            Folder("blobs", self.settings.blobs),
            Log("logs", self.settings.log_folder),
            Folder("run folder", self.settings.run_folder),
            Folder("keyring", self.settings.keyring),
            Folder("workers' folder", self.settings.worker_secrets),
            Folder("the rest of the data folder", data, skip=self._searched_apart()),
            Processes([pid for pid in performance.stack.pids.values() if pid]),
            *(Temporary(folder) for folder in _TEMPORARY),
        ]

    def _searched_apart(self) -> set[Path]:
        settings = self.settings
        return {
            settings.postgres_folder,
            settings.blobs,
            settings.log_folder,
            settings.run_folder,
            settings.keyring,
            settings.worker_secrets,
        }

    def own_secrets(self) -> list[Secret]:
        """Secrets of the machine itself, which have one place each."""
        passwords = sorted(self.settings.run_folder.glob("*.password"))
        keyring = (self.settings.keyring / "keyring").read_text().split("\n")[1]
        workers = sorted(self.settings.worker_secrets.glob("*.key"))
        return [
            *(Secret(path.name, path.read_text().strip().encode()) for path in passwords),
            Secret("keyring", bytes.fromhex(keyring)),
            *(Secret("worker's private key", bytes.fromhex(path.read_text())) for path in workers),
        ]

    def is_its_place(self, found: Found) -> bool:
        """Whether a secret of the machine lies where it belongs."""
        if found.name.endswith(".password"):
            own = Path(found.where).name == found.name and "run" in Path(found.where).parts
            return own or (found.where.endswith("/environ") and "login" in found.name)
        home = {"keyring": self.settings.keyring, "worker's private key": self.settings.worker_secrets}
        return found.name in home and Path(found.where).parent == home[found.name]


@pytest.fixture(scope="module")
def searched() -> Iterator[Searched]:
    planted = Planted()
    with scratch("canaries") as folder:  # short, and among those that the search passes over
        environ = os.environ | {
            "RELAY_DATA": str(folder / "data"),
            "RELAY_PARTICIPANTS_PORT": "0",
            "RELAY_DESK_PORT": "0",
        }
        play = Play(
            settings=load(environ),
            keys=folder / "keys",
            material=planted.material(folder / "sent"),
            out=folder / "received",
            cast=planted.cast(),
        )
        with staged(play, Console(quiet=True)) as performance:
            with Watch(Searcher(planted.secrets)) as watch:
                report = performance.perform()
                assert report.held, report.failure
                _mistakes(performance.stage, planted)
            planted.collect(performance.stage, play.keys)
            yield Searched(performance, planted, watch.found)


def _mistakes(stage: Stage, planted: Planted) -> None:
    """What people do wrong at a browser also ends up in requests."""
    for origin in (stage.settings.participants_origin, stage.settings.desk_origin):
        with httpx.Client(base_url=origin, trust_env=False) as browser:
            name = planted.text("a passphrase typed into the field for the name", "horse staple ")
            browser.post(
                "/api/v1/session", json={"name": name, "passphrase": planted.text("a wrong passphrase")}
            )
            form = {
                "name": planted.text("a name in a page's form"),
                "passphrase": planted.text("another wrong one"),
            }
            browser.post("/sign-in", data=form)
            browser.get(f"/enrol/{planted.text('an address with something else at its end')}")
            codes = {
                "secret": planted.text("letters typed wrong"),
                "code": planted.text("a code typed wrong"),
            }
            browser.post(f"/enrol/{uuid4()}", data=codes | form)
            browser.get(f"/api/v1/items/{planted.text('an address that nobody has')}")
            browser.get("/health", params={"q": planted.text("a question mark and more")})
            browser.get("/", headers={"referer": f"https://{planted.text('referer')}.example"})
            browser.get("/", headers={"user-agent": planted.text("browser's name", "Browser ")})
            browser.get("/", headers={"cookie": f"__Host-p={planted.text('a cookie made up')}"})
            browser.post("/api/v1/session", content=f'{{"name": "{planted.text("broken JSON")}"')


def test_no_secret_lies_anywhere_and_every_place_would_show_one(searched: Searched) -> None:
    """One test, so that the exchange is played once, however many processes the tests run in."""
    names = {secret.name for secret in searched.planted.secrets}
    missing = [one for wanted in _KINDS.values() for one in wanted if not fnmatch.filter(names, one)]
    assert missing == [], "what is not planted cannot be found"
    assert len(names - {name for many in _MANY for name in fnmatch.filter(names, many)}) >= 40, sorted(names)
    own = searched.own_secrets()
    assert {"keyring", "worker's private key", "relay_owner.password", "postgres.password"} <= {
        one.name for one in own
    }
    searcher = Searcher([*searched.planted.secrets, *own])
    found = [one for place in searched.places for one in place.search(searcher)]
    assert [one for one in found if not searched.is_its_place(one)] == []
    assert {one.name for one in found} == {one.name for one in own}, "the search sees these where they belong"
    assert searched.watched == [], "not even for a moment"
    assert _missed(searched) == [], "a leak made on purpose was not found, so this test proves nothing"


def _missed(searched: Searched) -> list[tuple[str, str]]:
    """Leak into every place in every form, and name those that the search passes over."""
    missed = []
    for place in searched.places:
        values = {form: f"canary {secrets.token_hex(8)}" for form in leaks(b"")}
        searcher = Searcher(Secret(form, value.encode()) for form, value in values.items())
        with ExitStack() as leaked:
            for form, value in values.items():
                leaked.enter_context(place.leak(leaks(value.encode())[form]))
            found = {one.name for one in place.search(searcher)}
        missed += [(place.name, form) for form in values if form not in found]
    return missed
