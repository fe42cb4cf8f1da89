"""What a smuggled query could do with the columns that an app may write: no more than the app itself does.

Each line is tried in the app's own role, as somebody whose row it is.
"""

from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

import psycopg
import pytest

from relay.audit.tags import Tag
from relay.cases.service import read_case, remove_seat
from relay.exchange import uploads
from relay.exchange.agreements import agree
from relay.exchange.delivery import choose
from relay.exchange.edits import Edits, Span
from relay.exchange.items import start_item, withdraw
from relay.exchange.release import release
from relay.review.decisions import decide
from relay.review.model import Reason
from relay.review.queue import claim
from relay.review.redaction import redact
from tests.support.house import Pair, Service
from tests.support.letters import approve, seat_of, send_letter
from tests.support.smuggled import acting, refused
from tests.support.work import look_at, make_room, work_off


class Given(NamedTuple):
    """A letter that was released and opened, and a film that is being uploaded."""

    item_id: UUID
    release_id: UUID
    upload_id: UUID


@pytest.fixture
async def given(service: Service, pair: Pair, tmp_path: Path) -> Given:
    house, victim, case_id = service.participants, pair.victim, pair.case_id
    seat = await seat_of(service, victim, case_id)
    async with make_room(service, tmp_path) as room:
        item_id = await send_letter(service, victim, case_id, "Dear you.")
        await work_off(room)
        await approve(service, pair.facilitator, item_id)
        release_id = await release(service.desk, pair.facilitator, item_id, seat, "A note.")
    await choose(house, pair.offender, release_id, "open")
    film = await start_item(house, victim, case_id, "video", (seat,))
    upload = await uploads.create(house, victim, film, 10)
    async with uploads.append(house, victim, upload.id, 0) as sink:
        await sink.write(bytes(10))
    return Given(item_id, release_id, upload.id)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE relay.items SET ready_at = now() - interval '1 year'",
        "UPDATE relay.items SET changed_at = now()",
        "UPDATE relay.items SET approvals_needed = 1",
        "UPDATE relay.items SET revision = 7",
        "UPDATE relay.objects SET state = 'gone' WHERE purpose = 'rendition'",
        "UPDATE relay.objects SET state = 'gone' WHERE id IN (SELECT object_id FROM relay.revisions)",
        "UPDATE relay.objects SET state = 'writing' WHERE state = 'ready'",
        "UPDATE relay.objects SET plaintext_size = 0 WHERE state = 'ready'",
        "UPDATE relay.uploads SET received = 0",
        "UPDATE relay.uploads SET state = 'open' WHERE state = 'complete'",
        "UPDATE relay.accounts SET key_version = key_version + 1",
        "UPDATE relay.accounts SET key_version = 0",
        "UPDATE relay.accounts SET lookup = 'x'",
        "UPDATE relay.accounts SET state = 'suspended'",
        "UPDATE relay.releases SET note = NULL",
        "SELECT note FROM relay.scheduled_releases",
        (
            "INSERT INTO relay.objects (id, service_id, case_id, owner_id, purpose) SELECT gen_random_uuid(),"
            " service_id, case_id, owner_id, 'rendition' FROM relay.objects LIMIT 1"
        ),
        (  # a version in a facilitator's name
            "INSERT INTO relay.revisions (id, item_id, case_id, author_id, number, object_id, submitted_at,"
            " edits_id, edits_commitment, edited_by) SELECT gen_random_uuid(), item_id, case_id, author_id,"
            " 9, object_id, now(), object_id, 'x', author_id FROM relay.revisions LIMIT 1"
        ),
        (  # a list of what is hidden that is none
            "INSERT INTO relay.revisions (id, item_id, case_id, author_id, number, object_id, submitted_at,"
            " edits_id, edits_commitment) SELECT gen_random_uuid(), item_id, case_id, author_id, 9,"
            " object_id, now(), object_id, 'x' FROM relay.revisions LIMIT 1"
        ),
        (  # an agreement to what is as they sent it
            "INSERT INTO relay.agreements (id, item_id, revision_id, rendition_id, case_id, author_id,"
            " sha256, key_version, agreed_at, signature) SELECT gen_random_uuid(), item_id, revision_id, id,"
            " case_id, author_id, sha256, 1, now(), 'x' FROM relay.renditions WHERE role = 'clean' LIMIT 1"
        ),
    ],
)
async def test_an_author_can_set_their_own_rows_no_further_than_the_app_does(
    service: Service, pair: Pair, given: Given, change: str
) -> None:
    del given
    with acting(service, "participants", pair.victim.id) as connection:
        assert refused(connection, change) in {"RL002", "42501"}


