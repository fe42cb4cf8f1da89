"""Act four: a second letter of the victim's, of the tour's own, in which a facilitator hides a name."""

from relay.exchange.edits import MASK
from relay.tour import refusals
from relay.tour.client import Unexpected
from relay.tour.stage import FACILITATOR, OFFENDER, VICTIM, Stage

_KIND = "letter"


def hidden(stage: Stage) -> None:
    """From writing it to the offender's reading of what is left. The letter that was given is another one."""
    stage.journal.act("A second letter, of the tour's own, in which a name is hidden")
    victim, offender = stage.victim, stage.offender
    text = f"There is one more thing.\n\n{stage.cast.sister}\n\nThat is why I ask.\n"
    left = text.replace(stage.cast.sister, MASK)
    with stage.journal.step(VICTIM, "writes a letter with a name in it, and sends it") as noted:
        item_id = victim.start(_KIND)
        victim.write(item_id, text)
        victim.submit(item_id)
        noted.size = len(text.encode())
    stage.made_safe(victim, item_id, _KIND)
    start = text.index(stage.cast.sister)
    _hide(stage, item_id, {"start": start, "end": start + len(stage.cast.sister)})
    _agree(stage, item_id, left)
    refusals.in_review(stage, victim, item_id, _KIND)
    stage.approved(item_id, _KIND)
    refusals.approved(stage, victim, item_id, _KIND)
    delivery_id = stage.released(item_id, _KIND)
    told = offender.api.get(f"/deliveries/{delivery_id}")["changes"]
    stage.journal.holds(
        OFFENDER,
        "reads beforehand that parts are hidden, and agreed to",
        held=told == {"author": "agreed", "what": ["parts hidden"]},
    )
    file = stage.opened(offender, item_id, delivery_id, _KIND, left)
    stage.journal.holds(
        OFFENDER,
        "has a block where the name stood",
        held=stage.cast.sister.encode() not in file.read_bytes(),
    )


def _hide(stage: Stage, item_id: str, span: dict[str, int]) -> None:
    """A name that was overlooked by its author: the facilitator hides it."""
    with stage.journal.step(FACILITATOR, "hides a name: a new version is made of the same letter"):
        stage.facilitator.claim(item_id)
        stage.facilitator.api.post(
            f"/items/{item_id}/redactions",
            {"revision": 1, "edits": {"spans": [span]}, "note": stage.cast.hidden_note},
        )
    stage.made_safe(stage.victim, item_id, _KIND)


def _agree(stage: Stage, item_id: str, left: str) -> None:
    """The author agrees to what is left, and nobody approves it before."""
    journal, facilitator, victim = stage.journal, stage.facilitator, stage.victim
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
        if found["note"] != stage.cast.hidden_note or shown != left:
            raise Unexpected("The version that the author was shown is not as it should be.")
        named = {name: found[name] for name in ("rendition_id", "sha256")}
        victim.api.post(f"/items/{item_id}/agreement", named)
