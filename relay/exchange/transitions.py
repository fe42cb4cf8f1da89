"""The one table of the exchange: (state, action) to the next state, who may do it, and the audit's tag.

    draft ─submit─▶ submitted ─make ready─▶ in_review ─approve─▶ approved ─release─▶ released
                      │  ▲  └─fail─▶ failed ─submit─▶ …    │ │          │ ▲
                      │  └──submit── changes_requested ◀───┘ └─▶ declined└─┴ scheduled ─release due─▶ released
                      └─ withdraw (the author, from every state before `released`) ─▶ withdrawn
    in_review ─redact─▶ submitted (a facilitator hid parts: a new revision, of the same original)

PostgreSQL enforces the same edges by role (`relay.item_moves`; a test compares the two). Nothing is ever
released automatically: `release due` carries out what a facilitator decided, scheduled and sealed.
"""

from enum import StrEnum
from typing import Literal, NamedTuple

from relay.audit.tags import Tag
from relay.errors import IllegalMove
from relay.permissions import Permission


class State(StrEnum):
    """Where an item is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    RELEASED = "released"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class Action(StrEnum):
    """What can be done to an item."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    MAKE_READY = "make_ready"
    FAIL = "fail"
    REDACT = "redact"
    REQUEST_CHANGES = "request_changes"
    DECLINE = "decline"
    APPROVE_FIRST = "approve_first"
    APPROVE = "approve"
    APPROVE_TOO = "approve_too"
    REOPEN = "reopen"
    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    UNSCHEDULE_ONE = "unschedule_one"
    RELEASE = "release"
    RELEASE_DUE = "release_due"


Role = Literal["participants", "desk", "worker"]


class Move(NamedTuple):
    """One edge. `permission` is empty for what only a worker does."""

    source: State
    action: Action
    target: State
    role: Role
    permission: Permission | None
    tag: Tag


_S, _A = State, Action
_EITHER: tuple[tuple[Role, Permission | None], ...] = (("desk", Permission.RELEASE_MAKE), ("worker", None))
_ENDS = {State.RELEASED, State.DECLINED, State.WITHDRAWN}

MOVES: tuple[Move, ...] = (
    Move(_S.DRAFT, _A.SUBMIT, _S.SUBMITTED, "participants", Permission.ITEM_SUBMIT, Tag.ITEM_SUBMITTED),
    Move(
        _S.CHANGES_REQUESTED,
        _A.SUBMIT,
        _S.SUBMITTED,
        "participants",
        Permission.ITEM_SUBMIT,
        Tag.ITEM_SUBMITTED,
    ),
    Move(_S.FAILED, _A.SUBMIT, _S.SUBMITTED, "participants", Permission.ITEM_SUBMIT, Tag.ITEM_SUBMITTED),
    *(
        Move(state, _A.WITHDRAW, _S.WITHDRAWN, "participants", Permission.ITEM_SUBMIT, Tag.ITEM_WITHDRAWN)
        for state in State
        if state not in _ENDS
    ),
    Move(_S.SUBMITTED, _A.MAKE_READY, _S.IN_REVIEW, "worker", None, Tag.ITEM_READY),
    Move(_S.SUBMITTED, _A.FAIL, _S.FAILED, "worker", None, Tag.ITEM_FAILED),
    # parts are hidden: a new version, of the same original, which its author then agrees to or takes back
    Move(_S.IN_REVIEW, _A.REDACT, _S.SUBMITTED, "desk", Permission.REVIEW_DECIDE, Tag.ITEM_REDACTED),
    Move(
        _S.IN_REVIEW,
        _A.REQUEST_CHANGES,
        _S.CHANGES_REQUESTED,
        "desk",
        Permission.REVIEW_DECIDE,
        Tag.CHANGES_REQUESTED,
    ),
    Move(_S.IN_REVIEW, _A.DECLINE, _S.DECLINED, "desk", Permission.REVIEW_DECIDE, Tag.ITEM_DECLINED),
    Move(
        _S.IN_REVIEW,
        _A.APPROVE_FIRST,
        _S.IN_REVIEW,
        "desk",
        Permission.REVIEW_DECIDE,
        Tag.ITEM_APPROVED_FIRST,
    ),
    Move(_S.IN_REVIEW, _A.APPROVE, _S.APPROVED, "desk", Permission.REVIEW_DECIDE, Tag.ITEM_APPROVED),
    # one more may count later: who approved before has left, or the case asks for two by now
    *(
        Move(state, _A.APPROVE_TOO, state, "desk", Permission.REVIEW_DECIDE, Tag.ITEM_APPROVED)
        for state in (State.APPROVED, State.SCHEDULED, State.RELEASED)
    ),
    Move(_S.APPROVED, _A.REOPEN, _S.IN_REVIEW, "desk", Permission.REVIEW_DECIDE, Tag.ITEM_REOPENED),
    Move(_S.APPROVED, _A.SCHEDULE, _S.SCHEDULED, "desk", Permission.RELEASE_MAKE, Tag.ITEM_SCHEDULED),
    Move(_S.APPROVED, _A.RELEASE, _S.RELEASED, "desk", Permission.RELEASE_MAKE, Tag.ITEM_RELEASED),
    # an item for several people: for each it is released or planned on its own. It is released once it was to
    # one of them, and scheduled while something is planned and nothing released
    Move(_S.SCHEDULED, _A.RELEASE, _S.RELEASED, "desk", Permission.RELEASE_MAKE, Tag.ITEM_RELEASED),
    Move(_S.RELEASED, _A.RELEASE, _S.RELEASED, "desk", Permission.RELEASE_MAKE, Tag.ITEM_RELEASED),
    Move(_S.SCHEDULED, _A.SCHEDULE, _S.SCHEDULED, "desk", Permission.RELEASE_MAKE, Tag.ITEM_SCHEDULED),
    Move(_S.RELEASED, _A.SCHEDULE, _S.RELEASED, "desk", Permission.RELEASE_MAKE, Tag.ITEM_SCHEDULED),
    *(
        Move(source, action, target, role, permission, Tag.SCHEDULE_CANCELLED)
        for role, permission in _EITHER
        for source, action, target in (
            (State.SCHEDULED, Action.UNSCHEDULE, State.APPROVED),
            (State.SCHEDULED, Action.UNSCHEDULE_ONE, State.SCHEDULED),
            (State.RELEASED, Action.UNSCHEDULE, State.RELEASED),
        )
    ),
    Move(_S.SCHEDULED, _A.RELEASE_DUE, _S.RELEASED, "worker", None, Tag.ITEM_RELEASED),
    Move(_S.RELEASED, _A.RELEASE_DUE, _S.RELEASED, "worker", None, Tag.ITEM_RELEASED),
)

_BY_START = {(move.source, move.action, move.role): move for move in MOVES}

_WHY = {
    Action.SUBMIT: "This has been sent already. Take it back first if you want to change it.",
    Action.WITHDRAW: "This has ended already, so there is nothing to take back.",
}


def move(state: State, action: Action, role: Role) -> Move:
    """Return the edge, or raise `IllegalMove` with what to do instead."""
    found = _BY_START.get((state, action, role))
    if found is None:
        raise IllegalMove(
            _WHY.get(
                action, f"This cannot be done while the item is {state.replace('_', ' ')}. Please look again."
            )
        )
    return found
