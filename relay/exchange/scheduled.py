"""Scheduled releases: the sealed row that waits, and a worker who carries it out when its time has come.

The recipient's grant lies sealed once more to a worker's key. So neither a worker before the time, nor the
recipient without a worker, can open it; and whether it may pass is looked at again when it is due.
"""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import msgspec
from msgspec import UNSET

from relay.audit.tags import Tag
from relay.cases import gates
from relay.cases.service import facts_for_staff
from relay.db.transaction import Acting, Job
from relay.errors import Conflict, KeyringRefused, VaultRefused
from relay.exchange import agreements, approvals, notes
from relay.exchange.items import lock_item
from relay.exchange.model import Item, Rendition
from relay.exchange.moments import EPOCH
from relay.exchange.notes import Planned
from relay.exchange.release_rows import ReleaseRow, write_release
from relay.exchange.renditions import find_rendition
from relay.exchange.transitions import Action, Move, Role, State, move
from relay.house import House
from relay.identity.trust import TrustedKey, participant_key, roster, verifier_of, worker_key
from relay.safeguarding import stops
from relay.vault.grants import Holder, seal_scheduled, unwrap_scheduled
from relay.vault.release import ReleaseRecord, Signatures, decode, verify
from relay.vault.suite import KeyPair, Sealed


async def write_scheduled(
    act: Acting,
    house: House,
    release_id: UUID,
    row: ReleaseRow,
    holder: Holder,
    sealed: Sealed,
    *,
    scheduled_by: UUID,
) -> None:
    """Write a release that is due at `row.released_at`; its seals are sealed again to the workers' key."""
    worker = await worker_key(act, house)
    double_sealed = seal_scheduled(
        sealed,
        worker.public,
        service=house.pins.service_id,
        case=row.case_id,
        object_id=row.object_id,
        recipient=holder,
        worker=worker.holder,
        not_before=int(row.released_at.timestamp()),
    )
    await act.run(
        """
        INSERT INTO relay.scheduled_releases (id, case_id, item_id, recipient_id, scheduled_by, due_at,
            worker_epoch, holder_key_version, double_sealed, revision_id, rendition_id, object_id, kind,
            media_type, size, duration_ms, pages, sequence, record, signatures, note)
        VALUES (%(id)s, %(case_id)s, %(item_id)s, %(recipient_id)s, %(by)s, %(released_at)s,
            %(epoch)s, %(holder_key_version)s, %(double_sealed)s, %(revision_id)s, %(rendition_id)s,
            %(object_id)s, %(kind)s, %(media_type)s, %(size)s, %(duration_ms)s, %(pages)s, %(sequence)s,
            %(record)s, %(signatures)s, %(note)s)
        """,
        msgspec.structs.asdict(row)
        | {
            "id": release_id,
            "by": scheduled_by,
            "epoch": worker.holder.key_version,
            "double_sealed": double_sealed,
            "note": notes.wrap(
                row.note, worker.public, _planned(house, release_id, row, holder, worker.holder)
            ),
        },
    )


def _planned(house: House, release_id: UUID, row: ReleaseRow, recipient: Holder, worker: Holder) -> Planned:
    return Planned(
        service=house.pins.service_id,
        case=row.case_id,
        release=release_id,
        recipient=recipient,
        worker=worker,
        not_before=int(row.released_at.timestamp()),
    )


async def given_up(act: Acting, item: Item, role: Role) -> Move:
    """Return where an item goes when plans of it came to nothing. Others of them may still wait."""
    waiting = await act.value(
        "SELECT count(*) FROM relay.scheduled_releases WHERE item_id = %s AND state = 'waiting'", [item.id]
    )
    one_of_several = item.state is State.SCHEDULED and waiting
    return move(item.state, Action.UNSCHEDULE_ONE if one_of_several else Action.UNSCHEDULE, role)


class _DueRow(ReleaseRow, frozen=True, kw_only=True):
    id: UUID
    double_sealed: bytes
    worker_epoch: int
    worker_id: UUID
    state: str

    @property
    def holder(self) -> Holder:
        """Whom the inner seal is for."""
        return Holder(kind="account", id=self.recipient_id, key_version=self.holder_key_version)


_STATES = {State.SCHEDULED, State.RELEASED}
"""Released: to another of its recipients."""

_DUE = """
SELECT s.id, s.case_id, s.item_id, s.revision_id, s.rendition_id, s.object_id, s.recipient_id, s.kind,
       s.media_type, s.size, s.duration_ms, s.pages, s.sequence, s.record, s.signatures, s.note,
       s.due_at AS released_at, s.holder_key_version, s.double_sealed, s.worker_epoch, s.state,
       k.id AS worker_id
FROM relay.scheduled_releases s JOIN relay.worker_keys k ON k.epoch = s.worker_epoch WHERE s.id = %s
"""


