from typing import LiteralString
from uuid import UUID

import msgspec
import psycopg
import pytest
from psycopg import sql

from relay.audit.tags import Tag
from relay.cases.keys import put_case_text
from relay.errors import Conflict, Missing, Unavailable, VaultRefused
from relay.identity import roster
from relay.identity.invitations import (
    Invitation,
    KeptInvitation,
    invitation_statement,
    invite_again,
    invite_participant,
)
from relay.identity.model import Person
from relay.identity.operator import looking, operating
from relay.identity.proofs import enrolment_mac, secret_hash
from relay.identity.trust import TrustedKey, case_key, newest_roster, participant_key, staff_key
from relay.identity.vouching import vouch
from relay.vault.suite import KeyPair, Signer
from tests.support.house import Pair, Service


def tamper(service: Service, statement: LiteralString | sql.Composed, *values: object) -> None:
    """Write as somebody who owns the database server: past row-level security and every trigger."""
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement, values)


async def trusted(service: Service, reader: Person, case_id: UUID, account: Person) -> TrustedKey:
    async with service.desk.database.reading(reader.id) as tx:
        return await participant_key(tx, service.desk, case_id, account.id)


async def enrolled(service: Service) -> tuple[Person, UUID, Person, Invitation]:
    facilitator = await service.make_facilitator()
    case_id = await service.make_case(facilitator)
    invitation = await invite_participant(service.desk, facilitator, case_id, "Vera", "victim")
    return facilitator, case_id, await service.enrol_quickly(service.participants, invitation), invitation


async def test_a_confirmed_key_is_trusted_and_an_unconfirmed_one_is_not(service: Service) -> None:
    facilitator, case_id, participant, _ = await enrolled(service)
    with pytest.raises(Conflict, match="confirm"):
        await trusted(service, facilitator, case_id, participant)
    await vouch(service.desk, facilitator, case_id, participant.id)
    key = await trusted(service, facilitator, case_id, participant)
    assert key.public == participant.keys.public
    assert key.holder == participant.holder


async def test_there_is_nothing_to_confirm_before_enrolment_or_twice(service: Service, pair: Pair) -> None:
    invitation = await invite_participant(service.desk, pair.facilitator, pair.case_id, "Second", "victim")
    with pytest.raises(Conflict, match="not enrolled yet"):
        await vouch(service.desk, pair.facilitator, pair.case_id, invitation.account_id)
    with pytest.raises(Conflict, match="already"):
        await vouch(service.desk, pair.facilitator, pair.case_id, pair.victim.id)


async def test_a_facilitator_of_another_case_confirms_nothing(service: Service) -> None:
    _, case_id, participant, _ = await enrolled(service)
    stranger = await service.make_facilitator("Stranger")
    own_case = await service.make_case(stranger)
    for tried in (case_id, own_case):
        with pytest.raises(Missing):
            await vouch(service.desk, stranger, tried, participant.id)


@pytest.mark.parametrize("column", ["hpke_public", "signing_public", "enrolment_mac"])
async def test_keys_put_in_place_of_the_enrolled_ones_are_not_confirmed(
    service: Service, column: str
) -> None:
    facilitator, case_id, participant, _ = await enrolled(service)
    planted = {
        "hpke_public": KeyPair.generate().public.encoded,
        "signing_public": Signer.generate().public.encoded,
        "enrolment_mac": bytes(32),
    }[column]
    swap = sql.SQL("UPDATE relay.account_keys SET {} = %s WHERE account_id = %s").format(
        sql.Identifier(column)
    )
    tamper(service, swap, planted, participant.id)
    with pytest.raises(Conflict, match="Do not confirm"):
        await vouch(service.desk, facilitator, case_id, participant.id)


