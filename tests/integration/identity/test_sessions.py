import asyncio
import base64
import threading
from collections import Counter
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from relay.db.transaction import Surface
from relay.errors import Busy, Forbidden, Invalid, Refusal, SignInNeeded, StepUpNeeded
from relay.identity import accounts, sessions
from relay.identity.accounts import enrol
from relay.identity.invitations import invite_participant
from relay.identity.model import Person
from relay.identity.sessions import open_session, sign_in, sign_out, step_up
from relay.identity.stretching import stretch
from relay.vault import passphrase as vault_passphrase
from relay.vault.columns import spaced_lookup
from tests.support.house import PASSPHRASE, Service

HERE = "192.0.2.1"
PARTICIPANTS = Surface.PARTICIPANTS


async def enrolled(service: Service, name: str = "vera") -> Person:
    """Enrol a participant who has a passphrase; return the facilitator."""
    facilitator = await service.make_facilitator()
    case_id = await service.make_case(facilitator)
    invitation = await invite_participant(service.desk, facilitator, case_id, "Vera", "victim")
    await enrol(service.participants, invitation.id, invitation.secret, invitation.code, name, PASSPHRASE)
    return facilitator


async def signed_in(service: Service) -> tuple[str, Person]:
    await enrolled(service)
    return await sign_in(service.participants, PARTICIPANTS, "vera", PASSPHRASE, HERE)


async def opened(service: Service, cookie: str) -> Person | None:
    return await open_session(service.participants, PARTICIPANTS, cookie)


def tamper(service: Service, statement: LiteralString, *values: object) -> None:
    with psycopg.connect(service.dsns.superuser.url) as connection:
        connection.execute(statement, values)


async def answer(service: Service, name: str, passphrase: str, address: str = HERE) -> tuple[str, str]:
    try:
        await sign_in(service.participants, PARTICIPANTS, name, passphrase, address)
    except Refusal as refusal:
        return type(refusal).__name__, refusal.public
    return "signed in", ""


# -- two halves


async def test_a_session_opens_the_persons_keys_with_both_halves_alone(service: Service) -> None:
    cookie, person = await signed_in(service)
    again = await opened(service, cookie)
    assert again is not None
    assert (again.id, again.keys, again.signer) == (person.id, person.keys, person.signer)

    content = bytearray(base64.urlsafe_b64decode(cookie))
    content[-1] ^= 1
    assert await opened(service, base64.urlsafe_b64encode(content).decode()) is None
    tamper(service, "UPDATE relay.sessions SET half = %s", bytes(32))
    assert await opened(service, cookie) is None


async def test_the_database_holds_neither_the_cookie_nor_the_identifier(service: Service) -> None:
    cookie, person = await signed_in(service)
    content = base64.urlsafe_b64decode(cookie)
    with psycopg.connect(service.dsns.superuser.url) as connection:
        rows = connection.execute("SELECT s::text FROM relay.sessions s").fetchall()
        kind = connection.execute(
            "SELECT relpersistence FROM pg_class WHERE oid = 'relay.sessions'::regclass"
        ).fetchone()
    everything = str(rows)
    for part in (content[:16], content[16:], person.keys.seeds[:16], person.signer.seed):
        assert part.hex() not in everything
    assert kind in {("u",), (b"u",)}


async def test_a_session_row_moved_to_another_account_opens_nothing(service: Service) -> None:
    cookie, person = await signed_in(service)
    case_id = await service.make_case(facilitator := await service.make_facilitator())
    other = await service.make_participant(facilitator, case_id, "victim", "Other")
    tamper(service, "UPDATE relay.sessions SET account_id = %s", other.id)
    assert await opened(service, cookie) is None
    tamper(service, "UPDATE relay.sessions SET account_id = %s", person.id)
    assert await opened(service, cookie) is not None


@pytest.mark.parametrize("cookie", ["", "x", "=" * 64, "A" * 64, "A" * 63, "ä" * 64, "A" * 4096, "\0" * 64])
async def test_what_is_no_session_opens_nothing(service: Service, cookie: str) -> None:
    assert await opened(service, cookie) is None


