"""What stands in the way of an item. Pure: facts in, reasons out; time is passed in.

In this order (PRACTICE, "Before anything moves"):

1. the case is open, and both people have a seat on opposite sides
2. the victim asked for it
3. the offender accepts responsibility, in full or in part
4. both have agreed to this medium, and the agreement has not lapsed
5. a facilitator has found it safe for both, and that has not run out
6. no court order or licence condition forbids it
7. nobody has pressed pause
8. no open concern stops the case: known to staff only (`relay.safeguarding`)
"""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from uuid import UUID

from relay.cases.model import MEDIA, UNTIL_FURTHER_ORDER, Block, GateFacts, Medium, Seat
from relay.times import day

SOMETHING_TO_PREPARE = (
    "Your facilitator still has something to prepare before anything can be passed on. What you made is kept."
    " Ask your facilitator what happens next."
)


def blocks(
    facts: GateFacts, author_id: UUID, recipient_id: UUID, medium: Medium, now: datetime
) -> tuple[Block, ...]:
    """Return everything that keeps `author_id` from sending `medium` to `recipient_id` at `now`.

    Empty if it may pass. Sentences name dates in the zone of `now`.
    """
    pair = _pair(facts, author_id, recipient_id)
    if pair is None:
        return (_NOT_OPPOSITE,)
    return _of(facts, pair, medium, now)


def own_blocks(facts: GateFacts, account_id: UUID, medium: Medium, now: datetime) -> tuple[Block, ...]:
    """Return what stands in somebody's way by themselves, or in everybody's: whoever is on the other side."""
    seat = facts.seat_of(account_id)
    return _of(facts, (seat,), medium, now) if seat else ()


def _of(facts: GateFacts, seats: tuple[Seat, ...], medium: Medium, now: datetime) -> tuple[Block, ...]:
    return (
        *_case(facts),
        *(block for seat in seats if seat.part == "victim" for block in _request(facts, seat)),
        *(block for seat in seats if seat.part == "offender" for block in _responsibility(facts, seat)),
        *(block for seat in seats for block in _consent(facts, seat, medium, now)),
        *_safety(facts, now),
        *(block for seat in seats for block in _restriction(facts, seat, now)),
        *_pause(facts, seats),
        *_concern(facts),
    )


def crossings(facts: GateFacts) -> tuple[tuple[UUID, UUID], ...]:
    """Return every way across the case as (author, recipient), in both directions."""
    return tuple(
        (one.account_id, other.account_id)
        for one in facts.seats
        for other in facts.seats
        if {one.part, other.part} == {"victim", "offender"}
    )


def told_once(facts: GateFacts, now: datetime) -> tuple[Block, ...]:
    """Return all that stops anything anywhere in a case, each thing once.

    What one person has not agreed to is one thing, whichever media it is.
    """
    found = dict.fromkeys(
        block
        for author, recipient in crossings(facts)
        for medium in MEDIA
        for block in blocks(facts, author, recipient, medium, now)
    )
    alike: dict[object, list[Block]] = {}
    for block in found:
        alike.setdefault((block.code, block.account_id) if block.media else block, []).append(block)
    return tuple(_as_one(facts, same) if len(same) > 1 else same[0] for same in alike.values())


def _as_one(facts: GateFacts, same: list[Block]) -> Block:
    seat = next(seat for seat in facts.seats if seat.account_id == same[0].account_id)
    return _without_consent(same[0].code, seat, tuple(medium for block in same for medium in block.media))


def for_staff(found: tuple[Block, ...]) -> tuple[str, ...]:
    """Return the blocks in a facilitator's words."""
    return tuple(block.staff for block in found)


def for_participant(found: tuple[Block, ...], account_id: UUID) -> tuple[str, ...]:
    """Return what one participant is told: their own gates plainly, the case's as one neutral sentence.

    What concerns the other person (agreement, pause, restriction, a request taken back) is left out: it stops
    the release, never the writing, so that nothing they do can be read from here (DESIGN, "Always true", 5).
    """
    own = tuple(block.own for block in found if block.account_id == account_id)
    return (*own, SOMETHING_TO_PREPARE) if any(block.account_id is None for block in found) else own


_NOT_OPPOSITE = Block(
    code="not-opposite",
    account_id=None,
    staff=(
        "These two people are not (or no longer) a victim and an offender of this case."
        " Check who is on the case."
    ),
    own=SOMETHING_TO_PREPARE,
)


def _pair(facts: GateFacts, one: UUID, other: UUID) -> tuple[Seat, Seat] | None:
    """Return (victim, offender), or None if the two are not on opposite sides."""
    seats = [seat for seat in (facts.seat_of(one), facts.seat_of(other)) if seat is not None]
    by_part = {seat.part: seat for seat in seats}
    if len(seats) != 2 or by_part.keys() != {"victim", "offender"}:
        return None
    return by_part["victim"], by_part["offender"]


def _case(facts: GateFacts) -> Iterator[Block]:
    if facts.state != "open":
        yield Block(
            code="case-closed",
            account_id=None,
            staff="The case is closed. Open it again before anything can pass.",
            own=SOMETHING_TO_PREPARE,
        )


def _request(facts: GateFacts, victim: Seat) -> Iterator[Block]:
    if not any(request.asked for request in facts.requests if request.account_id == victim.account_id):
        yield Block(
            code="not-asked",
            account_id=victim.account_id,
            staff="The victim has not asked for this exchange (or took that back). Record it when they do.",
            own=(
                "You have not asked for this exchange, or you took that back."
                " Tell your facilitator if you want it."
            ),
        )


