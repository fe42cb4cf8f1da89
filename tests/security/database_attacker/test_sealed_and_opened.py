"""An attacker who can write what they like into the database, and has all blobs, reads and forges nothing.

They can delete and delay. They can also edit a gate: that is not prevented, since nobody has signed gates. It
can be noticed, since every record of a gate has its entry in the chain, and the chain its checkpoint outside
the database.
"""

from uuid import UUID, uuid4

import psycopg
import pytest

from relay.audit.verify import verify_gates
from relay.errors import AuditBroken, Missing, RelayError, VaultRefused
from relay.exchange.delivery import content
from relay.exchange.renditions import own_content
from relay.exchange.submitting import submit
from relay.identity.operator import looking
from relay.review.reading import open_rendition
from relay.vault.grants import grant
from relay.vault.suite import DataKey, KeyPair
from tests.security.database_attacker.town import Town
from tests.support.letters import write_letter
from workers.tasks.make_safe import make_safe

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
    item_id = town.do(write_letter(town.service, town.vera, town.case.id))
    public = KeyPair.generate().public.encoded
    if table == "case_keys":
        town.sql("UPDATE relay.case_keys SET public = %s", public)
    else:
        town.sql("UPDATE relay.worker_keys SET public = %s", public)
    with pytest.raises(VaultRefused):
        town.do(submit(town.service.participants, town.vera, item_id))
    assert town.sql("SELECT 1 FROM relay.revisions WHERE item_id = %s", item_id) == []


def test_an_older_roster_is_not_believed(town: Town) -> None:
    item_id = town.do(write_letter(town.service, town.vera, town.case.id))
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
    planted = town.do(write_letter(town.service, town.oskar, town.case.id, "I forgive you."))
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


def test_an_edited_gate_is_not_prevented_but_contradicts_the_chain(town: Town) -> None:
    town.sql("UPDATE relay.consents SET given = false, id = gen_random_uuid()")

    async def verified() -> None:
        async with looking(town.service.owner, town.service.id) as tx:
            await verify_gates(tx)

    with pytest.raises(AuditBroken, match="somebody's agreement"):
        town.do(verified())
