"""A worker's side of the exchange: take a revision under a lease, and hand in what was made of it.

A job carries one id. What may be done with it is looked up here; losing the lease, or an author who takes the
item back, makes handing in fail, and what was made is swept.
"""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID, uuid4

import msgspec

from relay.audit.tags import Tag
from relay.cases.model import Medium
from relay.db.transaction import Acting, Job, Reading
from relay.errors import Conflict
from relay.exchange import editing
from relay.exchange.items import lock_item
from relay.exchange.model import Content, Item, RenditionRole
from relay.exchange.objects import NewObject, add_grant, find_key, finish
from relay.exchange.origin import Making, Submission
from relay.exchange.transitions import Action, State, move
from relay.house import House
from relay.identity.trust import TrustedKey, case_key, participant_key
from relay.vault.grants import Holder
from relay.vault.suite import KeyPair

LEASE = timedelta(minutes=2)
MOST_TRIES = 4

WorkStep = Literal["making", "listening", "keeping"]


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """A revision that this worker holds. `tries` counts this one."""

    revision_id: UUID
    lease_id: UUID
    item_id: UUID
    case_id: UUID
    author_id: UUID
    kind: Medium
    tries: int
    object_id: UUID
    commitment: bytes
    size: int
    origin: bytes
    edits_id: UUID | None
    edits_commitment: bytes | None
    edited_by: UUID | None
    submitted_at: datetime

    @property
    def job(self) -> Job:
        """What the worker acts for."""
        return Job("revision", self.revision_id)


class Made(NamedTuple):
    """One file that was made, sealed in the store. `sha256` is of the object's plain bytes."""

    role: RenditionRole
    stored: NewObject
    media_type: str
    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None
    pages: int | None = None


async def take(house: House, revision_id: UUID) -> Work | None:
    """Take a revision that nobody holds. Return None if there is nothing (more) to do."""
    lease_id, now = uuid4(), house.clock()
    async with house.database.keeping(Job("revision", revision_id)) as tx:
        return await tx.one(
            Work,
            """
            UPDATE relay.work w SET lease_id = %s, leased_until = %s, attempts = attempts + 1
            FROM relay.revisions r JOIN relay.items i ON i.id = r.item_id AND i.revision = r.number
            JOIN relay.objects o ON o.id = r.object_id
            WHERE w.revision_id = %s AND r.id = w.revision_id AND i.state = 'submitted'
              AND (w.leased_until IS NULL OR w.leased_until <= %s)
            RETURNING w.revision_id, w.lease_id, r.item_id, r.case_id, r.author_id, i.kind,
                      w.attempts AS tries, r.object_id, o.commitment, o.plaintext_size AS size, r.origin,
                      r.edits_id, r.edits_commitment, r.edited_by, r.submitted_at
            """,
            [lease_id, now + LEASE, revision_id, now],
        )


async def keep(house: House, work: Work, percent: int, step: WorkStep = "making") -> bool:
    """Renew the lease and record progress: how much is made, and what is done now.

    Return False when the work is no longer wanted.
    """
    async with house.database.keeping(work.job) as tx:
        return bool(
            await tx.run(
                """
                UPDATE relay.work w SET leased_until = %s, percent = %s, step = %s FROM relay.items i
                WHERE w.revision_id = %s AND w.lease_id = %s AND i.id = %s AND i.state = 'submitted'
                """,
                [house.clock() + LEASE, percent, step, work.revision_id, work.lease_id, work.item_id],
            )
        )


async def let_go(house: House, work: Work, *, was_a_try: bool = True) -> None:
    """Give the revision back, so that it can be tried again at once."""
    async with house.database.keeping(work.job) as tx:
        await tx.run(
            "UPDATE relay.work SET leased_until = NULL, attempts = attempts - %s"
            " WHERE revision_id = %s AND lease_id = %s AND leased_until IS NOT NULL",
            [0 if was_a_try else 1, work.revision_id, work.lease_id],
        )


async def original(house: House, work: Work, worker: Holder, keys: KeyPair) -> Content:
    """Return the original that the work is about, with its key, opened by the workers' grant.

    Raise `VaultRefused` if it is not what the author submitted here.
    """
    _submission(work).check(house, work.origin)
    async with house.database.reading(work.job) as tx:
        key = await find_key(tx, house, work.case_id, work.object_id, worker, keys)
    return Content(
        object_id=work.object_id,
        key=key,
        commitment=work.commitment,
        media_type="application/octet-stream",
        size=work.size,
    )


def _submission(work: Work) -> Submission:
    return Submission(
        case=work.case_id,
        item=work.item_id,
        author=work.author_id,
        kind=work.kind,
        revision=work.revision_id,
        object=work.object_id,
        commitment=work.commitment,
        edits=work.edits_id,
        edits_commitment=work.edits_commitment,
        edited_by=work.edited_by,
    )


