"""What was done to something before it was passed on: signed when it is approved, told to who receives it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
import pytest
from msgspec import UNSET

from relay.errors import Conflict, VaultRefused
from relay.exchange import telling
from relay.exchange.delivery import choose, content, delivery
from relay.exchange.edits import Edits
from relay.exchange.items import find_item
from relay.exchange.release import release, schedule
from relay.exchange.renditions import find_rendition
from relay.identity.invitations import invite_again
from relay.identity.vouching import vouch
from relay.review.decisions import decide
from relay.review.reading import item_on_desk
from relay.review.redaction import redact, redaction
from relay.vault.release import ReleaseRecord, Signatures, approval_of
from relay.vault.statements import Changes
from tests.integration.exchange.test_redaction import agree_to_newest, hide, in_review, redacted
from tests.support.house import Pair, Service
from tests.support.letters import approve, seat_of
from tests.support.work import look_at, make_room, work_off
from workers.tasks.room import WorkRoom
from workers.tasks.upkeep import release_due

HIDDEN = Changes(author="agreed", what=("parts hidden",))


@pytest.fixture
async def room(service: Service, tmp_path: Path) -> AsyncIterator[WorkRoom]:
    async with make_room(service, tmp_path) as made:
        yield made


async def approved(service: Service, pair: Pair, room: WorkRoom) -> tuple[UUID, UUID]:
    """A letter with hidden parts that its author agreed to, and that was approved; the recipient's seat."""
    item_id = await redacted(service, pair, room)
    await agree_to_newest(service, pair, item_id)
    await approve(service, pair.facilitator, item_id)
    return item_id, await seat_of(service, pair.victim, pair.case_id)


async def told(service: Service, pair: Pair, release_id: UUID) -> Changes | None:
    return (await delivery(service.participants, pair.offender, release_id)).changes


def kept(service: Service) -> tuple[ReleaseRecord, Signatures]:
    """The newest release's record and signatures, as the database has them."""
    with psycopg.connect(service.dsns.superuser.url) as connection:
        row = connection.execute(
            "SELECT record, signatures FROM relay.releases ORDER BY sequence DESC LIMIT 1"
        ).fetchone()
    assert row is not None
    return msgspec.json.decode(row[0], type=ReleaseRecord), msgspec.json.decode(row[1], type=Signatures)


def write(service: Service, record: ReleaseRecord, signatures: Signatures) -> None:
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE relay.releases SET record = %s, signatures = %s",
            [msgspec.json.encode(record), msgspec.json.encode(signatures)],
        )


def _approval_before(pair: Pair, record: ReleaseRecord, decided_at: int) -> bytes:
    untold = msgspec.structs.replace(record, changes=UNSET)
    return approval_of(untold, pair.facilitator.id, decided_at).sign(pair.facilitator.signer)


def approve_as_before(service: Service, pair: Pair, record: ReleaseRecord, signatures: Signatures) -> None:
    """Make the approval one from before approvals said what recipients are told."""
    before = _approval_before(pair, record, signatures.approvals[0].decided_at)
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE relay.reviews SET signature = %s WHERE decision = 'approve'", [before])


