"""Cases that nobody can open any more: which they are, and whom one may be given to. Pure.

What is asked is in `Order`, what comes of it in `Plan`; `recovery` reads what this goes by, and does it.
"""

import shlex
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from relay.errors import Conflict
from relay.identity.namesakes import alike
from relay.identity.roster import Member
from relay.identity.trust import works_on_cases
from relay.vault.statements import Roster


class Reason(StrEnum):
    """Why a case needs it. A code, because the chain holds no words of anybody's."""

    FORGOTTEN = "passphrase_forgotten"
    LEFT = "left_the_service"
    OUT_OF_REACH = "out_of_reach"
    """Ill, dead, or not to be found."""
    DAMAGED = "keys_damaged"


class Staff(NamedTuple):
    """Everyone on the staff, as the database says, and whom of them the root has signed."""

    members: dict[UUID, Member]
    signed: Roster

    def carries(self, member: Member) -> bool:
        """Tell whether the roster has somebody with the keys and roles that they have now."""
        entry = member.entry()
        return entry is not None and self.signed.entry(member.account_id) == entry

    def named(self, said: str) -> Member:
        """Return who has this identifier, or this name. Raise `Conflict` unless that is one person."""
        found = [one for one in self.members.values() if said.strip() == str(one.account_id)]
        found = found or [one for one in self.members.values() if alike(one.name) == alike(said)]
        if not found:
            raise Conflict(f"Nobody on the staff is called {said!r}. To see who is there: relay staff list")
        if len(found) > 1:
            listed = "".join(f"\n  {one.account_id}  {one.state}" for one in found)
            raise Conflict(f"Several of the staff are called {said!r}. Give one of these instead:{listed}")
        return found[0]


class OnCase(NamedTuple):
    """A facilitator of a case. `obstacle` says why they cannot open it; it is empty if they can.

    That is by what is recorded: whether somebody still knows their passphrase, nobody else can tell.
    """

    member: Member
    obstacle: str


class RecoveryCase(NamedTuple):
    """A case as the operator sees it."""

    id: UUID
    reference_sealed: bytes
    state: str
    facilitators: tuple[OnCase, ...]

    def able(self, but: Member | None = None) -> list[Member]:
        """Return who on it can open it, leaving out one who is said to be unable."""
        return [one.member for one in self.facilitators if not one.obstacle and one.member != but]

    def has(self, member: Member) -> bool:
        """Tell whether somebody has a seat on it."""
        return any(one.member == member for one in self.facilitators)


class Order(NamedTuple):
    """What the operator asks for: named cases, or all of `former` that nobody else can open."""

    to: str
    reason: Reason
    former: str = ""
    cases: tuple[UUID, ...] = ()


class Plan(NamedTuple):
    """What is done if it is confirmed. `passed_over` are cases of `former` that a colleague can open."""

    to: Member
    former: Member | None
    cases: tuple[RecoveryCase, ...]
    passed_over: tuple[RecoveryCase, ...]


def obstacle(staff: Staff, member: Member, under: list[int]) -> str:
    """Return why somebody cannot open a case of which they hold all keys under these versions of theirs."""
    if member.state == "suspended":
        return "suspended"
    if not staff.carries(member) or not works_on_cases(staff.signed, member.account_id):
        return "not on the signed list of staff"
    if member.key is None or member.key.version not in under:
        return "was not given all of the case's keys"
    return ""


def make_plan(staff: Staff, cases: Sequence[RecoveryCase], order: Order) -> Plan:
    """Return what an order comes to. Raise `Conflict` with what stands in the way and what to do."""
    to = staff.named(order.to)
    former = staff.named(order.former) if order.former else None
    _check_recipient(staff, to)
    if to == former:
        raise Conflict(f"{to.name} is named twice. Give the case to somebody else than who cannot open it.")
    chosen = _named_cases(cases, order.cases, former) if order.cases else _cases_of(cases, former)
    lost = tuple(one for one in chosen if not one.able(former))
    passed_over = tuple(one for one in chosen if one not in lost)
    if passed_over and (order.cases or not lost):
        raise Conflict(_not_lost(passed_over[0], to, former))
    return Plan(to, former, lost, passed_over)


def _check_recipient(staff: Staff, to: Member) -> None:
    if to.state == "suspended":
        raise Conflict(
            f"{to.name} is suspended. Choose a colleague, or have an administrator end that and sign the"
            " roster: relay staff sign"
        )
    if to.key is None:
        raise Conflict(
            f"{to.name} has not enrolled yet. They do that with their invitation; then sign the roster:"
            " relay staff sign"
        )
    if not staff.carries(to):
        raise Conflict(
            f"The keys of {to.name} are not on the signed list of staff as they are now. Compare them with"
            " their owner and sign the roster first: relay staff sign"
        )
    if not works_on_cases(staff.signed, to.account_id):
        raise Conflict(
            f"{to.name} does not work on cases: only facilitators and supervisors do. Choose one of them."
        )


def _named_cases(
    cases: Sequence[RecoveryCase], wanted: Sequence[UUID], former: Member | None
) -> list[RecoveryCase]:
    by_id = {one.id: one for one in cases}
    for case_id in wanted:
        if case_id not in by_id:
            raise Conflict(f"There is no case {case_id} here. To see them: relay recover list --all")
        if former is not None and not by_id[case_id].has(former):
            raise Conflict(f"{former.name} is not on case {case_id}. Leave out who is not on it.")
    return [one for one in cases if one.id in wanted]


def _cases_of(cases: Sequence[RecoveryCase], former: Member | None) -> list[RecoveryCase]:
    if former is None:
        raise Conflict("Say which cases: --case with an identifier, or --from with whose they are.")
    theirs = [one for one in cases if one.has(former)]
    if not theirs:
        raise Conflict(f"{former.name} is on no case. To see who is: relay recover list --all")
    return theirs


def _not_lost(case: RecoveryCase, to: Member, former: Member | None) -> str:
    able = case.able(former)
    if to in able:
        return (
            f"{to.name} is on case {case.id} already, and was given all of its keys. If they cannot open it"
            " any more, give it to a colleague."
        )
    who = able[0].name
    said = (
        "an administrator suspends their account first"
        if former
        else f"say so with --from {shlex.quote(who)}"
    )
    return (
        f"{who} is on case {case.id}, and by what is recorded can open it: they add {to.name} themselves, on"
        f" the page of the case. If they cannot any more, {said}."
    )
