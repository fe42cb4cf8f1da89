"""Release: the act that gives one recipient the key to one reviewed rendition. A sealing, not a flag.

Always by a facilitator who approved it, never automatically. A scheduled release is decided, sealed and signed by the
facilitator now; at its time a worker takes off the outer seal, if the gates still hold.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

import msgspec

from relay.audit.tags import Tag
from relay.cases import gates
from relay.cases.service import gate_facts
from relay.db.transaction import Acting, Job
from relay.errors import Blocked, Conflict, Invalid, Missing
from relay.exchange.items import lock_item
from relay.exchange.model import Item, Rendition
from relay.exchange.objects import put_grant
from relay.exchange.proof import EPOCH, Signatures, SignedApproval, microseconds
from relay.exchange.renditions import case_content, find_rendition
from relay.exchange.transitions import Action, State, move
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import TrustedKey, participant_key, worker_key
from relay.vault.grants import Holder, grant, seal_scheduled, unwrap_scheduled
from relay.vault.release import ReleaseRecord
from relay.vault.suite import KeyPair, Sealed

LONGEST_SCHEDULE = timedelta(days=400)


class _ApprovalRow(msgspec.Struct, frozen=True):
    reviewer_id: UUID
    decided_at: datetime
    signature: bytes


class _CaseRow(msgspec.Struct, frozen=True):
    second_approval: bool
    cooling_hours: int


class _Prepared(NamedTuple):
    """Everything that a release writes, sealed and signed."""

    item: Item
    rendition: Rendition
    recipient: TrustedKey
    sealed: Sealed
    record: ReleaseRecord
    signatures: Signatures

    def row(self, released_at: datetime) -> "ReleaseRow":
        """Return what is written down of it."""
        return ReleaseRow(
            case_id=self.item.case_id,
            item_id=self.item.id,
            revision_id=self.rendition.revision_id,
            rendition_id=self.rendition.id,
            object_id=self.rendition.object_id,
            recipient_id=self.record.recipient,
            kind=self.item.kind,
            media_type=self.rendition.media_type,
            size=self.rendition.size,
            duration_ms=self.rendition.duration_ms,
            pages=self.rendition.pages,
            sequence=self.record.sequence,
            record=msgspec.json.encode(self.record),
            signatures=msgspec.json.encode(self.signatures),
            released_at=released_at,
        )


class ReleaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A release, as it stands in `relay.releases`, and before that (scheduled) in `relay.scheduled_releases`."""

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
    sequence: int
    record: bytes
    signatures: bytes
    released_at: datetime


async def release(house: House, person: Person, item_id: UUID, seat_id: UUID) -> UUID:
    """Release an approved item to one of its recipients, now. Return the release's id.

    Raise `Blocked` with every gate that is closed, `Conflict` if the approvals or the cooling-off time are not there yet.
    """
    release_id = uuid4()
    now = house.clock()
    async with house.database.acting(person.id, Tag.ITEM_RELEASED) as act:
        item = await lock_item(act, item_id)
        edge = move(item.state, Action.RELEASE, "desk")
        case = await _case(act, item)
        if case.cooling_hours:
            raise Conflict(
                f"This case has a cooling-off time of {case.cooling_hours} hours. Schedule the release instead of making it now."
            )
        prepared = await _prepare(act, house, person, item, seat_id, case, now)
        await write_release(
            act, house, release_id, prepared.row(now), prepared.recipient.holder, prepared.sealed
        )
        await act.run("UPDATE relay.items SET state = %s WHERE id = %s", [edge.target, item_id])
        act.note(
            release=release_id,
            recipient=prepared.record.recipient,
            rendition=prepared.rendition.id,
            sequence=prepared.record.sequence,
        )
    return release_id