async def carry_out(house: House, release_id: UUID, worker_keys: Callable[[Holder], KeyPair]) -> bool:
    """Carry out a scheduled release whose time has come; a worker calls this. Return whether it was released.

    If a gate has closed meanwhile, or what was sealed and signed does not stand any more, nothing is
    released: the item waits for a facilitator again. One that was taken back, by its author
    or by a facilitator, is left as it is. Calling it again changes nothing. `worker_keys` answers the key
    pair of an epoch's holder.
    """
    job = Job("scheduled", release_id)
    async with house.database.reading(job) as tx:
        due = await tx.one(_DueRow, _DUE, [release_id])
    if due is None or due.state != "waiting" or due.released_at > house.clock():
        return False
    async with house.database.acting(job, Tag.ITEM_RELEASED) as act:
        item = await lock_item(act, due.item_id)
        due = await act.one(_DueRow, _DUE, [release_id])  # under the lock: it may have been taken back
        if due is None or due.state != "waiting" or item.state not in _STATES:
            raise Conflict
        blocks = await _blocks(act, house, item, due)
        sealed = None if blocks else _unwrapped(house, due, worker_keys)
        if sealed:
            given = {name: getattr(due, name) for name in ReleaseRow.__struct_fields__}
            row = ReleaseRow(**given | {"note": sealed.note})
            await write_release(act, house, release_id, row, due.holder, sealed.grant)
        await act.run(
            "UPDATE relay.scheduled_releases SET state = %s WHERE id = %s",
            ["done" if sealed else "cancelled", release_id],
        )
        edge = (
            move(item.state, Action.RELEASE_DUE, "worker") if sealed else await given_up(act, item, "worker")
        )
        act.tag = edge.tag
        await act.run("UPDATE relay.items SET state = %s WHERE id = %s", [edge.target, item.id])
        act.note(release=release_id, blocks=" ".join(blocks) if sealed or blocks else "seal-refused")
    return sealed is not None


async def _blocks(act: Acting, house: House, item: Item, due: _DueRow) -> tuple[str, ...]:
    """Return what keeps it from passing now, as codes; nothing if it may pass."""
    facts = await facts_for_staff(act, item.case_id)
    found = (
        *await stops.blocks(act, item.case_id, item.id),
        *gates.blocks(facts, item.author_id, due.recipient_id, item.kind, house.clock()),
    )
    if found:
        return tuple(block.code for block in found)
    try:
        recipient = await participant_key(act, house, due.case_id, due.recipient_id)
    except Conflict:
        return ("key-not-confirmed",)
    if recipient.holder != due.holder:
        return ("key-changed",)  # what was sealed for them opens with a key that they no longer have
    try:
        return await _version_blocks(act, house, item, due, recipient)
    except (VaultRefused, Conflict):
        return ("proof-refused",)


async def _version_blocks(
    act: Acting, house: House, item: Item, due: _DueRow, recipient: TrustedKey
) -> tuple[str, ...]:
    """Check that what was planned is the version that is there now, approved and agreed to."""
    now = await find_rendition(act, house, item, "clean")
    if (due.case_id, due.revision_id, due.rendition_id, due.object_id) != (
        now.case_id,
        now.revision_id,
        now.id,
        now.object_id,
    ):
        return ("replaced",)  # in another version than the newest, less may be hidden
    if found := await _proof_blocks(act, house, item, due, now, recipient):
        return found
    agreed = await agreements.stands(act, house, item.author_id, now)
    return () if agreed else ("not-agreed",)


async def _proof_blocks(
    act: Acting, house: House, item: Item, due: _DueRow, rendition: Rendition, recipient: TrustedKey
) -> tuple[str, ...]:
    """Check the record against the newest rendition, and that enough people's approvals count."""
    stored = decode(due.record, ReleaseRecord)
    record = msgspec.structs.replace(
        stored,
        **rendition.named(house.pins.service_id),
        recipient=due.recipient_id,
        recipient_key=recipient.public.fingerprint,
        recipient_key_version=recipient.holder.key_version,
        released_at=int(due.released_at.timestamp()),
    )
    if (record.note is UNSET) != (due.note is None):
        return ("proof-refused",)  # a note that nobody signed, or one that was taken away
    signed = await roster(act, house)
    signatures = decode(due.signatures, Signatures)
    verify(record, signatures, lambda facilitator: verifier_of(signed, facilitator))
    if len(record.facilitators) < await approvals.needed(act, due.item_id):
        return ("second-approval-missing",)
    for one in signatures.approvals:
        decided_at = EPOCH + timedelta(microseconds=one.decided_at)
        if item.ready_at is None or decided_at < item.ready_at:
            return ("approval-lapsed",)  # it came into review again since
        if not await approvals.still_stands(act, due.case_id, one.facilitator, decided_at):
            return ("approval-lapsed",)
    return ()


class _Unwrapped(msgspec.Struct, frozen=True):
    """What is sealed to the recipient alone: the key, and what was written to them."""

    grant: Sealed
    note: Sealed | None


def _unwrapped(house: House, due: _DueRow, worker_keys: Callable[[Holder], KeyPair]) -> _Unwrapped | None:
    """Take off the outer seals. Return None if one was not made for this, or the worker's key is gone."""
    worker = Holder(kind="worker", id=due.worker_id, key_version=due.worker_epoch)
    planned = _planned(house, due.id, due, due.holder, worker)
    try:
        pair = worker_keys(worker)
        grant = unwrap_scheduled(
            pair,
            due.double_sealed,
            service=house.pins.service_id,
            case=due.case_id,
            object_id=due.object_id,
            recipient=due.holder,
            worker=worker,
            not_before=planned.not_before,
        )
        return _Unwrapped(grant, notes.unwrap(due.note, pair, planned))
    except (VaultRefused, KeyringRefused):
        return None