def _responsibility(facts: GateFacts, offender: Seat) -> Iterator[Block]:
    grade = next((r.grade for r in facts.responsibilities if r.account_id == offender.account_id), None)
    if grade is None:
        yield Block(
            code="responsibility-missing",
            account_id=offender.account_id,
            staff=(
                "It is not recorded that the offender accepts responsibility."
                " Record their statement and your reasoning."
            ),
            own="Your facilitator first needs to talk with you about responsibility for what happened.",
        )
    elif grade == "none":
        yield Block(
            code="responsibility-denied",
            account_id=offender.account_id,
            staff=(
                "The offender accepts no responsibility, so the process stops."
                " If that changes, record a new statement."
            ),
            own=(
                "The exchange has stopped. Talk with your facilitator about responsibility for what happened."
            ),
        )


_NOUNS: dict[Medium, str] = {
    "letter": "letters",
    "audio": "audio recordings",
    "video": "films",
    "document": "documents",
}


def in_words(media: tuple[Medium, ...], last: str = "and") -> str:
    """Return media as they stand in a sentence: letters, films and documents. Empty if there are none."""
    nouns = [_NOUNS[medium] for medium in media]
    return f" {last} ".join(part for part in (", ".join(nouns[:-1]), *nouns[-1:]) if part)


def _consent(facts: GateFacts, seat: Seat, medium: Medium, now: datetime) -> Iterator[Block]:
    consent = next(
        (c for c in facts.consents if c.account_id == seat.account_id and c.medium == medium), None
    )
    if consent is None or not consent.given:
        yield _without_consent("consent-missing", seat, (medium,))
    elif consent.ask_again_at <= now:
        yield _without_consent("consent-lapsed", seat, (medium,))


def _without_consent(code: str, seat: Seat, media: tuple[Medium, ...]) -> Block:
    nouns = in_words(media, "or")
    if code == "consent-missing":
        staff = f"The {seat.part} has not agreed to {nouns}, or took that back."
        own = (
            f"You have not agreed to exchange {nouns}, or you took that back."
            " You can agree on the page of your case."
        )
    else:
        staff = f"The {seat.part}'s agreement to {in_words(media)} is due to be asked again."
        own = (
            f"It is time to ask you again whether you agree to exchange {nouns}."
            " You can answer on the page of your case."
        )
    return Block(
        code=code,
        account_id=seat.account_id,
        staff=f"{staff} Ask them, and record the answer.",
        own=own,
        media=media,
    )


def _safety(facts: GateFacts, now: datetime) -> Iterator[Block]:
    if facts.assessment is None:
        code, staff = "assessment-missing", "There is no safety assessment. Record one."
    elif not facts.assessment.safe:
        code, staff = (
            "assessment-unsafe",
            "The safety assessment says that it is not safe. Nothing passes until a new one does.",
        )
    elif facts.assessment.valid_until <= now:
        code, staff = (
            "assessment-lapsed",
            "The safety assessment has run out. Look at both sides again and record a new one.",
        )
    else:
        return
    yield Block(code=code, account_id=None, staff=staff, own=SOMETHING_TO_PREPARE)


def _restriction(facts: GateFacts, seat: Seat, now: datetime) -> Iterator[Block]:
    for restriction in facts.restrictions:
        if (
            restriction.account_id == seat.account_id
            and restriction.until > now
            and not restriction.lifted
            and not restriction.excepted
        ):
            yield Block(
                code="restricted",
                account_id=seat.account_id,
                staff=(
                    f"A court order or licence condition on the {seat.part} forbids contact until"
                    f" {end_of_order(restriction.until, now.tzinfo or UTC)}."
                    " Nothing passes unless a permitted exception is recorded with its evidence."
                ),
                own=(
                    "A court order or licence condition forbids this at the moment."
                    " Talk with your facilitator."
                ),
            )


def end_of_order(until: datetime, zone: tzinfo) -> str:
    """Return the day on which an order ends, as it stands after “until”; or that it names none."""
    return "further order" if until >= UNTIL_FURTHER_ORDER else day(until, zone)


def _pause(facts: GateFacts, seats: tuple[Seat, ...]) -> Iterator[Block]:
    for pause in facts.pauses:
        if not pause.paused:
            continue
        if pause.account_id is None:
            yield Block(
                code="case-paused",
                account_id=None,
                staff="The case is paused. End the pause before anything can pass.",
                own=SOMETHING_TO_PREPARE,
            )
        for seat in seats:
            if pause.account_id == seat.account_id:
                yield Block(
                    code="person-paused",
                    account_id=seat.account_id,
                    staff=(
                        f"The {seat.part} has paused."
                        " Nothing passes until they, or you for them, end the pause."
                    ),
                    own=(
                        "You have paused."
                        " Nothing more is passed on, in either direction, until the pause ends."
                    ),
                )


def _concern(facts: GateFacts) -> Iterator[Block]:
    if facts.stopped:
        yield Block(
            code="concern-case",
            account_id=None,
            staff=(
                "A concern is open that stops the whole case. Nothing passes until it is closed;"
                " it is listed under “Concerns”."
            ),
            own=SOMETHING_TO_PREPARE,
        )
