import asyncio
from collections import Counter
from uuid import uuid4

import psycopg
import pytest

from relay.db.transaction import Surface
from relay.errors import Conflict, Forbidden, Gone, Invalid, Missing, Refusal, SignInNeeded
from relay.house import House
from relay.identity import accounts, proofs
from relay.identity.accounts import enrol
from relay.identity.invitations import Invitation, invite_again, invite_participant, invite_staff
from relay.identity.model import Person
from relay.identity.sessions import open_session, sign_in
from tests.support.house import PASSPHRASE, Service

WRONG = "0000 0000"


async def facilitator_and_invitation(service: Service) -> tuple[Person, Invitation]:
    facilitator = await service.make_facilitator()
    case_id = await service.make_case(facilitator)
    return facilitator, await invite_participant(
        service.desk, facilitator, case_id, "Vera Nowak", "victim", "Miss Vera"
    )


async def attempt(house: House, invitation: Invitation, code: str, name: str = "vera") -> str:
    try:
        await enrol(house, invitation.id, invitation.secret, code, name, PASSPHRASE)
    except Refusal as refusal:
        return type(refusal).__name__
    return "enrolled"


def tries_of(service: Service, invitation: Invitation) -> int:
    with psycopg.connect(service.dsns.superuser.url) as connection:
        row = connection.execute(
            "SELECT tries FROM relay.invitations WHERE id = %s", [invitation.id]
        ).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_participant_enrols_and_signs_in(service: Service) -> None:
    _, invitation = await facilitator_and_invitation(service)
    typed = invitation.secret.lower().replace("-", " ")
    account_id = await enrol(
        service.participants, invitation.id, typed, invitation.code.replace(" ", ""), "Vera", PASSPHRASE
    )
    cookie, person = await sign_in(
        service.participants, Surface.PARTICIPANTS, " VERA ", PASSPHRASE, "192.0.2.1"
    )
    assert person.id == account_id == invitation.account_id
    assert person.side == "participant"
    again = await open_session(service.participants, Surface.PARTICIPANTS, cookie)
    assert again is not None
    assert again.keys == person.keys


async def test_staff_enrol_at_the_desk_alone(service: Service) -> None:
    invitation = await service.invite_staff("facilitator", "Fatima")
    assert await attempt(service.participants, invitation, invitation.code) == "Gone"
    assert await attempt(service.desk, invitation, invitation.code, "fatima") == "enrolled"
    _, person = await sign_in(service.desk, Surface.DESK, "fatima", PASSPHRASE, "192.0.2.1")
    assert person.roles == {"facilitator"}


async def test_a_participants_invitation_is_no_use_at_the_desk(service: Service) -> None:
    _, invitation = await facilitator_and_invitation(service)
    assert await attempt(service.desk, invitation, invitation.code) == "Gone"
    assert await attempt(service.participants, invitation, invitation.code) == "enrolled"


async def test_of_100_guesses_at_once_five_are_evaluated(service: Service) -> None:
    _, invitation = await facilitator_and_invitation(service)
    guesses = [attempt(service.participants, invitation, WRONG) for _ in range(100)]
    answers = Counter(await asyncio.gather(*guesses))
    assert answers == {"Invalid": 5, "Gone": 95}
    assert await attempt(service.participants, invitation, invitation.code) == "Gone"


