"""Act three: the victim's letter. The facilitator asks for a change."""

from relay.tour import refusals
from relay.tour.client import Unexpected
from relay.tour.stage import FACILITATOR, OFFENDER, VICTIM, Stage, letter_of

_KIND = "letter"


def letter(stage: Stage) -> None:
    """From the first draft to the offender's reading of it."""
    stage.journal.act("The letter, from victim to offender")
    item_id = _first_version(stage)
    _change(stage, item_id)
    refusals.in_review(stage, stage.victim, item_id, _KIND)
    stage.approved(item_id, _KIND)
    refusals.approved(stage, stage.victim, item_id, _KIND)
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