@pytest.mark.parametrize("state", ["waiting", "later", "held", "refused"])
async def test_what_a_recipient_opened_stays_opened(
    service: Service, pair: Pair, given: Given, state: str
) -> None:
    del given
    with acting(service, "participants", pair.offender.id) as connection:
        assert refused(connection, "UPDATE relay.deliveries SET state = %s", state) == "RL002"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE relay.accounts SET roles = 'administrator' WHERE id = relay.actor()",
        "UPDATE relay.accounts SET key_version = key_version + 1 WHERE side = 'participant'",
        "UPDATE relay.accounts SET lookup = 'x' WHERE side = 'participant'",
        "UPDATE relay.items SET taken_back_at = NULL",
        "UPDATE relay.items SET ready_at = now()",
        "UPDATE relay.seats SET removed_at = NULL WHERE removed_at IS NOT NULL",
        "UPDATE relay.items SET revision = revision + 1",
        (  # no original
            "INSERT INTO relay.objects (id, service_id, case_id, owner_id, purpose) SELECT gen_random_uuid(),"
            " service_id, case_id, relay.actor(), 'original' FROM relay.objects LIMIT 1"
        ),
        (  # no clean copy
            "INSERT INTO relay.objects (id, service_id, case_id, owner_id, purpose) SELECT gen_random_uuid(),"
            " service_id, case_id, relay.actor(), 'rendition' FROM relay.objects LIMIT 1"
        ),
        (  # no list in the name of another
            "INSERT INTO relay.objects (id, service_id, case_id, owner_id, purpose) SELECT gen_random_uuid(),"
            " service_id, case_id, owner_id, 'edits' FROM relay.objects LIMIT 1"
        ),
        (  # a version of what they have not in hand, as its author's
            "INSERT INTO relay.revisions (id, item_id, case_id, author_id, number, object_id, submitted_at)"
            " SELECT gen_random_uuid(), item_id, case_id, author_id, number + 1, object_id, now()"
            " FROM relay.revisions LIMIT 1"
        ),
        "INSERT INTO relay.work (revision_id, case_id) SELECT id, case_id FROM relay.revisions LIMIT 1",
        "UPDATE relay.releases SET note = NULL",
        "UPDATE relay.sealed_texts SET sealed = 'x' WHERE purpose = 'release_note'",
        "DELETE FROM relay.sealed_texts WHERE purpose = 'release_note'",
        (
            "INSERT INTO relay.agreements (id, item_id, revision_id, rendition_id, case_id, author_id,"
            " sha256, key_version, agreed_at, signature) SELECT gen_random_uuid(), item_id, revision_id, id,"
            " case_id, author_id, sha256, 1, now(), 'x' FROM relay.renditions WHERE role = 'clean' LIMIT 1"
        ),
    ],
)
async def test_a_facilitator_can_set_rows_of_their_cases_no_further_than_the_desk_does(
    service: Service, pair: Pair, given: Given, change: str
) -> None:
    del given
    _, people, _ = await read_case(service.desk, pair.facilitator, pair.case_id)
    seat = next(one.seat_id for one in people if one.account_id == pair.offender.id)
    await remove_seat(service.desk, pair.facilitator, pair.case_id, seat)
    # still theirs to see, so that there is something to try it on
    await service.make_participant(pair.facilitator, pair.case_id, "offender", "Olga")
    with acting(service, "desk", pair.facilitator.id) as connection:
        assert refused(connection, change) in {"RL002", "42501"}


_APPEND = "SELECT relay.audit_append(%s, %s, %s, '{}')"


