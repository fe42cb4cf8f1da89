"""Two places for stretching a passphrase, for all processes of a machine."""

import asyncio
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from relay.errors import Busy, SignInNeeded
from relay.house import House
from relay.identity import sessions
from relay.identity.stretching import AT_ONCE, stretch
from relay.process.places import Places
from relay.settings import Settings
from tests.support.house import Service
from tests.support.processes import eventually


@contextmanager
def another_process(folder: Path, count: int) -> Iterator[subprocess.Popen[str]]:
    """Another process that is stretching `count` passphrases, until it is killed."""
    script = (
        "import sys, time; from pathlib import Path; from relay.process.places import Places\n"
        f"places = Places(Path(sys.argv[1]), 'stretching', {AT_ONCE})\n"
        f"held = [places.take() for _ in range({count})]; assert None not in held\n"
        "print('taken', flush=True); time.sleep(60)"
    )
    argv = [sys.executable, "-c", script, str(folder)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        yield process
        process.kill()


@pytest.mark.parametrize("held", [1, 2])
def test_a_place_that_another_process_has_is_free_when_that_was_killed(tmp_path: Path, held: int) -> None:
    places = Places(tmp_path / "run", "stretching", AT_ONCE)
    with another_process(tmp_path / "run", held) as other:
        mine = [places.take() for _ in range(AT_ONCE)]
        assert mine.count(None) == held
        other.kill()
        eventually(lambda: places.take() is not None)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "run").iterdir())


async def test_two_processes_stretch_two_passphrases_between_them_and_no_more(service: Service) -> None:
    with another_process(service.settings.run_folder, AT_ONCE) as other:
        for house in (service.participants, service.desk):
            with pytest.raises(Busy):
                await stretch(house, lambda: None)
        waiting = asyncio.create_task(stretch(service.desk, lambda: "in", patience=10))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        other.kill()
        assert await waiting == "in"


async def test_staff_wait_for_a_place_where_participants_are_asked_to_come_again(service: Service) -> None:
    def sign_in(house: House) -> Coroutine[Any, Any, object]:
        return sessions.sign_in(house, house.database.surface, "nobody", "seven quiet lanterns", "192.0.2.1")

    with another_process(service.settings.run_folder, AT_ONCE) as other:
        waiting = asyncio.create_task(sign_in(service.desk))
        with pytest.raises(Busy):
            await sign_in(service.participants)
        await asyncio.sleep(0.1)
        assert not waiting.done()
        other.kill()
        with pytest.raises(SignInNeeded):
            await waiting


def test_folders_are_machines_of_their_own(tmp_path: Path) -> None:
    one, two = (Places(Settings(data=tmp_path / name).run_folder, "stretching", 1) for name in "ab")
    place = one.take()
    assert place is not None
    assert one.take() is None
    other = two.take()
    assert other is not None
    one.give_back(place)
    two.give_back(other)
