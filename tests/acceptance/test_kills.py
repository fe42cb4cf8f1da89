"""kill -9 of every process in the middle of an exchange: each comes back, and nothing accepted is lost."""

import hashlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from rich.console import Console

from relay.cli.stack import Stack
from relay.settings import load
from relay.tour import material
from relay.tour.acts import beginning
from relay.tour.client import Unexpected
from relay.tour.people import Invited
from relay.tour.stage import Stage
from relay.tour.story import Play, scratch, staged
from relay.tour.tus import TusUpload
from tests.support import media
from tests.support.killer import Killer

pytestmark = pytest.mark.slow


def _upload_over_a_dead_app(stage: Stage, killer: Killer, item_id: str) -> None:
    """The app dies with half of a portion on its way; what it had acknowledged is there, and it goes on."""
    upload = TusUpload(stage.offender.api, item_id, stage.material.video)
    half = upload.size // 2 | 1
    assert upload.append(0, half).status_code == 204
    killer.kill("participants")
    assert upload.where() == half
    upload.finish(lambda _: None)
    assert upload.where() == upload.size


def _made_safe_over_a_dead_worker(stage: Stage, killer: Killer, item_id: str) -> None:
    """The worker dies at work; once its lease is over, the next one does it anew."""
    stage.offender.submit(item_id)
    administrator = stage.operator.database_administrator().url
    with psycopg.connect(administrator, autocommit=True) as database:
        until = time.monotonic() + 30
        while not database.execute("SELECT FROM relay.work WHERE leased_until > now()").fetchall():
            assert time.monotonic() < until
            time.sleep(0.02)
        killer.kill("worker")
        assert stage.offender.api.get(f"/items/{item_id}")["state"] == "submitted"
        # instead of waiting for two minutes
        database.execute("UPDATE relay.work SET leased_until = now() WHERE leased_until > now()")
    killer.kill("worker")
    stage.made_safe(stage.offender, item_id, "video")


def _patiently(attempt: Callable[[], object]) -> None:
    """What a person does whose page did not load: try again."""
    until = time.monotonic() + 30
    while True:
        try:
            attempt()
        except (Unexpected, httpx.TransportError):
            assert time.monotonic() < until
            time.sleep(0.2)
        else:
            return


def test_kill_9_of_every_process_in_the_middle_of_an_exchange_loses_nothing() -> None:
    with scratch("kills") as folder:
        play = Play(
            settings=load(
                os.environ
                | {
                    "RELAY_DATA": str(folder / "data"),
                    "RELAY_PARTICIPANTS_PORT": "0",
                    "RELAY_DESK_PORT": "0",
                    "RELAY_PARTICIPANTS_PROCESSES": "2",
                }
            ),
            keys=folder / "keys",
            material=material.make(folder / "sent", seconds=4),
            out=folder / "received",
        )
        with staged(play, Console(quiet=True)) as performance:
            killer = Killer(performance.stack)

            def acts(stage: Stage, first: Invited) -> None:
                beginning.staff(stage, first)
                beginning.case(stage)
                stage.offender.read_limits()
                item_id = stage.offender.start("video")
                _upload_over_a_dead_app(stage, killer, item_id)
                _made_safe_over_a_dead_worker(stage, killer, item_id)
                stage.facilitator.claim(item_id)
                killer.kill("desk")
                digest, _ = stage.facilitator.read(item_id, stage.journal)
                stage.facilitator.wait_until_seen(item_id)
                killer.kill("postgres")
                _patiently(lambda: stage.facilitator.wait_until_seen(item_id))
                stage.facilitator.decide(item_id, "approve")
                killer.kill("postgres")
                _patiently(lambda: stage.facilitator.on_desk(item_id))
                delivery_id = stage.facilitator.release(item_id, stage.cast.note)
                killer.kill("participants")
                stage.opened(stage.victim, item_id, delivery_id, "video")
                received = (play.out / "victim" / "1-film.mp4").read_bytes()
                assert hashlib.sha256(received).hexdigest() == digest
                stage.operator.verify_audit()

            report = performance.perform(acts)
            assert report.held, report.failure
        assert _second_start_goes_on(play)


def test_a_worker_told_to_stop_in_the_middle_of_a_file_gives_it_back_at_once() -> None:
    """SIGTERM, as from whoever restarts a service: nobody waits for the lease, and it was no try."""
    with scratch("stopped") as folder:
        ports = {"RELAY_PARTICIPANTS_PORT": "0", "RELAY_DESK_PORT": "0"}
        play = Play(
            settings=load(os.environ | {"RELAY_DATA": str(folder / "data")} | ports),
            keys=folder / "keys",
            material=material.make(folder / "sent", seconds=2),
            out=folder / "received",
        )
        film = media.film(folder, "long.mp4", 40, "-preset", "ultrafast", size="1280x720")
        with staged(play, Console(quiet=True)) as performance:
            killer = Killer(performance.stack)

            def acts(stage: Stage, first: Invited) -> None:
                beginning.staff(stage, first)
                beginning.case(stage)
                stage.offender.read_limits()
                item_id = stage.offender.start("video")
                TusUpload(stage.offender.api, item_id, film).finish(lambda _: None)
                stage.offender.submit(item_id)
                administrator = stage.operator.database_administrator().url
                with psycopg.connect(administrator, autocommit=True) as database:
                    leases = "SELECT lease_id, attempts FROM relay.work WHERE leased_until > now()"
                    first_lease = _eventually(lambda: database.execute(leases).fetchall())
                    killer.kill("worker", signal.SIGTERM)
                    second = _eventually(lambda: database.execute(leases).fetchall())
                    assert second[0][0] != first_lease[0][0]
                    assert second[0][1] == first_lease[0][1] == 1

            report = performance.perform(acts)
            assert report.held, report.failure


def _eventually(asked: Callable[[], list[Any]]) -> list[Any]:
    until = time.monotonic() + 60  # a lease is twice as long
    while not (found := asked()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def _second_start_goes_on(play: Play) -> bool:
    """The same folder, started again: everybody is there and the film can still be opened."""
    stack = Stack(play.settings)
    with stack:
        with httpx.Client(base_url=stack.settings.participants_origin, trust_env=False) as browser:
            assert browser.get("/health").status_code == 200
        return _rows(stack) == 1


def _rows(stack: Stack) -> int:
    from relay.tour.operator import Operator

    administrator = Operator(stack.settings, Path()).database_administrator()
    with psycopg.connect(administrator.url) as database:
        return int(database.execute("SELECT count(*) FROM relay.releases").fetchall()[0][0])
