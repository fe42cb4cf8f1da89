"""A secret under a passphrase, and under a pepper that only the keyring can apply.

Argon2id stretches the passphrase, which makes guessing slow. A hash of the result goes through the keyring,
which makes guessing impossible with the database alone. Both together are the key, bound to `info` and to the
parameters.
"""

import os
import unicodedata
from collections.abc import Callable
from typing import TypeAlias

import msgspec
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from relay.errors import VaultRefused
from relay.vault.aead import open_once, seal_once
from relay.vault.suite import VERSION, Sealed, context

Pepper: TypeAlias = Callable[[bytes], bytes]
"""Takes 32 bytes, returns 32 that need the keyring: `lambda message: keyring.mac("passphrase", message)`."""

_SALT = 16
_PREFIX = 1 + 4 + 1 + 1 + _SALT


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """What Argon2id costs (RFC 9106). The defaults are the floor too."""

    memory_kib: int = 65_536
    iterations: int = 3
    lanes: int = 1

    def within_bounds(self) -> bool:
        """Tell whether this is neither too cheap to guess nor dear enough to stall the machine."""
        return 65_536 <= self.memory_kib <= 1_048_576 and 3 <= self.iterations <= 16 and 1 <= self.lanes <= 4


DEFAULT = Parameters()


def _key(passphrase: str, salt: bytes, pepper: Pepper, parameters: Parameters) -> bytes:
    """Return 32 bytes. About 0.13 s and 64 MiB with the default parameters; the GIL is released meanwhile."""
    if not parameters.within_bounds():
        raise VaultRefused
    try:
        # One passphrase can be typed as different code points on different devices.
        typed = unicodedata.normalize("NFC", passphrase).encode()
    except UnicodeEncodeError:
        raise VaultRefused from None
    stretched = Argon2id(
        salt=salt,
        length=32,
        iterations=parameters.iterations,
        lanes=parameters.lanes,
        memory_cost=parameters.memory_kib,
    ).derive(typed)
    # The keyring may be somebody else's machine: it sees a hash, not what the passphrase stretches to.
    peppered = pepper(context("passphrase pepper", stretched))
    return context("passphrase key", stretched, peppered)


def _info(info: bytes, prefix: bytes) -> bytes:
    return context("passphrase", info, prefix)


def seal_with_passphrase(
    secret: bytes, passphrase: str, pepper: Pepper, info: bytes, parameters: Parameters = DEFAULT
) -> Sealed:
    """Seal `secret` so that it opens with the passphrase, the keyring's pepper and the same `info` only."""
    salt = os.urandom(_SALT)
    key = _key(passphrase, salt, pepper, parameters)
    prefix = (
        VERSION
        + parameters.memory_kib.to_bytes(4, "big")
        + bytes([parameters.iterations, parameters.lanes])
        + salt
    )
    return Sealed(prefix + seal_once(key, secret, _info(info, prefix)))


def open_with_passphrase(sealed: bytes, passphrase: str, pepper: Pepper, info: bytes) -> bytes:
    """Undo `seal_with_passphrase`, or raise `VaultRefused`, also for parameters that are out of bounds."""
    prefix, box = sealed[:_PREFIX], sealed[_PREFIX:]
    if len(prefix) != _PREFIX or prefix[:1] != VERSION:
        raise VaultRefused
    parameters = Parameters(
        memory_kib=int.from_bytes(prefix[1:5], "big"), iterations=prefix[5], lanes=prefix[6]
    )
    key = _key(passphrase, prefix[7:], pepper, parameters)
    return open_once(key, box, _info(info, prefix))
