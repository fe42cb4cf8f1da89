"""kill -9 at forty points of an exchange: what was answered is there, what was not can be done again.

Each step of a letter's way is asked for while the process that does it, or the database beneath it, is killed
at a moment of chance. Whoever gets no answer looks, and asks again if it was not done.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple

import httpx
import psycopg
import pytest
from rich.console import Console

from relay.process import supervisor
from relay.settings import load
from relay.tour import material
from relay.tour.acts import beginning
from relay.tour.client import Unexpected
from relay.tour.journal import NotAsExpected
from relay.tour.people import Invited
from relay.tour.stage import Stage
from relay.tour.story import Play, scratch, staged
from tests.support.killer import Killer

pytestmark = pytest.mark.slow

ROUNDS = ("itself", "itself", "postgres", "postgres")
"""What is killed under each step of a letter's way: four letters of ten steps."""


class Step(NamedTuple):
    """One step: the process that does it, what is asked, how to see that it was done."""

    name: str
    part: str
    ask: Callable[[], object]
    done: Callable[[], bool]
    seconds: float = 0.05
    """About how long it takes: the killing falls somewhere in there."""
    told: bool = True
    """Whether an answer says that it was done."""


class Letter:
    """One letter's way, from the first draft to its being read."""

    def __init__(self, stage: Stage, killer: Killer, number: int) -> None:
        self._stage, self._killer = stage, killer
        self._text = f"What I have wanted to say to you, {number}."
        self._before = {one["id"] for one in self._own()}
        self._item_id = self._delivery_id = ""

    def steps(self) -> tuple[Step, ...]:
        """In their order."""
        victim, facilitator, offender = self._stage.victim, self._stage.facilitator, self._stage.offender
        return (
            Step("start", "participants", lambda: victim.start("letter"), self._started),
            Step("write", "participants", lambda: victim.write(self._item_id, self._text), self._written),
            Step("submit", "participants", lambda: victim.submit(self._item_id), self._submitted),
            Step("make safe", "worker", self._look_after, lambda: self._state() == "in_review", 0.4),
            Step("claim", "desk", lambda: facilitator.claim(self._item_id), self._claimed),
            Step("read", "desk", self._review, lambda: self._desk()["seen_all"], told=False),
            Step("approve", "desk", self._approve, lambda: self._desk()["state"] != "in_review"),
            Step("release", "desk", lambda: facilitator.release(self._item_id), self._released),
            Step("open", "participants", lambda: offender.choose(self._delivery_id, "open"), self._opened),
            Step("receive", "participants", self._receive, lambda: self._receive() == self._text.encode()),
        )

    def _own(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._stage.victim.api.get(f"/cases/{self._stage.case_id}/items")
        return found

    def _state(self) -> str:
        return str(self._stage.victim.api.get(f"/items/{self._item_id}")["state"])

    def _desk(self) -> Any:
        return self._stage.facilitator.on_desk(self._item_id)

    def _started(self) -> bool:
        new = [one["id"] for one in self._own() if one["id"] not in self._before]
        assert len(new) <= 1, "it was started twice"
        self._item_id = new[0] if new else ""
        return bool(new)

    def _written(self) -> bool:
        text = self._stage.victim.api.get(f"/items/{self._item_id}/draft")["text"]
        assert text in {"", self._text}, "half of it was kept"
        return bool(text)

    def _submitted(self) -> bool:
        return self._state() != "draft"

    def _look_after(self) -> None:
        """Wait for a worker. A lease that nobody holds any more is ended, instead of waiting two minutes."""
        until = time.monotonic() + 10
        while self._state() == "submitted" and time.monotonic() < until:
            time.sleep(0.1)
        if self._state() == "submitted":
            administrator = self._stage.operator.database_administrator().url
            with psycopg.connect(administrator, autocommit=True) as database:
                database.execute("UPDATE relay.work SET leased_until = now() WHERE leased_until > now()")
            self._killer.kill("worker")
            raise Unexpected("no worker yet")

    def _claimed(self) -> bool:
        return bool(self._desk()["claimed_by"])

    def _review(self) -> None:
        self._stage.facilitator.read(self._item_id, self._stage.journal)
        with suppress(NotAsExpected):  # killed behind the last byte, before that was written down: once more
            self._stage.facilitator.wait_until_seen(self._item_id)

    def _approve(self) -> None:
        self._stage.facilitator.decide(self._item_id, "approve")

    def _released(self) -> bool:
        released = bool(self._desk()["recipients"][0]["released"])
        waiting = [one["id"] for one in self._stage.offender.deliveries() if one["state"] == "waiting"]
        assert len(waiting) == released, "what the desk says is not what the recipient sees"
        self._delivery_id = waiting[0] if released else ""
        return released

    def _opened(self) -> bool:
        found = {one["id"]: one["state"] for one in self._stage.offender.deliveries()}
        return bool(found[self._delivery_id] == "opened")

    def _receive(self) -> bytes:
        return bytes(self._stage.offender.api.get(f"/deliveries/{self._delivery_id}/content"))


def _under_fire(step: Step, kill: Callable[[], None], delay: float) -> None:
    """Ask for a step while something is killed; look, and ask again for what was not done."""
    killing = threading.Timer(delay, kill)
    killing.start()
    answered = _attempt(step.ask)
    killing.join()
    done = _patiently(step.done)
    assert done or not (answered and step.told), f"{step.name}: it was answered, and is not there"
    until = time.monotonic() + 60
    while not done:
        assert time.monotonic() < until, f"{step.name}: it cannot be done again"
        _attempt(step.ask)
        done = _patiently(step.done)


def _attempt(ask: Callable[[], object]) -> bool:
    """Tell whether it was answered."""
    with suppress(Unexpected, httpx.TransportError):
        ask()
        return True
    return False


def _patiently(done: Callable[[], bool]) -> bool:
    """Look until there is an answer, as a person does whose page did not load."""
    until = time.monotonic() + 60
    while True:
        try:
            return done()
        except (Unexpected, httpx.TransportError):
            assert time.monotonic() < until
            time.sleep(0.1)


def test_kill_9_at_forty_points_loses_nothing_and_releases_nothing_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor._Member, "delay", lambda _: 0.0)  # who dies this often would have to wait
    seed = int(os.environ.get("KILL_POINTS_SEED", "0")) or Random().randrange(1 << 32)  # noqa: S311 - moments, no keys
    print(f"KILL_POINTS_SEED={seed}")  # noqa: T201 - shown when it fails
    chance = Random(seed)  # noqa: S311 - as above
    with scratch("kill-points") as folder:
        ports = {"RELAY_PARTICIPANTS_PORT": "0", "RELAY_DESK_PORT": "0", "RELAY_PARTICIPANTS_PROCESSES": "1"}
        play = Play(
            settings=load(os.environ | {"RELAY_DATA": str(folder / "data"), **ports}),
            keys=folder / "keys",
            material=material.make(folder / "sent", seconds=1),
            out=folder / "received",
        )
        with staged(play, Console(quiet=True)) as performance:
            killer = Killer(performance.stack)
            points: list[str] = []

            def acts(stage: Stage, first: Invited) -> None:
                beginning.staff(stage, first)
                beginning.case(stage)
                for number, what in enumerate(ROUNDS):
                    for step in Letter(stage, killer, number).steps():
                        part = step.part if what == "itself" else what
                        _under_fire(step, lambda part=part: killer.kill(part), chance.random() * step.seconds)  # type: ignore[misc]
                        points.append(f"{step.name}: {part}")
                stage.operator.verify_audit()
                assert _rows(stage, "releases") == _rows(stage, "deliveries") == len(ROUNDS)
                assert _rows(stage, "grants WHERE release_id IS NOT NULL") == len(ROUNDS)

            report = performance.perform(acts)
            assert report.held, report.failure
            assert len(points) == 40


def _rows(stage: Stage, of: str) -> int:
    with psycopg.connect(stage.operator.database_administrator().url) as database:
        return int(database.execute(f"SELECT count(*) FROM relay.{of}").fetchall()[0][0])  # noqa: S608 - ours
