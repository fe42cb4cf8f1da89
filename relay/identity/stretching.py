"""Private halves under a passphrase. Argon2id takes 64 MiB and a core for 0.13 s: a machine does two."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, TypeVar
from uuid import UUID

import msgspec

from relay.errors import Busy, VaultRefused
from relay.house import House
from relay.identity.model import PrivateBundle
from relay.identity.passphrases import ways_to_open
from relay.process.places import Places
from relay.vault.keyring import Keyring
from relay.vault.passphrase import DEFAULT, open_with_passphrase, seal_with_passphrase
from relay.vault.suite import KeyPair, Sealed, Signer, context

Answer = TypeVar("Answer")

AT_ONCE = 2
_LOOK_AGAIN = 0.02


class _Full(Exception):
    """No place is free."""


async def stretch(house: House, work: Callable[[], Answer], *, patience: float = 0.0) -> Answer:
    """Run `work` in a thread while at most one other runs, in whichever process of this machine.

    Raises `Busy` (503) if no place is free within `patience` seconds.
    """
    places = Places(house.settings.run_folder, "stretching", AT_ONCE)

    def in_its_place() -> Answer:
        # taken and given back by the thread itself: whoever asked may be gone before it has finished
        place = places.take()
        if place is None:
            raise _Full
        try:
            return work()
        finally:
            places.give_back(place)

    until = time.monotonic() + patience
    while True:
        try:
            return await asyncio.to_thread(in_its_place)
        except _Full:
            if time.monotonic() >= until:
                break
        # not in the thread: those who wait would keep the few that there are from those who work
        await asyncio.sleep(_LOOK_AGAIN)
    raise Busy("Too many people are signing in at this moment. Please try again.", retry_after=2, status=503)


def _info(service_id: UUID, account_id: UUID, key_version: int) -> bytes:
    return context("private bundle", service_id, account_id, key_version)


def seal_bundle(
    keyring: Keyring,
    keys: KeyPair,
    signer: Signer,
    passphrase: str,
    service_id: UUID,
    account_id: UUID,
    key_version: int,
) -> Sealed:
    """Seal a person's private halves under passphrase and pepper. Blocks; see `stretch`."""
    bundle = msgspec.msgpack.encode(PrivateBundle(keys.seeds, signer.seed))
    return seal_with_passphrase(
        bundle, passphrase, _pepper(keyring), _info(service_id, account_id, key_version)
    )


def open_bundle(
    keyring: Keyring, sealed: bytes, passphrase: str, service_id: UUID, account_id: UUID, key_version: int
) -> PrivateBundle:
    """Open them again, or raise `VaultRefused`. Blocks; see `stretch`."""
    info = _info(service_id, account_id, key_version)
    for way in ways_to_open(passphrase):
        with suppress(VaultRefused, msgspec.MsgspecError):
            opened = open_with_passphrase(sealed, way, _pepper(keyring), info)
            return msgspec.msgpack.decode(opened, type=PrivateBundle)
    raise VaultRefused


def waste(keyring: Keyring, passphrase: str) -> NoReturn:
    """Take as long as `open_bundle` does and always raise `VaultRefused`: for names that nobody has."""
    nobody = UUID(int=0)
    open_bundle(keyring, _DECOY, passphrase, nobody, nobody, 0)
    raise VaultRefused


def _pepper(keyring: Keyring) -> Callable[[bytes], bytes]:
    return lambda message: keyring.mac("passphrase", message)


def _decoy() -> bytes:
    """Bytes in the form of a sealed bundle at today's price. They open under no passphrase."""
    version = bytes([1])
    price = DEFAULT.memory_kib.to_bytes(4, "big") + bytes([DEFAULT.iterations, DEFAULT.lanes])
    return version + price + bytes(16) + version + bytes(32 + 32 + 132 + 16)


_DECOY = _decoy()
