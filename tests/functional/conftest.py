"""What the tests over HTTP can ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.house import Service
from tests.support.web import Exchange, make_exchange, make_exchange_by_hand


@pytest.fixture
async def exchange(service: Service, tmp_path: Path) -> AsyncIterator[Exchange]:
    """A case in which everything may pass, with its people signed in."""
    async with make_exchange(service, tmp_path) as made:
        yield made


@pytest.fixture
async def exchange_by_hand(service: Service, tmp_path: Path) -> AsyncIterator[Exchange]:
    """The same, set up over the APIs: everybody has a name and a passphrase."""
    async with make_exchange_by_hand(service, tmp_path) as made:
        yield made
