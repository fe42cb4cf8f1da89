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
    as_passed_on,
    letter_of,
    with_a_name,
)

_KIND = "letter"


def letter(stage: Stage) -> None:
    """From the first draft to the offender's reading of it."""
    stage.journal.act("The letter, from victim to offender")
    item_id = _first_version(stage)
    _change(stage, item_id)
    _hide(stage, item_id)
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
    stage.opened(stage.offender, item_id, delivery_id, _KIND)
    stage.journal.holds(
        VICTIM,
        "sees the same bytes after the letter was opened as before",
        held=_as_author_sees(stage, item_id) == before,
    )


def _first_version(stage: Stage) -> str:
    text = letter_of(stage.material.letter, stage.settings) + f"\n{stage.cast.telephone}\n"
    with stage.journal.step(VICTIM, "writes a letter; the draft is kept, sealed to her alone") as noted:
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
    with journal.step(VICTIM, "reads the guidance, changes the letter, sends it again") as noted:
        answered = victim.api.get(f"/items/{item_id}/feedback")
        if [one["guidance"] for one in answered] != [stage.cast.guidance]:
            raise Unexpected("The guidance did not arrive.")
        text = with_a_name(stage)
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


def _hide(stage: Stage, item_id: str) -> None:
    """A name that was overlooked: the facilitator hides it, and the author agrees to what is left."""
    journal, facilitator, victim = stage.journal, stage.facilitator, stage.victim
    start = with_a_name(stage).index(stage.cast.sister)
    span = {"start": start, "end": start + len(stage.cast.sister)}
    with journal.step(FACILITATOR, "hides a name: a new version is made of the same letter"):
        facilitator.claim(item_id)
        facilitator.api.post(
            f"/items/{item_id}/redactions",
            {"revision": 2, "edits": {"spans": [span]}, "note": stage.cast.hidden_note},
        )
    stage.made_safe(victim, item_id, _KIND)
    with journal.step(FACILITATOR, "takes the new version from the queue"):
        facilitator.claim(item_id)
    journal.refused(
        FACILITATOR,
        "approves it before its author has agreed",
        lambda: facilitator.try_decide(item_id, "approve"),
        409,
        "conflict",
    )
    facilitator.api.call("DELETE", f"/items/{item_id}/claim")
    with journal.step(VICTIM, "reads the version with the hidden name, and agrees to it"):
        found = victim.api.get(f"/items/{item_id}/proposal")
        shown = victim.api.call("GET", f"/items/{item_id}/rendition").text
        if found["note"] != stage.cast.hidden_note or shown != as_passed_on(stage):
            raise Unexpected("The version that the author was shown is not as it should be.")
        named = {name: found[name] for name in ("rendition_id", "sha256")}
        victim.api.post(f"/items/{item_id}/agreement", named)


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
