"""What every test can ask for."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.house import Pair, Service, make_pair, make_service
from tests.support.postgres import Dsns, TestServer, test_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestServer]:
    """The PostgreSQL server of this test process."""
    with test_server() as server:
        yield server


@pytest.fixture
def dsns(postgres: TestServer) -> Iterator[Dsns]:
    """A migrated database of the test's own; each surface's login has its own Dsn."""
    with postgres.clone() as clone:
        yield clone


@pytest.fixture
async def service(dsns: Dsns, tmp_path: Path) -> AsyncIterator[Service]:
    """A service of the test's own, with nobody in it yet."""
    async with make_service(dsns, tmp_path) as made:
        yield made


@pytest.fixture
async def pair(service: Service) -> Pair:
    """A facilitator, a victim and an offender on a case in which everything may pass."""
    return await make_pair(service)
