"""What a page may still say was just done: its address can be come back to when that is so no more."""

from relay.cases.own import OwnCase
from relay.exchange.model import OwnItem

_OPEN = {"draft", "changes_requested", "failed"}


def on_item(done: str, item: OwnItem) -> str:
    """Return `done` while the item can be so; else nothing."""
    can_change = item.state in _OPEN
    letter = item.kind == "letter"
    holds = {
        "saved": can_change and letter and not item.empty,
        "uploaded": can_change and item.uploaded,
        "cancelled": can_change and not letter,
        "sent": item.state in {"submitted", "in_review"} and not item.edited,
        "agreed": item.state == "in_review" and item.edited and not item.asked,
        "anew": item.state == "draft",
        "again": item.state == "draft" and letter and not item.empty,
        "withdrawn": item.state == "withdrawn",
    }
    return done if holds.get(done) else ""


def on_case(done: str, case: OwnCase) -> str:
    """The same for the page of a case."""
    holds = {
        "saved": True,
        "removed": True,
        "read": case.limits.read,
        "paused": case.paused,
        "resumed": not case.paused,
    }
    return done if holds.get(done) else ""
