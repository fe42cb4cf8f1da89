from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

from relay.errors import Conflict, Unavailable, VaultRefused
from relay.identity import fingerprints, keyfiles, roster
from relay.identity.roster import Member, StaffKey
from relay.identity.trust import past_verifier_of, verifier_of
from relay.permissions import permissions_of
from relay.vault.pins import Pins
from relay.vault.suite import KeyPair, Signer

ROOT = Signer.generate()
PINS = Pins(
    service_id=uuid4(), root_public=ROOT.public.encoded, recovery_public=KeyPair.generate().public.encoded
)


def member(state: str = "active", version: int = 1, account_id: UUID | None = None) -> Member:
    keys, signer = KeyPair.generate(), Signer.generate()
    return Member(
        account_id=account_id or uuid4(),
        name="Fatima",
        roles=("facilitator",),
        state=state,
        key=StaffKey(version, keys.public.encoded, signer.public.encoded),
    )


def test_the_next_roster_carries_the_active_with_keys_and_nobody_else() -> None:
    active, suspended = member(), member("suspended")
    invited = msgspec.structs.replace(member("invited"), key=None)
    composed = roster.compose(PINS, [active, suspended, invited], None)
    assert [entry.account for entry in composed.entries] == [active.account_id]
    assert composed.version == 1


def test_who_leaves_keeps_a_key_on_the_roster_that_permits_nothing() -> None:
    facilitator = member()
    administrator = msgspec.structs.replace(member(), roles=("administrator",))
    staying = member()
    everybody = [facilitator, administrator, staying]
    current = roster.compose(PINS, everybody, None)
    gone = [msgspec.structs.replace(one, state="suspended") for one in (facilitator, administrator)]
    for _ in range(2):  # also on the one after that
        current = roster.compose(PINS, [*gone, staying], current)
        kept = current.entry(facilitator.account_id)
        assert kept is not None
        assert facilitator.key is not None
        assert (kept.roles, kept.signing_key) == (("former",), facilitator.key.signing_public)
        assert permissions_of("staff", frozenset(kept.roles)) == frozenset()
        with pytest.raises(VaultRefused):
            verifier_of(current, facilitator.account_id)
        assert past_verifier_of(current, facilitator.account_id).encoded == kept.signing_key
        assert current.entry(administrator.account_id) is None
    back = roster.compose(PINS, everybody, current).entry(facilitator.account_id)
    assert back == facilitator.entry()


def test_a_changed_key_is_unsigned_again() -> None:
    before = member()
    current = roster.compose(PINS, [before], None)
    assert roster.unsigned([before], current) == []
    after = member(version=2, account_id=before.account_id)
    assert roster.unsigned([after], current) == [after]


def test_the_version_rises_above_what_was_pinned_even_if_the_database_forgot() -> None:
    pins = msgspec.structs.replace(PINS, roster_version=7)
    assert roster.compose(pins, [member()], None).version == 8


def test_another_services_root_signs_nothing() -> None:
    with pytest.raises(Conflict):
        roster.sign_roster(PINS, roster.compose(PINS, [], None), Signer.generate())


def test_the_pinned_version_never_goes_back(tmp_path: Path) -> None:
    path = tmp_path / "pins.json"
    PINS.write(path)
    assert roster.pin_roster(path, 3).roster_version == 3
    with pytest.raises(VaultRefused):
        roster.pin_roster(path, 2)
    assert Pins.read(path).roster_version == 3


def test_either_key_changes_the_words_that_are_read_out() -> None:
    keys, signer = KeyPair.generate().public, Signer.generate().public
    words = fingerprints.words(keys, signer)
    assert len(words.split()) == 8
    assert words == fingerprints.words(keys, signer)
    assert words != fingerprints.words(keys, Signer.generate().public)
    assert words != fingerprints.words(KeyPair.generate().public, signer)
    assert len(fingerprints.groups(keys, signer)) == 39


def test_offline_keys_are_written_once_and_read_back(tmp_path: Path) -> None:
    recovery = KeyPair.generate()
    (tmp_path / "keys").mkdir()
    root_path, recovery_path = keyfiles.write(tmp_path / "keys", PINS.service_id, ROOT, recovery)
    assert root_path.stat().st_mode & 0o777 == 0o600
    assert keyfiles.read_root(root_path) == ROOT
    assert keyfiles.read_recovery(recovery_path) == recovery
    with pytest.raises(Conflict):
        keyfiles.write(tmp_path / "keys", PINS.service_id, Signer.generate(), recovery)
    assert keyfiles.read_root(root_path) == ROOT


def test_a_wrong_missing_or_open_key_file_is_named(tmp_path: Path) -> None:
    root_path, recovery_path = keyfiles.write(tmp_path, PINS.service_id, ROOT, KeyPair.generate())
    with pytest.raises(Unavailable, match="not a root key"):
        keyfiles.read_root(recovery_path)
    with pytest.raises(Unavailable, match="no file"):
        keyfiles.read_root(tmp_path / "nothing")
    root_path.chmod(0o644)
    with pytest.raises(Unavailable, match="chmod 600"):
        keyfiles.read_root(root_path)