def plant_keys(service: Service, account_id: UUID, invitation: Invitation, secret: str) -> None:
    """Put keys of the attacker's under an account, authenticated with a secret that the attacker knows."""
    keys, signer = KeyPair.generate().public.encoded, Signer.generate().public.encoded
    mac = enrolment_mac(
        secret,
        service_id=service.id,
        invitation_id=invitation.id,
        account_id=account_id,
        key_version=1,
        hpke_public=keys,
        signing_public=signer,
    )
    tamper(
        service,
        "UPDATE relay.account_keys SET hpke_public = %s, signing_public = %s, enrolment_mac = %s,"
        " invitation_id = %s WHERE account_id = %s",
        keys,
        signer,
        mac,
        invitation.id,
        account_id,
    )


async def test_a_secret_that_an_attacker_sealed_to_the_case_proves_nothing(service: Service) -> None:
    facilitator, case_id, participant, invitation = await enrolled(service)
    secret = "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA"
    statement = invitation_statement(
        service.desk, case_id, participant.id, invitation.id, secret, facilitator.id
    )
    forged = KeptInvitation(
        secret=secret, facilitator=facilitator.id, signature=statement.sign(Signer.generate())
    )
    text = msgspec.json.encode(forged).decode()
    async with service.desk.database.acting(
        facilitator.id, Tag.ACCOUNT_INVITED, chain=case_id, subject=participant.id
    ) as act:
        await put_case_text(act, service.desk, case_id, "invitation", invitation.id, text)
    tamper(
        service,
        "UPDATE relay.invitations SET secret_hash = %s WHERE id = %s",
        secret_hash(secret),
        invitation.id,
    )
    plant_keys(service, participant.id, invitation, secret)
    with pytest.raises(Conflict, match="Do not confirm"):
        await vouch(service.desk, facilitator, case_id, participant.id)


async def test_one_participants_invitation_does_not_authenticate_anothers_keys(service: Service) -> None:
    facilitator, case_id, victim, _ = await enrolled(service)
    own = await invite_participant(service.desk, facilitator, case_id, "Oskar", "offender")
    plant_keys(service, victim.id, own, own.secret)
    tamper(service, "UPDATE relay.invitations SET account_id = %s WHERE id = %s", victim.id, own.id)
    with pytest.raises(Conflict, match="Do not confirm"):
        await vouch(service.desk, facilitator, case_id, victim.id)


async def test_a_key_swapped_after_it_was_confirmed_is_refused(service: Service, pair: Pair) -> None:
    planted = KeyPair.generate().public.encoded
    tamper(
        service,
        "UPDATE relay.account_keys SET hpke_public = %s WHERE account_id = %s",
        planted,
        pair.victim.id,
    )
    with pytest.raises(VaultRefused):
        await trusted(service, pair.facilitator, pair.case_id, pair.victim)


async def test_a_newer_key_waits_for_its_own_confirmation(service: Service, pair: Pair) -> None:
    again = await invite_again(service.desk, pair.facilitator, pair.case_id, pair.victim.id)
    renewed = await service.enrol_quickly(service.participants, again)
    assert renewed.key_version == 2
    with pytest.raises(Conflict):
        await trusted(service, pair.facilitator, pair.case_id, renewed)
    await vouch(service.desk, pair.facilitator, pair.case_id, renewed.id)
    assert (await trusted(service, pair.facilitator, pair.case_id, renewed)).public == renewed.keys.public


async def test_a_confirmation_counts_in_its_own_case_alone(service: Service, pair: Pair) -> None:
    other = await service.make_case(pair.facilitator, "2026/2")
    await service.make_participant(pair.facilitator, other, "victim", "Else")
    tamper(service, "UPDATE relay.vouches SET case_id = %s WHERE account_id = %s", other, pair.victim.id)
    with pytest.raises(VaultRefused):
        await trusted(service, pair.facilitator, other, pair.victim)


# -- the staff roster


async def test_a_staff_key_swapped_in_the_database_is_refused(service: Service) -> None:
    facilitator = await service.make_facilitator()
    planted = KeyPair.generate().public.encoded
    tamper(
        service,
        "UPDATE relay.account_keys SET hpke_public = %s WHERE account_id = %s",
        planted,
        facilitator.id,
    )
    async with service.desk.database.reading(facilitator.id) as tx:
        with pytest.raises(VaultRefused):
            await staff_key(tx, service.desk, facilitator.id)


