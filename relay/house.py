"""What every use case needs, made once a process and passed in."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from relay.blobs.interface import Blobs
from relay.db.transaction import Database
from relay.settings import Settings
from relay.vault.columns import ColumnCipher
from relay.vault.keyring import Keyring
from relay.vault.pins import Pins


class House(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a running process. `clock` returns the time with its zone, UTC."""

    database: Database
    blobs: Blobs
    keyring: Keyring
    columns: ColumnCipher
    pins: Pins
    settings: Settings
    clock: Callable[[], datetime]

    def local_time(self) -> datetime:
        """The same time in the service's own zone: for sentences that name a date."""
        return self.clock().astimezone(self.settings.zone)
