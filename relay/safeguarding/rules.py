"""What an open concern stops, who closes it, and what can be written down. Pure: time is passed in.

1. an item with an open concern stands still: nobody on the desk approves it, sends it back, declines it,
   hides parts of it, plans it or passes it on; its author can still take it back
2. while a concern stops its case, nothing passes there: as a pause, and told to nobody outside of the staff
3. a concern that stops something is closed by somebody else than who raised it, while there is anybody else
4. what was told to somebody outside says on what ground, and was told before it is written down

PostgreSQL has 1 to 3 once more (17_safeguarding.sql).
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from relay.cases.gates import SOMETHING_TO_PREPARE
from relay.cases.model import Block
from relay.errors import Conflict, Invalid
from relay.safeguarding.model import Closing, Concern, Disclosure, Note, Noticed, Open, Said

MOST_WORDS: Final = 20_000
MOST_LINE: Final = 300
_FIRST_YEAR: Final = 1900
_CLOCKS: Final = timedelta(minutes=2)
"""How far the clock of whoever typed a time may be ahead of ours."""

CONCERN_ON_ITEM: Final = Block(
    code="concern-item",
    account_id=None,
    staff=(
        "A concern about it is open, so it stands still: it is not approved, sent back, declined, hidden in"
        " parts, planned or passed on. Write down on the concern's page what was done, and close it first."
    ),
    own=SOMETHING_TO_PREPARE,
)


def of_item(open_ones: Collection[Open], item_id: UUID) -> tuple[Block, ...]:
    """Return what keeps an item where it is, by the open concerns of its case; nothing if it may move."""
    return (CONCERN_ON_ITEM,) if any(one.item_id == item_id for one in open_ones) else ()


def closers(concern: Concern, at_work: Sequence[UUID]) -> tuple[UUID, ...]:
    """Return who may close a concern, of the facilitators who work on its case. Nobody once it is closed."""
    if concern.closed_at is not None:
        return ()
    others = tuple(one for one in at_work if one != concern.raised_by)
    stops = concern.item_id is not None or concern.stops_case
    return others if stops and others else tuple(at_work)


def check_closer(concern: Concern, at_work: Sequence[UUID], person_id: UUID) -> None:
    """Raise `Conflict` unless this person may close it."""
    if concern.closed_at is not None:
        raise Conflict("This concern is closed already. What comes up now can be added as a note.")
    if person_id not in closers(concern, at_work):
        raise Conflict(
            "You raised this concern, and it stops something. Somebody else on the case looks at it, and"
            " closes it. If nobody else on the case works here any more, take them off it first."
        )


def checked_noticed(noticed: Noticed, participants: Collection[UUID]) -> Noticed:
    """Return what is sealed of it, or raise `Invalid`. `participants`: whom it can be about."""
    if noticed.about is not None and noticed.about not in participants:
        raise Invalid(about="Choose somebody who takes part in this case, or nobody of them.")
    words = _text("words", noticed.words, "Write down what you noticed, and where")
    return Noticed(kind=noticed.kind, about=noticed.about, words=words)


def checked_said(said: Said, now: datetime) -> Said:
    """Return what is sealed of an entry, or raise `Invalid` with everything that is lacking."""
    match said:
        case Note(words=words):
            return Note(words=_text("words", words, "Write down what is to be noted"))
        case Closing(outcome=outcome, words=words):
            wanted = (
                "Say who goes on with it" if outcome == "handed_over" else "Say why nothing further is needed"
            )
            return Closing(outcome=outcome, words=_text("words", words, wanted))
        case Disclosure():
            return _checked_disclosure(said, now)


def _checked_disclosure(said: Disclosure, now: datetime) -> Disclosure:
    fields = {
        "whom": (said.whom, MOST_LINE, "Say whom you told: name and organisation"),
        "what": (said.what, MOST_WORDS, "Write down what you told them"),
        "why": (said.why, MOST_WORDS, "Write down why you told them"),
        "ground": (said.ground, MOST_LINE, "Name the lawful ground on which you told them"),
    }
    if said.agreed:
        del fields["ground"]
    wrong = {
        name: f"{wanted}, in 1 to {most:,} characters."
        for name, (text, most, wanted) in fields.items()
        if not 1 <= len(text.strip()) <= most
    }
    if said.told_at.tzinfo is None or said.told_at.year < _FIRST_YEAR or said.told_at > now + _CLOCKS:
        wrong["told_at"] = "Give the date and time at which you told them. It cannot lie in the future."
    if wrong:
        raise Invalid(**wrong)
    return Disclosure(
        whom=said.whom.strip(),
        what=said.what.strip(),
        why=said.why.strip(),
        agreed=said.agreed,
        ground="" if said.agreed else said.ground.strip(),
        told_at=said.told_at,
    )


def _text(field: str, text: str, wanted: str) -> str:
    text = text.strip()
    if not 1 <= len(text) <= MOST_WORDS:
        raise Invalid(**{field: f"{wanted}, in 1 to {MOST_WORDS:,} characters."})
    return text
