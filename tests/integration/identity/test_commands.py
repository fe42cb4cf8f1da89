"""`relay init` and `relay staff`, on a data folder of their own."""

import asyncio
import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import psycopg
import pytest

from relay.app import open_house
from relay.cli import main
from relay.cli.common import logins
from relay.db import roles
from relay.db.embedded import EmbeddedPostgres
from relay.db.transaction import Surface
from relay.errors import Conflict, Invalid
from relay.identity import keyfiles, keylines
from relay.identity.accounts import enrol
from relay.settings import Settings, load
from relay.vault.pins import Pins
from relay.vault.suite import KeyPair, Signer
from tests.support.house import PASSPHRASE

Run = tuple[int, str, str]


class Command:
    """Runs `relay` in this process."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.data, self.keys, self.capture = folder / "data", folder / "keys", capture

    def __call__(self, *words: str) -> Run:
        self.capture.readouterr()
        code = main([*words, "--data", str(self.data)])
        said = self.capture.readouterr()
        return code, said.out, said.err

    def init(self, *more: str) -> Run:
        words = ("init", "--name", "Kent RJ", "--facilitator", "Fatima A.", "--keys-to", str(self.keys))
        return self(*words, *more)

    @property
    def settings(self) -> Settings:
        return load({"RELAY_DATA": str(self.data)})

    @property
    def pins(self) -> Pins:
        return Pins.read(self.settings.keyring / "pins.json")


@pytest.fixture
def relay(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr("builtins.input", lambda _: "no")
    (tmp_path / "keys").mkdir()
    return Command(tmp_path, capsys)


def enrol_staff(settings: Settings, said: str, name: str) -> None:
    """Enrol with what the command printed, as the desk's page does."""
    found = re.search(r"enrol/(\S+)\s+long code\s+(\S+)\s+short code\s+(\d{4} \d{4})", said)
    assert found is not None

    async def through_the_desk(dsn: str) -> None:
        import msgspec

        async with open_house(msgspec.structs.replace(settings, database=dsn), Surface.DESK) as house:
            await enrol(house, UUID(found[1]), found[2], found[3], name, PASSPHRASE)

    with logins(settings) as dsns:
        asyncio.run(through_the_desk(dsns[roles.login("desk")].url))


def stop(settings: Settings) -> None:
    """Suspend everyone of the staff, as an administrator does."""
    with (
        EmbeddedPostgres(settings.data) as administrator,
        psycopg.connect(administrator.but(database=roles.DATABASE).url) as connection,
    ):
        connection.execute("UPDATE relay.accounts SET state = 'suspended'")


