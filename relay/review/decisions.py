"""Deciding: approve, ask for changes, decline.

A decision is bound to the hash of what was looked at, and never edited.
"""

import hashlib
from asyncio import to_thread
from uuid import UUID, uuid4

from psycopg.errors import UniqueViolation

from relay.audit.tags import Tag
from relay.cases.keys import put_case_text, put_text
from relay.cases.service import gate_facts
from relay.db.transaction import Acting, Reading
from relay.errors import Conflict, Invalid, VaultRefused
from relay.exchange import agreements, approvals, telling
from relay.exchange.items import find_item, lock_item
from relay.exchange.model import Content, Item, Rendition
from relay.exchange.objects import opened
from relay.exchange.renditions import case_content, find_rendition, own_number
from relay.exchange.telling import Told
from relay.exchange.transitions import Action, Move, State, move
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import participant_key
from relay.review.model import Decision, Reason
from relay.review.reading import reasons_of, seen_all
from relay.safeguarding import stops
from relay.vault.statements import Changes

MOST_GUIDANCE = 8_000


async def decide(
    house: House,
    person: Person,
    item_id: UUID,
    decision: Decision,
    *,
    rendition_id: UUID,
    sha256: bytes,
    reasons: tuple[Reason, ...] = (),
    guidance: str = "",
) -> None:
    """Decide on the rendition that was looked at, named by its id and hash.

    Asking for changes and declining need a reason, one of those for its author's part. Asking for changes
    needs guidance too, in plain words: how to put it right. Declining is final, so it may go without.
    Approving needs that all of it was served to this reviewer, and that the object really holds what its hash
    says. If parts of it could not be hidden, the others are about the version that its author sent.
    Raise `Conflict` if the item has moved on.
    """
    guidance = _checked_guidance(decision, reasons, guidance)
    told = Told(None, None)
    if decision == "approve":
        told = await _looked_at(house, person, item_id, rendition_id, sha256)
    async with house.database.acting(person.id, Tag.ITEM_APPROVED) as act:
        item = await lock_item(act, item_id)
        await stops.require_none(act, item.case_id, item_id)
        _check_reasons(reasons, reasons_of(await gate_facts(act, item.case_id), item))
        rendition = await _decided_on(act, house, item, decision)
        _check_same(rendition, rendition_id, sha256)
        await check_claim(act, person, item)
        changes = told.of(rendition) if decision == "approve" else None
        action = await _action(act, house, person, item, rendition, changes, decision)
        edge = move(item.state, action, "desk")
        act.tag = edge.tag
        await _record(act, house, person, item, rendition, changes, decision, reasons, guidance)
        await _follow(act, item, edge)
        act.note(decision=decision, rendition=rendition.id, reasons=" ".join(reasons))


def _checked_guidance(decision: Decision, reasons: tuple[Reason, ...], guidance: str) -> str:
    guidance = guidance.strip()
    if decision not in {"approve", "request_changes", "decline"}:
        raise Invalid(decision="Choose one of: approve, request_changes, decline.")
    if decision != "approve" and not reasons:
        raise Invalid(reasons="Choose at least one reason, so that the author knows what to change.")
    if decision == "request_changes" and not guidance:
        raise Invalid(guidance="Say in plain words how to put it right. The author reads this.")
    if len(guidance) > MOST_GUIDANCE:
        raise Invalid(guidance=f"Keep the guidance to {MOST_GUIDANCE:,} characters.")
    return guidance


def _check_reasons(reasons: tuple[Reason, ...], allowed: tuple[Reason, ...]) -> None:
    if not {*reasons} <= {*allowed}:
        words = ", ".join(reason.replace("_", " ") for reason in allowed)
        raise Invalid(reasons=f"What this author made can be sent back for these reasons only: {words}.")


async def _decided_on(tx: Reading, house: House, item: Item, decision: Decision) -> Rendition:
    """Return the newest version; or what was sent, to send back or decline, if parts could not be hidden."""
    if decision != "approve" and item.failure is not None:
        return await find_rendition(tx, house, item, "clean", await own_number(tx, item.id))
    return await find_rendition(tx, house, item, "clean")


async def _looked_at(house: House, person: Person, item_id: UUID, rendition_id: UUID, sha256: bytes) -> Told:
    """Return what the recipient is told of what is approved, which the approval says.

    Hash what the store holds: a row with another hash than its object's cannot be approved (SAFETY 3).
    """
    async with house.database.reading(person.id) as tx:
        item = await find_item(tx, item_id)
        rendition = await find_rendition(tx, house, item, "clean")
        _check_same(rendition, rendition_id, sha256)
        content = await case_content(tx, house, person, rendition)
        told = Told(rendition.id, await telling.changes(tx, house, person, item, rendition))
    if await to_thread(_hash, house, content) != sha256:
        raise VaultRefused
    return told


