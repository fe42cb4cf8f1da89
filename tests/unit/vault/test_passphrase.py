"""Each sealing and opening pays for Argon2id in full: the floor is a constant, and no test can lower it."""

import unicodedata

import pytest

from relay.errors import VaultRefused
from relay.vault.keyring import FileKeyring
from relay.vault.passphrase import DEFAULT, Parameters, open_with_passphrase, seal_with_passphrase
from relay.vault.suite import Sealed, context

INFO = context("test", "passphrase")
PASSPHRASE = "zażółć gęślą jaźń"
CHEAP = [
    Parameters(memory_kib=65_535),
    Parameters(iterations=2),
    Parameters(lanes=0),
    Parameters(memory_kib=0, iterations=0, lanes=0),
]
DEAR = [Parameters(memory_kib=1_048_577), Parameters(iterations=17), Parameters(lanes=5)]


def pepper(message: bytes) -> bytes:
    return FileKeyring(bytes(32)).mac("passphrase", message)


def other_pepper(message: bytes) -> bytes:
    return FileKeyring(b"\1" * 32).mac("passphrase", message)


def no_pepper(_: bytes) -> bytes:
    pytest.fail("the keyring was asked before the parameters were checked")


@pytest.fixture(scope="module")
def sealed() -> Sealed:
    return seal_with_passphrase(b"secret", PASSPHRASE, pepper, INFO)


def test_the_same_passphrase_pepper_and_context_open(sealed: Sealed) -> None:
    assert open_with_passphrase(sealed, PASSPHRASE, pepper, INFO) == b"secret"


def test_one_passphrase_opens_from_a_device_that_composes_letters_differently(sealed: Sealed) -> None:
    decomposed = unicodedata.normalize("NFD", PASSPHRASE)
    assert decomposed != PASSPHRASE
    assert open_with_passphrase(sealed, decomposed, pepper, INFO) == b"secret"


def test_the_default_parameters_are_the_floor() -> None:
    assert Parameters(memory_kib=65_536, iterations=3, lanes=1) == DEFAULT
    assert DEFAULT.within_bounds()


@pytest.mark.parametrize("passphrase", [PASSPHRASE + " ", "", "\ud800"])
def test_another_passphrase_is_refused(sealed: Sealed, passphrase: str) -> None:
    with pytest.raises(VaultRefused):
        open_with_passphrase(sealed, passphrase, pepper, INFO)


def test_the_passphrase_without_the_keyring_opens_nothing(sealed: Sealed) -> None:
    with pytest.raises(VaultRefused):
        open_with_passphrase(sealed, PASSPHRASE, other_pepper, INFO)


def test_a_seal_moved_to_another_person_is_refused(sealed: Sealed) -> None:
    with pytest.raises(VaultRefused):
        open_with_passphrase(sealed, PASSPHRASE, pepper, context("test", "other"))


@pytest.mark.parametrize("parameters", CHEAP + DEAR)
def test_parameters_out_of_bounds_are_refused_before_any_work(sealed: Sealed, parameters: Parameters) -> None:
    with pytest.raises(VaultRefused):
        seal_with_passphrase(b"secret", PASSPHRASE, no_pepper, INFO, parameters)
    prefix = parameters.memory_kib.to_bytes(4, "big") + bytes([parameters.iterations, parameters.lanes])
    with pytest.raises(VaultRefused):
        open_with_passphrase(sealed[:1] + prefix + sealed[7:], PASSPHRASE, no_pepper, INFO)


def test_parameters_within_bounds_are_still_authenticated(sealed: Sealed) -> None:
    raised = sealed[:5] + bytes([DEFAULT.iterations + 1]) + sealed[6:]
    with pytest.raises(VaultRefused):
        open_with_passphrase(raised, PASSPHRASE, pepper, INFO)


def test_dearer_parameters_are_remembered_by_the_seal() -> None:
    dearer = Parameters(memory_kib=66_000, iterations=4, lanes=2)
    sealed = seal_with_passphrase(b"secret", PASSPHRASE, pepper, INFO, dearer)
    assert open_with_passphrase(sealed, PASSPHRASE, pepper, INFO) == b"secret"


@pytest.mark.parametrize("size", [0, 1, 22, 23, 80, 103])
def test_a_cut_is_refused(sealed: Sealed, size: int) -> None:
    with pytest.raises(VaultRefused):
        open_with_passphrase(sealed[:size], PASSPHRASE, pepper, INFO)


@pytest.mark.parametrize(
    "place", ["version", "salt", "box version", "box salt", "commitment", "ciphertext", "tag"]
)
def test_a_flipped_bit_anywhere_is_refused(sealed: Sealed, place: str) -> None:
    at = {
        "version": 0,
        "salt": 7,
        "box version": 23,
        "box salt": 24,
        "commitment": 56,
        "ciphertext": 88,
        "tag": -1,
    }
    flipped = bytearray(sealed)
    flipped[at[place]] ^= 1
    with pytest.raises(VaultRefused):
        open_with_passphrase(bytes(flipped), PASSPHRASE, pepper, INFO)


def test_the_keyring_never_sees_what_the_passphrase_stretches_to() -> None:
    seen: list[bytes] = []

    def watching(message: bytes) -> bytes:
        seen.append(message)
        return pepper(message)

    seal_with_passphrase(b"secret", PASSPHRASE, watching, INFO)
    assert [len(message) for message in seen] == [32]
    assert PASSPHRASE.encode() not in seen[0]