async def test_the_chain_takes_an_entry_only_from_who_does_such_a_thing_and_where_they_are(
    service: Service, pair: Pair, given: Given
) -> None:
    other = await service.make_case(pair.facilitator, "2026/2")
    subject = given.item_id
    with acting(service, "participants", pair.victim.id) as connection:
        assert refused(connection, _APPEND, pair.case_id, "item.approved", subject) == "RL003"
        assert refused(connection, _APPEND, pair.case_id, "service.created", subject) == "RL003"
        assert refused(connection, _APPEND, other, "item.started", subject) == "RL003"
        assert refused(connection, _APPEND, uuid4(), "item.started", subject) == "RL003"
        assert refused(connection, _APPEND, pair.case_id, "item.started", subject) is None
    with acting(service, "desk", pair.facilitator.id) as connection:
        assert refused(connection, _APPEND, pair.case_id, "gate.consent_recorded", subject) is None
        assert refused(connection, _APPEND, pair.case_id, "item.withdrawn", subject) == "RL003"
        assert refused(connection, _APPEND, uuid4(), "item.approved", subject) == "RL003"


# a query is allowed in the app's role, and puts that off before what it calls looks
_ROLE_OFF = (
    "WITH off AS MATERIALIZED (SELECT set_config('role', 'none', true) AS now) UPDATE relay.{change}"
    " FROM off WHERE off.now = 'none' AND {which}"
)
_BY_ROLE = {
    "participants": (
        ("accounts SET state = 'suspended'", "true"),
        ("accounts SET lookup = 'x'", "true"),
        ("accounts SET key_version = 7", "true"),
        # a file that is with the facilitators
        ("objects SET state = 'gone'", "id IN (SELECT object_id FROM relay.revisions)"),
    ),
    "desk": (
        ("accounts SET state = 'suspended'", "id = relay.actor()"),
        ("accounts SET key_version = 7", "side = 'participant'"),
    ),
    "worker": (("objects SET state = 'gone'", "state = 'ready'"),),
}


@pytest.mark.parametrize("surface", [*_BY_ROLE])
async def test_who_puts_off_the_role_in_the_middle_of_a_query_is_the_same_app_still(
    service: Service, pair: Pair, given: Given, surface: str
) -> None:
    actor = {"participants": pair.victim.id, "desk": pair.facilitator.id, "worker": given.upload_id}[surface]
    append = _APPEND.replace("SELECT", "SELECT set_config('role', 'none', true),")
    with acting(service, surface, actor) as connection:
        for tag, chain in (("case.recovered", pair.case_id), ("roster.signed", service.id)):
            assert refused(connection, append, chain, tag, given.item_id) == "RL003"
        for change, which in _BY_ROLE[surface]:
            statement = _ROLE_OFF.format(change=change, which=which)
            assert refused(connection, statement) in {"RL002", "42501"}, change


def test_every_table_with_a_rule_for_some_roles_is_written_in_a_role(service: Service) -> None:
    with psycopg.connect(service.dsns.superuser.url) as connection:
        rules = connection.execute(
            "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger"
            " WHERE NOT tgisinternal"
        ).fetchall()
    by_role = {table for table, _, rule in rules if "CURRENT_USER" in rule}
    assert by_role == {table for table, name, _ in rules if name == "acts_in_its_role"}


async def test_a_worker_writes_what_workers_do_and_in_the_case_of_its_job(
    service: Service, pair: Pair, given: Given
) -> None:
    other = await service.make_case(pair.facilitator, "2026/2")
    with psycopg.connect(service.dsns.worker.url) as connection:
        connection.execute("SELECT set_config('role', 'relay_worker', true)")
        job = "SELECT relay.enter_worker('object', %s)"
        assert connection.execute(job, [given.upload_id]).fetchone() == (True,)
        for tag in ("item.approved", "item.submitted", "gate.consent_recorded", "delivery.chosen"):
            assert refused(connection, _APPEND, pair.case_id, tag, given.item_id) == "RL003"
        assert refused(connection, _APPEND, other, "item.ready", given.item_id) == "RL003"
        assert refused(connection, _APPEND, pair.case_id, "item.ready", given.item_id) is None
        connection.rollback()


