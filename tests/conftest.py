"""What every test can ask for."""

from collections.abc import Iterator

import pytest

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