async def test_a_try_is_counted_before_anything_is_compared(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, invitation = await facilitator_and_invitation(service)

    def struck(*_: object) -> bytes:
        assert tries_of(service, invitation) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(accounts, "code_mac", struck)
    with pytest.raises(KeyboardInterrupt):
        await enrol(service.participants, invitation.id, invitation.secret, WRONG, "vera", PASSPHRASE)
    assert tries_of(service, invitation) == 1


async def test_what_is_wrong_in_the_form_costs_no_try(service: Service) -> None:
    _, invitation = await facilitator_and_invitation(service)
    for name, passphrase in [("v", PASSPHRASE), ("vera", "short"), ("vera", "password password")]:
        with pytest.raises(Invalid):
            await enrol(
                service.participants, invitation.id, invitation.secret, invitation.code, name, passphrase
            )
    assert tries_of(service, invitation) == 0


async def test_the_right_code_with_a_wrong_secret_is_refused(service: Service) -> None:
    _, invitation = await facilitator_and_invitation(service)
    with pytest.raises(Invalid, match="4 more times"):
        await enrol(service.participants, invitation.id, "A" * 28, invitation.code, "vera", PASSPHRASE)


async def test_unknown_used_and_expired_invitations_get_one_answer(service: Service) -> None:
    facilitator, used = await facilitator_and_invitation(service)
    case_id = await service.make_case(facilitator)
    late = await invite_participant(service.desk, facilitator, case_id, "Late", "victim")
    assert await attempt(service.participants, used, used.code) == "enrolled"
    service.clock.go(days=15)
    answers = set()
    for invitation_id in (used.id, late.id, uuid4()):
        with pytest.raises(Gone) as caught:
            await enrol(service.participants, invitation_id, used.secret, used.code, "someone", PASSPHRASE)
        answers.add(caught.value.public)
    assert len(answers) == 1


async def test_of_two_enrolments_at_once_one_succeeds(service: Service) -> None:
    _, invitation = await facilitator_and_invitation(service)
    answers = await asyncio.gather(
        attempt(service.participants, invitation, invitation.code, "vera"),
        attempt(service.participants, invitation, invitation.code, "wera"),
    )
    assert sorted(answers) == ["Gone", "enrolled"]


async def test_a_taken_name_is_said_and_the_invitation_stays_good(service: Service) -> None:
    facilitator, first = await facilitator_and_invitation(service)
    case_id = await service.make_case(facilitator)
    second = await invite_participant(service.desk, facilitator, case_id, "Vera Two", "victim")
    assert await attempt(service.participants, first, first.code, "vera") == "enrolled"
    with pytest.raises(Invalid) as caught:
        await enrol(service.participants, second.id, second.secret, second.code, "VERA", PASSPHRASE)
    assert set(caught.value.fields) == {"sign_in_name"}
    assert await attempt(service.participants, second, second.code, "vera2") == "enrolled"


async def test_a_new_invitation_ends_the_one_before_it(service: Service) -> None:
    facilitator, first = await facilitator_and_invitation(service)
    async with service.databases[Surface.DESK].reading(facilitator.id) as tx:
        case_id = await tx.value("SELECT case_id FROM relay.invitations WHERE id = %s", [first.id])
    second = await invite_again(service.desk, facilitator, case_id, first.account_id)
    assert await attempt(service.participants, first, first.code) == "Gone"
    assert await attempt(service.participants, second, second.code) == "enrolled"


async def test_enrolling_anew_makes_new_keys_and_ends_old_sessions(service: Service) -> None:
    facilitator, first = await facilitator_and_invitation(service)
    await enrol(service.participants, first.id, first.secret, first.code, "vera", PASSPHRASE)
    cookie, before = await sign_in(
        service.participants, Surface.PARTICIPANTS, "vera", PASSPHRASE, "192.0.2.1"
    )
    async with service.databases[Surface.DESK].reading(facilitator.id) as tx:
        case_id = await tx.value("SELECT case_id FROM relay.invitations WHERE id = %s", [first.id])
    second = await invite_again(service.desk, facilitator, case_id, first.account_id)
    new = "another lantern over slow water"
    await enrol(service.participants, second.id, second.secret, second.code, "vera", new)
    assert await open_session(service.participants, Surface.PARTICIPANTS, cookie) is None
    with pytest.raises(SignInNeeded):
        await sign_in(service.participants, Surface.PARTICIPANTS, "vera", PASSPHRASE, "192.0.2.1")
    _, after = await sign_in(service.participants, Surface.PARTICIPANTS, "vera", new, "192.0.2.1")
    assert (before.key_version, after.key_version) == (1, 2)
    assert before.keys != after.keys


async def test_a_suspended_account_cannot_enrol(service: Service) -> None:
    facilitator, invitation = await facilitator_and_invitation(service)
    await accounts.suspend(service.desk, facilitator, invitation.account_id)
    assert await attempt(service.participants, invitation, invitation.code) == "Gone"


async def test_a_facilitator_invites_to_their_own_cases_alone(service: Service) -> None:
    facilitator, invitation = await facilitator_and_invitation(service)
    stranger = await service.make_facilitator("Stranger")
    case_id = await service.make_case(facilitator)
    with pytest.raises(Missing):
        await invite_participant(service.desk, stranger, case_id, "Vera", "victim")
    with pytest.raises(Missing):
        await invite_again(service.desk, stranger, case_id, invitation.account_id)
    with pytest.raises(Invalid):
        await invite_participant(service.desk, facilitator, case_id, "Vera", "facilitator")  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        await invite_participant(service.desk, facilitator, case_id, " ", "victim")


async def test_an_administrator_invites_staff_and_a_facilitator_does_not(service: Service) -> None:
    administrator = await service.make_staff("administrator", "Adam")
    facilitator = await service.make_facilitator()
    invitation = await invite_staff(service.desk, administrator, "facilitator", "New")
    assert await attempt(service.desk, invitation, invitation.code, "newcomer") == "enrolled"
    with pytest.raises(Forbidden):
        await invite_staff(service.desk, facilitator, "facilitator", "Other")
    with pytest.raises(Invalid):
        await invite_staff(service.desk, administrator, "king", "Other")


async def test_an_administrator_opens_no_case(service: Service) -> None:
    administrator = await service.make_staff("administrator", "Adam")
    facilitator, invitation = await facilitator_and_invitation(service)
    with pytest.raises(Missing):
        await accounts.suspend(service.desk, administrator, invitation.account_id)
    with pytest.raises(Forbidden):
        await accounts.suspend(service.desk, facilitator, administrator.id)
    with pytest.raises(Conflict):
        await accounts.suspend(service.desk, administrator, administrator.id)


async def test_nothing_of_an_invitation_is_readable_in_the_database(service: Service) -> None:
    _, invitation = await facilitator_and_invitation(service)
    found = []
    with psycopg.connect(service.dsns.superuser.url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'relay'").fetchall()
        for (table,) in tables:
            rows = connection.execute(f"SELECT t::text FROM relay.{table} t").fetchall()  # noqa: S608
            found += [row[0] for row in rows]
    everything = "\n".join(found)
    for secret in (
        invitation.secret,
        invitation.secret.replace("-", ""),
        invitation.code.replace(" ", ""),
        "Vera Nowak",
        "Miss Vera",
    ):
        assert secret not in everything
        assert secret.encode().hex() not in everything
    assert str(invitation.id) in everything


async def test_invitations_are_never_alike(service: Service) -> None:
    issued = [await service.invite_staff() for _ in range(20)]
    assert len({one.secret for one in issued}) == 20
    assert all(len(proofs.clean_secret(one.secret)) * 5 >= 128 for one in issued)