async def test_every_entry_has_surfaces_that_write_it_and_one_that_is_named_nowhere_has_none(
    service: Service,
) -> None:
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute("SELECT set_config('relay.service', %s, true)", [str(service.id)])
        allowed = {
            tag: {
                surface
                for surface in ("participants", "desk", "worker")
                if connection.execute(
                    "SELECT relay.may_append(%s, %s, %s)", [service.id, tag, f"relay_{surface}"]
                ).fetchone()
                == (True,)
            }
            for tag in (*Tag, "case.closed", "case_key.rotated", "delivery.read")
        }
    of_all = {"session.signed_in", "session.stepped_up", "session.signed_out"}
    assert {tag for tag, who in allowed.items() if not who} == {
        # by the operator, on the machine itself
        "service.created",
        "roster.signed",
        "case.recovered",
        "recovery_key.used",
        # no such thing is done
        "case.closed",
        "case_key.rotated",
        "delivery.read",
    }
    assert {tag for tag, who in allowed.items() if who >= {"participants", "desk"}} == of_all | {
        "account.enrolled",
        "gate.consent_recorded",
        "gate.pause_recorded",
    }
    assert {tag for tag, who in allowed.items() if who >= {"desk", "worker"}} == {
        "item.released",
        "item.schedule_cancelled",
    }


@pytest.mark.parametrize("surface", ["participants", "desk", "worker"])
async def test_nobody_writes_an_entry_without_an_actor_or_past_the_function(
    service: Service, pair: Pair, surface: str
) -> None:
    with psycopg.connect(getattr(service.dsns, surface).url) as connection:
        connection.execute("SELECT set_config('role', %s, true)", [f"relay_{surface}"])
        for chain in (pair.case_id, service.id):
            assert refused(connection, _APPEND, chain, "item.ready", uuid4()) == "RL003"
        for table in ("audit_entries", "audit_chains"):
            found = connection.execute(
                "SELECT has_table_privilege(current_user, %s, 'INSERT, UPDATE, DELETE, TRUNCATE')",
                [f"relay.{table}"],
            ).fetchone()
            assert found == (False,)


async def test_what_the_apps_do_goes_on_as_before(service: Service, pair: Pair, given: Given) -> None:
    await uploads.terminate(service.participants, pair.victim, given.upload_id)
    await withdraw(service.participants, pair.victim, given.item_id)


@pytest.fixture
async def redacted(service: Service, pair: Pair, tmp_path: Path) -> UUID:
    """A letter of which a facilitator has hidden a word; they have it in hand again."""
    async with make_room(service, tmp_path) as room:
        item_id = await send_letter(service, pair.victim, pair.case_id, "Dear you.")
        await work_off(room)
        await claim(service.desk, pair.facilitator, item_id)
        edits = Edits(spans=(Span(start=0, end=4),))
        await redact(service.desk, pair.facilitator, item_id, revision=1, edits=edits, note="A word.")
        await work_off(room)
        await claim(service.desk, pair.facilitator, item_id)
    return item_id


async def _sent_back(service: Service, pair: Pair, item_id: UUID) -> None:
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


async def test_an_author_hides_nothing_in_the_name_of_another_with_a_list_of_their_own(
    service: Service, pair: Pair, redacted: UUID
) -> None:
    statement = (
        "INSERT INTO relay.revisions (id, item_id, case_id, author_id, number, object_id, submitted_at,"
        " edits_id, edits_commitment, edited_by) SELECT gen_random_uuid(), item_id, case_id, author_id, 3,"
        " object_id, now(), %s, 'x', {by} FROM relay.revisions WHERE number = 1 AND item_id = %s"
    )
    await _sent_back(service, pair, redacted)
    with acting(service, "participants", pair.victim.id) as connection:
        own = uuid4()
        connection.execute(
            "INSERT INTO relay.objects (id, service_id, case_id, owner_id, purpose) SELECT %s, service_id,"
            " case_id, owner_id, 'edits' FROM relay.objects LIMIT 1",
            [own],
        )
        connection.execute("UPDATE relay.objects SET state = 'ready' WHERE id = %s", [own])
        assert refused(connection, statement.format(by="author_id"), own, redacted) == "RL002"
        assert refused(connection, statement.format(by="NULL"), own, redacted) is None


_VERSION = (
    "INSERT INTO relay.revisions (id, item_id, case_id, author_id, number, object_id, submitted_at, edits_id,"
    " edits_commitment, edited_by) SELECT gen_random_uuid(), item_id, case_id, author_id, 3, {object},"
    " now(), edits_id, edits_commitment, {by} FROM relay.revisions WHERE number = 2"
)


