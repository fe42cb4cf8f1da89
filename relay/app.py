"""Composition: what a process is made of, opened and closed with it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from relay.blobs.folder import FolderBlobs
from relay.db.transaction import Database, Surface
from relay.errors import SettingsRefused
from relay.house import House
from relay.identity import founding
from relay.settings import Settings, load
from relay.vault.columns import ColumnCipher
from relay.vault.keyring import FileKeyring
from relay.vault.pins import Pins


def settings_from_environment() -> Settings:
    """Read this process's settings, or raise `SettingsRefused`."""
    return load(os.environ)


@asynccontextmanager
async def open_house(settings: Settings, surface: Surface) -> AsyncIterator[House]:
    """Open what one surface's process works with; `settings.database` holds that surface's login."""
    if not settings.database:
        raise SettingsRefused(
            "RELAY_DATABASE is empty. Write the PostgreSQL address with this process's own login."
        )
    keyring = FileKeyring.open(settings.keyring / founding.KEYRING)
    database = Database(settings.database, surface, size=settings.database_connections)
    await database.open()
    try:
        yield House(
            database=database,
            blobs=FolderBlobs(settings.blobs),
            keyring=keyring,
            columns=ColumnCipher(keyring),
            pins=Pins.read(settings.keyring / founding.PINS),
            settings=settings,
            clock=lambda: datetime.now(UTC),
        )
    finally:
        await database.close()
