"""What every test can ask for."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support import order
from tests.support.house import Kept, Pair, Service, copy_service, kept, make_pair, make_service
from tests.support.postgres import Dsns, TestServer, test_server
from tests.support.web import make_pair_by_hand


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long tests first where several processes share them."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes > 1:
        items[:] = order.long_first(items, processes)


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestServer]:
    """The PostgreSQL server of this test process."""
    with test_server() as server:
        yield server


@pytest.fixture(scope="session")
def paired(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """A service with a pair in it, for `pair` to copy."""
    with kept(postgres, tmp_path_factory.mktemp("paired"), make_pair) as made:
        yield made


@pytest.fixture(scope="session")
def by_hand(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """The same, set up over the APIs, as people would: everybody has a name and a passphrase."""
    with kept(postgres, tmp_path_factory.mktemp("by-hand"), make_pair_by_hand) as made:
        yield made


@pytest.fixture
def copied(request: pytest.FixtureRequest) -> Kept | None:
    """What the test's service is a copy of: what `pair` or its like asks for."""
    wanted = [name for name in ("paired", "by_hand") if name in request.fixturenames]
    assert len(wanted) < 2, "a test has one service"
    return request.getfixturevalue(wanted[0]) if wanted else None


@pytest.fixture
def dsns(postgres: TestServer, copied: Kept | None) -> Iterator[Dsns]:
    """A migrated database of the test's own; each surface's login has its own Dsn."""
    with postgres.clone(of=copied.dsns if copied else None) as clone:
        yield clone


@pytest.fixture
async def service(dsns: Dsns, copied: Kept | None, tmp_path: Path) -> AsyncIterator[Service]:
    """A service of the test's own, with nobody in it yet but whom `pair` or its like puts there."""
    made = copy_service(copied, dsns, tmp_path) if copied else make_service(dsns, tmp_path)
    async with made as service:
        yield service


@pytest.fixture
async def pair(service: Service, paired: Kept) -> Pair:
    """A facilitator, a victim and an offender on a case in which everything may pass."""
    return paired.people(service)
