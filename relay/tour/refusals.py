"""What must be refused, tried on every item: by its recipient, by other staff, by a thief of the database.

Two moments matter. In review, nobody but its author and the case's facilitators may find it. Approved, and
not released: no key of the recipient's opens it, and a gate that closes stops it.
"""

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import httpx

from relay.tour import forgery
from relay.tour.people import Participant, Person
from relay.tour.stage import ADMINISTRATOR, COLLEAGUE, FACILITATOR, INTRUDER, OPERATOR, Stage, words

_WAYS: tuple[tuple[forgery.Way, str], ...] = (
    ("copied grant", "copies the author's grant to the {}, in the database"),
    ("own content", "plants a forgery with a real grant, in the database"),
)
_FOR_THE_RECIPIENT = (
    ("asks for {} before its release", "/items/{}"),
    ("asks for what was made of {}", "/items/{}/rendition"),
    ("asks for the other side's original of {}", "/items/{}/original"),
    ("opens {} as if it had been delivered", "/deliveries/{}/content"),
)


def in_review(stage: Stage, author: Participant, item_id: str, kind: str) -> None:
    """It waits for a facilitator: the recipient and staff who are not on the case find nothing of it."""
    _kept_away(stage, stage.other(author), item_id, kind)
    _foreign_staff(stage, item_id, kind)
    stage.journal.refused(
        FACILITATOR,
        f"releases {words(kind)} before it is approved",
        lambda: stage.facilitator.try_release(item_id),
        409,
        "illegal-move",
    )


def approved(stage: Stage, author: Participant, item_id: str, kind: str) -> None:
    """It could be released now: still no key exists for the recipient, and a closed gate stops it."""
    _kept_away(stage, stage.other(author), item_id, kind)
    _forgeries(stage, stage.other(author), item_id, kind)
    _lapsed_assessment(stage, item_id, kind)


def _kept_away(stage: Stage, recipient: Participant, item_id: str, kind: str) -> None:
    """Before its release the recipient is told of nothing, and finds nothing by its id."""
    stage.journal.holds(
        recipient.role,
        f"is told nothing of {words(kind)} before its release",
        held=len(recipient.deliveries()) == stage.received_by(recipient),
    )
    tries = tuple((what.format(words(kind)), path) for what, path in _FOR_THE_RECIPIENT)
    _missing(stage, recipient, tries, item_id)


def _foreign_staff(stage: Stage, item_id: str, kind: str) -> None:
    """Who is not on its case, and who is on none."""
    colleague, path = stage.colleague, f"/items/{item_id}"
    does = "reads" if kind in {"letter", "document"} else "plays"
    _missing(stage, colleague, ((f"{does} {words(kind)} of another case", "/items/{}/rendition"),), item_id)
    seat = stage.facilitator.on_desk(item_id)["recipients"][0]["seat_id"]
    stage.journal.refused(
        COLLEAGUE,
        f"releases {words(kind)} of another case",
        lambda: colleague.api.call("POST", f"{path}/release", {"seat_id": seat}),
        404,
        "missing",
    )
    stage.journal.refused(
        ADMINISTRATOR,
        f"{does} {words(kind)}",
        lambda: stage.administrator.api.call("GET", f"{path}/rendition"),
        403,
        "forbidden",
    )


def _missing(stage: Stage, person: Person, tries: tuple[tuple[str, str], ...], item_id: str) -> None:
    """Somebody asks for what is not theirs, and cannot tell it from what does not exist."""
    same = True
    for what, path in tries:
        answer = stage.journal.refused(
            person.role,
            what,
            partial(person.api.call, "GET", path.format(item_id)),
            404,
            "missing",
        )
        same &= _same(answer, person.api.call("GET", path.format(uuid4())))
    stage.journal.holds(person.role, "cannot tell its id from one that is nobody's", held=same)


def _same(one: httpx.Response, other: httpx.Response) -> bool:
    """Whether two answers are the same to the byte, but for the server's clock."""

    def kept(answer: httpx.Response) -> list[tuple[str, str]]:
        return [(name, value) for name, value in answer.headers.items() if name != "date"]

    return (one.status_code, one.content, kept(one)) == (other.status_code, other.content, kept(other))


def _forgeries(stage: Stage, recipient: Participant, item_id: str, kind: str) -> None:
    """Somebody with the whole database plants what would open it, or something in its name."""
    stage.journal.holds(
        OPERATOR,
        "sees no row of any case with their own login to the database",
        held=stage.operator.sees_of_cases() == 0,
    )
    administrator = stage.operator.database_administrator()
    for way, told in _WAYS:
        with forgery.planted(administrator, stage.settings, item_id, recipient.account_id, way) as release_id:
            recipient.choose(release_id, "open")
            stage.journal.refused(
                INTRUDER,
                f"{told.format(recipient.role)}; the {recipient.role} opens {words(kind)}",
                partial(recipient.api.call, "GET", f"/deliveries/{release_id}/content"),
                500,
                "vault-refused",
            )


def _lapsed_assessment(stage: Stage, item_id: str, kind: str) -> None:
    facilitator = stage.facilitator
    until = datetime.now(UTC) + timedelta(seconds=1.2)
    facilitator.assess(stage.case_id, stage.cast.assessment, until)
    time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()) + 0.05)
    stage.journal.refused(
        FACILITATOR,
        f"releases {words(kind)} after the safety assessment has run out",
        lambda: facilitator.try_release(item_id),
        409,
        "blocked",
    )
    with stage.journal.step(FACILITATOR, "looks at both sides again, records a new assessment"):
        facilitator.assess(stage.case_id, stage.cast.assessment)
