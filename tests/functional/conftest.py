"""What the tests over HTTP can ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.house import Kept, Pair, Service
from tests.support.web import Exchange, make_exchange


@pytest.fixture
async def exchange(service: Service, pair: Pair, tmp_path: Path) -> AsyncIterator[Exchange]:
    """A case in which everything may pass, with its people signed in."""
    async with make_exchange(service, tmp_path, pair) as made:
        yield made


@pytest.fixture
async def exchange_by_hand(service: Service, by_hand: Kept, tmp_path: Path) -> AsyncIterator[Exchange]:
    """The same, whose people have names and passphrases."""
    async with make_exchange(service, tmp_path, by_hand.people(service)) as made:
        yield made
