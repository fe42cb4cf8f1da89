"""An author who was taken off the case can take back what they wrote; and what a quota must not tell."""

from pathlib import Path
from uuid import UUID

import pytest

from relay.cases.own import own_case
from relay.cases.service import read_case, remove_seat
from relay.errors import Conflict, Missing, TooLarge
from relay.exchange import uploads
from relay.exchange.items import save_draft, start_item, withdraw
from relay.exchange.progress import own_item
from relay.exchange.submitting import submit
from relay.identity.model import Person
from tests.support.house import Pair, Service, make_pair, make_service
from tests.support.letters import send_letter
from tests.support.postgres import Dsns
from tests.support.work import make_room


async def test_who_was_taken_off_the_case_can_only_take_back(
    service: Service, pair: Pair, tmp_path: Path
) -> None:
    house = service.participants
    seats = tuple(one.seat_id for one in (await own_case(house, pair.offender, pair.case_id)).counterparts)
    async with make_room(service, tmp_path):
        sent = await send_letter(service, pair.offender, pair.case_id)
        draft = await start_item(house, pair.offender, pair.case_id, "letter", seats)
        film = await start_item(house, pair.offender, pair.case_id, "video", seats)
        upload = await uploads.create(house, pair.offender, film, 1000)
        _, people, _ = await read_case(service.desk, pair.facilitator, pair.case_id)
        seat = next(one.seat_id for one in people if one.account_id == pair.offender.id)
        await remove_seat(service.desk, pair.facilitator, pair.case_id, seat)

        with pytest.raises(Missing):
            await save_draft(house, pair.offender, draft, "More.")
        with pytest.raises(Missing):
            await submit(house, pair.offender, draft)
        with pytest.raises(Missing):
            await uploads.create(house, pair.offender, film, 1000)
        with pytest.raises(Missing):
            async with uploads.append(house, pair.offender, upload.id, 0):
                pass
        for item_id in (sent, draft):
            await withdraw(house, pair.offender, item_id)
            assert (await own_item(house, pair.offender, item_id)).state == "withdrawn"


async def test_a_quota_says_nothing_of_what_the_other_side_has_stored(dsns: Dsns, tmp_path: Path) -> None:
    """With as little room as two people could ever share."""
    limits = {"person_quota": 1000, "case_quota": 2000, "store_watermark": 1500}
    async with make_service(dsns, tmp_path, **limits) as service:
        pair = await make_pair(service)
        house = service.participants

        async def film(*, author_is_victim: bool) -> tuple[Person, UUID]:
            author = pair.victim if author_is_victim else pair.offender
            case = await own_case(house, author, pair.case_id)
            item = await start_item(house, author, pair.case_id, "video", (case.counterparts[0].seat_id,))
            return author, item

        async def takes(length: int) -> bool:
            author, item = await film(author_is_victim=False)
            try:
                upload = await uploads.create(house, author, item, length)
            except TooLarge:
                return False
            await uploads.terminate(house, author, upload.id)
            return True

        lengths = (1, 500, 900, 1000, 1001)
        before = [await takes(length) for length in lengths]
        author, item = await film(author_is_victim=True)
        upload = await uploads.create(house, author, item, 999)
        async with uploads.append(house, author, upload.id, 0) as sink:
            await sink.write(bytes(999))
        assert [await takes(length) for length in lengths] == before == [True] * 4 + [False]


@pytest.mark.parametrize(
    ("limits", "other_side_has_room"),
    [({"case_quota": 1000}, True), ({"store_watermark": 300}, False)],
    ids=["half of the case's room", "the mark of the house"],
)
async def test_a_side_and_the_house_have_only_so_much_room(
    dsns: Dsns, tmp_path: Path, limits: dict[str, int], *, other_side_has_room: bool
) -> None:
    async with make_service(dsns, tmp_path, **limits) as service:
        pair = await make_pair(service)
        house = service.participants

        async def film(author: Person) -> UUID:
            case = await own_case(house, author, pair.case_id)
            return await start_item(house, author, pair.case_id, "video", (case.counterparts[0].seat_id,))

        item = await film(pair.victim)
        upload = await uploads.create(house, pair.victim, item, 400)
        async with uploads.append(house, pair.victim, upload.id, 0) as sink:
            await sink.write(bytes(400))
        with pytest.raises(TooLarge, match="no room"):
            await uploads.create(house, pair.victim, item, 101)
        theirs = await film(pair.offender)
        if other_side_has_room:
            await uploads.create(house, pair.offender, theirs, 400)
        else:
            with pytest.raises(TooLarge, match="no room"):
                await uploads.create(house, pair.offender, theirs, 1)


async def test_small_files_that_are_not_sent_have_a_limit_too(
    service: Service, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_WAITING", 3)
    house = service.participants
    case = await own_case(house, pair.offender, pair.case_id)
    item = await start_item(house, pair.offender, pair.case_id, "video", (case.counterparts[0].seat_id,))
    first, second, _ = [await uploads.create(house, pair.offender, item, 1) for _ in range(3)]
    async with uploads.append(house, pair.offender, first.id, 0) as sink:
        await sink.write(b"x")
    with pytest.raises(Conflict):
        await uploads.create(house, pair.offender, item, 1)
    await uploads.terminate(house, pair.offender, second.id)
    await uploads.create(house, pair.offender, item, 1)