# -- fixation, rotation, ends


async def test_an_identifier_that_a_browser_brings_is_never_taken_on(service: Service) -> None:
    await enrolled(service)
    planted = base64.urlsafe_b64encode(uuid4().bytes + bytes(32)).decode()
    assert await opened(service, planted) is None
    cookie, _ = await sign_in(service.participants, PARTICIPANTS, "vera", PASSPHRASE, HERE)
    assert cookie[:20] != planted[:20]
    assert await opened(service, planted) is None


async def test_every_sign_in_and_step_up_has_a_new_identifier(service: Service) -> None:
    first, person = await signed_in(service)
    second, _ = await sign_in(service.participants, PARTICIPANTS, "vera", PASSPHRASE, HERE)
    third, stepped = await step_up(service.participants, person, PASSPHRASE)
    assert len({first[:20], second[:20], third[:20]}) == 3
    assert await opened(service, first) is None  # ended by the step-up
    assert await opened(service, second) is not None
    assert (await opened(service, third)) is not None
    assert stepped.session_hash != person.session_hash


async def test_signing_out_ends_the_session_and_no_other(service: Service) -> None:
    cookie, person = await signed_in(service)
    other, _ = await sign_in(service.participants, PARTICIPANTS, "vera", PASSPHRASE, HERE)
    await sign_out(service.participants, person)
    assert await opened(service, cookie) is None
    assert await opened(service, other) is not None
    with pytest.raises(SignInNeeded):
        await step_up(service.participants, person, PASSPHRASE)


async def test_an_idle_session_ends(service: Service) -> None:
    cookie, _ = await signed_in(service)
    for _ in range(3):
        service.clock.go(minutes=19)
        assert await opened(service, cookie) is not None
    service.clock.go(minutes=21)
    assert await opened(service, cookie) is None


async def test_a_session_in_use_ends_too_and_stepping_up_does_not_lengthen_it(service: Service) -> None:
    cookie, person = await signed_in(service)
    for _ in range(31):
        service.clock.go(minutes=15)
        assert await opened(service, cookie) is not None
    cookie, _ = await step_up(service.participants, person, PASSPHRASE)
    service.clock.go(minutes=14)
    assert await opened(service, cookie) is not None
    service.clock.go(minutes=2)
    assert await opened(service, cookie) is None


async def test_a_cookie_of_one_app_opens_nothing_at_the_other(service: Service) -> None:
    cookie, _ = await signed_in(service)
    assert await open_session(service.desk, Surface.DESK, cookie) is None
    assert await answer(service, "vera", PASSPHRASE) == ("signed in", "")
    with pytest.raises(SignInNeeded):
        await sign_in(service.desk, Surface.DESK, "vera", PASSPHRASE, HERE)


async def test_a_suspended_account_is_out_at_once_and_cannot_be_told_from_none(service: Service) -> None:
    facilitator = await enrolled(service)
    cookie, person = await sign_in(service.participants, PARTICIPANTS, "vera", PASSPHRASE, HERE)
    await accounts.suspend(service.desk, facilitator, person.id)
    assert await opened(service, cookie) is None
    assert await answer(service, "vera", PASSPHRASE) == await answer(service, "nobody", PASSPHRASE)
    with pytest.raises(SignInNeeded):
        async with service.participants.database.reading(person.id):
            pass


# -- names


async def test_a_name_signs_in_however_its_white_space_is_typed(service: Service) -> None:
    await enrolled(service, "Oskar  Müller3645")
    for typed in ("Oskar Müller3645", "oskarmüller3645", "OSKAR  MÜLLER 3645", " oskar\u00a0müller 36 45"):
        assert await answer(service, typed, PASSPHRASE) == ("signed in", ""), typed


