"""An attacker who can write what they like into the database, and has all blobs, reads and forges nothing.

They can delete and delay. They can also edit a gate: that is not prevented, since nobody has signed gates. It
can be noticed, since every record of a gate has its entry in the chain, and the chain its checkpoint outside
the database.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, LiteralString, NamedTuple
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from relay.db.transaction import Surface
from relay.errors import Conflict, Missing, RelayError, VaultRefused
from relay.exchange.agreements import agree
from relay.exchange.delivery import choose, content
from relay.exchange.edits import MASK, Edits, Span
from relay.exchange.items import find_item, save_draft, start_item, submit
from relay.exchange.objects import opened
from relay.exchange.release import release, schedule, unschedule
from relay.exchange.renditions import case_content, find_rendition, own_content
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import case_key, participant_key, staff_key, worker_key
from relay.review.decisions import decide, reopen
from relay.review.model import Reason
from relay.review.queue import claim
from relay.review.reading import open_rendition
from relay.review.redaction import ground, redact, redaction
from relay.vault.grants import grant
from relay.vault.padding import unpad
from relay.vault.suite import DataKey, KeyPair
from tests.support.hostile import HostileDatabase, Liar
from tests.support.house import Service
from tests.support.postgres import Dsns, TestServer
from tests.support.stage import Stage, StagedCase, copied, make_stage
from tests.support.work import look_at, work_off
from workers.tasks.make_safe import make_safe
from workers.tasks.room import WorkRoom
from workers.tasks.upkeep import release_due

LIES = 10_000


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture(scope="module")
def stage(
    postgres: TestServer, runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with postgres.clone() as dsns:
        yield runner.run(make_stage(dsns, tmp_path_factory.mktemp("stage")))


class Town:
    """A copy of the stage, the attacker's connection, and what honest people do meanwhile."""

    def __init__(
        self, stage: Stage, service: Service, room: WorkRoom, dsns: Dsns, runner: asyncio.Runner
    ) -> None:
        self.stage, self.service, self.room, self.runner = stage, service, room, runner
        self.attacker = psycopg.connect(dsns.superuser.url, autocommit=True)
        # no trigger keeps them from anything, nor a foreign key
        self.attacker.execute("SET session_replication_role = replica")
        self.case = stage.cases[0]
        self.fatima, self.filip = self.case.facilitators
        self.vera, self.oskar = [one.person for one in self.case.participants]

    def do(self, work: Awaitable[Any]) -> Any:
        return self.runner.get_loop().run_until_complete(work)

    def sql(self, statement: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        found = self.attacker.execute(statement, values)
        return found.fetchall() if found.description else []

    def letter(self, author: Person, text: str = "A letter.", case: StagedCase | None = None) -> UUID:
        case = case or self.case
        seats = tuple(one.seat_id for one in case.others(author))
        item_id: UUID = self.do(start_item(self.service.participants, author, case.id, "letter", seats))
        self.do(save_draft(self.service.participants, author, item_id, text))
        return item_id

    def sent(self, author: Person, text: str = "A letter.", case: StagedCase | None = None) -> UUID:
        item_id = self.letter(author, text, case)
        self.do(submit(self.service.participants, author, item_id))
        return item_id

    def ready(self, author: Person, text: str = "A letter.", case: StagedCase | None = None) -> UUID:
        item_id = self.sent(author, text, case)
        self.do(work_off(self.room))
        return item_id

    def approved(
        self,
        author: Person,
        text: str = "A letter.",
        by: Person | None = None,
        case: StagedCase | None = None,
    ) -> UUID:
        item_id = self.ready(author, text, case)
        self.approve(item_id, by or self.fatima)
        return item_id

    def approve(self, item_id: UUID, by: Person) -> None:
        rendition, sha256 = self.do(look_at(self.service, by, item_id))
        self.do(decide(self.service.desk, by, item_id, "approve", rendition_id=rendition, sha256=sha256))

    def release(self, item_id: UUID, by: Person | None = None, case: StagedCase | None = None) -> UUID:
        case = case or self.case
        [(author_id,)] = self.sql("SELECT author_id FROM relay.items WHERE id = %s", item_id)
        author = next(one.person for one in case.participants if one.person.id == author_id)
        seat = case.others(author)[0].seat_id
        made: UUID = self.do(release(self.service.desk, by or self.fatima, item_id, seat))
        return made

    def released(self, author: Person, text: str = "A letter.") -> UUID:
        return self.release(self.approved(author, text))

    def read(self, reader: Person, release_id: UUID) -> str:
        self.do(choose(self.service.participants, reader, release_id, "open"))
        found = self.do(content(self.service.participants, reader, release_id))
        with opened(self.service.participants, found) as source:
            return unpad(source.read_all(1 << 20)).decode()

    def grants_of(self, person: Person) -> int:
        [(number,)] = self.sql("SELECT count(*) FROM relay.grants WHERE holder_id = %s", person.id)
        return int(number)


@pytest.fixture
def town(stage: Stage, postgres: TestServer, runner: asyncio.Runner) -> Iterator[Town]:
    exits = AsyncExitStack()
    service, room, dsns = runner.run(exits.enter_async_context(copied(stage, postgres)))
    made = Town(stage, service, room, dsns, runner)
    yield made
    made.attacker.close()
    runner.run(exits.aclose())


# what is sealed to


def test_nothing_is_released_to_a_swapped_key_of_the_recipient(town: Town) -> None:
    item_id = town.approved(town.vera)
    before = town.grants_of(town.oskar)
    town.sql(
        "UPDATE relay.account_keys SET hpke_public = %s WHERE account_id = %s",
        KeyPair.generate().public.encoded,
        town.oskar.id,
    )
    with pytest.raises(VaultRefused):
        town.release(item_id)
    assert town.grants_of(town.oskar) == before


def test_a_newer_key_that_nobody_vouched_for_is_not_sealed_to(town: Town) -> None:
    item_id = town.approved(town.vera)
    town.sql(
        "INSERT INTO relay.account_keys SELECT account_id, 2, %s, signing_public, sealed_private,"
        " invitation_id, enrolment_mac FROM relay.account_keys WHERE account_id = %s",
        KeyPair.generate().public.encoded,
        town.oskar.id,
    )
    town.sql("UPDATE relay.accounts SET key_version = 2 WHERE id = %s", town.oskar.id)
    with pytest.raises(RelayError):
        town.release(item_id)


@pytest.mark.parametrize("table", ["case_keys", "worker_keys"])
def test_nothing_is_submitted_to_a_swapped_key(town: Town, table: str) -> None:
    item_id = town.letter(town.vera)
    public = KeyPair.generate().public.encoded
    if table == "case_keys":
        town.sql("UPDATE relay.case_keys SET public = %s", public)
    else:
        town.sql("UPDATE relay.worker_keys SET public = %s", public)
    with pytest.raises(VaultRefused):
        town.do(submit(town.service.participants, town.vera, item_id))
    assert town.sql("SELECT 1 FROM relay.revisions WHERE item_id = %s", item_id) == []


def test_an_older_roster_is_not_believed(town: Town) -> None:
    item_id = town.letter(town.vera)
    town.sql("DELETE FROM relay.rosters WHERE version = (SELECT max(version) FROM relay.rosters)")
    with pytest.raises(VaultRefused):
        town.do(submit(town.service.participants, town.vera, item_id))


def test_an_administrator_who_is_given_a_seat_and_a_role_opens_nothing(town: Town) -> None:
    item_id, anna = town.ready(town.vera), town.stage.administrator
    town.sql("UPDATE relay.accounts SET roles = 'facilitator' WHERE id = %s", anna.id)
    town.sql(
        "INSERT INTO relay.seats (id, case_id, account_id, part) VALUES (%s, %s, %s, 'facilitator')",
        uuid4(),
        town.case.id,
        anna.id,
    )
    with pytest.raises(Missing):
        town.do(open_rendition(town.service.desk, anna, item_id, "clean"))
    # nor does anybody else's grant, relabelled
    town.sql("UPDATE relay.case_key_grants SET holder_id = %s WHERE holder_id = %s", anna.id, town.filip.id)
    with pytest.raises(VaultRefused):
        town.do(open_rendition(town.service.desk, anna, item_id, "clean"))


# what is looked at


def _swap(town: Town, one: UUID, other: UUID) -> None:
    """Give one item's clean file to another."""
    town.sql(
        """
        UPDATE relay.renditions n SET (object_id, sha256, size, media_type) =
            (SELECT object_id, sha256, size, media_type FROM relay.renditions
             WHERE item_id = %s AND role = 'clean')
        WHERE n.item_id = %s AND n.role = 'clean'
        """,
        other,
        one,
    )


def test_a_reviewer_is_not_shown_another_items_file(town: Town) -> None:
    mine, theirs = town.ready(town.vera, "Mine."), town.ready(town.oskar, "His.")
    _swap(town, mine, theirs)
    with pytest.raises(VaultRefused):
        town.do(open_rendition(town.service.desk, town.fatima, mine, "clean"))
    with pytest.raises(RelayError):
        town.do(own_content(town.service.participants, town.vera, mine, "clean"))


def test_what_was_swapped_after_the_approval_is_not_released(town: Town) -> None:
    mine, theirs = town.approved(town.vera, "Mine."), town.ready(town.oskar, "His.")
    before = town.grants_of(town.oskar)
    _swap(town, mine, theirs)
    with pytest.raises(VaultRefused):
        town.release(mine)
    assert town.grants_of(town.oskar) == before


def test_words_that_an_attacker_sealed_to_the_case_are_not_taken_for_the_authors(town: Town) -> None:
    item_id = town.sent(town.vera)
    planted = town.letter(town.oskar, "I forgive you.")
    town.do(submit(town.service.participants, town.oskar, planted))
    town.sql(
        "UPDATE relay.revisions SET object_id = (SELECT object_id FROM relay.revisions WHERE item_id = %s)"
        " WHERE item_id = %s",
        planted,
        item_id,
    )
    [(revision_id,)] = town.sql("SELECT id FROM relay.revisions WHERE item_id = %s", item_id)
    with pytest.raises(VaultRefused):
        town.do(make_safe(town.room, revision_id))
    assert town.sql("SELECT 1 FROM relay.renditions WHERE item_id = %s", item_id) == []


def test_a_second_approval_cannot_be_written_in(town: Town) -> None:
    item_id = town.approved(town.vera)
    town.sql("UPDATE relay.cases SET second_approval = true WHERE id = %s", town.case.id)
    town.sql(
        """
        INSERT INTO relay.reviews SELECT gen_random_uuid(), item_id, revision_id, rendition_id, case_id,
            author_id, %s, decision,
            reasons, sha256, decided_at, signature FROM relay.reviews WHERE item_id = %s
        """,
        town.filip.id,
        item_id,
    )
    before = town.grants_of(town.oskar)
    with pytest.raises(VaultRefused):
        town.release(item_id)
    assert town.grants_of(town.oskar) == before


# what is opened


def test_a_release_without_a_facilitators_signature_opens_nothing(town: Town) -> None:
    """A grant can be sealed by anybody: here to a true key, for something that the attacker wrote."""
    release_id = town.released(town.vera)
    [(object_id,)] = town.sql("SELECT object_id FROM relay.releases WHERE id = %s", release_id)
    planted = grant(
        DataKey.generate(),
        town.oskar.keys.public,
        service=town.service.id,
        case=town.case.id,
        object_id=object_id,
        holder=town.oskar.holder,
    )
    town.sql(
        "UPDATE relay.grants SET sealed = %s WHERE object_id = %s AND holder_id = %s",
        planted,
        object_id,
        town.oskar.id,
    )
    with pytest.raises(VaultRefused):
        town.read(town.oskar, release_id)


def test_a_release_moved_to_somebody_else_opens_nothing(town: Town) -> None:
    other = town.stage.cases[1].participants[0].person
    release_id = town.released(town.vera)
    town.sql("UPDATE relay.releases SET recipient_id = %s", other.id)
    town.sql("UPDATE relay.deliveries SET recipient_id = %s", other.id)
    town.sql("UPDATE relay.grants SET holder_id = %s WHERE holder_id = %s", other.id, town.oskar.id)
    with pytest.raises(psycopg.DatabaseError, match="no entry of that kind"):  # the chain is another case's
        town.read(other, release_id)
    town.sql("UPDATE relay.deliveries SET state = 'opened'")
    with pytest.raises(VaultRefused):
        town.do(content(town.service.participants, other, release_id))


def test_an_original_is_never_opened_by_a_release(town: Town) -> None:
    release_id = town.released(town.vera)
    town.sql(
        """
        UPDATE relay.releases
        SET object_id = (SELECT r.object_id FROM relay.revisions r WHERE r.id = revision_id)
        WHERE id = %s
        """,
        release_id,
    )
    with pytest.raises(VaultRefused):
        town.read(town.oskar, release_id)


def test_another_objects_bytes_under_a_released_name_are_refused(town: Town) -> None:
    first, second = town.released(town.vera, "One."), town.released(town.vera, "Two.")
    overwritten, blobs = first, town.stage.folder / "blob-store"
    one, two = [
        next(blobs.rglob(str(town.sql("SELECT object_id FROM relay.releases WHERE id = %s", made)[0][0])))
        for made in (first, second)
    ]
    one.chmod(0o600)
    one.write_bytes(two.read_bytes())
    for release_id in (first, second):
        if release_id != overwritten:
            assert town.read(town.oskar, release_id) == "Two."
    with pytest.raises(VaultRefused):
        town.read(town.oskar, overwritten)


def test_a_letter_is_never_served_as_a_page(town: Town) -> None:
    release_id = town.released(town.vera)
    town.sql("UPDATE relay.releases SET media_type = 'text/html'")
    with pytest.raises(VaultRefused):
        town.read(town.oskar, release_id)


# what is planned


def _planned(town: Town) -> tuple[UUID, UUID]:
    item_id = town.approved(town.vera)
    seat = town.case.others(town.vera)[0].seat_id
    due = town.service.clock() + timedelta(days=30)
    release_id: UUID = town.do(schedule(town.service.desk, town.fatima, item_id, seat, due))
    return item_id, release_id


@pytest.mark.parametrize(
    "edit",
    [
        "due_at = due_at - interval '40 days'",
        "record = replace(convert_from(record, 'UTF8'), '\"sequence\":1', '\"sequence\":2')::bytea",
        "signatures = record",
        "object_id = (SELECT object_id FROM relay.revisions LIMIT 1)",
        "rendition_id = gen_random_uuid()",
        "double_sealed = set_byte(double_sealed, 1200, get_byte(double_sealed, 1200) # 1)",
    ],
)
def test_a_planned_release_that_was_edited_gives_nobody_a_key(town: Town, edit: str) -> None:
    item_id, release_id = _planned(town)
    before = town.grants_of(town.oskar)
    town.sql("UPDATE relay.scheduled_releases SET " + edit)  # noqa: S608 - from the list above
    town.service.clock.go(days=0 if "due_at" in edit else 31)
    town.do(release_due(town.room, release_id))
    assert town.grants_of(town.oskar) == before
    assert town.sql("SELECT state FROM relay.items WHERE id = %s", item_id) == [("approved",)]


def test_an_untouched_planned_release_is_carried_out(town: Town) -> None:
    _, release_id = _planned(town)
    town.service.clock.go(days=31)
    town.do(release_due(town.room, release_id))
    assert town.read(town.oskar, release_id) == "A letter."


# ten thousand lies


class Subject(NamedTuple):
    """Something that somebody asks the database for, and what they conclude from the answers."""

    name: str
    database: HostileDatabase
    asks: Callable[[], Awaitable[object]]


def _subjects(town: Town) -> list[Subject]:
    two = town.stage.cases[1]
    frida = two.facilitators[0]
    vanda, _, otto = [one.person for one in two.participants]
    town.sql("UPDATE relay.cases SET second_approval = false")
    first = town.released(town.vera, "One.")
    second = town.released(town.oskar, "Two.")
    third = town.release(town.approved(otto, "Three.", frida, two), frida, two)
    waiting = town.ready(town.vera, "Four.")
    for reader, release_id in ((town.oskar, first), (town.vera, second), (vanda, third)):
        town.do(choose(town.service.participants, reader, release_id, "open"))
    found: list[Subject] = []

    def hostile(surface: Surface) -> tuple[HostileDatabase, House]:
        database = HostileDatabase(town.service.databases[surface])
        return database, msgspec.structs.replace(town.service.house(surface), database=database)

    def reads(reader: Person, release_id: UUID) -> Subject:
        database, house = hostile(Surface.PARTICIPANTS)

        async def ask() -> object:
            given = await content(house, reader, release_id)
            return given.object_id, given.key, given.commitment

        return Subject("a recipient reads", database, ask)

    def key(name: str, of: Callable[[Any, House], Awaitable[Any]]) -> Subject:
        database, house = hostile(Surface.DESK)

        async def ask() -> object:
            async with database.reading(town.fatima.id) as tx:
                trusted = await of(tx, house)
                return trusted.holder, trusted.public.encoded

        return Subject(name, database, ask)

    def reviews() -> Subject:
        database, house = hostile(Surface.DESK)

        async def ask() -> object:
            async with database.reading(town.fatima.id) as tx:
                item = msgspec.structs.replace(await find_item(tx, waiting), id=waiting, case_id=town.case.id)
                rendition = await find_rendition(tx, house, item, "clean")
                given = await case_content(tx, house, town.fatima, rendition)
                return given.object_id, given.key, given.commitment, rendition.sha256

        return Subject("a reviewer reads", database, ask)

    found += [reads(town.oskar, first), reads(town.vera, second), reads(vanda, third)]
    found += [
        key("a case's key", lambda tx, house: case_key(tx, house, town.case.id)),
        key("a participant's key", lambda tx, house: participant_key(tx, house, town.case.id, town.oskar.id)),
        key("a colleague's key", lambda tx, house: staff_key(tx, house, town.filip.id)),
        key("the workers' key", worker_key),
        reviews(),
    ]
    return found


def test_of_ten_thousand_lies_none_is_believed(town: Town) -> None:
    subjects = _subjects(town)
    truths = [town.do(_asked(subject)) for subject in subjects]
    chance = random.Random(20261122)  # noqa: S311 - chance, not a secret
    liar = Liar(chance, [subject.database.tape for subject in subjects])
    told = refused = 0
    while told < LIES:
        place = chance.randrange(len(subjects))
        subject, truth = subjects[place], truths[place]
        lie = liar.lie(subject.database.tape)
        if lie == subject.database.tape:
            continue
        subject.database.playing, told = lie, told + 1
        try:
            believed = town.do(_asked(subject))
        except (RelayError, ValueError, TypeError, OverflowError):
            refused += 1
            continue
        assert believed == truth, f"{subject.name}: a lie was believed"
    # some lies change nothing that counts, such as a size that nobody goes by
    assert refused > told * 0.7


async def _asked(subject: Subject) -> object:
    return await subject.asks()


def test_an_edited_gate_is_not_prevented_but_has_no_entry(town: Town) -> None:
    town.sql("UPDATE relay.consents SET given = false, id = gen_random_uuid()")
    recorded = town.sql(
        "SELECT 1 FROM relay.consents c JOIN relay.audit_entries e ON e.chain = c.case_id"
        " AND e.detail LIKE '%%' || c.id || '%%'"
    )
    assert recorded == []


# what is hidden


def _redacted(town: Town, text: str = "I live at 4 Mill Lane.", hides: str = "4 Mill Lane") -> UUID:
    """A letter of which a facilitator has hidden a part; its author has not answered."""
    item_id = town.ready(town.vera, text)
    _hide(town, item_id, text, hides)
    town.do(work_off(town.room))
    return item_id


def _hide(town: Town, item_id: UUID, text: str, hides: str) -> UUID:
    """Begin the version. Return its revision."""
    town.do(claim(town.service.desk, town.fatima, item_id))
    start = text.index(hides)
    edits = Edits(spans=(Span(start=start, end=start + len(hides)),))
    work = redact(town.service.desk, town.fatima, item_id, revision=1, edits=edits, note="Hidden.")
    town.do(work)
    [(revision_id,)] = town.sql("SELECT id FROM relay.revisions WHERE item_id = %s AND number = 2", item_id)
    return UUID(str(revision_id))


def _agree(town: Town, item_id: UUID) -> None:
    rendition, sha256 = town.do(look_at(town.service, town.fatima, item_id))
    house = town.service.participants
    town.do(agree(house, town.vera, item_id, rendition_id=rendition, sha256=sha256))


def test_what_its_author_agreed_to_is_released(town: Town) -> None:
    item_id = _redacted(town)
    _agree(town, item_id)
    town.approve(item_id, town.fatima)
    assert town.read(town.oskar, town.release(item_id)) == f"I live at {MASK}."


@pytest.mark.parametrize(
    "edit",
    [
        "edits_id = NULL, edits_commitment = NULL, edited_by = NULL",
        "edited_by = NULL",
        "edited_by = author_id",
        "edits_commitment = set_byte(edits_commitment, 3, get_byte(edits_commitment, 3) # 1)",
        (
            "(edits_id, edits_commitment) = (SELECT o.id, o.commitment FROM relay.objects o"
            " WHERE o.purpose = 'edits' AND o.id <> edits_id LIMIT 1)"
        ),
    ],
)
def test_no_worker_follows_a_list_that_was_stripped_swapped_or_renamed(town: Town, edit: str) -> None:
    _redacted(town, "Mine is another.", "another")
    item_id = town.ready(town.oskar, "I live at 4 Mill Lane.")
    revision_id = _hide(town, item_id, "I live at 4 Mill Lane.", "4 Mill Lane")
    town.sql("UPDATE relay.revisions SET " + edit + " WHERE id = %s", revision_id)  # noqa: S608 - from above
    with pytest.raises(RelayError):
        town.do(make_safe(town.room, revision_id))
    made = town.sql("SELECT 1 FROM relay.renditions WHERE revision_id = %s", revision_id)
    assert made == []


def test_no_worker_follows_a_list_that_nobody_submitted(town: Town) -> None:
    _redacted(town, "Mine is another.", "another")
    item_id = town.sent(town.oskar)
    town.sql(
        "UPDATE relay.revisions SET (edits_id, edits_commitment) = (SELECT o.id, o.commitment"
        " FROM relay.objects o WHERE o.purpose = 'edits' LIMIT 1) WHERE item_id = %s",
        item_id,
    )
    [(revision_id,)] = town.sql("SELECT id FROM relay.revisions WHERE item_id = %s", item_id)
    with pytest.raises(VaultRefused):
        town.do(make_safe(town.room, revision_id))


@pytest.mark.parametrize(
    "edit", ["edited_by = NULL", "edits_id = NULL, edits_commitment = NULL, edited_by = NULL"]
)
def test_a_version_with_hidden_parts_is_not_passed_off_as_its_authors_own(town: Town, edit: str) -> None:
    """So that nobody would have to be asked."""
    item_id = _redacted(town)
    rendition, sha256 = town.do(look_at(town.service, town.fatima, item_id))
    town.sql("UPDATE relay.revisions SET " + edit + " WHERE number = 2")  # noqa: S608 - from the list above
    decided = decide(
        town.service.desk, town.fatima, item_id, "approve", rendition_id=rendition, sha256=sha256
    )
    with pytest.raises(VaultRefused):
        town.do(decided)


_PLANTED = """
INSERT INTO relay.agreements (id, item_id, revision_id, rendition_id, case_id, author_id, sha256,
                              key_version, agreed_at, signature)
SELECT gen_random_uuid(), n.item_id, n.revision_id, n.id, n.case_id, n.author_id, n.sha256, 1, now(), %s
FROM relay.renditions n JOIN relay.revisions r ON r.id = n.revision_id
WHERE n.item_id = %s AND n.role = 'clean' AND r.number = 2
"""


def test_an_agreement_that_its_author_did_not_sign_is_none(town: Town) -> None:
    item_id = _redacted(town)
    town.sql(_PLANTED, town.oskar.signer.sign(b"I agree."), item_id)
    with pytest.raises(Conflict, match="has not agreed"):
        town.approve(item_id, town.fatima)


def test_an_agreement_to_another_letter_is_none(town: Town) -> None:
    agreed = _redacted(town, "One.", "One")
    _agree(town, agreed)
    town.approve(agreed, town.fatima)
    item_id = _redacted(town, "Two.", "Two")
    [(signature,)] = town.sql("SELECT signature FROM relay.agreements WHERE item_id = %s", agreed)
    town.sql(_PLANTED, signature, item_id)
    town.sql(
        "UPDATE relay.agreements SET agreed_at = (SELECT agreed_at FROM relay.agreements WHERE item_id = %s)"
        " WHERE item_id = %s",
        agreed,
        item_id,
    )
    with pytest.raises(Conflict, match="has not agreed"):
        town.approve(item_id, town.fatima)


def test_an_agreement_that_was_taken_away_stops_what_was_planned(town: Town) -> None:
    item_id = _redacted(town)
    _agree(town, item_id)
    town.approve(item_id, town.fatima)
    seat = town.case.others(town.vera)[0].seat_id
    due = town.service.clock() + timedelta(days=30)
    release_id = town.do(schedule(town.service.desk, town.fatima, item_id, seat, due))
    town.sql("DELETE FROM relay.agreements")
    before = town.grants_of(town.oskar)
    town.service.clock.go(days=31)
    town.do(release_due(town.room, release_id))
    assert town.grants_of(town.oskar) == before
    assert town.sql("SELECT state FROM relay.items WHERE id = %s", item_id) == [("approved",)]
    [(detail,)] = town.sql(
        "SELECT detail FROM relay.audit_entries WHERE subject_id = %s ORDER BY at_microseconds DESC LIMIT 1",
        item_id,
    )
    assert "not-agreed" in detail


def test_a_facilitator_is_not_shown_another_list_than_was_written(town: Town) -> None:
    item_id = _redacted(town)
    town.sql("UPDATE relay.revisions SET edits_id = NULL, edits_commitment = NULL, edited_by = NULL")
    with pytest.raises(VaultRefused):
        town.do(redaction(town.service.desk, town.fatima, item_id))


def test_places_are_not_counted_in_another_text_than_they_are_hidden_in(town: Town) -> None:
    item_id = town.ready(town.vera, "First. I live at 4 Mill Lane.")
    rendition, sha256 = town.do(look_at(town.service, town.fatima, item_id))
    work = decide(
        town.service.desk,
        town.fatima,
        item_id,
        "request_changes",
        rendition_id=rendition,
        sha256=sha256,
        reasons=(Reason.EXCUSES,),
        guidance="Please write it anew.",
    )
    town.do(work)
    town.do(save_draft(town.service.participants, town.vera, item_id, "I live at 4 Mill Lane."))
    town.do(submit(town.service.participants, town.vera, item_id))
    town.do(work_off(town.room))
    town.do(claim(town.service.desk, town.fatima, item_id))
    edits = Edits(spans=(Span(start=10, end=21),))
    work = redact(town.service.desk, town.fatima, item_id, revision=2, edits=edits, note="Hidden.")
    town.do(work)
    town.do(work_off(town.room))
    assert town.do(ground(town.service.desk, town.fatima, item_id)).text == "I live at 4 Mill Lane."
    town.sql(
        "UPDATE relay.revisions r SET (edits_id, edits_commitment, edited_by) = (SELECT edits_id,"
        " edits_commitment, edited_by FROM relay.revisions WHERE item_id = r.item_id AND number = 3)"
        " WHERE item_id = %s AND number = 2",
        item_id,
    )
    with pytest.raises(VaultRefused):
        town.do(ground(town.service.desk, town.fatima, item_id))


# a version that another took the place of

_SECRET = "I live at 4 Mill Lane."


def _replaced(town: Town) -> tuple[UUID, UUID, UUID]:
    """A letter that was planned as it was sent, put back, and planned with a part hidden."""
    item_id = town.approved(town.vera, _SECRET)
    seat = town.case.others(town.vera)[0].seat_id
    due = town.service.clock() + timedelta(days=30)
    old = town.do(schedule(town.service.desk, town.fatima, item_id, seat, due))
    town.do(unschedule(town.service.desk, town.fatima, item_id))
    town.do(reopen(town.service.desk, town.fatima, item_id))
    _hide(town, item_id, _SECRET, "4 Mill Lane")
    town.do(work_off(town.room))
    _agree(town, item_id)
    town.approve(item_id, town.fatima)
    new = town.do(schedule(town.service.desk, town.fatima, item_id, seat, due))
    return item_id, old, new


@pytest.mark.parametrize(
    "edits",
    [
        [],
        ["UPDATE relay.items SET ready_at = NULL"],
        ["UPDATE relay.items SET revision = 1, ready_at = now() - interval '1 year'"],
        [  # the old plan's seal and signatures under the new one's names
            (
                "UPDATE relay.scheduled_releases s SET (revision_id, rendition_id) ="
                " (SELECT n.revision_id, n.rendition_id FROM relay.scheduled_releases n"
                " WHERE n.item_id = s.item_id AND n.id <> s.id)"
            )
        ],
        [
            (
                "UPDATE relay.scheduled_releases s SET (revision_id, rendition_id, object_id) ="
                " (SELECT n.revision_id, n.rendition_id, n.object_id FROM relay.scheduled_releases n"
                " WHERE n.item_id = s.item_id AND n.id <> s.id)"
            )
        ],
    ],
)
def test_a_plan_of_a_version_that_was_replaced_is_not_carried_out(
    town: Town, edits: list[LiteralString]
) -> None:
    item_id, old, new = _replaced(town)
    town.sql("UPDATE relay.scheduled_releases SET state = 'cancelled' WHERE id = %s", new)
    town.sql("UPDATE relay.scheduled_releases SET state = 'waiting' WHERE id = %s", old)
    for edit in edits:
        town.sql(edit)
    town.service.clock.go(days=32)
    before = town.grants_of(town.oskar)
    town.do(release_due(town.room, old))
    assert town.sql("SELECT 1 FROM relay.releases WHERE item_id = %s", item_id) == []
    assert town.grants_of(town.oskar) == before


def test_what_took_its_place_is_carried_out(town: Town) -> None:
    _, _, new = _replaced(town)
    town.service.clock.go(days=32)
    town.do(release_due(town.room, new))
    assert town.read(town.oskar, new) == f"I live at {MASK}."


def test_an_approval_of_before_it_came_back_into_review_is_none(town: Town) -> None:
    """The version stayed, what it rests on did not: it is planned by an approval that was taken back."""
    item_id, release_id = _planned(town)
    town.sql("UPDATE relay.scheduled_releases SET state = 'cancelled'")
    town.sql("UPDATE relay.items SET state = 'approved' WHERE id = %s", item_id)
    town.do(reopen(town.service.desk, town.fatima, item_id))
    town.sql("UPDATE relay.scheduled_releases SET state = 'waiting'")
    town.sql("UPDATE relay.items SET state = 'scheduled' WHERE id = %s", item_id)
    town.service.clock.go(days=31)
    town.do(release_due(town.room, release_id))
    assert town.sql("SELECT 1 FROM relay.releases WHERE item_id = %s", item_id) == []


def test_a_version_that_was_replaced_is_not_released_in_place_of_the_newest(town: Town) -> None:
    item_id, _, _ = _replaced(town)
    town.do(unschedule(town.service.desk, town.fatima, item_id))
    town.sql("UPDATE relay.items SET revision = 1, ready_at = now() - interval '1 year'")
    with pytest.raises(RelayError):
        town.release(item_id)
    assert town.sql("SELECT 1 FROM relay.releases WHERE item_id = %s", item_id) == []
