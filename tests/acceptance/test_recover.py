"""`relay recover` as an operator has it, beside a running stack, with the key's file and with paper."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec
import pytest

from relay.app import open_house
from relay.cases.reasons import reasons
from relay.cases.records import record_assessment
from relay.cases.service import list_cases, open_case
from relay.cli.common import logins
from relay.db import roles
from relay.db.transaction import Surface
from relay.errors import Missing
from relay.house import House
from relay.identity import keyfiles, keylines
from relay.identity.accounts import enrol
from relay.identity.model import Person
from relay.identity.sessions import sign_in
from relay.settings import load
from relay.vault.suite import KeyPair, Signer
from tests.support.house import PASSPHRASE
from tests.support.postgres import fast_folder
from tests.support.stack import make_service, relay, up


class Desk:
    """A data folder, what its operator runs, and what people do at its desk."""

    def __init__(self, home: Path) -> None:
        self.home, self.data, self.said = home, make_service(home), ""
        self.key = home / "keys" / "relay-recovery.key"

    def command(self, *words: str, typed: str = "") -> tuple[int, str]:
        """Run a command on this folder. What it says is kept as well."""
        done = relay(*words, "--data", str(self.data), typed=typed)
        self.said += done.stdout + done.stderr
        return done.returncode, done.stdout + done.stderr

    def give(self, *words: str, typed: str = "") -> tuple[int, str]:
        return self.command("recover", "give", *words, typed=typed)

    def staff(self, name: str) -> None:
        """Invite a facilitator, enrol them, and sign the roster."""
        code, said = self.command("staff", "invite", "--role", "facilitator", "--name", name)
        assert code == 0, said
        found = re.search(r"enrol/(\S+)\s+long code\s+(\S+)\s+short code\s+(\d{4} \d{4})", said)
        assert found is not None

        async def enrolled() -> None:
            async with self.house() as house:
                await enrol(house, UUID(found[1]), found[2], found[3], name, PASSPHRASE)

        asyncio.run(enrolled())
        code, said = self.command(
            "staff", "sign", "--root-key", str(self.home / "keys" / "relay-root.key"), "--yes"
        )
        assert code == 0, said

    @asynccontextmanager
    async def house(self) -> AsyncIterator[House]:
        """The desk's own house."""
        settings = load({"RELAY_DATA": str(self.data)})
        with logins(settings) as dsns:
            own = msgspec.structs.replace(settings, database=dsns[roles.login("desk")].url)
            async with open_house(own, Surface.DESK) as house:
                yield house

    @asynccontextmanager
    async def signed_in(self, name: str) -> AsyncIterator[tuple[House, Person]]:
        async with self.house() as house:
            _, person = await sign_in(house, Surface.DESK, name, PASSPHRASE, "127.0.0.1")
            yield house, person

    def open_case(self, by: str, reference: str) -> UUID:
        """Open a case and write something that only its facilitators can read."""

        async def opened() -> UUID:
            async with self.signed_in(by) as (house, person):
                case_id = await open_case(house, person, reference)
                until = house.clock() + timedelta(days=9)
                words = f"Looked at both, for {reference}."
                await record_assessment(house, person, case_id, safe=True, valid_until=until, reasoning=words)
                return case_id

        return asyncio.run(opened())

    def read(self, by: str, case_id: UUID) -> tuple[str, str]:
        """What somebody reads of a case: its reference, and what was written. Raises `Missing`."""

        async def looked() -> tuple[str, str]:
            async with self.signed_in(by) as (house, person):
                [written] = await reasons(house, person, case_id)
                [case] = [one for one in await list_cases(house, person) if one.id == case_id]
                return case.reference, written.words

        return asyncio.run(looked())


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    home = Path(tempfile.mkdtemp(dir=fast_folder()))
    made = Desk(home)
    with up(made.data):
        made.staff("Fatima")
        made.staff("Gita")
        yield made
    shutil.rmtree(home)


class Cases(NamedTuple):
    """Two cases of Fatima's."""

    one: UUID
    two: UUID


@pytest.fixture
def cases(desk: Desk) -> Cases:
    """Each test's own: whatever others did was done to others."""
    return Cases(desk.open_case("Fatima", "2026/1"), desk.open_case("Fatima", "2026/2"))


_WORDS = ("--from", "Fatima", "--to", "Gita", "--reason", "passphrase-forgotten")


def test_the_list_says_what_can_be_seen_and_what_cannot(desk: Desk, cases: Cases) -> None:
    code, said = desk.command("recover", "list")
    assert (code, said.splitlines()[0]) == (0, "There is none.")
    assert "nobody can see" in said
    for words in (("--from", "fatima"), ("--all",)):
        code, said = desk.command("recover", "list", *words)
        assert code == 0
        after = said.partition(f"{cases.one}  2026/1\n")[2].splitlines()
        assert re.fullmatch(r"  [0-9a-f-]{36}  Fatima: can open it", after[0])
        assert after[1] == f"{cases.two}  2026/2"
        assert "nobody can see" not in said


