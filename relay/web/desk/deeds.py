"""How what was done reads on the page of a case's chain."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final
from uuid import UUID

import msgspec

from relay import times
from relay.audit.reading import AuditLine
from relay.audit.tags import Tag
from relay.exchange import failures
from relay.review.passing import why_not
from relay.web.shared.words import word

_DEEDS: Final = {
    Tag.SERVICE_CREATED: "Service created",
    Tag.ROSTER_SIGNED: "List of staff signed",
    Tag.RECOVERY_KEY_USED: "Cases given to somebody with the service’s recovery key",
    Tag.ACCOUNT_INVITED: "Somebody invited",
    Tag.ACCOUNT_ENROLLED: "Somebody enrolled",
    Tag.ACCOUNT_VOUCHED: "Somebody’s keys confirmed",
    Tag.ACCOUNT_SUSPENDED: "Account suspended",
    Tag.SUSPENSION_ENDED: "Suspension of an account ended",
    Tag.SIGNED_IN: "Signed in",
    Tag.STEPPED_UP: "Passphrase given again",
    Tag.SIGNED_OUT: "Signed out",
    Tag.CASE_OPENED: "Case opened",
    Tag.CASE_SETTINGS: "Settings of the case changed",
    Tag.APPROVALS_LOWERED: "Fewer approvals asked for",
    Tag.APPROVALS_KEPT: "Number of approvals kept",
    Tag.CASE_RECOVERED: "Case given to somebody with the service’s recovery key",
    Tag.SEAT_ADDED: "Somebody put on the case",
    Tag.SEAT_REMOVED: "Somebody taken off the case",
    Tag.LABEL_CHANGED: "What the other side reads of somebody changed",
    Tag.REQUEST_RECORDED: "Victim’s request recorded",
    Tag.RESPONSIBILITY_RECORDED: "Responsibility recorded",
    Tag.CONSENT_RECORDED: "Consent recorded",
    Tag.ASSESSMENT_RECORDED: "Safety assessment recorded",
    Tag.RESTRICTION_RECORDED: "Contact restriction recorded",
    Tag.PAUSE_RECORDED: "Pause recorded",
    Tag.CONCERN_RAISED: "Concern raised",
    Tag.CONCERN_NOTED: "Note on a concern added",
    Tag.CONCERN_DISCLOSED: "Written down what was told to somebody outside",
    Tag.CONCERN_CLOSED: "Concern closed",
    Tag.LIMITS_READ: "Said to have read what you have to pass on",
    Tag.ITEM_STARTED: "Something started",
    Tag.DRAFT_SAVED: "Draft saved",
    Tag.UPLOAD_STARTED: "Upload started",
    Tag.UPLOAD_COMPLETED: "Upload completed",
    Tag.UPLOAD_ENDED: "Upload given up",
    Tag.ITEM_SUBMITTED: "Sent to the facilitator",
    Tag.ITEM_READY: "Made safe, ready to be read",
    Tag.ITEM_FAILED: "Could not be made safe",
    Tag.ITEM_WITHDRAWN: "Taken back by its author",
    Tag.ITEM_CLAIMED: "Taken for review",
    Tag.CLAIM_RETURNED: "Given back to the queue",
    Tag.ITEM_READ: "Read or played",
    Tag.ITEM_REDACTED: "Parts hidden, a new version begun",
    Tag.ITEM_AGREED: "Its author agreed to the version with hidden parts",
    Tag.TRANSCRIPTION_WRITTEN: "Pages written out",
    Tag.TRANSCRIPTION_CHECKED: "What was written out compared with the pages",
    Tag.CHANGES_REQUESTED: "A change asked for",
    Tag.ITEM_DECLINED: "Will not be passed on",
    Tag.ITEM_APPROVED_FIRST: "Approved, first of several",
    Tag.ITEM_APPROVED: "Approved",
    Tag.ITEM_REOPENED: "Put back into review",
    Tag.ITEM_SCHEDULED: "Set to be passed on at a time",
    Tag.SCHEDULE_CANCELLED: "Planned passing on cancelled",
    Tag.ITEM_RELEASED_AGAIN: "Passed on again, to new keys",
    Tag.ITEM_RELEASED: "Passed on",
    Tag.LETTER_PRINTED: "Printed, to be handed over",
    Tag.RECEIPT_RECORDED: "Receipt of what was printed recorded, or taken back",
    Tag.CARD_PRINTED: "Enrolment card printed",
    Tag.DELIVERY_CHOSEN: "Recipient chose",
    Tag.CHOICE_TOLD: "What a recipient told of their choice written down",
    Tag.OBJECT_REMOVED: "File removed",
}

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")
_BY_TAG: Final[dict[str, str]] = {str(tag): words for tag, words in _DEEDS.items()}


OPERATOR: Final = "whoever runs the service’s machine"
"""Who acts in the service's own name: with a command there, not on the desk."""
_OF_SOMEBODY: Final = {
    Tag.CASE_RECOVERED,
    Tag.ACCOUNT_INVITED,
    Tag.ACCOUNT_ENROLLED,
    Tag.ACCOUNT_VOUCHED,
    Tag.ACCOUNT_SUSPENDED,
    Tag.SUSPENSION_ENDED,
    Tag.SEAT_ADDED,
    Tag.SEAT_REMOVED,
    Tag.LABEL_CHANGED,
    Tag.REQUEST_RECORDED,
    Tag.RESPONSIBILITY_RECORDED,
    Tag.CONSENT_RECORDED,
    Tag.RESTRICTION_RECORDED,
    Tag.PAUSE_RECORDED,
    Tag.LIMITS_READ,
    Tag.CARD_PRINTED,
}
"""Whose subject is an account or a seat; of a pause, perhaps the case."""
_ALSO: Final = {"Seat", "Account"}
"""Facts that say once more whom it concerns."""


