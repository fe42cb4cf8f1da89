from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from relay.cases import gates
from relay.cases.model import (
    MEDIA,
    Assessment,
    Consent,
    GateFacts,
    Pause,
    Responsibility,
    Restriction,
    Seat,
    VictimRequest,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
VERA, OSKAR, FATIMA, VIKTOR = (uuid4() for _ in range(4))


def consent(account: UUID, until: datetime = NOW + DAY, *, given: bool = True) -> Consent:
    return Consent(account_id=account, medium="letter", given=given, ask_again_at=until)


def restriction(account: UUID, **but: object) -> Restriction:
    order = Restriction(account_id=account, until=NOW + DAY, lifted=False, excepted=False)
    return msgspec.structs.replace(order, **but)


ALL_WELL = GateFacts(
    state="open",
    seats=(
        Seat(id=uuid4(), account_id=FATIMA, part="facilitator"),
        Seat(id=uuid4(), account_id=VERA, part="victim"),
        Seat(id=uuid4(), account_id=VIKTOR, part="victim"),
        Seat(id=uuid4(), account_id=OSKAR, part="offender"),
    ),
    requests=(VictimRequest(account_id=VERA, asked=True),),
    responsibilities=(Responsibility(account_id=OSKAR, grade="full"),),
    consents=(consent(VERA), consent(OSKAR)),
    assessment=Assessment(safe=True, valid_until=NOW + DAY),
    restrictions=(),
    pauses=(),
)


def codes(facts: GateFacts, author: UUID = VERA, recipient: UUID = OSKAR) -> list[str]:
    return [block.code for block in gates.blocks(facts, author, recipient, "letter", NOW)]


def test_when_every_gate_is_open_a_letter_may_pass_both_ways() -> None:
    assert codes(ALL_WELL) == codes(ALL_WELL, OSKAR, VERA) == []


CLOSED: dict[str, Callable[[GateFacts], GateFacts]] = {
    code: lambda facts, but=but: msgspec.structs.replace(facts, **but)  # type: ignore[misc]
    for code, but in {
        "case-closed": {"state": "closed"},
        "not-asked": {"requests": (VictimRequest(account_id=VERA, asked=False),)},
        "responsibility-missing": {"responsibilities": ()},
        "responsibility-denied": {"responsibilities": (Responsibility(account_id=OSKAR, grade="none"),)},
        "consent-missing": {"consents": (consent(VERA), consent(OSKAR, given=False))},
        "consent-lapsed": {"consents": (consent(VERA, NOW), consent(OSKAR))},
        "assessment-missing": {"assessment": None},
        "assessment-unsafe": {"assessment": Assessment(safe=False, valid_until=NOW + DAY)},
        "assessment-lapsed": {"assessment": Assessment(safe=True, valid_until=NOW)},
        "restricted": {"restrictions": (restriction(OSKAR),)},
        "case-paused": {"pauses": (Pause(account_id=None, paused=True),)},
        "person-paused": {"pauses": (Pause(account_id=OSKAR, paused=True),)},
        "concern-case": {"stopped": True},
    }.items()
}


@pytest.mark.parametrize("code", CLOSED)
def test_each_gate_alone_stops_a_letter_in_both_directions_and_says_what_to_do(code: str) -> None:
    facts = CLOSED[code](ALL_WELL)
    assert codes(facts) == codes(facts, OSKAR, VERA) == [code]
    (words,) = gates.for_staff(gates.blocks(facts, VERA, OSKAR, "letter", NOW))
    assert len(words) > 30
    assert words.endswith(".")


def test_if_a_participant_were_ever_told_of_a_concern_it_would_read_as_a_pause_of_the_case() -> None:
    paused, stopped = (
        gates.blocks(CLOSED[code](ALL_WELL), VERA, OSKAR, "letter", NOW)
        for code in ("case-paused", "concern-case")
    )
    for account in (VERA, OSKAR):
        assert gates.for_participant(stopped, account) == gates.for_participant(paused, account) != ()


def test_everything_that_is_closed_is_listed_at_once() -> None:
    facts = ALL_WELL
    for code in ("case-closed", "not-asked", "assessment-missing", "person-paused"):
        facts = CLOSED[code](facts)
    assert codes(facts) == ["case-closed", "not-asked", "assessment-missing", "person-paused"]


@pytest.mark.parametrize(
    ("author", "recipient"), [(VERA, VIKTOR), (VERA, FATIMA), (OSKAR, FATIMA), (VERA, VERA), (VERA, uuid4())]
)
def test_nothing_passes_but_between_a_victim_and_an_offender(author: UUID, recipient: UUID) -> None:
    assert codes(ALL_WELL, author, recipient) == ["not-opposite"]


def test_one_victims_request_and_pause_are_not_anothers() -> None:
    facts = msgspec.structs.replace(
        ALL_WELL,
        requests=(*ALL_WELL.requests, VictimRequest(account_id=VIKTOR, asked=False)),
        pauses=(Pause(account_id=VIKTOR, paused=True),),
        restrictions=(restriction(VIKTOR),),
    )
    assert codes(facts) == []
    assert codes(facts, OSKAR, VIKTOR) == ["not-asked", "consent-missing", "restricted", "person-paused"]


def test_agreement_is_to_one_medium() -> None:
    assert [b.code for b in gates.blocks(ALL_WELL, VERA, OSKAR, "audio", NOW)] == ["consent-missing"] * 2


@pytest.mark.parametrize("but", [{"lifted": True}, {"excepted": True}, {"until": NOW}])
def test_an_order_that_is_lifted_excepted_or_over_stops_nothing(but: dict[str, object]) -> None:
    assert codes(msgspec.structs.replace(ALL_WELL, restrictions=(restriction(OSKAR, **but),))) == []


def test_partial_responsibility_is_enough() -> None:
    partial = (Responsibility(account_id=OSKAR, grade="partial"),)
    assert codes(msgspec.structs.replace(ALL_WELL, responsibilities=partial)) == []


def test_agreement_and_assessment_hold_up_to_the_very_moment() -> None:
    last = NOW - timedelta(microseconds=1)
    facts = CLOSED["assessment-lapsed"](CLOSED["consent-lapsed"](ALL_WELL))
    assert gates.blocks(facts, VERA, OSKAR, "letter", last) == ()


PAIR = msgspec.structs.replace(ALL_WELL, seats=tuple(s for s in ALL_WELL.seats if s.account_id != VIKTOR))
MEDIA_WELL = msgspec.structs.replace(
    PAIR,
    consents=tuple(
        msgspec.structs.replace(consent(who), medium=medium) for who in (VERA, OSKAR) for medium in MEDIA
    ),
)


def test_of_a_case_in_which_everything_may_pass_there_is_nothing_to_tell() -> None:
    assert gates.told_once(MEDIA_WELL, NOW) == ()


@pytest.mark.parametrize("code", CLOSED)
def test_each_gate_is_told_once_for_the_whole_case_though_it_stops_eight_ways(code: str) -> None:
    but = {
        name: value
        for name in (
            "state",
            "requests",
            "responsibilities",
            "assessment",
            "restrictions",
            "pauses",
            "stopped",
        )
        if (value := getattr(CLOSED[code](ALL_WELL), name)) != getattr(ALL_WELL, name)
    }
    if code.startswith("consent"):
        late = "lapsed" in code
        but = {
            "consents": tuple(
                msgspec.structs.replace(one, given=late, ask_again_at=NOW) if one.account_id == OSKAR else one
                for one in MEDIA_WELL.consents
            )
        }
    facts = msgspec.structs.replace(MEDIA_WELL, **but)
    assert (
        len({block for way in gates.crossings(facts) for block in gates.blocks(facts, *way, "letter", NOW)})
        == 1
    )
    (told,) = gates.told_once(facts, NOW)
    assert told.code == code
    if code.startswith("consent"):
        assert "letters, audio recordings, films " in told.staff
        assert told.media == MEDIA


def test_what_several_people_lack_is_told_of_each() -> None:
    found = [(block.code, block.account_id, block.media) for block in gates.told_once(ALL_WELL, NOW)]
    others = ("audio", "video", "document")
    assert set(found) == {
        ("consent-missing", VERA, others),
        ("consent-missing", OSKAR, others),
        ("not-asked", VIKTOR, ()),
        ("consent-missing", VIKTOR, MEDIA),
    }
    assert len(found) == 4


def test_two_orders_on_one_person_are_two() -> None:
    orders = (restriction(OSKAR), restriction(OSKAR, until=NOW + 90 * DAY))
    facts = msgspec.structs.replace(MEDIA_WELL, restrictions=orders)
    assert [block.code for block in gates.told_once(facts, NOW)] == ["restricted", "restricted"]


@pytest.mark.parametrize("code", CLOSED)
def test_what_concerns_the_other_person_never_shows(code: str) -> None:
    """A participant reads their own gates in full, the case's as one sentence, and nothing of the other's."""
    found = gates.blocks(CLOSED[code](ALL_WELL), VERA, OSKAR, "letter", NOW)
    (block,) = found
    for reader in (VERA, OSKAR):
        words = gates.for_participant(found, reader)
        if block.account_id is None:
            assert words == (gates.SOMETHING_TO_PREPARE,)
        else:
            assert words == ((block.own,) if block.account_id == reader else ())