async def schedule(house: House, person: Person, item_id: UUID, seat_id: UUID, due_at: datetime) -> UUID:
    """Decide a release now that happens at `due_at`, if the gates still hold then. Return the id it will have."""
    release_id = uuid4()
    now = house.clock()
    if due_at.tzinfo is None or not now < due_at <= now + LONGEST_SCHEDULE:
        raise Invalid(due_at="Give a date and time in the future, within 400 days.")
    due_at = due_at.replace(microsecond=0)
    async with house.database.acting(person.id, Tag.ITEM_SCHEDULED) as act:
        item = await lock_item(act, item_id)
        edge = move(item.state, Action.SCHEDULE, "desk")
        case = await _case(act, item)
        prepared = await _prepare(act, house, person, item, seat_id, case, due_at)
        approved_at = max(approval.decided_at for approval in prepared.signatures.approvals)
        earliest = EPOCH + timedelta(microseconds=approved_at, hours=case.cooling_hours)
        if due_at < earliest:
            raise Invalid(
                due_at=f"The cooling-off time lasts until {earliest:%d %B %Y %H:%M %Z}. Choose that time or a later one."
            )
        await _write_scheduled(act, house, release_id, prepared, person, due_at)
        await act.run("UPDATE relay.items SET state = %s WHERE id = %s", [edge.target, item_id])
        await act.enqueue("release_due", release_id, due_at)
        act.note(release=release_id, recipient=prepared.record.recipient, rendition=prepared.rendition.id)
    return release_id


async def unschedule(house: House, person: Person, item_id: UUID) -> None:
    """Take back a scheduled release; the item is approved again."""
    async with house.database.acting(person.id, Tag.SCHEDULE_CANCELLED) as act:
        item = await lock_item(act, item_id)
        edge = move(item.state, Action.UNSCHEDULE, "desk")
        await act.run(
            "UPDATE relay.scheduled_releases SET state = 'cancelled' WHERE item_id = %s AND state = 'waiting'",
            [item_id],
        )
        await act.run("UPDATE relay.items SET state = %s WHERE id = %s", [edge.target, item_id])


async def _case(act: Acting, item: Item) -> _CaseRow:
    row = await act.one(
        _CaseRow, "SELECT second_approval, cooling_hours FROM relay.cases WHERE id = %s", [item.case_id]
    )
    if row is None:
        raise Missing
    return row


async def _prepare(
    act: Acting,
    house: House,
    person: Person,
    item: Item,
    seat_id: UUID,
    case: _CaseRow,
    released_at: datetime,
) -> _Prepared:
    """Check everything under lock, open the rendition's key with the case's, seal it to the recipient, sign the record."""
    if item.taken_back_at is not None:
        raise Conflict("The author has taken this back. Nothing more of it is released.")
    account_id = await _recipient(act, house, item, seat_id)
    rendition = await find_rendition(act, item, "clean")
    approvals = await _approvals(act, person, rendition, case)
    recipient = await participant_key(act, house, item.case_id, account_id)
    key = (await case_content(act, house, person, rendition)).key
    sequence = await act.value(
        """
        SELECT 1 + greatest(
            (SELECT coalesce(max(sequence), 0) FROM relay.releases WHERE case_id = %(c)s AND recipient_id = %(r)s),
            (SELECT coalesce(max(sequence), 0) FROM relay.scheduled_releases WHERE case_id = %(c)s AND recipient_id = %(r)s))
        """,
        {"c": item.case_id, "r": account_id},
    )
    record = ReleaseRecord(
        service=house.pins.service_id,
        case=item.case_id,
        item=item.id,
        revision=rendition.revision_id,
        rendition=rendition.id,
        sha256=rendition.sha256,
        object=rendition.object_id,
        commitment=rendition.commitment,
        recipient=account_id,
        recipient_key=recipient.public.fingerprint,
        recipient_key_version=recipient.holder.key_version,
        facilitators=tuple(approval.facilitator for approval in approvals),
        sequence=sequence,
        released_at=int(released_at.timestamp()),
    )
    sealed = grant(
        key,
        recipient.public,
        service=house.pins.service_id,
        case=item.case_id,
        object_id=rendition.object_id,
        holder=recipient.holder,
    )
    return _Prepared(
        item,
        rendition,
        recipient,
        sealed,
        record,
        Signatures(release=record.sign(person.signer), approvals=approvals),
    )