def deed(tag: str) -> str:
    """Return what was done, in words; the tag itself where a newer version wrote one that has none yet."""
    return _BY_TAG.get(tag, tag)


_NAMES: Final = {
    "asked": "Asked for",
    "failure": "Why not",
    "former": "In place of",
    "due_at": "For when",
    "stops_case": "Stops the whole case",
    "plans": "Plans taken back",
    "blocks": "Why not",
}
"""What means something else where it is a state of an item, or nothing by itself."""
_OF_IT: Final = {
    "clean": "the safe copy",
    "poster": "a still picture",
    "peaks": "how loud it is",
    "transcript": "what a machine heard",
    "transcription": "the pages written out",
}
"""What of an item an entry is about: its name there is that of the people's roles."""


def _reasons(codes: str) -> str:
    return ", ".join(word(code) for code in codes.split())


_IN_WORDS: Final[dict[str, Callable[[str], str]]] = {
    "failure": failures.sentence,
    "reasons": _reasons,
    "blocks": lambda codes: why_not(tuple(codes.split())),
}
"""What stands in an entry as one code or several."""


def particulars(
    detail: str, zone: tzinfo = UTC, people: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """Return the facts of an entry as names and values, times as they are in `zone`.

    `people`: names by identifiers of accounts and seats, for who is among the facts. Other identifiers are
    left out (`identifiers`), and so is a fact that has no value.
    """
    named = people or {}
    return [
        _particular(name, value, zone, named)
        for name, value in _noted(detail)
        if str(value) in named or not _is_identifier(value)
    ]


def identifiers(detail: str, people: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what `particulars` leaves out: for who checks the chain, of no use to who reads."""
    return [
        (_NAMES.get(name) or word(name), str(value))
        for name, value in _noted(detail)
        if str(value) not in people and _is_identifier(value)
    ]


def facts(
    entry: AuditLine, case_id: UUID, people: Mapping[str, str], zone: tzinfo = UTC
) -> list[tuple[str, str]]:
    """Return what `particulars` does, after whom the entry concerns: where that is not who did it."""
    concerned = _whom(entry, case_id, people)
    found = particulars(entry.detail, zone, people)
    if not concerned:
        return found
    return [("Whom", concerned), *(one for one in found if one[0] not in _ALSO or one[1] != concerned)]


def _noted(detail: str) -> list[tuple[str, str | int | bool]]:
    found = msgspec.json.decode(detail, type=dict[str, str | int | bool | None]) if detail else {}
    return [(name, value) for name, value in found.items() if value is not None and value != ""]


def _is_identifier(value: object) -> bool:
    text = str(value)
    return len(text) == 36 and text.count("-") == 4


def _whom(entry: AuditLine, case_id: UUID, people: Mapping[str, str]) -> str:
    """Return a name, or where there is none to show an identifier's first group; nothing for nobody."""
    if entry.tag not in _OF_SOMEBODY or entry.subject_id in {entry.actor_id, case_id}:
        return ""
    subject = str(entry.subject_id)
    return people.get(subject) or f"{subject[:8]}…"


def _particular(name: str, value: object, zone: tzinfo, people: Mapping[str, str]) -> tuple[str, str]:
    if name == "role" and value in _OF_IT:
        return "What of it", _OF_IT[str(value)]
    if str(value) in people:
        return _NAMES.get(name) or word(name), people[str(value)]
    in_words = _IN_WORDS.get(name)
    return _NAMES.get(name) or word(name), in_words(str(value)) if in_words else _value(value, zone)


def _value(value: object, zone: tzinfo) -> str:
    for known, reads in ((True, "yes"), (False, "no")):
        if value is known:
            return reads
    text = str(value)
    if _TIME.fullmatch(text):
        return times.moment(datetime.fromisoformat(text), zone)
    return word(text) if text.isidentifier() else text
