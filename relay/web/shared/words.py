"""How states, kinds and reasons are called on pages."""

from typing import Final

_WORDS: Final = {
    "letter": "Letter",
    "audio": "Audio recording",
    "video": "Video recording",
    "document": "Document",
    "draft": "Not sent yet",
    "submitted": "Being prepared for your facilitator",
    "in_review": "With your facilitator",
    "changes_requested": "Your facilitator asks for a change",
    "asked": "Your facilitator asks for your agreement",
    "approved": "Approved",
    "scheduled": "Waiting for its time",
    "released": "Passed on",
    "declined": "Will not be passed on",
    "withdrawn": "Taken back",
    "failed": "The file could not be made safe",
    "waiting": "Not opened",
    "opened": "Opened",
    "later": "Kept for later",
    "held": "Your facilitator keeps it for you",
    "refused": "You do not want it",
    "victim": "Victim",
    "offender": "Offender",
    "facilitator": "Facilitator",
    "supervisor": "Supervisor",
    "administrator": "Administrator",
    "funder": "Funder",
    "invited": "Invited",
    "active": "Enrolled",
    "suspended": "Suspended",
    "full": "Full",
    "partial": "Partial: some of it is disputed",
    "none": "None",
    "in_person": "In person",
    "by_telephone": "By telephone",
    "in_writing": "In writing",
    "in_app": "Here",
    "open": "Open",
    "closed": "Closed",
    "approve": "Approve",
    "request_changes": "Ask for a change",
    "decline": "Do not pass on",
}
# where staff need another view of the same state
_STAFF_WORDS: Final = {
    "submitted": "Being made safe",
    "in_review": "To be read",
    "changes_requested": "Sent back for a change",
}


def staff_word(code: str) -> str:
    """Return what staff read for a code."""
    return _STAFF_WORDS.get(code) or word(code)


def word(code: str) -> str:
    """Return what people read for a code. One that is not listed reads as itself, without underscores."""
    return _WORDS.get(code, code.replace("_", " ").capitalize())
