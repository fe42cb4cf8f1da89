"""Attack 5 of the threat model: AES-GCM does not commit to its key.

Here one ciphertext is made that AES-GCM opens under two keys, to two different texts (Dodis, Grubbs,
Ristenpart and Woodage, "Fast message franking", 2018). The commitment has to stop it, so these tests fail if
its check is taken out.
"""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from relay.errors import VaultRefused
from relay.vault.aead import open_once
from relay.vault.segments import create_header, open_header
from relay.vault.stream import HEADER, ObjectReader
from relay.vault.suite import VERSION, DataKey, context, derive, expand
from tests.unit.vault.helpers import BINDING, Memory

INFO = context("test", "commitment")
SALT32, SALT16 = b"s" * 32, b"s" * 16


def multiply(x: int, y: int) -> int:
    """Multiply in GHASH's field (NIST SP 800-38D, 6.3); its first bit is the highest of the integer."""
    product = 0
    for bit in range(127, -1, -1):
        if y >> bit & 1:
            product ^= x
        x = (x >> 1) ^ (0xE1 << 120 if x & 1 else 0)
    return product


def inverse(x: int) -> int:
    """Raise to the power of 2**128 - 2."""
    result = 1 << 127
    for _ in range(127):
        x = multiply(x, x)
        result = multiply(result, x)
    return result


def block(key: bytes, data: bytes) -> int:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - the bare block, to attack GCM with
    return int.from_bytes(encryptor.update(data), "big")


def opens_under_both(one: bytes, other: bytes, nonce: bytes) -> bytes:
    """Return a ciphertext of one block, with its tag, that AES-GCM opens under both keys."""
    h1, h2 = block(one, bytes(16)), block(other, bytes(16))
    mask1, mask2 = (block(key, nonce + b"\0\0\0\1") for key in (one, other))
    lengths = 128  # no associated data, one block
    difference = multiply(lengths, h1 ^ h2) ^ mask1 ^ mask2
    ciphertext = multiply(difference, inverse(multiply(h1, h1) ^ multiply(h2, h2)))
    tag = multiply(multiply(ciphertext, h1) ^ lengths, h1) ^ mask1
    return ciphertext.to_bytes(16, "big") + tag.to_bytes(16, "big")


def test_aes_gcm_alone_opens_one_ciphertext_under_two_keys() -> None:
    one, other, nonce = b"1" * 32, b"2" * 32, bytes(12)
    both = opens_under_both(one, other, nonce)
    assert AESGCM(one).decrypt(nonce, both, None) != AESGCM(other).decrypt(nonce, both, None)


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except VaultRefused:
        return True
    return False


def test_a_seal_opens_under_one_key_only() -> None:
    secrets = b"1" * 32, b"2" * 32
    schedules = [derive(secret, SALT32, INFO, 64) for secret in secrets]
    both = opens_under_both(schedules[0][:32], schedules[1][:32], bytes(12))
    for chosen in range(2):
        sealed = VERSION + SALT32 + schedules[chosen][32:] + both
        assert len(open_once(secrets[chosen], sealed, INFO)) == 16
        with pytest.raises(VaultRefused):
            open_once(secrets[1 - chosen], sealed, INFO)


def test_an_object_opens_under_one_key_only() -> None:
    keys = DataKey(b"1" * 32), DataKey(b"2" * 32)
    prefix = create_header(keys[0], BINDING)[:16]
    schedules = [derive(key.value, SALT16, BINDING, 64) for key in keys]
    headers = [prefix + SALT16 + schedule[32:] for schedule in schedules]
    run_keys = [
        expand(open_header(header, key, BINDING), context("segments") + SALT16, 32)
        for header, key in zip(headers, keys, strict=True)
    ]
    final = bytes(8) + b"\1\0\0\0"
    both = opens_under_both(run_keys[0], run_keys[1], final)
    for chosen in range(2):
        source = Memory(headers[chosen] + SALT16 + both)
        assert source.size == HEADER + 48
        assert len(ObjectReader(keys[chosen], BINDING, source).read_all(16)) == 16
        with pytest.raises(VaultRefused):
            ObjectReader(keys[1 - chosen], BINDING, source)
