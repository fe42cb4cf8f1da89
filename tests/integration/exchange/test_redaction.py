"""Hiding parts of a letter: a new version, the author's word on it, and what the recipient then reads."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from relay.cases.service import add_facilitator
from relay.cases.settings import change_settings
from relay.errors import Conflict, IllegalMove, Invalid, Missing
from relay.exchange import processing
from relay.exchange.agreements import _statement, agree
from relay.exchange.delivery import choose, content, deliveries
from relay.exchange.edits import MASK, Edits, Span
from relay.exchange.items import find_item, save_draft, withdraw
from relay.exchange.objects import opened
from relay.exchange.release import release, schedule
from relay.exchange.renditions import find_rendition, own_content
from relay.exchange.submitting import submit
from relay.identity.invitations import invite_again
from relay.identity.model import Person
from relay.identity.vouching import vouch
from relay.review.decisions import decide, reopen
from relay.review.hiding import find_words
from relay.review.model import Decision, Reason
from relay.review.queue import claim
from relay.review.redaction import ground, redact, redaction
from relay.vault.padding import unpad
from tests.support.house import Pair, Service
from tests.support.letters import approve, seat_of, send_letter
from tests.support.work import look_at, make_room, work_off
from workers.tasks.make_safe import make_safe
from workers.tasks.room import WorkRoom
from workers.tasks.upkeep import release_due

TEXT = "Dear you,\n\nI live at 4 Mill Lane, by the mill. Call Anna, or ANNA's sister.\n"
HIDDEN = f"Dear you,\n\nI live at {MASK}, by the mill. Call {MASK}, or {MASK}'s sister.\n"
NOTE = "Your address and a name are hidden, so that nobody can be found."


@pytest.fixture
async def room(service: Service, tmp_path: Path) -> AsyncIterator[WorkRoom]:
    async with make_room(service, tmp_path) as made:
        yield made


async def in_review(service: Service, pair: Pair, room: WorkRoom, text: str = TEXT) -> UUID:
    item_id = await send_letter(service, pair.victim, pair.case_id, text)
    await work_off(room)
    await claim(service.desk, pair.facilitator, item_id)
    return item_id


async def hide(service: Service, person: Person, item_id: UUID, *words: str, note: str = NOTE) -> None:
    on = await ground(service.desk, person, item_id)
    edits = Edits(spans=find_words(on.text, words))
    await redact(service.desk, person, item_id, revision=on.revision, edits=edits, note=note)


async def redacted(service: Service, pair: Pair, room: WorkRoom) -> UUID:
    item_id = await in_review(service, pair, room)
    await hide(service, pair.facilitator, item_id, "4 Mill Lane", "Anna")
    assert await work_off(room) == 1
    return item_id


async def own_text(service: Service, person: Person, item_id: UUID) -> str:
    found = await own_content(service.participants, person, item_id, "clean")
    with opened(service.participants, found) as reader:
        return unpad(reader.read_all(found.size)).decode()


async def agree_to_newest(service: Service, pair: Pair, item_id: UUID) -> None:
    rendition, sha256 = await look_at(service, pair.facilitator, item_id)
    await agree(service.participants, pair.victim, item_id, rendition_id=rendition, sha256=sha256)


async def test_hidden_words_are_agreed_to_approved_and_never_reach_the_recipient(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await redacted(service, pair, room)
    assert await own_text(service, pair.victim, item_id) == HIDDEN
    with pytest.raises(Conflict, match="has not agreed to this version yet"):
        await approve(service, pair.facilitator, item_id)
    await agree_to_newest(service, pair, item_id)
    on_desk = await redaction(service.desk, pair.facilitator, item_id)
    assert on_desk.agreed_at is not None
    assert (on_desk.edited_by, on_desk.note) == (pair.facilitator.id, NOTE)
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    release_id = await release(service.desk, pair.facilitator, item_id, seat)
    await choose(service.participants, pair.offender, release_id, "open")
    found = await content(service.participants, pair.offender, release_id)
    with opened(service.participants, found) as reader:
        assert unpad(reader.read_all(found.size)).decode() == HIDDEN


async def test_the_next_list_takes_the_place_of_the_one_before_and_needs_another_agreement(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await redacted(service, pair, room)
    first, sha256 = await look_at(service, pair.facilitator, item_id)
    await agree(service.participants, pair.victim, item_id, rendition_id=first, sha256=sha256)
    await hide(service, pair.facilitator, item_id, "the mill")
    await work_off(room)
    assert await own_text(service, pair.victim, item_id) == TEXT.replace("the mill", MASK)
    with pytest.raises(Conflict, match="another version"):
        await agree(service.participants, pair.victim, item_id, rendition_id=first, sha256=sha256)
    with pytest.raises(Conflict, match="has not agreed"):
        await approve(service, pair.facilitator, item_id)
    await agree_to_newest(service, pair, item_id)
    await approve(service, pair.facilitator, item_id)


@pytest.mark.parametrize("decision", ["approve", "request_changes", "decline"])
async def test_nothing_is_decided_about_a_version_that_another_took_the_place_of(
    service: Service, pair: Pair, room: WorkRoom, decision: Decision
) -> None:
    item_id = await in_review(service, pair, room)
    rendition, sha256 = await look_at(service, pair.facilitator, item_id)
    await hide(service, pair.facilitator, item_id, "Anna")
    await work_off(room)
    await claim(service.desk, pair.facilitator, item_id)
    for named in ((rendition, sha256), (item_id, sha256)):
        with pytest.raises(Conflict, match="newer version"):
            await decide(
                service.desk,
                pair.facilitator,
                item_id,
                decision,
                rendition_id=named[0],
                sha256=named[1],
                reasons=(Reason.CONTACT_DETAILS,),
                guidance="Please leave it out.",
            )


async def test_nothing_is_hidden_any_more_by_an_empty_list(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await redacted(service, pair, room)
    await claim(service.desk, pair.facilitator, item_id)
    await hide(service, pair.facilitator, item_id, note="It stands as you sent it.")
    await work_off(room)
    assert await own_text(service, pair.victim, item_id) == TEXT


async def test_what_the_author_sends_anew_needs_no_agreement(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await redacted(service, pair, room)
    rendition, sha256 = await look_at(service, pair.facilitator, item_id)
    await decide(
        service.desk,
        pair.facilitator,
        item_id,
        "request_changes",
        rendition_id=rendition,
        sha256=sha256,
        reasons=(Reason.CONTACT_DETAILS,),
        guidance="Please write it without the address.",
    )
    await save_draft(service.participants, pair.victim, item_id, "Dear you.")
    await submit(service.participants, pair.victim, item_id)
    await work_off(room)
    assert (await redaction(service.desk, pair.facilitator, item_id)).edited_by is None
    with pytest.raises(Conflict, match="as you sent it"):
        await agree_to_newest(service, pair, item_id)
    await approve(service, pair.facilitator, item_id)


async def test_agreeing_is_possible_while_it_waits_once_and_by_its_author(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await in_review(service, pair, room)
    await hide(service, pair.facilitator, item_id, "Anna")
    with pytest.raises(Conflict, match="waits for your answer"):
        await agree(service.participants, pair.victim, item_id, rendition_id=item_id, sha256=bytes(32))
    await work_off(room)
    rendition, sha256 = await look_at(service, pair.facilitator, item_id)
    with pytest.raises(Missing):
        await agree(service.participants, pair.offender, item_id, rendition_id=rendition, sha256=sha256)
    await agree(service.participants, pair.victim, item_id, rendition_id=rendition, sha256=sha256)
    with pytest.raises(Conflict, match="agreed to this already"):
        await agree(service.participants, pair.victim, item_id, rendition_id=rendition, sha256=sha256)
    await approve(service, pair.facilitator, item_id)
    await reopen(service.desk, pair.facilitator, item_id)
    await approve(service, pair.facilitator, item_id)  # of the same file: the author's word still stands


async def test_taking_it_back_ends_it(service: Service, pair: Pair, room: WorkRoom) -> None:
    item_id = await in_review(service, pair, room)
    await hide(service, pair.facilitator, item_id, "Anna")
    await withdraw(service.participants, pair.victim, item_id)
    assert await work_off(room) == 0
    with pytest.raises(Conflict):
        await ground(service.desk, pair.facilitator, item_id)


async def test_who_hides_has_it_in_hand_and_has_seen_the_newest_version(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await in_review(service, pair, room)
    colleague = await service.make_facilitator("Filip")
    with pytest.raises(Missing):
        await hide(service, colleague, item_id, "Anna")
    await add_facilitator(service.desk, pair.facilitator, pair.case_id, colleague.id)
    with pytest.raises(Conflict, match="Take this item"):
        await hide(service, colleague, item_id, "Anna")
    edits = Edits(spans=(Span(start=0, end=4),))
    with pytest.raises(Conflict, match="newer version"):
        await redact(service.desk, pair.facilitator, item_id, revision=0, edits=edits, note=NOTE)
    await hide(service, pair.facilitator, item_id, "Anna")
    with pytest.raises(IllegalMove):
        await redact(service.desk, pair.facilitator, item_id, revision=2, edits=edits, note=NOTE)
    await work_off(room)
    await agree_to_newest(service, pair, item_id)
    await approve(service, pair.facilitator, item_id)
    with pytest.raises(IllegalMove):
        await redact(service.desk, pair.facilitator, item_id, revision=2, edits=edits, note=NOTE)


@pytest.mark.parametrize(
    ("edits", "note", "says"),
    [
        (Edits(), NOTE, "Nothing is hidden"),
        (Edits(spans=(Span(start=0, end=10_000),)), NOTE, "end of the letter"),
        (Edits(spans=(Span(start=0, end=4),)), " \n", "Say in plain words"),
        (Edits(spans=(Span(start=0, end=4),)), "x" * 8_001, "8,000"),
    ],
)
async def test_a_list_that_does_not_fit_is_refused_in_words(
    service: Service, pair: Pair, room: WorkRoom, edits: Edits, note: str, says: str
) -> None:
    item_id = await in_review(service, pair, room)
    with pytest.raises(Invalid) as refused:
        await redact(service.desk, pair.facilitator, item_id, revision=1, edits=edits, note=note)
    assert says in str(refused.value.fields)


async def test_the_workers_keep_no_key_of_the_original_or_the_list(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await in_review(service, pair, room)
    with psycopg.connect(service.dsns.superuser.url, autocommit=True) as connection:

        def worker_grants() -> int:
            found = connection.execute(
                "SELECT count(*) FROM relay.grants WHERE holder_kind = 'worker'"
            ).fetchone()
            assert found
            return int(found[0])

        assert worker_grants() == 0
        await hide(service, pair.facilitator, item_id, "Anna")
        assert worker_grants() == 2
        await work_off(room)
        assert worker_grants() == 0


async def test_a_list_has_one_size_and_is_not_the_authors(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await in_review(service, pair, room)
    await hide(service, pair.facilitator, item_id, "Anna")
    await work_off(room)
    await claim(service.desk, pair.facilitator, item_id)
    await hide(service, pair.facilitator, item_id, *TEXT.replace("\n", " ").split(" ")[2:9])
    with psycopg.connect(service.dsns.superuser.url) as connection:
        rows = connection.execute(
            "SELECT DISTINCT plaintext_size, owner_id FROM relay.objects WHERE purpose = 'edits'"
        ).fetchall()
    assert rows == [(65_536, pair.facilitator.id)]


async def test_two_approvals_stay_two_when_parts_are_hidden(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    colleague = await service.make_facilitator("Filip")
    await add_facilitator(service.desk, pair.facilitator, pair.case_id, colleague.id)

    async def ask_for_two(person: Person, *, two: bool) -> None:
        await change_settings(
            service.desk, person, pair.case_id, second_approval=two, cooling_hours=0, is_open=True
        )

    await ask_for_two(pair.facilitator, two=True)
    item_id = await in_review(service, pair, room)
    with psycopg.connect(service.dsns.superuser.url, autocommit=True) as connection:
        connection.execute("ALTER TABLE relay.cases DISABLE TRIGGER check_case_change")
        connection.execute("UPDATE relay.cases SET second_approval = false")
        connection.execute("ALTER TABLE relay.cases ENABLE TRIGGER check_case_change")
        await hide(service, pair.facilitator, item_id, "Anna")
        await work_off(room)
        assert connection.execute("SELECT approvals_needed FROM relay.items").fetchone() == (2,)


async def test_a_list_that_cannot_be_carried_out_waits_for_the_facilitator_and_not_for_the_author(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await in_review(service, pair, room)
    await hide(service, pair.facilitator, item_id, "Anna")
    with psycopg.connect(service.dsns.superuser.url, autocommit=True) as connection:
        found = connection.execute("SELECT id FROM relay.revisions WHERE number = 2").fetchone()
        assert found
        connection.execute("UPDATE relay.work SET attempts = %s", [processing.MOST_TRIES])
        await make_safe(room, found[0])
        assert connection.execute("SELECT state, failure FROM relay.items").fetchone() == (
            "in_review",
            "out-of-time",
        )
    await claim(service.desk, pair.facilitator, item_id)
    await hide(service, pair.facilitator, item_id, "Anna")
    await work_off(room)
    assert await own_text(service, pair.victim, item_id) == TEXT.replace("Anna", MASK).replace("ANNA", MASK)
    await agree_to_newest(service, pair, item_id)
    await approve(service, pair.facilitator, item_id)


async def test_a_plan_is_made_only_with_the_agreement(service: Service, pair: Pair, room: WorkRoom) -> None:
    item_id = await redacted(service, pair, room)
    await agree_to_newest(service, pair, item_id)
    await approve(service, pair.facilitator, item_id)
    seat = await seat_of(service, pair.victim, pair.case_id)
    due = service.clock().replace(year=service.clock().year + 1)
    with psycopg.connect(service.dsns.superuser.url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM relay.agreements")
    with pytest.raises(Conflict, match="has not agreed"):
        await schedule(service.desk, pair.facilitator, item_id, seat, due)
    with pytest.raises(Conflict, match="has not agreed"):
        await release(service.desk, pair.facilitator, item_id, seat)


async def enrolled_anew(service: Service, pair: Pair) -> Person:
    invitation = await invite_again(service.desk, pair.facilitator, pair.case_id, pair.victim.id)
    person = await service.enrol_quickly(service.participants, invitation)
    await vouch(service.desk, pair.facilitator, pair.case_id, person.id)
    return person


async def agree_under(service: Service, pair: Pair, keys: Person, item_id: UUID) -> None:
    """Write an agreement into the database that is signed with these keys."""
    async with service.desk.database.reading(pair.facilitator.id) as tx:
        made = await find_rendition(tx, service.desk, await find_item(tx, item_id), "clean")
    at = service.clock()
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO relay.agreements (id, item_id, revision_id, rendition_id, case_id, author_id,"
            " sha256, key_version, agreed_at, signature) SELECT gen_random_uuid(), item_id, revision_id, id,"
            " case_id, author_id, sha256, %s, %s, %s FROM relay.renditions WHERE id = %s",
            [
                keys.key_version,
                at,
                _statement(service.desk, keys.id, made, at).sign(keys.signer),
                made.id,
            ],
        )


async def test_keys_that_were_replaced_agree_to_nothing_any_more(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await redacted(service, pair, room)
    vera = await enrolled_anew(service, pair)
    await agree_under(service, pair, pair.victim, item_id)  # whoever has her old passphrase
    assert (await redaction(service.desk, pair.facilitator, item_id)).agreed_at is None
    with pytest.raises(Conflict, match="has not agreed"):
        await approve(service, pair.facilitator, item_id)
    await agree_under(service, pair, vera, item_id)
    await approve(service, pair.facilitator, item_id)


async def test_what_was_approved_on_an_agreement_stands_when_its_author_enrols_anew(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    await change_settings(
        service.desk, pair.facilitator, pair.case_id, second_approval=False, cooling_hours=0, is_open=True
    )
    item_id = await redacted(service, pair, room)
    await agree_to_newest(service, pair, item_id)
    await approve(service, pair.facilitator, item_id)
    await enrolled_anew(service, pair)
    seat = await seat_of(service, pair.victim, pair.case_id)
    due = service.clock() + timedelta(days=1)
    release_id = await schedule(service.desk, pair.facilitator, item_id, seat, due)
    service.clock.go(days=2)
    await release_due(room, release_id)
    [got] = await deliveries(service.participants, pair.offender)
    assert got.id == release_id


async def test_agreements_under_keys_that_never_were_hide_no_real_one(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await redacted(service, pair, room)
    await agree_to_newest(service, pair, item_id)
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO relay.agreements SELECT gen_random_uuid(), item_id, revision_id, rendition_id,"
            " case_id, author_id, sha256, made_up, agreed_at, 'x'"
            " FROM relay.agreements, generate_series(2, 60) made_up"
        )
    await approve(service, pair.facilitator, item_id)


async def test_places_are_counted_in_what_the_item_has_come_to(
    service: Service, pair: Pair, room: WorkRoom
) -> None:
    item_id = await in_review(service, pair, room)
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute(
            "INSERT INTO relay.revisions (id, item_id, case_id, author_id, number, object_id, submitted_at)"
            " SELECT gen_random_uuid(), item_id, case_id, author_id, 2, object_id, now() FROM relay.revisions"
        )
    assert (await ground(service.desk, pair.facilitator, item_id)).text == TEXT
