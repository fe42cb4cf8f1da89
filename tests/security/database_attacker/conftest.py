"""A town for each test."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from tests.security.database_attacker.town import Town
from tests.support.postgres import TestServer
from tests.support.stage import Stage, copied, make_stage


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture(scope="module")
def stage(
    postgres: TestServer, runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with postgres.clone() as dsns:
        yield runner.run(make_stage(dsns, tmp_path_factory.mktemp("stage")))


@pytest.fixture
def town(stage: Stage, postgres: TestServer, runner: asyncio.Runner) -> Iterator[Town]:
    exits = AsyncExitStack()
    service, room, dsns = runner.run(exits.enter_async_context(copied(stage, postgres)))
    made = Town(stage, service, room, dsns, runner)
    yield made
    made.attacker.close()
    runner.run(exits.aclose())
