"""Acts seven and eight: the photographed page, approved by two; and what must hold at the end."""

from relay.tour import refusals
from relay.tour.client import Api, Unexpected
from relay.tour.people import Person
from relay.tour.stage import COLLEAGUE, FACILITATOR, OFFENDER, OPERATOR, Stage

_KIND = "document"


def page(stage: Stage) -> None:
    """A photographed page, sent by a plain form; the case now asks for two approvals by two people."""
    journal, facilitator, colleague = stage.journal, stage.facilitator, stage.colleague
    journal.act("The page, from offender to victim")
    with journal.step(OFFENDER, "uploads a photographed page by a form, and sends it") as noted:
        item_id = stage.offender.start(_KIND)
        stage.offender.send_form(item_id, stage.material.document)
        stage.offender.submit(item_id)
        noted.size = stage.material.document.stat().st_size
    stage.made_safe(stage.offender, item_id, _KIND)
    refusals.in_review(stage, stage.offender, item_id, _KIND)
    with journal.step(FACILITATOR, "asks for a second approval, and gives the colleague a seat"):
        facilitator.api.call("PATCH", f"/cases/{stage.case_id}", {"second_approval": True})
        body = {"account_id": colleague.account_id}
        seat = facilitator.api.post(f"/cases/{stage.case_id}/facilitators", body)["seat_id"]
    stage.approved(item_id, _KIND)
    journal.refused(
        FACILITATOR, "releases it alone", lambda: facilitator.try_release(item_id), 409, "illegal-move"
    )
    facilitator.claim(item_id)
    journal.refused(
        FACILITATOR,
        "gives the second approval too",
        lambda: facilitator.try_decide(item_id, "approve"),
        409,
        "conflict",
    )
    facilitator.api.call("DELETE", f"/items/{item_id}/claim")
    colleague.claim(item_id)
    stage.looked_at(colleague, item_id, _KIND)
    with journal.step(COLLEAGUE, "gives the second approval"):
        colleague.decide(item_id, "approve")
    refusals.approved(stage, stage.offender, item_id, _KIND)
    delivery_id = stage.released(item_id, _KIND)
    stage.opened(stage.victim, item_id, delivery_id, _KIND)
    _colleague_leaves(stage, item_id, seat)


def _colleague_leaves(stage: Stage, item_id: str, seat: str) -> None:
    with stage.journal.step(FACILITATOR, "takes the colleague off the case; its key changes"):
        path = f"/cases/{stage.case_id}/people/{seat}"
        if stage.facilitator.api.call("DELETE", path).status_code != 204:
            raise Unexpected("The colleague was not taken off the case.")
    stage.journal.refused(
        COLLEAGUE,
        "reads the page once more",
        lambda: stage.colleague.api.call("GET", f"/items/{item_id}/rendition"),
        404,
        "missing",
    )


def curtain(stage: Stage) -> None:
    """The audit chain verifies, and a session that was left opens nothing any more."""
    journal = stage.journal
    journal.act("The end")
    with journal.step(OPERATOR, "relay audit verify: every chain, entry by entry") as noted:
        noted.answer = stage.operator.verify_audit()
    with journal.step(FACILITATOR, "reads what was done in the case") as noted:
        entries = stage.facilitator.api.get(f"/cases/{stage.case_id}/audit")
        if not entries:
            raise Unexpected("The audit chain is empty.")
        noted.answer = f"{max(entry['sequence'] for entry in entries)} entries"
    for person in (stage.victim, stage.offender):
        _leaves(stage, person)


def _leaves(stage: Stage, person: Person) -> None:
    """Sign out at a browser of its own, so that the person can go on after the tour."""
    browser = Api(stage.settings.participants_origin)
    browser.sign_in(person.sign_in_name, person.passphrase)
    kept = browser.cookies
    with stage.journal.step(person.role, "signs out"):
        browser.call("DELETE", "/session")
    thief = Api(stage.settings.participants_origin)
    thief.borrow(kept)
    stage.journal.refused(
        "intruder",
        f"comes back with the {person.role}'s old cookie",
        lambda: thief.call("GET", "/cases"),
        401,
        "sign-in-needed",
    )
    browser.close()
    thief.close()
