import copy
import pickle
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import VaultRefused
from relay.vault.suite import DataKey, Field, KeyPair, PublicKey, Secret, Signer, Verifier, context, encode

scalars = st.one_of(st.binary(max_size=8), st.text(max_size=8), st.integers(0, 2**64 - 1), st.uuids())
fields = st.lists(st.one_of(scalars, st.lists(scalars, max_size=3).map(tuple)), max_size=4)
SECRETS = [DataKey, KeyPair, Signer]


@given(st.text(max_size=6), fields, st.text(max_size=6), fields)
def test_no_two_meanings_share_one_encoding(
    purpose: str, first: list[Field], other_purpose: str, second: list[Field]
) -> None:
    same = (purpose, first) == (other_purpose, second)
    assert (encode(purpose, *first) == encode(other_purpose, *second)) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a",), (b"a",)),
        ((1,), (b"\0\0\0\0\0\0\0\1",)),
        ((UUID(int=1),), (UUID(int=1).bytes,)),
        ((("a", "b"),), ("a", "b")),
        (((),), ()),
        (("",), ()),
    ],
)
def test_fields_that_look_alike_are_told_apart(one: tuple[Field, ...], other: tuple[Field, ...]) -> None:
    assert context("test", *one) != context("test", *other)


def test_a_context_is_thirty_two_bytes_and_depends_on_its_purpose() -> None:
    assert len(context("grant", 1)) == 32
    assert context("grant", 1) != context("object", 1)


@pytest.mark.parametrize("field", [True, None, 1.5, ["a"], {"a": 1}])
def test_a_field_without_one_clear_form_is_a_mistake_of_ours(field: object) -> None:
    with pytest.raises(TypeError):
        encode("test", field)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [-1, 2**64])
def test_an_integer_beyond_64_bits_is_a_mistake_of_ours(number: int) -> None:
    with pytest.raises(OverflowError):
        encode("test", number)


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_shows_itself_nowhere(kind: type[Secret]) -> None:
    secret = kind.generate()
    shown = f"{secret!r} {secret} {[secret]}"
    assert secret._value.hex() not in shown
    assert repr(secret._value) not in shown
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            attempt(secret)


@pytest.mark.parametrize("kind", SECRETS)
def test_secrets_are_equal_by_value_and_kind(kind: type[Secret]) -> None:
    secret = kind.generate()
    assert secret == kind(secret._value)
    assert hash(secret) == hash(kind(secret._value))
    assert secret != kind.generate()
    assert secret != secret._value
    assert DataKey(bytes(32)) != Signer(bytes(32))


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("difference", [-1, 1])
def test_a_secret_of_another_size_is_refused(kind: type[Secret], difference: int) -> None:
    with pytest.raises(VaultRefused):
        kind(bytes(kind.SIZE + difference))


def test_a_key_pair_comes_back_from_its_seeds() -> None:
    pair = KeyPair.generate()
    again = KeyPair.from_seeds(pair.seeds)
    assert again.public == pair.public
    assert hash(again.public) == hash(pair.public)
    assert again.public.fingerprint == PublicKey(pair.public.encoded).fingerprint
    assert again.public != KeyPair.generate().public


@pytest.mark.parametrize("encoded", [b"", bytes(1215), bytes(1217), b"\xff" * 1216])
def test_bytes_that_are_no_public_key_are_refused(encoded: bytes) -> None:
    with pytest.raises(VaultRefused):
        PublicKey(encoded)


def test_a_signature_holds_for_its_message_and_signer_only() -> None:
    signer = Signer.generate()
    signature = signer.sign(b"message")
    Signer.from_seed(signer.seed).public.verify(signature, b"message")
    Verifier(signer.public.encoded).verify(signature, b"message")
    assert Verifier(signer.public.encoded) == signer.public
    assert hash(Verifier(signer.public.encoded)) == hash(signer.public)
    for verifier, forged, message in [
        (signer.public, signature, b"massage"),
        (Signer.generate().public, signature, b"message"),
        (signer.public, signature[:-1], b"message"),
        (signer.public, b"", b"message"),
    ]:
        with pytest.raises(VaultRefused):
            verifier.verify(forged, message)


@pytest.mark.parametrize("encoded", [b"", bytes(31), bytes(33)])
def test_bytes_that_are_no_verifying_key_are_refused(encoded: bytes) -> None:
    with pytest.raises(VaultRefused):
        Verifier(encoded)
