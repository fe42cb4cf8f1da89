"""The only module that constructs an AEAD (AES-256-GCM), so that every use of a key can be seen in one place.

AES-GCM breaks when a key meets one nonce twice, and does not commit to its key (one ciphertext can be made
that opens under two keys). So `Cipher` is used by `segments` alone, which counts, and everything else goes
through `seal_once`: a fresh key each time, and a 32-byte commitment to it that is checked first.
"""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from relay.errors import VaultRefused
from relay.vault.suite import VERSION, Sealed, derive

TAG = 16
_SALT = 32
_COMMITMENT = 32
_OVERHEAD = 1 + _SALT + _COMMITMENT + TAG
_ONLY_NONCE = bytes(12)


class Cipher:
    """One key, many nonces. The caller never gives a nonce twice."""

    def __init__(self, key: bytes) -> None:
        """`key` is 32 bytes and was derived for this cipher alone."""
        self._aead = AESGCM(key)

    def seal_into(self, nonce: bytes, plain: memoryview, sealed: memoryview) -> None:
        """Fill `sealed`, which is `TAG` bytes longer than `plain`."""
        self._aead.encrypt_into(nonce, plain, None, sealed)

    def open_into(self, nonce: bytes, sealed: memoryview, plain: memoryview) -> None:
        """Fill `plain`, or wipe it and raise `VaultRefused`."""
        try:
            self._aead.decrypt_into(nonce, sealed, None, plain)
        except InvalidTag:
            # The library decrypts before it has checked the tag, and leaves what it decrypted in the buffer.
            plain[:] = bytes(len(plain))
            raise VaultRefused from None


def _schedule(secret: bytes, salt: bytes, info: bytes) -> tuple[bytes, bytes]:
    both = derive(secret, salt, info, 64)
    return both[:32], both[32:]


def seal_once(secret: bytes, plain: bytes, info: bytes) -> Sealed:
    """Seal under a key used once, derived from `secret`, a random salt and `info`."""
    salt = os.urandom(_SALT)
    key, commitment = _schedule(secret, salt, info)
    return Sealed(VERSION + salt + commitment + AESGCM(key).encrypt(_ONLY_NONCE, plain, None))


def open_once(secret: bytes, sealed: bytes, info: bytes) -> bytes:
    """Undo `seal_once`, or raise `VaultRefused`."""
    if len(sealed) < _OVERHEAD or sealed[:1] != VERSION:
        raise VaultRefused
    salt, commitment, ciphertext = sealed[1:33], sealed[33:65], sealed[65:]
    key, expected = _schedule(secret, salt, info)
    if not hmac.compare_digest(commitment, expected):
        raise VaultRefused
    try:
        return AESGCM(key).decrypt(_ONLY_NONCE, ciphertext, None)
    except InvalidTag:
        raise VaultRefused from None
