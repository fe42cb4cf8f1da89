import pytest

from relay.errors import VaultRefused
from relay.vault.seal import OVERHEAD, open_sealed, seal
from relay.vault.suite import KeyPair, PublicKey, context
from tests.unit.vault.helpers import flip

INFO = context("test", "seal")


@pytest.mark.parametrize("size", [0, 1, 32, 5000])
def test_what_is_sealed_opens(size: int) -> None:
    pair = KeyPair.generate()
    sealed = seal(pair.public, bytes(size), INFO)
    assert len(sealed) == size + OVERHEAD
    assert open_sealed(pair, sealed, INFO) == bytes(size)


def test_the_same_bytes_never_seal_the_same_way_twice() -> None:
    pair = KeyPair.generate()
    assert seal(pair.public, b"secret", INFO) != seal(pair.public, b"secret", INFO)


def test_only_the_same_key_and_context_open() -> None:
    pair = KeyPair.generate()
    sealed = seal(pair.public, b"secret", INFO)
    with pytest.raises(VaultRefused):
        open_sealed(KeyPair.generate(), sealed, INFO)
    with pytest.raises(VaultRefused):
        open_sealed(pair, sealed, context("test", "other"))


def test_half_a_key_pair_does_not_open() -> None:
    pair, other = KeyPair.generate(), KeyPair.generate()
    sealed = seal(pair.public, b"secret", INFO)
    for mixed in (pair.seeds[:64] + other.seeds[64:], other.seeds[:64] + pair.seeds[64:]):
        with pytest.raises(VaultRefused):
            open_sealed(KeyPair.from_seeds(mixed), sealed, INFO)


def test_every_cut_is_refused() -> None:
    pair = KeyPair.generate()
    sealed = seal(pair.public, b"secret", INFO)
    for size in range(len(sealed)):
        with pytest.raises(VaultRefused):
            open_sealed(pair, sealed[:size], INFO)
    with pytest.raises(VaultRefused):
        open_sealed(pair, sealed + b"\0", INFO)


def test_every_bit_of_the_version_counts() -> None:
    pair = KeyPair.generate()
    sealed = seal(pair.public, b"secret", INFO)
    for bit in range(8):
        with pytest.raises(VaultRefused):
            open_sealed(pair, flip(sealed, bit), INFO)


@pytest.mark.parametrize("point", [bytes(32), b"\1" + bytes(31)])
def test_a_public_key_with_a_point_of_small_order_is_refused(point: bytes) -> None:
    mlkem = KeyPair.generate().public.encoded[:1184]
    with pytest.raises(VaultRefused):
        seal(PublicKey(mlkem + point), b"secret", INFO)


@pytest.mark.parametrize("point", [bytes(32), b"\1" + bytes(31)])
def test_an_encapsulated_point_of_small_order_is_refused(point: bytes) -> None:
    pair = KeyPair.generate()
    sealed = seal(pair.public, b"secret", INFO)
    with pytest.raises(VaultRefused):
        open_sealed(pair, sealed[:1089] + point + sealed[1121:], INFO)