def stored_with_its_spaces(service: Service, name: str, side: str, account_id: UUID) -> None:
    """Store a name as it was while white space within it counted."""
    lookup = spaced_lookup(service.keyring, f"account {side} {service.id}", name)
    tamper(service, "UPDATE relay.accounts SET lookup = %s WHERE id = %s", lookup, account_id)


async def test_a_name_that_was_stored_with_its_spaces_still_signs_in(service: Service) -> None:
    await enrolled(service, "Oskar Müller3645")
    _, person = await sign_in(service.participants, PARTICIPANTS, "oskarmüller3645", PASSPHRASE, HERE)
    stored_with_its_spaces(service, "Oskar Müller3645", "participant", person.id)
    assert await answer(service, "oskar müller3645 ", PASSPHRASE) == ("signed in", "")


async def test_nobody_takes_a_name_that_was_stored_with_its_spaces(service: Service) -> None:
    anna = await service.make_facilitator("Anna K")
    stored_with_its_spaces(service, "Anna K", "staff", anna.id)
    invited = await service.invite_staff("facilitator", "Anna Kay")
    with pytest.raises(Invalid, match="This name to sign in with is taken"):
        await enrol(service.desk, invited.id, invited.secret, invited.code, "anna k", PASSPHRASE)
    await enrol(service.desk, invited.id, invited.secret, invited.code, "annak", PASSPHRASE)


async def test_tries_of_one_name_are_counted_as_one_however_it_is_spaced(service: Service) -> None:
    await enrolled(service, "river9506")
    tries = service.participants.settings.sign_in_tries
    spaced = [f"{'river9506'[:at]} {'river9506'[at:]}" for at in range(1, 9)]
    answers = [
        (await answer(service, name, "not the right lantern"))[0] for name in (spaced * 9)[: tries + 1]
    ]
    assert answers == ["SignInNeeded"] * tries + ["Busy"]


# -- guessing


class Counting:
    """Stands for Argon2id: counts each use and the most at once, and does the real work."""

    def __init__(self) -> None:
        self.prices: list[tuple[object, ...]] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def __call__(self, **parameters: Any) -> "Counting.Running":
        self.prices.append((parameters["memory_cost"], parameters["iterations"], parameters["lanes"]))
        return Counting.Running(self, parameters)

    class Running:
        def __init__(self, counting: "Counting", parameters: dict[str, Any]) -> None:
            self.counting, self.real = counting, Argon2id(**parameters)

        def derive(self, secret: bytes) -> bytes:
            with self.counting._lock:
                self.counting._now += 1
                self.counting.most = max(self.counting.most, self.counting._now)
            try:
                return self.real.derive(secret)
            finally:
                with self.counting._lock:
                    self.counting._now -= 1