async def edit_list(house: House, work: Work, worker: Holder, keys: KeyPair) -> Content | None:
    """Return the edit list that the work is to follow, if there is one, as `original` does the original."""
    _submission(work).check(house, work.origin)
    if work.edits_id is None or work.edits_commitment is None:
        return None
    async with house.database.reading(work.job) as tx:
        key = await find_key(tx, house, work.case_id, work.edits_id, worker, keys)
    return editing.content(work.edits_id, work.edits_commitment, key)


async def worker_holders(house: House, work: Work) -> list[Holder]:
    """Return the workers' keys that the original is sealed to."""
    async with house.database.reading(work.job) as tx:
        return await tx.all(
            Holder,
            "SELECT holder_kind AS kind, holder_id AS id, holder_key_version AS key_version"
            " FROM relay.grants WHERE object_id = %s AND holder_kind = 'worker'",
            [work.object_id],
        )


async def _holders(tx: Reading, house: House, work: Work) -> tuple[TrustedKey, ...]:
    case = await case_key(tx, house, work.case_id)
    return case, await participant_key(tx, house, work.case_id, work.author_id)


async def can_be_handed_in(house: House, work: Work) -> bool:
    """Tell whether there is anybody to seal to: not while a facilitator has to renew or confirm a key."""
    async with house.database.reading(work.job) as tx:
        try:
            await _holders(tx, house, work)
        except Conflict:
            return False
    return True


async def hand_in(house: House, work: Work, made: list[Made]) -> None:
    """Put what was made before the facilitators: sealed to the case and to the author, and to nobody else."""
    async with house.database.acting(work.job, Tag.ITEM_READY) as act:
        item = await _still_mine(act, work)
        edge = move(item.state, Action.MAKE_READY, "worker")
        holders = await _holders(act, house, work)
        for one in made:
            await finish(act, one.stored.id, one.stored.summary.plaintext_size, one.stored.summary.commitment)
            await _insert(act, house, work, one)
            for to in holders:
                await add_grant(act, house, work.case_id, one.stored.id, one.stored.key, to)
        await _close(act, work)
        await act.run(
            "UPDATE relay.items SET state = %s, ready_at = %s, failure = NULL, failure_page = NULL"
            " WHERE id = %s",
            [edge.target, house.clock(), work.item_id],
        )
        act.note(revision=work.revision_id, tries=work.tries)


async def give_up(house: House, work: Work, failure: str, page: int | None = None) -> None:
    """Say that the file cannot be made safe, and why (a coded reason); the author can send another.

    `page`: because of which page of a document, or which of several files, if it is one by itself.

    If it was a facilitator's hiding that could not be carried out, that is nothing of the author's: the item
    waits for a facilitator again, who reads why.
    """
    async with house.database.acting(work.job, Tag.ITEM_FAILED) as act:
        item = await _still_mine(act, work)
        edge = move(item.state, Action.MAKE_READY if work.edited_by else Action.FAIL, "worker")
        await _close(act, work)
        await act.run(
            "UPDATE relay.items SET state = %s, failure = %s, failure_page = %s,"
            " ready_at = coalesce(%s, ready_at) WHERE id = %s",
            [edge.target, failure, page, house.clock() if work.edited_by else None, work.item_id],
        )
        act.note(revision=work.revision_id, failure=failure, tries=work.tries)


async def _still_mine(act: Acting, work: Work) -> Item:
    item = await lock_item(act, work.item_id)
    mine = await act.value(
        "SELECT true FROM relay.work WHERE revision_id = %s AND lease_id = %s FOR UPDATE",
        [work.revision_id, work.lease_id],
    )
    if not mine or item.state is not State.SUBMITTED:
        raise Conflict
    return item


async def _insert(act: Acting, house: House, work: Work, one: Made) -> None:
    made = Making(
        case=work.case_id,
        item=work.item_id,
        revision=work.revision_id,
        rendition=uuid4(),
        role=one.role,
        object=one.stored.id,
        commitment=one.stored.summary.commitment,
        sha256=one.stored.summary.sha256 or b"",
        media_type=one.media_type,
        edits=work.edits_id,
        edited_by=work.edited_by,
    )
    await act.run(
        """
        INSERT INTO relay.renditions (id, revision_id, item_id, case_id, author_id, role, object_id,
                                      media_type, sha256, size, duration_ms, width, height, pages, origin)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            made.rendition,
            work.revision_id,
            work.item_id,
            work.case_id,
            work.author_id,
            one.role,
            one.stored.id,
            one.media_type,
            one.stored.summary.sha256,
            one.stored.summary.plaintext_size,
            one.duration_ms,
            one.width,
            one.height,
            one.pages,
            made.mac(house),
        ],
    )


async def _close(act: Acting, work: Work) -> None:
    """The workers' own grants go with the work: no worker key opens the original, or the list, any more."""
    await act.run(
        "DELETE FROM relay.grants WHERE object_id IN (%s, %s) AND holder_kind = 'worker'",
        [work.object_id, work.edits_id],
    )
    await act.run(
        "UPDATE relay.work SET leased_until = NULL, lease_id = NULL, percent = 100 WHERE revision_id = %s",
        [work.revision_id],
    )