def test_a_service_is_made_and_its_staff_signed(relay: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said, _ = relay.init()
    assert code == 0
    assert relay.pins.name == "Kent RJ"
    root = relay.keys / "relay-root.key"
    for secret in ("relay-root.key", "relay-recovery.key"):
        assert (relay.keys / secret).stat().st_mode & 0o777 == 0o600
        # into a file or a log, what opens everything is never printed
        assert (relay.keys / secret).read_text().split()[-1][:16] not in said.replace(" ", "")

    opens = "relay-recovery.key  opens every case that its facilitators cannot open any more; asked for by: "
    assert f"{opens}relay recover give\n" in said

    assert (relay.data / ".gitignore").read_text() == "*\n"
    code, listed, _ = relay("staff", "list")
    assert (code, listed) == (0, "Fatima A., facilitator: invited\n")
    monkeypatch.setattr("builtins.input", lambda _: pytest.fail("there is nothing to say yes to"))
    code, none, _ = relay("staff", "sign", "--root-key", str(root))
    assert (code, relay.pins.roster_version) == (0, 0)
    assert "There is nothing to sign yet: nobody of the staff has enrolled." in none
    monkeypatch.setattr("builtins.input", lambda _: "no")
    enrol_staff(relay.settings, said, "fatima")
    assert "NEW: compare with its owner" in relay("staff", "list")[1]

    code, asked, _ = relay("staff", "sign", "--root-key", str(root))
    assert (code, relay.pins.roster_version) == (1, 0)
    assert "Nothing was signed" in asked
    assert len(asked.splitlines()[1].split()) == 8

    monkeypatch.setattr("builtins.input", lambda _: "yes")
    code, signed, _ = relay("staff", "sign", "--root-key", str(root))
    assert (code, relay.pins.roster_version) == (0, 1)
    assert "Roster 1 is signed" in signed
    assert "on the roster" in relay("staff", "list")[1]
    assert "Nothing has changed" in relay("staff", "sign", "--root-key", str(root), "--yes")[1]
    assert "read out the words" in signed
    assert relay.init()[0] == 2

    stop(relay.settings)
    code, signed, _ = relay("staff", "sign", "--root-key", str(root))
    assert (code, relay.pins.roster_version) == (0, 2)
    assert "No key is new or changed, so there is nothing to compare." in signed
    assert "read out the words" not in signed


def test_what_to_do_next_is_printed_as_it_can_be_run(
    relay: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.setattr("sys.argv", [".venv/bin/relay", "init"])
    code, _, refused = relay("up")
    assert code == 2
    assert f"run: .venv/bin/relay init --data {relay.data} --name 'Our service'" in refused
    code, said, _ = relay.init()
    assert code == 0
    assert f"  .venv/bin/relay up --data {relay.data}\n" in said
    sign = f"  .venv/bin/relay staff sign --data {relay.data} --root-key "
    assert f"{sign}{tmp_path / 'keys' / 'relay-root.key'}\n" in said
    code, said, _ = relay("staff", "invite", "--role", "administrator", "--name", "Adam")
    assert code == 0
    assert sign in said


def test_chains_are_counted_in_words_that_fit(relay: Command) -> None:
    assert relay.init()[0] == 0
    code, said, _ = relay("audit", "verify")
    assert (code, said.partition(":")[0]) == (0, "1 chain with 2 entries")


def test_the_commands_work_beside_a_running_database(relay: Command) -> None:
    assert relay.init()[0] == 0
    with EmbeddedPostgres(relay.data):
        code, said, _ = relay("staff", "invite", "--role", "administrator", "--name", "Adam")
        assert code == 0
        enrol_staff(relay.settings, said, "adam")
        assert "Adam, administrator: NEW" in relay("staff", "list")[1]


def test_without_a_place_for_the_keys_nothing_is_made(relay: Command) -> None:
    code, _, error = relay("init", "--name", "Kent RJ")
    assert code == 2
    assert "--keys-to DIR" in error
    round_about = relay.keys / "round-about"
    round_about.symlink_to(relay.data)
    for inside in (relay.data, relay.data / "keys", round_about / "keys"):
        code, _, error = relay("init", "--name", "Kent RJ", "--keys-to", str(inside))
        assert code == 2
        assert "must not lie in the data folder" in error
    round_about.unlink()
    relay.keys.rmdir()
    code, _, error = relay.init()
    assert code == 2
    assert f"no folder {relay.keys}" in error
    assert "plug that in and mount it" in error
    assert not relay.keys.exists()  # on this machine's disk, in place of the stick
    relay.keys.touch()
    assert relay.init()[0] == 2
    code, _, error = relay("init", "--name", "Kent RJ", "--keys-to", "/proc/self")
    assert code == 2
    assert "cannot be written to /proc/self" in error
    for words in (("--name", " "), ("--name", "Kent RJ", "--facilitator", "")):
        assert relay("init", *words, "--keys-to", str(relay.keys.parent))[0] == 2
    (relay.keys.parent / "relay-root.key").touch()
    code, _, error = relay("init", "--name", "Kent RJ", "--keys-to", str(relay.keys.parent))
    assert (code, "never overwritten" in error) == (2, True)
    assert relay("migrate")[0] == 2
    assert not relay.data.exists()
    code, _, error = relay("staff", "list")
    assert code == 2
    assert "relay init" in error


def test_another_services_root_and_a_wrong_file_are_refused(relay: Command, tmp_path: Path) -> None:
    from relay.identity import keyfiles
    from relay.vault.suite import KeyPair, Signer

    code, said, _ = relay.init()
    assert code == 0
    enrol_staff(relay.settings, said, "fatima")
    (tmp_path / "other").mkdir()
    other, _ = keyfiles.write(
        tmp_path / "other", relay.pins.service_id, Signer.generate(), KeyPair.generate()
    )
    for path, words in ((other, "not the root key"), (relay.keys / "relay-recovery.key", "not a root key")):
        code, _, error = relay("staff", "sign", "--yes", "--root-key", str(path))
        assert code == 2
        assert words in error
    assert relay.pins.roster_version == 0


class Copied(NamedTuple):
    """What somebody wrote on paper, and where the files are."""

    relay: Command
    lines: dict[str, list[str]]

    def typed(self, monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
        """Let these be typed."""
        waiting = iter(lines)

        def answer(_: str) -> str:
            for line in waiting:
                return line
            raise EOFError

        monkeypatch.setattr("builtins.input", answer)


@pytest.fixture
def copied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Copied:
    """`relay init` at a real terminal, of which somebody copies the keys by hand."""
    relay = Command(tmp_path, capsys)
    relay.keys.mkdir()
    words = ("init", "--name", "Kent RJ", "--data", str(relay.data), "--keys-to", str(relay.keys))
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "relay.cli", *words], stdin=theirs, stdout=theirs, stderr=theirs
    ) as running:
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # a terminal that nobody writes to any more ends in an error
            while more := os.read(ours, 4096):
                said += more
        os.close(ours)
    assert running.returncode == 0, said
    found = re.findall(r"^  (root|recovery) +\d+  ([0-9a-f ]+)\r$", said.decode(), re.MULTILINE)
    return Copied(
        relay, {kind: [line for name, line in found if name == kind] for kind in ("root", "recovery")}
    )


def test_what_a_terminal_showed_once_becomes_the_files_again(
    copied: Copied, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {kind: len(lines) for kind, lines in copied.lines.items()} == {"root": 2, "recovery": 6}
    (tmp_path / "again").mkdir()
    for kind, lines in copied.lines.items():
        copied.typed(monkeypatch, *lines)
        code, said, _ = copied.relay("paper-key", kind, "--to", str(tmp_path / "again"))
        assert (code, f"this service's {kind} key" in said) == (0, True)
        name = f"relay-{kind}.key"
        assert (tmp_path / "again" / name).read_bytes() == (copied.relay.keys / name).read_bytes()
        assert (tmp_path / "again" / name).stat().st_mode & 0o777 == 0o600
        copied.typed(monkeypatch)  # refused before anything is asked for
        code, _, error = copied.relay("paper-key", kind, "--to", str(tmp_path / "again"))
        assert (code, "keys are never overwritten" in error) == (2, True)
    root = Signer.generate().seed
    with pytest.raises(Conflict, match="never overwritten"):
        keyfiles.write_again(tmp_path / "again", "root", copied.relay.pins, root)
    copied.typed(monkeypatch)
    code, _, error = copied.relay("paper-key", "root", "--to", str(copied.relay.data))
    assert (code, "must not lie in the data folder" in error) == (2, True)


def test_a_slip_of_the_pen_is_found_in_its_line(
    copied: Copied, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = copied.lines["root"]
    wrong = ("1" if first[0] != "1" else "2") + first[1:]
    loose = first.upper().replace("0", "O").replace(" ", "")
    of_the_other = copied.lines["recovery"][0]
    copied.typed(
        monkeypatch, wrong, second, of_the_other, first[:-5], first[:-1], "not the key", loose, second
    )
    (tmp_path / "again").mkdir()
    code, said, _ = copied.relay("paper-key", "root", "--to", str(tmp_path / "again"))
    assert code == 0
    assert said.count("A sign in it is wrong, or it is another line.") == 3
    assert said.count("9 groups of 4 signs; this has 32 signs.") == 1
    assert said.count("9 groups of 4 signs; this has 35 signs.") == 1
    assert said.count("other signs in it than") == 1
    assert (tmp_path / "again" / "relay-root.key").exists()


def test_another_services_key_and_half_a_key_are_not_written(
    copied: Copied, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "again").mkdir()
    another = keylines.written("root", Signer.generate().seed)
    for lines, why in (
        (another, "not that of 'Kent RJ'"),
        (copied.lines["root"][:1], "not typed to its end"),
    ):
        copied.typed(monkeypatch, *lines)
        code, _, refused = copied.relay("paper-key", "root", "--to", str(tmp_path / "again"))
        assert (code, why in refused) == (2, True)
    with pytest.raises(Invalid, match="not that of 'Kent RJ'"):
        keyfiles.write_again(tmp_path / "again", "recovery", copied.relay.pins, KeyPair.generate().seeds)
    assert list((tmp_path / "again").iterdir()) == []
