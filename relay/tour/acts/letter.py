"""Act three: the victim's letter. The facilitator asks for a change; everybody else tries the doors."""

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from relay.tour import forgery
from relay.tour.client import Unexpected
from relay.tour.stage import (
    ADMINISTRATOR,
    COLLEAGUE,
    FACILITATOR,
    INTRUDER,
    OFFENDER,
    OPERATOR,
    VICTIM,
    Stage,
    letter_of,
)

_KIND = "letter"


def letter(stage: Stage) -> None:
    """From the first draft to the offender's reading of it."""
    stage.journal.act("The letter, from victim to offender")
    item_id = _first_version(stage)
    _change(stage, item_id)
    stage.approved(item_id, _KIND)
    stage.kept_away(stage.offender, item_id, _KIND)
    _wrong_staff(stage, item_id)
    _forgeries(stage, item_id)
    _lapsed_assessment(stage, item_id)
    _pause(stage, item_id)
    delivery_id = stage.released(item_id, _KIND)
    stage.journal.refused(
        FACILITATOR,
        "releases it a second time",
        lambda: stage.facilitator.try_release(item_id),
        409,
        "conflict",
    )
    before = _as_author_sees(stage, item_id)
    given = letter_of(stage.material.letter, stage.settings)
    stage.opened(stage.offender, item_id, delivery_id, _KIND, given)
    stage.journal.holds(
        VICTIM,
        "sees the same bytes after the letter was opened as before",
        held=_as_author_sees(stage, item_id) == before,
    )


def _first_version(stage: Stage) -> str:
    number = f"\n{stage.cast.telephone}\n"
    given = letter_of(stage.material.letter, stage.settings)
    text = given[: stage.settings.letter_characters - len(number)] + number
    with stage.journal.step(
        VICTIM,
        "writes the letter, and below it a telephone number, which is the tour's; the draft is kept, sealed"
        " to her alone",
    ) as noted:
        item_id = stage.victim.start(_KIND)
        for end in (len(text) // 3, len(text)):
            stage.victim.write(item_id, text[:end])
        noted.size = len(text.encode())
    with stage.journal.step(VICTIM, "sends it to the facilitators"):
        stage.victim.submit(item_id)
    stage.journal.refused(
        VICTIM, "sends it a second time", lambda: stage.victim.try_submit(item_id), 409, "illegal-move"
    )
    stage.made_safe(stage.victim, item_id, _KIND)
    return item_id


def _change(stage: Stage, item_id: str) -> None:
    journal, facilitator, victim = stage.journal, stage.facilitator, stage.victim
    with journal.step(FACILITATOR, "takes it from the queue, reads it"):
        facilitator.claim(item_id)
        facilitator.read(item_id, journal)
    seen = facilitator.on_desk(item_id)["clean"]
    with journal.step(FACILITATOR, "asks for a change: no telephone number"):
        facilitator.decide(
            item_id, "request_changes", reasons=["contact_details"], guidance=stage.cast.guidance
        )
    with journal.step(VICTIM, "reads the guidance, takes the number out, sends the letter again") as noted:
        answered = victim.api.get(f"/items/{item_id}/feedback")
        if [one["guidance"] for one in answered] != [stage.cast.guidance]:
            raise Unexpected("The guidance did not arrive.")
        text = letter_of(stage.material.letter, stage.settings)
        victim.write(item_id, text)
        victim.submit(item_id)
        noted.size = len(text.encode())
    stage.made_safe(victim, item_id, _KIND)
    facilitator.claim(item_id)
    journal.refused(
        FACILITATOR,
        "approves the version of before, which was read",
        lambda: facilitator.try_decide(item_id, "approve", seen),
        409,
        "conflict",
    )
    facilitator.api.call("DELETE", f"/items/{item_id}/claim")


def _wrong_staff(stage: Stage, item_id: str) -> None:
    journal, colleague = stage.journal, stage.colleague
    foreign = journal.refused(
        COLLEAGUE,
        "reads a letter of another case",
        lambda: colleague.api.call("GET", f"/items/{item_id}/rendition"),
        404,
        "missing",
    )
    unknown = colleague.api.call("GET", f"/items/{uuid4()}/rendition")
    journal.holds(
        COLLEAGUE, "cannot tell it from an id that is nobody's", held=foreign.content == unknown.content
    )
    seat = stage.facilitator.on_desk(item_id)["recipients"][0]["seat_id"]
    journal.refused(
        COLLEAGUE,
        "releases a letter of another case",
        lambda: colleague.api.call("POST", f"/items/{item_id}/release", {"seat_id": seat}),
        404,
        "missing",
    )
    journal.refused(
        ADMINISTRATOR,
        "reads the letter",
        lambda: stage.administrator.api.call("GET", f"/items/{item_id}/rendition"),
        403,
        "forbidden",
    )


def _forgeries(stage: Stage, item_id: str) -> None:
    """Somebody with the whole database plants what would open the letter, or something in its name."""
    stage.journal.holds(
        OPERATOR,
        "sees no row of any case with their own login to the database",
        held=stage.operator.sees_of_cases() == 0,
    )
    administrator, offender = stage.operator.database_administrator(), stage.offender
    ways: tuple[tuple[forgery.Way, str], ...] = (
        ("copied grant", "copies the author's grant to the offender, in the database"),
        ("own content", "plants a forged letter with a real grant, in the database"),
    )
    for way, told in ways:
        with forgery.planted(administrator, stage.settings, item_id, offender.account_id, way) as release_id:
            offender.choose(release_id, "open")
            stage.journal.refused(
                INTRUDER,
                f"{told}; the offender opens it",
                lambda path=f"/deliveries/{release_id}/content": offender.api.call("GET", path),  # type: ignore[misc]
                500,
                "vault-refused",
            )


def _lapsed_assessment(stage: Stage, item_id: str) -> None:
    facilitator = stage.facilitator
    until = datetime.now(UTC) + timedelta(seconds=1.2)
    facilitator.assess(stage.case_id, stage.cast.assessment, until)
    time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()) + 0.05)
    stage.journal.refused(
        FACILITATOR,
        "releases it after the safety assessment has run out",
        lambda: facilitator.try_release(item_id),
        409,
        "blocked",
    )
    with stage.journal.step(FACILITATOR, "looks at both sides again, records a new assessment"):
        facilitator.assess(stage.case_id, stage.cast.assessment)


def _pause(stage: Stage, item_id: str) -> None:
    journal, offender = stage.journal, stage.offender
    before = _as_author_sees(stage, item_id)
    with journal.step(OFFENDER, "presses pause; no reason is asked"):
        offender.api.post(f"/cases/{stage.case_id}/pause", {"paused": True})
    journal.refused(
        FACILITATOR,
        "releases it while one of the two has paused",
        lambda: stage.facilitator.try_release(item_id),
        409,
        "blocked",
    )
    journal.holds(
        VICTIM, "sees the same bytes as before the pause", held=_as_author_sees(stage, item_id) == before
    )
    with journal.step(OFFENDER, "goes on"):
        offender.api.post(f"/cases/{stage.case_id}/pause", {"paused": False})


def _as_author_sees(stage: Stage, item_id: str) -> tuple[bytes, ...]:
    """Return every byte of what the author can look at."""
    paths = (
        "/cases",
        f"/cases/{stage.case_id}",
        f"/cases/{stage.case_id}/items",
        f"/items/{item_id}",
        "/deliveries",
    )
    return tuple(stage.victim.api.call("GET", path).content for path in paths)