def _check_same(rendition: Rendition, rendition_id: UUID, sha256: bytes) -> None:
    if rendition.id != rendition_id or rendition.sha256 != sha256:
        raise Conflict("A newer version has come in. Please look at that one.")


def _hash(house: House, content: Content) -> bytes:
    digest = hashlib.sha256()
    with opened(house, content) as reader:
        for piece in reader.ranges():
            digest.update(piece)
    return digest.digest()


async def check_claim(tx: Reading, person: Person, item: Item) -> None:
    """Raise `Conflict` unless the person has the item in hand."""
    if item.state in {State.SCHEDULED, State.RELEASED}:
        return  # it is in no queue any more, so nobody takes it from there
    # also after the lease ran out: a colleague who took it since is the one who is found here
    held_by = await tx.value("SELECT facilitator_id FROM relay.claims WHERE item_id = %s", [item.id])
    if held_by != person.id:
        raise Conflict("Take this item from the queue first, so that two people do not work on it at once.")


async def _action(
    act: Acting,
    house: House,
    person: Person,
    item: Item,
    rendition: Rendition,
    changes: Changes | None,
    decision: Decision,
) -> Action:
    if decision != "approve":
        return Action.DECLINE if decision == "decline" else Action.REQUEST_CHANGES
    await agreements.require(act, house, item.author_id, rendition, changes)
    if not await seen_all(act, person, rendition):
        raise Conflict(
            "You have not seen all of this yet."
            " Read every page, or play it to its end, before you approve it."
        )
    approvers = {one.reviewer_id for one in await approvals.standing(act, house, rendition, changes)}
    needed = await approvals.needed(act, item.id)
    if person.id in approvers:
        raise Conflict(
            "You have approved this already. The second approval is somebody else's."
            if len(approvers) < needed
            else "You have approved this already."
        )
    if item.state is not State.IN_REVIEW:
        return Action.APPROVE_TOO
    return Action.APPROVE if len(approvers) + 1 >= needed else Action.APPROVE_FIRST


async def _record(
    act: Acting,
    house: House,
    person: Person,
    item: Item,
    rendition: Rendition,
    changes: Changes | None,
    decision: Decision,
    reasons: tuple[Reason, ...],
    guidance: str,
) -> None:
    review_id, decided_at = uuid4(), house.clock()
    signature = None
    if decision == "approve":
        statement = approvals.statement(house, rendition, changes, person.id, decided_at)
        signature = statement.sign(person.signer)
    await act.run(
        """
        INSERT INTO relay.reviews (id, item_id, revision_id, rendition_id, case_id, author_id, reviewer_id,
                                   decision, reasons, sha256, decided_at, signature)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            review_id,
            item.id,
            rendition.revision_id,
            rendition.id,
            item.case_id,
            item.author_id,
            person.id,
            decision,
            " ".join(reasons),
            rendition.sha256,
            decided_at,
            signature,
        ],
    )
    if guidance:
        await put_case_text(act, house, item.case_id, "guidance", review_id, guidance)
        if decision != "approve":
            author = await participant_key(act, house, item.case_id, item.author_id)
            await put_text(act, house, author, item.case_id, "guidance", review_id, guidance)


async def _follow(act: Acting, item: Item, edge: Move) -> None:
    """Move the item, and let the claim go."""
    if edge.source is not edge.target:
        await act.run("UPDATE relay.items SET state = %s WHERE id = %s", [edge.target, item.id])
    await act.run("DELETE FROM relay.claims WHERE item_id = %s", [item.id])


async def reopen(house: House, person: Person, item_id: UUID) -> None:
    """Put an approved item back into review. Its approvals no longer count.

    Raise `Conflict` while something else of the author's to the same person is being looked at.
    """
    try:
        async with house.database.acting(person.id, Tag.ITEM_REOPENED) as act:
            item = await lock_item(act, item_id)
            await stops.require_none(act, item.case_id, item_id)
            edge = move(item.state, Action.REOPEN, "desk")
            # after every decision, also one that was taken on a machine whose clock is ahead
            await act.run(
                """
                UPDATE relay.items SET state = %s, ready_at = greatest(%s, (
                    SELECT max(decided_at) + interval '1 microsecond' FROM relay.reviews v
                    WHERE v.item_id = items.id))
                WHERE id = %s
                """,
                [edge.target, house.clock(), item_id],
            )
    except UniqueViolation:
        raise Conflict(
            "Something else of this author's to the same person is being looked at. Decide on that one first."
        ) from None