async def test_a_facilitator_writes_a_version_of_the_same_original_in_their_own_name_and_in_hand(
    service: Service, pair: Pair, redacted: UUID
) -> None:
    with acting(service, "desk", pair.facilitator.id) as connection:
        by_me = _VERSION.format(object="object_id", by="edited_by")
        assert refused(connection, _VERSION.format(object="edits_id", by="edited_by")) == "RL002"
        assert refused(connection, _VERSION.format(object="object_id", by="author_id")) == "RL002"
        assert refused(connection, _VERSION.format(object="object_id", by="NULL")) == "RL002"
        connection.execute("DELETE FROM relay.claims WHERE item_id = %s", [redacted])
        assert refused(connection, by_me) == "RL002"
        connection.rollback()
    with acting(service, "desk", pair.facilitator.id) as connection:
        assert refused(connection, by_me) is None


@pytest.mark.parametrize("change", ["state = 'gone'", "commitment = 'x'", "plaintext_size = 0"])
async def test_a_facilitator_changes_no_object_that_is_there(
    service: Service, pair: Pair, redacted: UUID, change: str
) -> None:
    del redacted
    with acting(service, "desk", pair.facilitator.id) as connection:
        objects = connection.execute("SELECT count(*) FROM relay.objects").fetchone()
        assert objects == (4,)  # an original, its list, two clean copies
        assert connection.execute(f"UPDATE relay.objects SET {change}".encode()).rowcount == 0  # noqa: S608


_APPROVAL = (
    "INSERT INTO relay.reviews (id, item_id, revision_id, rendition_id, case_id, author_id, reviewer_id,"
    " decision, sha256, decided_at, signature) SELECT gen_random_uuid(), item_id, revision_id, id, case_id,"
    " author_id, relay.actor(), '{decision}', sha256, now(), 'x' FROM relay.renditions WHERE id = %s"
)
_RELEASE = (
    "INSERT INTO relay.releases (id, service_id, case_id, item_id, revision_id, rendition_id, object_id,"
    " recipient_id, kind, media_type, size, holder_key_version, sequence, record, signatures, released_at)"
    " SELECT gen_random_uuid(), relay.service(), case_id, item_id, revision_id, id, object_id, author_id,"
    " 'letter', media_type, size, 1, 77, 'x', 'x', now() FROM relay.renditions WHERE id = %s"
)
_PLAN = (
    "INSERT INTO relay.scheduled_releases (id, case_id, item_id, revision_id, rendition_id, object_id,"
    " recipient_id, scheduled_by, due_at, worker_epoch, holder_key_version, double_sealed, kind, media_type,"
    " size, sequence, record, signatures) SELECT gen_random_uuid(), case_id, item_id, revision_id, id,"
    " object_id, author_id, relay.actor(), now(), (SELECT max(epoch) FROM relay.worker_keys), 1, 'x',"
    " 'letter', media_type, size, 77, 'x', 'x' FROM relay.renditions WHERE id = %s"
)


async def test_what_its_author_has_not_agreed_to_is_not_approved_planned_or_released_by_sql_either(
    service: Service, pair: Pair, redacted: UUID
) -> None:
    rendition, sha256 = await look_at(service, pair.facilitator, redacted)
    approval = _APPROVAL.format(decision="approve")
    with acting(service, "desk", pair.facilitator.id) as connection:
        for statement in (approval, _RELEASE, _PLAN):
            assert refused(connection, statement, rendition) == "RL002"
        assert refused(connection, _APPROVAL.format(decision="decline"), rendition) is None
    await agree(service.participants, pair.victim, redacted, rendition_id=rendition, sha256=sha256)
    with acting(service, "desk", pair.facilitator.id) as connection:
        for statement in (approval, _RELEASE, _PLAN):
            assert refused(connection, statement, rendition) is None


async def test_a_version_that_another_took_the_place_of_is_not_approved_planned_or_released(
    service: Service, pair: Pair, redacted: UUID
) -> None:
    newest, sha256 = await look_at(service, pair.facilitator, redacted)
    await agree(service.participants, pair.victim, redacted, rendition_id=newest, sha256=sha256)
    with acting(service, "desk", pair.facilitator.id) as connection:
        found = connection.execute(
            "SELECT n.id FROM relay.renditions n JOIN relay.revisions r ON r.id = n.revision_id"
            " WHERE r.number = 1 AND n.role = 'clean' AND n.item_id = %s",
            [redacted],
        ).fetchone()
        assert found
        for statement in (_APPROVAL.format(decision="approve"), _RELEASE, _PLAN):
            assert refused(connection, statement, found[0]) == "RL002"
            if statement in {_RELEASE, _PLAN}:  # the newest in name only
                other = statement.replace(
                    "object_id, author_id", "(SELECT object_id FROM relay.revisions LIMIT 1), author_id"
                )
                assert other != statement
                assert refused(connection, other, newest) == "RL002"


