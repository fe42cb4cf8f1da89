"""A facilitator leaves the service: what they released stays, and their cases go on with a colleague."""

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from relay.cases.records import record_assessment
from relay.cases.service import add_facilitator, read_case, remove_seat
from relay.errors import Conflict, VaultRefused
from relay.exchange.delivery import choose, content
from relay.exchange.items import read_draft
from relay.exchange.processing import MOST_TRIES
from relay.exchange.progress import own_item
from relay.exchange.release import release
from relay.exchange.submitting import submit
from relay.identity.accounts import suspend
from relay.identity.trust import case_key, participant_key
from relay.identity.vouching import vouch
from relay.vault.suite import KeyPair
from tests.support.house import Pair, Service
from tests.support.letters import approve, seat_of, send_letter, write_letter
from tests.support.work import make_room, work_off


async def test_a_case_goes_on_after_its_facilitator_left_the_service(
    service: Service, pair: Pair, tmp_path: Path
) -> None:
    house, case_id = service.participants, pair.case_id
    colleague = await service.make_facilitator("Filip")
    administrator = await service.make_staff("administrator", "Anna")
    await add_facilitator(service.desk, pair.facilitator, case_id, colleague.id)
    async with make_room(service, tmp_path) as room:
        seat = await seat_of(service, pair.offender, case_id)
        item = await send_letter(service, pair.offender, case_id)
        await work_off(room)
        await approve(service, pair.facilitator, item)
        released = await release(service.desk, pair.facilitator, item, seat)
        await choose(house, pair.victim, released, "open")

        await suspend(service.desk, administrator, pair.facilitator.id)
        await service.sign_roster()
        assert (await content(house, pair.victim, released)).size > 0

        # nothing new rests on the word of who has left
        async with service.desk.database.reading(colleague.id) as tx:
            with pytest.raises(Conflict, match="takes them off"):
                await case_key(tx, service.desk, case_id)
            with pytest.raises(Conflict):
                await participant_key(tx, service.desk, case_id, pair.victim.id)
        _, people, _ = await read_case(service.desk, colleague, case_id)
        assert not any(one.vouched for one in people)

        theirs = next(one.seat_id for one in people if one.account_id == pair.facilitator.id)
        await remove_seat(service.desk, colleague, case_id, theirs)
        for participant in (pair.victim, pair.offender):
            await vouch(service.desk, colleague, case_id, participant.id)
            with pytest.raises(Conflict, match="already"):
                await vouch(service.desk, colleague, case_id, participant.id)

        answer = await send_letter(service, pair.victim, case_id)
        await work_off(room)
        assert (await own_item(house, pair.victim, answer)).state == "in_review"
        assert (await content(house, pair.victim, released)).size > 0

        # and the next roster still knows who it was
        await service.make_facilitator("Frida")
        assert (await content(house, pair.victim, released)).size > 0


async def test_sending_says_what_to_do_after_a_facilitator_left_and_nothing_is_lost(
    service: Service, pair: Pair, tmp_path: Path
) -> None:
    """One letter waits for the worker at that time, another is still being written."""
    house, case_id = service.participants, pair.case_id
    colleague = await service.make_facilitator("Filip")
    administrator = await service.make_staff("administrator", "Anna")
    await add_facilitator(service.desk, pair.facilitator, case_id, colleague.id)
    async with make_room(service, tmp_path) as room:
        sent = await send_letter(service, pair.offender, case_id)
        written = await write_letter(service, pair.victim, case_id, "Written before.")

        await suspend(service.desk, administrator, pair.facilitator.id)
        await service.sign_roster()
        for _ in range(MOST_TRIES + 2):  # however often a worker looks at it meanwhile
            await work_off(room)
        assert (await own_item(house, pair.offender, sent)).state == "submitted"
        with pytest.raises(Conflict, match="What you made is kept"):
            await submit(house, pair.victim, written)
        assert await read_draft(house, pair.victim, written) == "Written before."
        with pytest.raises(Conflict, match="takes them off it"):
            await record_assessment(
                service.desk,
                colleague,
                case_id,
                safe=True,
                valid_until=service.clock() + timedelta(days=9),
                reasoning="Looked at both.",
            )

        _, people, _ = await read_case(service.desk, colleague, case_id)
        [left] = [one for one in people if one.left]
        assert left.account_id == pair.facilitator.id
        await remove_seat(service.desk, colleague, case_id, left.seat_id)
        for participant in (pair.victim, pair.offender):
            await vouch(service.desk, colleague, case_id, participant.id)
        await submit(house, pair.victim, written)
        await work_off(room)
        assert (await own_item(house, pair.offender, sent)).state == "in_review"
        assert (await own_item(house, pair.victim, written)).state == "in_review"


async def test_a_case_key_that_nobody_on_any_roster_stated_is_no_question_of_renewing(
    service: Service, pair: Pair
) -> None:
    """The key is swapped in the database, after who made it has left."""
    administrator = await service.make_staff("administrator", "Anna")
    colleague = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, pair.facilitator, pair.case_id, colleague.id)
    await suspend(service.desk, administrator, pair.facilitator.id)
    await service.sign_roster()
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE relay.case_keys SET public = %s", [KeyPair.generate().public.encoded])
    async with service.desk.database.reading(colleague.id) as tx:
        with pytest.raises(VaultRefused):
            await case_key(tx, service.desk, pair.case_id)
