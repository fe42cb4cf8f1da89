"""What a process knows of its service without asking the database: which one, whose root, which recovery key.

Kept beside the keyring. Whoever can write to the database but not here cannot put another root, an older
roster or another recovery key in place.
"""

import os
from pathlib import Path
from typing import Self
from uuid import UUID

import msgspec

from relay.errors import KeyringRefused
from relay.vault.suite import PublicKey, Verifier


class Pins(msgspec.Struct, frozen=True, kw_only=True):
    """One service's fixed points.

    `roster_version` is the lowest roster that is still taken; `name` is what the service calls itself.
    """

    service_id: UUID
    root_public: bytes
    recovery_public: bytes
    roster_version: int = 0
    name: str = "Relay"

    @property
    def root(self) -> Verifier:
        """The key that signs rosters; its private half is offline."""
        return Verifier(self.root_public)

    @property
    def recovery(self) -> PublicKey:
        """The key that every case key is sealed to as well; its private half is offline."""
        return PublicKey(self.recovery_public)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file, or raise `KeyringRefused`."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except OSError:
            raise KeyringRefused("This data folder holds no service yet. Make one with: relay init") from None
        except msgspec.MsgspecError:
            raise KeyringRefused(
                "The service's pin file is damaged. Put it back from where it is kept."
            ) from None

    def write(self, path: Path) -> None:
        """Write durably and at once: a reader sees the old file or the new one."""
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(self))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
