from relay.db.transaction import Surface
from tests.support.house import Pair, Service


async def test_a_pair_is_ready(service: Service, pair: Pair) -> None:
    async with service.databases[Surface.DESK].reading(pair.facilitator.id) as tx:
        assert await tx.value("SELECT count(*) FROM relay.seats") == 3
