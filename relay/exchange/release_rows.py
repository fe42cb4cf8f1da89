"""The rows of a release, written at once by a facilitator's act or at its time by a worker."""

from datetime import datetime
from uuid import UUID

import msgspec

from relay.db.transaction import Acting
from relay.errors import VaultRefused
from relay.exchange.objects import put_grant
from relay.house import House
from relay.vault.grants import Holder


class ReleaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A release as it stands in `relay.releases`; a scheduled one first in `relay.scheduled_releases`.

    `note` is sealed to the recipient; of a scheduled one that waits, once more to the workers.
    """

    case_id: UUID
    item_id: UUID
    revision_id: UUID
    rendition_id: UUID
    object_id: UUID
    recipient_id: UUID
    kind: str
    media_type: str
    size: int
    duration_ms: int | None
    pages: int | None
    holder_key_version: int
    sequence: int
    record: bytes
    signatures: bytes
    released_at: datetime
    note: bytes | None


async def write_release(
    act: Acting, house: House, release_id: UUID, row: ReleaseRow, holder: Holder, sealed: bytes
) -> None:
    """Write the release, its grant and its delivery: from this commit on the recipient can open it."""
    await act.run(
        """
        INSERT INTO relay.releases (id, service_id, case_id, item_id, revision_id, rendition_id, object_id,
            recipient_id, kind, media_type, size, duration_ms, pages, holder_key_version, sequence, record,
            signatures, released_at, note)
        VALUES (%(id)s, %(service)s, %(case_id)s, %(item_id)s, %(revision_id)s, %(rendition_id)s,
            %(object_id)s, %(recipient_id)s, %(kind)s, %(media_type)s, %(size)s, %(duration_ms)s, %(pages)s,
            %(holder_key_version)s, %(sequence)s, %(record)s, %(signatures)s, %(released_at)s, %(note)s)
        """,
        msgspec.structs.asdict(row) | {"id": release_id, "service": house.pins.service_id},
    )
    if not await put_grant(act, row.case_id, row.object_id, holder, sealed, release_id=release_id):
        raise VaultRefused  # somebody planted one in its place: the recipient would open nothing with it
    # given again under new keys: what the recipient had chosen about it holds on, since when they did
    await act.run(
        """
        INSERT INTO relay.deliveries (release_id, case_id, recipient_id, state, changed_at)
        SELECT %(id)s, %(case_id)s, %(recipient_id)s, coalesce(before.state, 'waiting'),
               coalesce(before.changed_at, %(released_at)s)
        FROM (VALUES (1)) AS one LEFT JOIN LATERAL (
            SELECT d.state, d.changed_at FROM relay.deliveries d JOIN relay.releases r ON r.id = d.release_id
            WHERE r.item_id = %(item_id)s AND r.recipient_id = %(recipient_id)s AND r.id <> %(id)s
            ORDER BY r.sequence DESC LIMIT 1) AS before ON true
        """,
        msgspec.structs.asdict(row) | {"id": release_id},
    )
