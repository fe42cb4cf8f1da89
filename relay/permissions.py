"""What a signed-in person may do: one enum, `scope:resource:action`.

Each handler declares exactly one permission; the default is to deny. A permission opens a handler: which
case, item or account it may touch is decided in the query, with row-level security beneath.
"""

from enum import StrEnum


class Permission(StrEnum):
    """Everything that a handler can ask for."""

    PUBLIC = "public"
    """Nobody needs to be signed in: health, sign-in, enrolment, static files."""

    SELF_MANAGE = "participant:self:manage"
    CASE_SEE = "participant:case:read"
    ITEM_WRITE = "participant:item:write"
    ITEM_SUBMIT = "participant:item:submit"
    DELIVERY_READ = "participant:delivery:read"
    DELIVERY_CHOOSE = "participant:delivery:choose"

    STAFF_SELF_MANAGE = "staff:self:manage"
    CASE_OPEN = "case:case:open"
    CASE_READ = "case:case:read"
    CASE_PEOPLE = "case:people:change"
    GATE_RECORD = "case:gate:record"
    REVIEW_READ = "review:item:read"
    REVIEW_DECIDE = "review:item:decide"
    CONCERN_HANDLE = "safeguarding:concern:handle"
    """Raising concerns on one's own cases, reading them, writing about them and closing them."""
    RELEASE_MAKE = "exchange:release:make"
    PAPER_PRINT = "exchange:paper:print"
    """Taking a letter or an invitation out on paper, and the forms that go with them."""
    CHOICE_WRITE_DOWN = "exchange:choice:write_down"
    """What a recipient told of their choice. Opening is theirs alone."""
    AUDIT_READ = "audit:entry:read"
    ACCOUNT_MANAGE = "identity:account:manage"
    """Staff accounts. An administrator has this and no other: never content."""


PARTICIPANT = frozenset(
    {
        Permission.SELF_MANAGE,
        Permission.CASE_SEE,
        Permission.ITEM_WRITE,
        Permission.ITEM_SUBMIT,
        Permission.DELIVERY_READ,
        Permission.DELIVERY_CHOOSE,
    }
)

FACILITATOR = frozenset(
    {
        Permission.STAFF_SELF_MANAGE,
        Permission.CASE_OPEN,
        Permission.CASE_READ,
        Permission.CASE_PEOPLE,
        Permission.GATE_RECORD,
        Permission.REVIEW_READ,
        Permission.REVIEW_DECIDE,
        Permission.CONCERN_HANDLE,
        Permission.RELEASE_MAKE,
        Permission.PAPER_PRINT,
        Permission.CHOICE_WRITE_DOWN,
        Permission.AUDIT_READ,
    }
)

STAFF_ROLES: dict[str, frozenset[Permission]] = {
    "facilitator": FACILITATOR,
    # second approval happens on cases that they have a seat on, like a facilitator's
    "supervisor": FACILITATOR,
    "administrator": frozenset({Permission.STAFF_SELF_MANAGE, Permission.ACCOUNT_MANAGE}),
    "funder": frozenset({Permission.STAFF_SELF_MANAGE}),
}


def permissions_of(side: str, roles: frozenset[str]) -> frozenset[Permission]:
    """Return what someone of `side` ("participant" or "staff") with these staff roles may ask for."""
    if side == "participant":
        return PARTICIPANT
    return frozenset().union(*(STAFF_ROLES.get(role, frozenset()) for role in roles))