async def _recipient(act: Acting, house: House, item: Item, seat_id: UUID) -> UUID:
    """Return the account in the recipient's seat, if every gate between the two is open."""
    if not await act.value(
        "SELECT true FROM relay.item_recipients WHERE item_id = %s AND seat_id = %s", [item.id, seat_id]
    ):
        raise Missing
    facts = await gate_facts(act, item.case_id)
    seat = facts.seat(seat_id)
    if seat is None:
        raise Conflict("The recipient is no longer on the case.")
    if found := gates.blocks(facts, item.author_id, seat.account_id, item.kind, house.clock()):
        raise Blocked(gates.for_staff(found))
    if await act.value(
        "SELECT true FROM relay.releases WHERE item_id = %s AND recipient_id = %s", [item.id, seat.account_id]
    ):
        raise Conflict("This has been released to this person already.")
    return seat.account_id


async def _approvals(
    act: Acting, person: Person, rendition: Rendition, case: _CaseRow
) -> tuple[SignedApproval, ...]:
    """Return the approvals of exactly this rendition since it last came into review, the releaser's first."""
    rows = await act.all(
        _ApprovalRow,
        """
        SELECT DISTINCT ON (v.reviewer_id) v.reviewer_id, v.decided_at, v.signature
        FROM relay.reviews v JOIN relay.items i ON i.id = v.item_id
        WHERE v.item_id = %s AND v.rendition_id = %s AND v.sha256 = %s AND v.decision = 'approve'
          AND v.decided_at >= i.ready_at
        ORDER BY v.reviewer_id, v.decided_at DESC
        """,
        [rendition.item_id, rendition.id, rendition.sha256],
    )
    by_reviewer = {row.reviewer_id: row for row in rows}
    needed = 2 if case.second_approval else 1
    if len(by_reviewer) < needed:
        raise Conflict(
            "This case asks for two approvals, by two people."
            if needed > 1
            else "This has not been approved yet."
        )
    if person.id not in by_reviewer:
        raise Conflict(
            "Only somebody who approved this can release it. Read it and approve it first, or ask who did."
        )
    others = sorted((row for row in rows if row.reviewer_id != person.id), key=lambda row: row.decided_at)
    chosen = [by_reviewer[person.id], *others[: needed - 1]]
    return tuple(
        SignedApproval(
            facilitator=row.reviewer_id, decided_at=microseconds(row.decided_at), signature=row.signature
        )
        for row in chosen
    )


async def write_release(
    act: Acting, house: House, release_id: UUID, row: ReleaseRow, holder: Holder, sealed: bytes
) -> None:
    """Write the release, its grant and its delivery: from this commit on the recipient can open it."""
    await act.run(
        """
        INSERT INTO relay.releases (id, service_id, case_id, item_id, revision_id, rendition_id, object_id, recipient_id,
            kind, media_type, size, duration_ms, pages, sequence, record, signatures, released_at)
        VALUES (%(id)s, %(service)s, %(case_id)s, %(item_id)s, %(revision_id)s, %(rendition_id)s, %(object_id)s,
            %(recipient_id)s, %(kind)s, %(media_type)s, %(size)s, %(duration_ms)s, %(pages)s, %(sequence)s, %(record)s,
            %(signatures)s, %(released_at)s)
        """,
        msgspec.structs.asdict(row) | {"id": release_id, "service": house.pins.service_id},
    )
    await put_grant(act, row.case_id, row.object_id, holder, sealed, release_id=release_id)
    await act.run(
        "INSERT INTO relay.deliveries (release_id, case_id, recipient_id, changed_at) VALUES (%s, %s, %s, %s)",
        [release_id, row.case_id, row.recipient_id, row.released_at],
    )