@pytest.fixture
def argon2(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting()
    monkeypatch.setattr(vault_passphrase, "Argon2id", counting)
    return counting


async def test_a_name_that_nobody_has_gets_the_same_bytes_at_the_same_price(
    service: Service, argon2: Counting
) -> None:
    await enrolled(service)
    argon2.prices.clear()
    wrong = await answer(service, "vera", "not the right lantern")
    unknown = await answer(service, "nobody", "not the right lantern")
    assert wrong == unknown
    assert wrong[0] == "SignInNeeded"
    assert len(argon2.prices) == 2
    assert argon2.prices[0] == argon2.prices[1]


async def test_white_space_that_was_pasted_along_opens_at_one_price_for_every_name(
    service: Service, argon2: Counting
) -> None:
    await enrolled(service)
    argon2.prices.clear()
    assert await answer(service, "vera", f" {PASSPHRASE.replace(' ', '  ')}\n") == ("signed in", "")
    assert len(argon2.prices) == 1
    wrong = await answer(service, "vera", "not  the right lantern ")
    known = argon2.prices[1:]
    assert await answer(service, "nobody", "not  the right lantern ") == wrong
    assert argon2.prices[1 + len(known) :] == known


async def test_two_stretch_at_once_and_a_third_is_sent_away(service: Service, argon2: Counting) -> None:
    await enrolled(service)
    held, release = threading.Semaphore(0), threading.Event()

    def hold() -> None:
        held.release()
        release.wait(10)

    holding = [asyncio.create_task(stretch(service.participants, hold)) for _ in range(2)]
    for _ in holding:
        await asyncio.to_thread(held.acquire)
    used = len(argon2.prices)
    with pytest.raises(Busy) as caught:
        await sign_in(service.participants, PARTICIPANTS, "vera", PASSPHRASE, HERE)
    assert (caught.value.status, caught.value.retry_after > 0) == (503, True)
    assert len(argon2.prices) == used
    release.set()
    await asyncio.gather(*holding)
    assert await answer(service, "vera", PASSPHRASE) == ("signed in", "")


async def test_a_place_is_kept_until_the_work_is_done_even_if_nobody_waits_for_it(service: Service) -> None:
    held, release = threading.Semaphore(0), threading.Event()

    def hold() -> None:
        held.release()
        release.wait(10)

    house = service.participants
    tasks = [asyncio.create_task(stretch(house, hold)) for _ in range(2)]
    for task in tasks:
        await asyncio.to_thread(held.acquire)
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    with pytest.raises(Busy):
        await stretch(house, lambda: None)
    release.set()
    await stretch(house, lambda: None, patience=5)


async def test_ten_sign_ins_at_once_never_stretch_more_than_two(service: Service, argon2: Counting) -> None:
    await enrolled(service)
    await asyncio.gather(*(answer(service, f"nobody {number}", PASSPHRASE) for number in range(10)))
    assert argon2.most <= 2


async def test_of_40_guesses_at_once_five_are_evaluated(service: Service, argon2: Counting) -> None:
    await enrolled(service)
    argon2.prices.clear()
    guesses = [answer(service, "vera", f"guess number {number} of the day") for number in range(40)]
    answers = Counter(kind for kind, _ in await asyncio.gather(*guesses))
    assert len(argon2.prices) <= 5
    assert answers["Busy"] >= 35
    assert (await answer(service, "vera", PASSPHRASE))[0] == "Busy"
    service.clock.go(minutes=16)
    assert await answer(service, "vera", PASSPHRASE) == ("signed in", "")


async def test_guesses_from_many_networks_are_stopped_by_the_name(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_stretching(*_: object) -> None:
        return None

    monkeypatch.setattr(sessions, "_opened", no_stretching)
    kinds = [(await answer(service, "vera", PASSPHRASE, f"192.0.2.{number}"))[0] for number in range(60)]
    assert kinds == ["SignInNeeded"] * 50 + ["Busy"] * 10


async def test_guessing_elsewhere_keeps_nobody_out(service: Service) -> None:
    await enrolled(service)
    for _ in range(8):
        await answer(service, "vera", "not the right lantern", "198.51.100.1")
    assert await answer(service, "vera", PASSPHRASE) == ("signed in", "")


async def test_whoever_guesses_does_not_learn_that_the_owner_signed_in(service: Service) -> None:
    await enrolled(service)
    seen = []
    for signs_in in (False, True):
        kinds = [(await answer(service, "vera", "wrong lantern", "198.51.100.1"))[0] for _ in range(4)]
        if signs_in:
            assert (await answer(service, "vera", PASSPHRASE))[0] == "signed in"
        kinds += [(await answer(service, "vera", "wrong lantern", "198.51.100.1"))[0] for _ in range(3)]
        seen.append(kinds)
        service.clock.go(minutes=16)
    assert seen[0] == seen[1]


async def test_an_address_that_was_stopped_uses_up_nothing_of_a_name(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_stretching(*_: object) -> None:
        return None

    monkeypatch.setattr(sessions, "_opened", no_stretching)
    for number in range(50):
        await answer(service, f"name {number}", PASSPHRASE, "198.51.100.1")

    def rows() -> int:
        with psycopg.connect(service.dsns.superuser.url) as connection:
            found = connection.execute("SELECT count(*) FROM relay.throttles").fetchone()
            assert found is not None
            return int(found[0])

    before = rows()
    assert (await answer(service, "vera", PASSPHRASE, "198.51.100.1"))[0] == "Busy"
    assert rows() == before


async def test_names_that_nobody_has_are_throttled_alike(service: Service) -> None:
    await enrolled(service)
    for name in ("vera", "nobody"):
        kinds = [(await answer(service, name, "not the right lantern"))[0] for _ in range(7)]
        assert kinds == ["SignInNeeded"] * 5 + ["Busy"] * 2


async def test_a_right_passphrase_starts_the_count_again(service: Service) -> None:
    await enrolled(service)
    for _ in range(3):
        for _ in range(4):
            assert (await answer(service, "vera", "not the right lantern"))[0] == "SignInNeeded"
        assert (await answer(service, "vera", PASSPHRASE))[0] == "signed in"


async def test_one_address_trying_many_names_is_stopped(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_stretching(*_: object) -> None:
        return None

    monkeypatch.setattr(sessions, "_opened", no_stretching)
    kinds = Counter([(await answer(service, f"name {number}", PASSPHRASE))[0] for number in range(60)])
    assert kinds == {"SignInNeeded": 50, "Busy": 10}
    assert (await answer(service, "name 61", PASSPHRASE, "198.51.100.1"))[0] == "SignInNeeded"


async def test_what_is_counted_is_not_readable(service: Service) -> None:
    await answer(service, "vera", PASSPHRASE)
    with psycopg.connect(service.dsns.superuser.url) as connection:
        keys = [row[0] for row in connection.execute("SELECT key FROM relay.throttles").fetchall()]
    assert len(keys) == 3
    assert all(len(key) == 32 for key in keys)


# -- stepping up, CSRF, audit


async def test_stepping_up_needs_the_passphrase_and_lasts_ten_minutes(service: Service) -> None:
    _, person = await signed_in(service)
    sessions.require_step_up(service.participants, person)
    service.clock.go(minutes=11)
    with pytest.raises(StepUpNeeded):
        sessions.require_step_up(service.participants, person)
    with pytest.raises(Forbidden):
        await step_up(service.participants, person, "not the right lantern")
    cookie, stepped = await step_up(service.participants, person, PASSPHRASE)
    sessions.require_step_up(service.participants, stepped)
    found = await opened(service, cookie)
    assert found is not None
    assert found.stepped_up_at is not None
    sessions.require_step_up(service.participants, found)


async def test_guessing_at_the_step_up_is_throttled(service: Service) -> None:
    _, person = await signed_in(service)
    for _ in range(5):
        with pytest.raises(Forbidden):
            await step_up(service.participants, person, "not the right lantern")
    with pytest.raises(Busy):
        await step_up(service.participants, person, PASSPHRASE)


async def test_a_form_of_one_session_is_refused_in_another(service: Service) -> None:
    _, person = await signed_in(service)
    _, other = await sign_in(service.participants, PARTICIPANTS, "vera", PASSPHRASE, HERE)
    token = sessions.csrf_token(service.participants, person)
    sessions.check_csrf(service.participants, person, token)
    for wrong in (sessions.csrf_token(service.participants, other), "", token[:-1], token + "A", "ł"):
        with pytest.raises(Forbidden):
            sessions.check_csrf(service.participants, person, wrong)


async def test_signing_in_out_and_stepping_up_are_audited_in_the_services_chain(service: Service) -> None:
    _, person = await signed_in(service)
    _, person = await step_up(service.participants, person, PASSPHRASE)
    await sign_out(service.participants, person)
    await answer(service, "vera", "not the right lantern")
    with psycopg.connect(service.dsns.superuser.url) as connection:
        rows = connection.execute(
            "SELECT tag FROM relay.audit_entries WHERE chain = %s AND actor_id = %s ORDER BY sequence",
            [service.id, person.id],
        ).fetchall()
    assert [row[0] for row in rows] == ["session.signed_in", "session.stepped_up", "session.signed_out"]