async def test_hidden_parts_are_told_before_and_after_it_is_opened_and_stand_in_the_signed_record(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, seat = await approved(service, pair, room)
    assert (await item_on_desk(service.desk, pair.facilitator, item_id)).changes == HIDDEN
    release_id = await release(service.desk, pair.facilitator, item_id, seat)
    record, signatures = kept(service)
    assert record.told == HIDDEN
    record.verify(signatures.release, pair.facilitator.signer.public)
    [one] = signatures.approvals
    approval_of(record, one.facilitator, one.decided_at).verify(one.signature, pair.facilitator.signer.public)
    assert await told(service, pair, release_id) == HIDDEN
    await choose(service.participants, pair.offender, release_id, "open")
    assert await told(service, pair, release_id) == HIDDEN


async def test_of_what_is_as_it_was_sent_nothing_is_told(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await in_review(service, pair, room)
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    release_id = await release(service.desk, pair.facilitator, item_id, seat)
    assert kept(service)[0].told is None
    assert await told(service, pair, release_id) is None


async def test_of_what_a_facilitator_gave_back_as_it_was_sent_nothing_is_told(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await in_review(service, pair, room)
    await hide(service, pair.facilitator, item_id, "Anna")
    await work_off(room)
    await look_at(service, pair.facilitator, item_id)
    await redact(service.desk, pair.facilitator, item_id, revision=2, edits=Edits(), note="As it was.")
    await work_off(room)
    await agree_to_newest(service, pair, item_id)
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    release_id = await release(service.desk, pair.facilitator, item_id, seat)
    assert await told(service, pair, release_id) is None


async def test_what_is_planned_tells_it_too(service: Service, pair: Pair, room: WorkRoom) -> None:
    item_id, seat = await approved(service, pair, room)
    due = service.clock() + timedelta(days=2)
    release_id = await schedule(service.desk, pair.facilitator, item_id, seat, due)
    service.clock.go(days=3)
    await release_due(room, release_id)
    assert await told(service, pair, release_id) == HIDDEN


async def test_what_is_given_again_tells_it_too_and_under_older_keys_nothing_is_said(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, seat = await approved(service, pair, room)
    first = await release(service.desk, pair.facilitator, item_id, seat)
    invitation = await invite_again(service.desk, pair.facilitator, pair.case_id, pair.offender.id)
    oskar = await service.enrol_quickly(service.participants, invitation)
    await vouch(service.desk, pair.facilitator, pair.case_id, oskar.id)
    before = await delivery(service.participants, oskar, first)
    assert (before.changes, before.outdated) == (None, True)
    second = await release(service.desk, pair.facilitator, item_id, seat)
    after = await delivery(service.participants, oskar, second)
    assert (after.changes, after.outdated) == (HIDDEN, False)


async def test_a_record_from_before_it_was_said_still_opens_and_says_nothing(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, seat = await approved(service, pair, room)
    release_id = await release(service.desk, pair.facilitator, item_id, seat)
    record, signatures = kept(service)
    before = msgspec.structs.replace(record, changes=UNSET)
    [one] = signatures.approvals
    signature = _approval_before(pair, record, one.decided_at)
    write(
        service,
        before,
        Signatures(
            release=before.sign(pair.facilitator.signer),
            approvals=(msgspec.structs.replace(one, signature=signature),),
        ),
    )
    assert await told(service, pair, release_id) is None
    await choose(service.participants, pair.offender, release_id, "open")
    assert (await content(service.participants, pair.offender, release_id)).size > 0


async def test_an_approval_from_before_it_was_said_does_not_count_and_is_given_once_more(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    """Also of what was passed on by then and is to be given again: nothing could be put back into review."""
    item_id, seat = await approved(service, pair, room)
    await release(service.desk, pair.facilitator, item_id, seat)
    approve_as_before(service, pair, *kept(service))
    invitation = await invite_again(service.desk, pair.facilitator, pair.case_id, pair.offender.id)
    oskar = await service.enrol_quickly(service.participants, invitation)
    await vouch(service.desk, pair.facilitator, pair.case_id, oskar.id)
    on_desk = await item_on_desk(service.desk, pair.facilitator, item_id)
    assert (on_desk.approvals, on_desk.approved_by_me, on_desk.lapsed) == (0, False, (pair.facilitator.id,))
    with pytest.raises(Conflict, match="has approved this"):
        await release(service.desk, pair.facilitator, item_id, seat)
    facilitator, clean = pair.facilitator, on_desk.clean
    assert clean is not None
    await decide(service.desk, facilitator, item_id, "approve", rendition_id=clean.id, sha256=clean.sha256)
    second = await release(service.desk, pair.facilitator, item_id, seat)
    assert (await delivery(service.participants, oskar, second)).changes == HIDDEN


async def test_a_forged_record_says_nothing_before_it_is_opened_either(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id, seat = await approved(service, pair, room)
    release_id = await release(service.desk, pair.facilitator, item_id, seat)
    record, signatures = kept(service)
    for changes in (UNSET, msgspec.structs.replace(HIDDEN, author="asked")):
        write(service, msgspec.structs.replace(record, changes=changes), signatures)
        with pytest.raises(VaultRefused):
            await told(service, pair, release_id)
        # and yet it can be sent away
        assert (await choose(service.participants, pair.offender, release_id, "refuse")).state == "refused"
    write(service, record, signatures)
    assert await told(service, pair, release_id) == HIDDEN


@pytest.mark.parametrize("untold", [False, True])
async def test_an_agreement_under_older_keys_stands_on_an_approval_whether_that_tells_it_or_not(
    service: Service, pair: Pair, room: WorkRoom, *, untold: bool
) -> None:
    item_id, seat = await approved(service, pair, room)
    await release(service.desk, pair.facilitator, item_id, seat)
    if untold:
        approve_as_before(service, pair, *kept(service))
    invitation = await invite_again(service.desk, pair.facilitator, pair.case_id, pair.victim.id)
    vera = await service.enrol_quickly(service.participants, invitation)
    await vouch(service.desk, pair.facilitator, pair.case_id, vera.id)
    assert (await item_on_desk(service.desk, pair.facilitator, item_id)).agreed_at is not None
    assert (await redaction(service.desk, pair.facilitator, item_id)).agreed_at is not None


async def test_what_is_told_is_of_the_version_that_it_is_asked_of(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await redacted(service, pair, room)
    desk = service.desk
    async with desk.database.reading(pair.facilitator.id) as tx:
        item = await find_item(tx, item_id)
        as_sent = await find_rendition(tx, desk, item, "clean", 1)
        newest = await find_rendition(tx, desk, item, "clean")
        with pytest.raises(VaultRefused):
            await telling.changes(tx, desk, pair.facilitator, item, as_sent)
    told_of = await telling.looked_up(desk, pair.facilitator, item_id)
    assert told_of.of(newest) == HIDDEN
    with pytest.raises(Conflict, match="newer version"):
        told_of.of(as_sent)