async def _write_scheduled(
    act: Acting, house: House, release_id: UUID, prepared: _Prepared, person: Person, due_at: datetime
) -> None:
    worker = await worker_key(act, house)
    double_sealed = seal_scheduled(
        prepared.sealed,
        worker.public,
        service=house.pins.service_id,
        case=prepared.item.case_id,
        object_id=prepared.rendition.object_id,
        recipient=prepared.recipient.holder,
        worker=worker.holder,
        not_before=int(due_at.timestamp()),
    )
    row = msgspec.structs.asdict(prepared.row(due_at)) | {
        "id": release_id,
        "by": person.id,
        "epoch": worker.holder.key_version,
        "holder_key_version": prepared.recipient.holder.key_version,
        "double_sealed": double_sealed,
    }
    await act.run(
        """
        INSERT INTO relay.scheduled_releases (id, case_id, item_id, recipient_id, scheduled_by, due_at, worker_epoch,
            holder_key_version, double_sealed, revision_id, rendition_id, object_id, kind, media_type, size, duration_ms,
            pages, sequence, record, signatures)
        VALUES (%(id)s, %(case_id)s, %(item_id)s, %(recipient_id)s, %(by)s, %(released_at)s, %(epoch)s,
            %(holder_key_version)s, %(double_sealed)s, %(revision_id)s, %(rendition_id)s, %(object_id)s, %(kind)s,
            %(media_type)s, %(size)s, %(duration_ms)s, %(pages)s, %(sequence)s, %(record)s, %(signatures)s)
        """,
        row,
    )


class _DueRow(ReleaseRow, frozen=True, kw_only=True):
    holder_key_version: int
    double_sealed: bytes
    worker_epoch: int
    worker_id: UUID
    state: str


_DUE = """
SELECT s.case_id, s.item_id, s.revision_id, s.rendition_id, s.object_id, s.recipient_id, s.kind, s.media_type, s.size,
       s.duration_ms, s.pages, s.sequence, s.record, s.signatures, s.due_at AS released_at, s.holder_key_version,
       s.double_sealed, s.worker_epoch, s.state, k.id AS worker_id
FROM relay.scheduled_releases s JOIN relay.worker_keys k ON k.epoch = s.worker_epoch WHERE s.id = %s
"""


async def carry_out(house: House, release_id: UUID, worker_keys: Callable[[Holder], KeyPair]) -> bool:
    """Carry out a scheduled release whose time has come; a worker calls this. Return whether it was released.

    If a gate has closed meanwhile, or the author took it back, nothing is released: the item is approved again and waits
    for a facilitator. Calling it again changes nothing. `worker_keys` answers the key pair of an epoch's holder.
    """
    job = Job("scheduled", release_id)
    async with house.database.reading(job) as tx:
        due = await tx.one(_DueRow, _DUE, [release_id])
    if due is None or due.state != "waiting" or due.released_at > house.clock():
        return False
    async with house.database.acting(job, Tag.ITEM_RELEASED) as act:
        item = await lock_item(act, due.item_id)
        due = await act.one(_DueRow, _DUE, [release_id])
        if due is None or due.state != "waiting" or item.state is not State.SCHEDULED:
            raise Conflict
        found = gates.blocks(
            await gate_facts(act, item.case_id), item.author_id, due.recipient_id, item.kind, house.clock()
        )
        edge = move(item.state, Action.UNSCHEDULE if found else Action.RELEASE_DUE, "worker")
        act.tag = edge.tag
        if not found:
            holder = Holder(kind="account", id=due.recipient_id, key_version=due.holder_key_version)
            sealed = _unwrapped(house, due, holder, worker_keys)
            base = {name: getattr(due, name) for name in ReleaseRow.__struct_fields__}
            await write_release(act, house, release_id, ReleaseRow(**base), holder, sealed)
        await act.run(
            "UPDATE relay.scheduled_releases SET state = %s WHERE id = %s",
            ["cancelled" if found else "done", release_id],
        )
        await act.run("UPDATE relay.items SET state = %s WHERE id = %s", [edge.target, item.id])
        act.note(release=release_id, blocks=" ".join(block.code for block in found))
    return not found


def _unwrapped(
    house: House, due: _DueRow, holder: Holder, worker_keys: Callable[[Holder], KeyPair]
) -> Sealed:
    worker = Holder(kind="worker", id=due.worker_id, key_version=due.worker_epoch)
    return unwrap_scheduled(
        worker_keys(worker),
        due.double_sealed,
        service=house.pins.service_id,
        case=due.case_id,
        object_id=due.object_id,
        recipient=holder,
        worker=worker,
        not_before=int(due.released_at.timestamp()),
    )
