"""Checkpoints: a database rolled back, or a checkpoint changed or taken away, is noticed."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import psycopg
import pytest

from relay.audit import checkpoint
from relay.audit.verify import heads
from relay.errors import AuditBroken
from relay.identity.operator import looking
from tests.support.house import Service, make_service
from tests.support.postgres import Dsns


@pytest.fixture
async def watched(dsns: Dsns, tmp_path: Path) -> AsyncIterator[Service]:
    """A service with its first checkpoint, as `relay init` writes it."""
    async with make_service(dsns, tmp_path, checkpoints=tmp_path / "checkpoints") as made:
        async with looking(made.owner, made.id) as tx:
            checkpoint.write(made.settings.checkpoints, made.keyring, await heads(tx))
        yield made


async def check(service: Service) -> None:
    async with looking(service.owner, service.id) as tx:
        await checkpoint.check(tx, service.settings.checkpoints, service.keyring)


async def test_a_chain_that_grew_is_taken(watched: Service) -> None:
    await watched.make_facilitator()
    await checkpoint.take(watched.worker)
    await watched.make_facilitator()
    await check(watched)
    await checkpoint.take(watched.worker)


async def test_a_database_that_was_rolled_back_is_noticed(watched: Service) -> None:
    await watched.make_facilitator()
    await checkpoint.take(watched.worker)
    with psycopg.connect(watched.dsns.superuser.url) as connection:
        connection.execute("ALTER TABLE relay.audit_entries DISABLE TRIGGER USER")
        connection.execute("DELETE FROM relay.audit_entries WHERE sequence > 1")
        connection.execute(
            "UPDATE relay.audit_chains c SET sequence = 1,"
            " hash = (SELECT hash FROM relay.audit_entries e WHERE e.chain = c.chain AND e.sequence = 1)"
        )
    with pytest.raises(AuditBroken, match="older"):
        await check(watched)
    with pytest.raises(AuditBroken, match="older"):
        await checkpoint.take(watched.worker)


async def test_a_checkpoint_that_was_taken_away_is_noticed_and_not_written_anew(watched: Service) -> None:
    path = watched.settings.checkpoints / "heads.json"
    path.unlink()
    with pytest.raises(AuditBroken, match="not there"):
        await check(watched)
    with pytest.raises(AuditBroken, match="not there"):
        await checkpoint.take(watched.worker)
    assert not path.exists()


@pytest.mark.parametrize("heads", [None, b"[]"], ids=["another number", "none left"])
async def test_a_checkpoint_that_was_changed_is_noticed(watched: Service, heads: bytes | None) -> None:
    """One that names no chain would otherwise hold for every database."""
    path = watched.settings.checkpoints / "heads.json"
    stored = msgspec.json.decode(path.read_bytes(), type=checkpoint._Stored)
    changed = heads or bytes(stored.heads).replace(b'"sequence":1', b'"sequence":0')
    assert changed != bytes(stored.heads)
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(stored, heads=msgspec.Raw(changed))))
    with pytest.raises(AuditBroken, match="without the keyring"):
        await check(watched)
    with pytest.raises(AuditBroken, match="without the keyring"):
        await checkpoint.take(watched.worker)