async def test_staff_who_are_not_on_the_roster_are_not_sealed_to(service: Service) -> None:
    await service.make_facilitator()
    unsigned = await service.enrol_quickly(service.desk, await service.invite_staff(name="Unsigned"))
    async with service.desk.database.reading(unsigned.id) as tx:
        with pytest.raises(Conflict, match="relay staff sign"):
            await staff_key(tx, service.desk, unsigned.id)


async def test_without_a_roster_nobody_is_trusted(service: Service) -> None:
    invited = await service.enrol_quickly(service.desk, await service.invite_staff())
    async with service.desk.database.reading(invited.id) as tx:
        with pytest.raises(Unavailable, match="relay staff sign"):
            await staff_key(tx, service.desk, invited.id)


async def test_an_older_roster_brought_back_is_refused(service: Service) -> None:
    facilitator = await service.make_facilitator()
    await service.make_facilitator("Second")
    tamper(service, "DELETE FROM relay.rosters WHERE version = 2")
    async with service.desk.database.reading(facilitator.id) as tx:
        with pytest.raises(VaultRefused):
            await staff_key(tx, service.desk, facilitator.id)


async def test_a_roster_of_another_root_or_with_another_version_is_refused(service: Service) -> None:
    facilitator = await service.make_facilitator()
    async with looking(service.owner, service.id) as tx:
        current = await newest_roster(tx, service.pins)
    assert current is not None
    following = msgspec.structs.replace(current, version=2)
    with pytest.raises(VaultRefused):
        async with operating(service.owner, service.id, Tag.ROSTER_SIGNED, service.id) as act:
            await roster.store_roster(act, service.pins, following, following.sign(Signer.generate()))
    tamper(service, "UPDATE relay.rosters SET version = 5")
    async with service.desk.database.reading(facilitator.id) as reading:
        with pytest.raises(VaultRefused):
            await newest_roster(reading, service.pins)


async def test_a_roster_put_in_by_somebody_without_the_root_is_refused(service: Service) -> None:
    facilitator = await service.make_facilitator()
    planted = await service.enrol_quickly(service.desk, await service.invite_staff(name="Planted"))
    async with looking(service.owner, service.id) as tx:
        current = await newest_roster(tx, service.pins)
        members = await roster.staff(tx, service.columns, service.id)
    forged = roster.compose(service.pins, members, current)
    assert forged.entry(planted.id) is not None
    tamper(
        service,
        "INSERT INTO relay.rosters (service_id, version, body, signature) VALUES (%s, %s, %s, %s)",
        service.id,
        forged.version,
        msgspec.json.encode(forged),
        forged.sign(Signer.generate()),
    )
    async with service.desk.database.reading(facilitator.id) as tx:
        with pytest.raises(VaultRefused):
            await staff_key(tx, service.desk, planted.id)


async def test_a_stored_roster_is_never_stored_again(service: Service) -> None:
    await service.make_facilitator()
    async with looking(service.owner, service.id) as tx:
        current = await newest_roster(tx, service.pins)
    assert current is not None
    with pytest.raises(VaultRefused):
        async with operating(service.owner, service.id, Tag.ROSTER_SIGNED, service.id) as act:
            await roster.store_roster(act, service.pins, current, current.sign(service.root))


async def test_a_case_key_stated_by_somebody_who_left_the_roster_is_refused(
    service: Service, pair: Pair
) -> None:
    second = await service.make_facilitator("Second")
    tamper(service, "UPDATE relay.accounts SET state = 'suspended' WHERE id = %s", pair.facilitator.id)
    await service.sign_roster()
    async with service.desk.database.reading(second.id) as tx:
        await tx.run("SELECT set_config('relay.cases', %s, true)", [f"{{{pair.case_id}}}"])
        with pytest.raises(Conflict, match="takes them off"):
            await case_key(tx, service.desk, pair.case_id)
