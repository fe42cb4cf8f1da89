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
    "new_file": "A new file, not sent yet",
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
    "through_somebody": "Through somebody whom they asked",
    "open": "Open",
    "closed": "Closed",
    "approve": "Approve",
    "request_changes": "Ask for a change",
    "decline": "Do not pass on",
}
# what an author reads of a coded reason: a sentence about what they made, not about them
_REASONS: Final = {
    "excuses": "Parts of it read like excuses.",
    "minimising": "Parts of it make what happened sound smaller than it was.",
    "blaming": "Parts of it put the blame on somebody else.",
    "asks_forgiveness": "It asks to be forgiven. That can weigh on the other person.",
    "threats": "Parts of it can be read as a threat.",
    "sexual_content": "Parts of it have sexual content.",
    "new_details": "It tells details that the other person may not know.",
    "preaching": "Parts of it tell the other person what to think or believe.",
    "other_people": "It tells things of other people, who were not asked.",
    "contact_details": "It has something by which somebody could be found, such as a number or an address.",
    "promises_benefit": "It promises something, or asks for something in return.",
    "unreadable": "Parts of it cannot be read or understood.",
    "not_this_harm": "Parts of it are about something else than this exchange.",
    "something_else": "There is another reason, which your facilitator explains here.",
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


def reason(code: str) -> str:
    """Return what an author reads for a reason why something of theirs was sent back."""
    return _REASONS.get(code, word(code))
