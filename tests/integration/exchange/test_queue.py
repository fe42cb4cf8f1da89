"""Whose turn it is: what came into review first."""

from pathlib import Path

from relay.review.queue import queue
from tests.support.house import Pair, Service
from tests.support.letters import send_letter
from tests.support.work import make_room, work_off


async def test_the_oldest_comes_first_on_every_page(service: Service, pair: Pair, tmp_path: Path) -> None:
    sent = []
    async with make_room(service, tmp_path) as room:
        for author in (pair.victim, pair.offender):
            sent.append(await send_letter(service, author, pair.case_id))
            await work_off(room)
            service.clock.go(minutes=1)
    whole = await queue(service.desk, pair.facilitator)
    assert [one.item_id for one in whole] == sent
    [first] = await queue(service.desk, pair.facilitator, limit=1)
    assert first.item_id == sent[0]
    [second] = await queue(
        service.desk, pair.facilitator, after=first.ready_at, after_id=first.item_id, limit=1
    )
    assert second.item_id == sent[1]
