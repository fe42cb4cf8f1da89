"""The keyring: the service's own secret, kept where PostgreSQL and its backups never see it."""

import hashlib
import hmac
import os
import re
import stat
from pathlib import Path
from typing import Protocol, Self

from relay.errors import KeyringRefused
from relay.vault.suite import context

_CONTENT = re.compile(rb"relay keyring 1\n([0-9a-f]{64})\n")


class Keyring(Protocol):
    """Whatever can make a keyed hash: a file, or a key management service. All else derives from it."""

    def mac(self, purpose: str, message: bytes) -> bytes:
        """Return 32 bytes that nobody without the keyring can make, and no other purpose gives."""
        ...


def mac_input(purpose: str, message: bytes) -> bytes:
    """Return what every kind of keyring puts through HMAC-SHA256: 32 bytes, so that any service takes it."""
    return context("keyring", purpose, message)


class FileKeyring:
    """A keyring in one file of mode 0600: a line that names the format, and 32 bytes in hexadecimal."""

    def __init__(self, secret: bytes) -> None:
        """Use `create` or `open`."""
        self._secret = secret

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new one, durably. Raise `KeyringRefused` if there is one already or none can be written."""
        secret = os.urandom(32)
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise KeyringRefused(
                "There is a keyring here already, and a keyring is never overwritten."
            ) from None
        except OSError:
            raise KeyringRefused(
                "The keyring cannot be written. Check that its folder exists and is yours."
            ) from None
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"relay keyring 1\n" + secret.hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)
        return cls(secret)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read one. Raise `KeyringRefused` if it is missing, damaged, another user's, or open to others."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            raise KeyringRefused(
                "The keyring cannot be read. Put the file back from where it is kept."
            ) from None
        with os.fdopen(descriptor, "rb") as file:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode) or state.st_uid != os.geteuid():
                raise KeyringRefused("The keyring must be a plain file of the user who runs Relay.")
            if state.st_mode & 0o077:
                raise KeyringRefused(
                    "Others can read the keyring. Set its mode to 0600 (chmod 600), then think who did."
                )
            found = _CONTENT.fullmatch(file.read(1024))
        if found is None:
            raise KeyringRefused("The keyring is damaged. Put the file back from where it is kept.")
        return cls(bytes.fromhex(found[1].decode()))

    def mac(self, purpose: str, message: bytes) -> bytes:
        """See `Keyring.mac`."""
        return hmac.digest(self._secret, mac_input(purpose, message), hashlib.sha256)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