@pytest.mark.parametrize("change", ["", ", revision = revision + 1"])
async def test_an_item_goes_back_to_the_workers_with_a_new_version_of_who_sends_it_only(
    service: Service, pair: Pair, redacted: UUID, change: str
) -> None:
    statement = f"UPDATE relay.items SET state = 'submitted'{change} WHERE id = %s"  # noqa: S608 - from above
    with acting(service, "desk", pair.facilitator.id) as connection:
        assert refused(connection, statement, redacted) == "RL002"
        connection.execute(_VERSION.format(object="object_id", by="edited_by").encode())
        assert refused(connection, statement, redacted) == (None if change else "RL002")
    await _sent_back(service, pair, redacted)
    with acting(service, "participants", pair.victim.id) as connection:
        assert refused(connection, statement, redacted) == "RL002"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE relay.sealed_texts SET sealed = 'x' WHERE purpose = %s",
        "UPDATE relay.sealed_texts SET purpose = 'draft' WHERE purpose = %s",
        "UPDATE relay.sealed_texts SET subject_id = gen_random_uuid() WHERE purpose = %s",
        "DELETE FROM relay.sealed_texts WHERE purpose = %s",
    ],
)
@pytest.mark.parametrize("purpose", ["redaction", "guidance"])
async def test_what_a_facilitator_told_an_author_stays_as_they_said_it(
    service: Service, pair: Pair, redacted: UUID, change: str, purpose: str
) -> None:
    await _sent_back(service, pair, redacted)
    with acting(service, "desk", pair.facilitator.id) as connection:
        assert refused(connection, change, purpose) == "RL002"


_AGREEMENT = (
    "INSERT INTO relay.agreements (id, item_id, revision_id, rendition_id, case_id, author_id, sha256,"
    " key_version, agreed_at, signature) SELECT gen_random_uuid(), n.item_id, n.revision_id, n.id, n.case_id,"
    " n.author_id, n.sha256, %s, now(), 'x' FROM relay.renditions n"
    " JOIN relay.revisions r ON r.id = n.revision_id WHERE r.number = 2 AND n.role = 'clean'"
)


async def test_an_author_agrees_under_the_keys_that_they_have(
    service: Service, pair: Pair, redacted: UUID
) -> None:
    del redacted
    with acting(service, "participants", pair.victim.id) as connection:
        for version in (0, 2, 40):
            assert refused(connection, _AGREEMENT, version) == "RL002"
        assert refused(connection, _AGREEMENT, 1) is None


_NEXT = (
    "INSERT INTO relay.revisions (id, item_id, case_id, author_id, number, object_id, submitted_at)"
    " SELECT gen_random_uuid(), item_id, case_id, author_id, {number}, {object}, now()"
    " FROM relay.revisions WHERE number = 1 AND item_id = %s"
)
_OBJECT = "(SELECT id FROM relay.objects WHERE purpose = '{purpose}' AND state = 'ready' LIMIT 1)"


async def test_an_author_sends_the_next_version_of_what_is_theirs_to_change(
    service: Service, pair: Pair, redacted: UUID
) -> None:
    with acting(service, "participants", pair.victim.id) as connection:  # it is being looked at
        assert refused(connection, _NEXT.format(number=3, object="object_id"), redacted) == "RL002"
    await _sent_back(service, pair, redacted)
    with acting(service, "participants", pair.victim.id) as connection:
        for number in (4, 40):
            assert refused(connection, _NEXT.format(number=number, object="object_id"), redacted) == "RL002"
        copy = _OBJECT.format(purpose="rendition")
        assert refused(connection, _NEXT.format(number=3, object=copy), redacted) == "RL002"
        connection.execute(
            "INSERT INTO relay.objects (id, service_id, case_id, owner_id, purpose) SELECT %s, service_id,"
            " case_id, owner_id, 'original' FROM relay.objects LIMIT 1",
            [unfinished := uuid4()],
        )
        half = f"'{unfinished}'"
        assert refused(connection, _NEXT.format(number=3, object=half), redacted) == "RL002"
        assert refused(connection, _NEXT.format(number=3, object="object_id"), redacted) is None
