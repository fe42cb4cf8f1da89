"""What stands in the way in a case: each thing once, by whom it concerns; and what may pass which way."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from relay.cases.gates import blocks, crossings, for_staff, in_words, told_once
from relay.cases.model import MEDIA, GateFacts, PersonOnCase


class Lacking(msgspec.Struct, frozen=True, kw_only=True):
    """What concerns one person, or (`person` empty) the whole case.

    `places`: where on the page it is put right, as (anchor, heading).
    """

    person: PersonOnCase | None
    sentences: tuple[str, ...]
    places: tuple[tuple[str, str], ...]


_PLACES: Final = {
    "case-closed": ("whole-case", "The whole case"),
    "case-paused": ("whole-case", "The whole case"),
    "concern-case": ("concerns", "Concerns"),
}
_ASSESSMENT: Final = ("assessment", "Record a safety assessment")


def lacking(facts: GateFacts, people: Sequence[PersonOnCase], now: datetime) -> list[Lacking]:
    """Group what stands in the way: the whole case first, then person by person."""
    found = told_once(facts, now)
    grouped = [
        (one, [block for block in found if block.account_id == _account(one)]) for one in (None, *people)
    ]
    return [
        Lacking(
            person=one,
            sentences=for_staff(tuple(theirs)),
            places=((f"record-{one.seat_id}", f"Record for {one.name}"),)
            if one
            else tuple(dict.fromkeys(_PLACES.get(block.code, _ASSESSMENT) for block in theirs)),
        )
        for one, theirs in grouped
        if theirs
    ]


def _account(one: PersonOnCase | None) -> UUID | None:
    return one.account_id if one else None


class Alike(msgspec.Struct, frozen=True, kw_only=True):
    """Ways, each as (author, recipient), on which the same may pass."""

    ways: list[tuple[UUID, UUID]]
    passes: str
    stopped: str


def passing(facts: GateFacts, now: datetime) -> list[Alike]:
    """Say what may pass, after a review, and what not: ways on which it is the same stand together."""
    alike: dict[tuple[bool, ...], list[tuple[UUID, UUID]]] = {}
    for way in crossings(facts):
        alike.setdefault(tuple(not blocks(facts, *way, medium, now) for medium in MEDIA), []).append(way)
    return [
        Alike(
            ways=ways,
            passes=in_words(tuple(medium for medium, passes in zip(MEDIA, may, strict=True) if passes)),
            stopped=in_words(tuple(medium for medium, passes in zip(MEDIA, may, strict=True) if not passes)),
        )
        for may, ways in alike.items()
    ]


def passes_as_asked(facts: GateFacts, now: datetime) -> bool:
    """Tell whether something may pass on every way that a victim has asked for, and on one at least."""
    asking = {one.account_id for one in facts.requests if one.asked}
    found = [one.passes for one in passing(facts, now) for way in one.ways if asking & {*way}]
    return bool(found) and all(found)