def test_what_is_wrong_is_said_in_a_sentence_and_nothing_is_done(desk: Desk, cases: Cases) -> None:
    other = Path(tempfile.mkdtemp(dir=desk.home))
    _, theirs = keyfiles.write(
        other, UUID(desk.key.read_text().split()[5]), Signer.generate(), KeyPair.generate()
    )
    readable = other / "readable.key"
    shutil.copy(desk.key, readable)
    readable.chmod(0o644)
    for key, said in (
        (theirs, "This is a recovery key, but not that of 'Test service'."),
        (desk.home / "keys" / "relay-root.key", "is not a recovery key as `relay init` writes it."),
        (other / "nothing", "Give the recovery key that `relay init` wrote."),
        (readable, "can be read by others on this machine"),
    ):
        assert desk.give(*_WORDS, "--recovery-key", str(key), "--yes")[0] == 2
        assert said in desk.said
    code, said = desk.give(*_WORDS, "--paper", typed="0000\n")
    assert (code, "Nothing was done with it." in said) == (2, True)
    ours = ("--recovery-key", str(desk.key), "--yes")
    code, said = desk.give("--to", "Gita", "--reason", "left-the-service", "--case", str(cases.one), *ours)
    assert (code, "say so with --from Fatima" in said) == (2, True)
    code, said = desk.give("--from", "Fatima", "--to", "Gita", *ours)
    assert (code, "--reason" in said) == (2, True)
    code, said = desk.give("--from", "Fatima", "--to", "Nobody", "--reason", "left-the-service", *ours)
    assert (code, "Nobody on the staff is called 'Nobody'" in said) == (2, True)
    with pytest.raises(Missing):
        desk.read("Gita", cases.one)


def test_it_is_done_once_it_is_confirmed(desk: Desk, cases: Cases) -> None:
    words = (*_WORDS, "--case", str(cases.one), "--recovery-key", str(desk.key))
    for typed in ("", "no\n"):
        code, said = desk.give(*words, typed=typed)
        assert (code, said.splitlines()[-1].endswith("Nothing was changed.")) == (1, True)
        with pytest.raises(Missing):
            desk.read("Gita", cases.one)
    code, said = desk.give(*words, typed="yes\n")
    assert code == 0, said
    assert f"{cases.one}  2026/1" in said
    assert str(cases.two) not in said
    assert "with the reason (passphrase forgotten)" in said
    assert "Gita is on one case now" in said
    assert desk.read("Gita", cases.one) == ("2026/1", "Looked at both, for 2026/1.")
    assert desk.read("Fatima", cases.one) == ("2026/1", "Looked at both, for 2026/1.")
    with pytest.raises(Missing):
        desk.read("Gita", cases.two)


def uses(said: str) -> tuple[int, int]:
    """How often the key was used, and for how many cases, by what `audit verify` said."""
    found = re.search(r"The recovery key was used (\d+) times?, for (\d+) cases?\.", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def test_from_paper_all_that_nobody_else_can_open_is_given(desk: Desk, cases: Cases) -> None:
    before = uses(desk.command("audit", "verify")[1])
    lines = keylines.written("recovery", keyfiles.read_recovery(desk.key).seeds)
    first = ("--case", str(cases.one), "--recovery-key", str(desk.key), "--yes")
    assert desk.give(*_WORDS, *first)[0] == 0
    # a slip of the pen is asked for again, before the right ones
    code, said = desk.give(*_WORDS, "--paper", "--yes", typed="\n".join(["12", *lines]) + "\n")
    assert code == 0, said
    assert "Compare it with the paper" in said
    left, _, given = said.partition("With the recovery key")
    assert (str(cases.one) in left, str(cases.one) in given, str(cases.two) in given) == (True, False, True)
    assert desk.read("Gita", cases.two) == ("2026/2", "Looked at both, for 2026/2.")
    code, said = desk.command("audit", "verify")
    assert (code, "whole and unchanged" in said) == (0, True)
    # cases of other tests are among what nobody else could open
    assert uses(said) == (before[0] + 2, before[1] + 1 + len(re.findall(r"(?m)^[0-9a-f-]{36}  2026/", given)))


def leaked(seeds: bytes, kept: list[bytes]) -> bool:
    """Tell whether any line of the key is in what was kept: as it is, or as people write it."""
    return any(
        form in one
        for part in (seeds[start : start + 16] for start in range(0, len(seeds), 16))
        for form in (part, part.hex().encode(), keylines.written("recovery", part)[0][:30].encode())
        for one in kept
    )


def test_the_key_is_in_nothing_that_was_said_or_kept(desk: Desk, cases: Cases) -> None:
    seeds = keyfiles.read_recovery(desk.key).seeds
    typed = "\n".join(keylines.written("recovery", seeds)) + "\n"
    for case_id, key in ((cases.one, ["--recovery-key", str(desk.key)]), (cases.two, ["--paper"])):
        assert desk.give(*_WORDS, "--case", str(case_id), "--yes", *key, typed=typed)[0] == 0
    kept = [desk.said.encode(), *(path.read_bytes() for path in desk.data.rglob("*") if path.is_file())]
    assert not leaked(seeds, kept)
    for leak in (seeds[32:48], seeds.hex().encode(), typed.encode()):
        assert leaked(seeds, [*kept, leak])
