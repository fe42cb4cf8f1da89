import os
from pathlib import Path

import pytest

from relay.errors import KeyringRefused
from relay.vault.keyring import FileKeyring


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keyring"


def test_a_keyring_says_the_same_after_it_is_opened_again(path: Path) -> None:
    made = FileKeyring.create(path)
    assert FileKeyring.open(path).mac("test", b"message") == made.mac("test", b"message")


def test_its_file_is_for_its_owner_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        FileKeyring.create(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


def test_macs_differ_by_purpose_message_and_keyring(tmp_path: Path) -> None:
    one, other = (FileKeyring.create(tmp_path / name) for name in ("one", "other"))
    macs = {one.mac("a", b"bc"), one.mac("ab", b"c"), one.mac("a", b"c"), other.mac("a", b"bc")}
    assert len(macs) == 4
    assert all(len(mac) == 32 for mac in macs)


def test_a_keyring_is_never_overwritten(path: Path) -> None:
    FileKeyring.create(path)
    before = path.read_bytes()
    with pytest.raises(KeyringRefused, match="never overwritten"):
        FileKeyring.create(path)
    assert path.read_bytes() == before


def test_no_keyring_is_made_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KeyringRefused, match="folder"):
        FileKeyring.create(tmp_path / "none" / "keyring")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_keyring_that_others_can_reach_is_refused_and_says_what_to_do(path: Path, mode: int) -> None:
    FileKeyring.create(path)
    path.chmod(mode)
    with pytest.raises(KeyringRefused, match="chmod 600"):
        FileKeyring.open(path)


def test_a_missing_keyring_is_refused(path: Path) -> None:
    with pytest.raises(KeyringRefused, match="cannot be read"):
        FileKeyring.open(path)


def test_a_link_to_a_keyring_is_refused(path: Path) -> None:
    FileKeyring.create(path)
    link = path.with_name("link")
    link.symlink_to(path)
    with pytest.raises(KeyringRefused):
        FileKeyring.open(link)


def test_a_pipe_instead_of_a_keyring_is_refused_without_waiting(path: Path) -> None:
    os.mkfifo(path, 0o600)
    with pytest.raises(KeyringRefused, match="plain file"):
        FileKeyring.open(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"relay keyring 1\n",
        b"relay keyring 1\n" + b"00" * 31 + b"\n",
        b"relay keyring 1\n" + b"00" * 33 + b"\n",
        b"relay keyring 2\n" + b"00" * 32 + b"\n",
        b"relay keyring 1\n" + b"zz" * 32 + b"\n",
        b"relay keyring 1\n" + b"00" * 32 + b"\n\n",
    ],
)
def test_a_damaged_keyring_is_refused(path: Path, content: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(KeyringRefused, match="damaged"):
        FileKeyring.open(path)


def test_a_keyring_does_not_show_its_secret(path: Path) -> None:
    keyring = FileKeyring.create(path)
    assert path.read_bytes().split()[-1].decode() not in repr(keyring)
