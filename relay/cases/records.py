"""Recording the gates. Each record is a new row that counts from now on; none is ever edited.

A gate's change and an item's submission or release wait for each other (`lock_case`), so that a consent
taken back a moment before a release stops it.

An entry names its record and all that counts of it: a row that was edited is one that its entry contradicts
(`relay.contradicted_gates` in SQL).
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from relay.audit.tags import Tag
from relay.cases import choices
from relay.cases.gates import in_words
from relay.cases.keys import put_case_text
from relay.cases.model import MEDIA, UNTIL_FURTHER_ORDER, Consent, Grade, Manner, Medium, Part
from relay.cases.service import gate_facts
from relay.db.transaction import Acting
from relay.errors import Invalid, Missing
from relay.house import House
from relay.identity.model import Person
from relay.times import day

CONSENT_WORDING = "2026-11-22"
"""Version of the words on the consent page (relay/web): changed whenever they change."""

MOST_TEXT = 20_000
LONGEST_CONSENT = timedelta(days=400)
FIRST_YEAR, LAST_YEAR = 1900, 2999


async def _own(act: Acting, case_id: UUID) -> None:
    await act.lock_case(case_id)
    if not await act.value("SELECT true FROM relay.cases WHERE id = %s", [case_id]):
        raise Missing


async def _seated(act: Acting, case_id: UUID, account_id: UUID, *parts: Part) -> None:
    await act.lock_case(case_id)
    seat = (await gate_facts(act, case_id)).seat_of(account_id)
    if seat is None or seat.part not in parts:
        raise Missing


def checked_text(field: str, text: str) -> str:
    """Return the text without white space around it. Raises `Invalid`, by the field's name."""
    text = text.strip()
    if not 1 <= len(text) <= MOST_TEXT:
        wanted = (
            f"Write down why, in 1 to {MOST_TEXT:,} characters. It is sealed to this case's facilitators."
        )
        raise Invalid(**{field: wanted})
    return text


def _checked_year(field: str, moment: datetime) -> datetime:
    # at the edge of the calendar there is no such moment in every zone, and nobody means one there
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise Invalid(**{field: f"Give a date with a year from {FIRST_YEAR} to {LAST_YEAR}."})
    return moment


def _checked_future(field: str, moment: datetime, now: datetime) -> datetime:
    _checked_year(field, moment)
    if moment.tzinfo is None or moment <= now:
        raise Invalid(**{field: "Give a date and time that lies in the future."})
    return moment


def _noted(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


async def record_request(
    house: House, person: Person, case_id: UUID, victim_id: UUID, *, asked: bool
) -> None:
    """Record that a victim asked for the exchange, or took that back."""
    record = uuid4()
    async with house.database.acting(
        person.id, Tag.REQUEST_RECORDED, chain=case_id, subject=victim_id
    ) as act:
        await _seated(act, case_id, victim_id, "victim")
        await act.run(
            "INSERT INTO relay.victim_requests (id, case_id, account_id, asked, recorded_by, recorded_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [record, case_id, victim_id, asked, person.id, house.clock()],
        )
        act.note(record=record, asked=asked)


async def record_responsibility(
    house: House, person: Person, case_id: UUID, offender_id: UUID, grade: Grade, reasoning: str
) -> None:
    """Record how far an offender accepts responsibility, and the facilitator's reasoning."""
    reasoning = checked_text("reasoning", reasoning)
    record = uuid4()
    async with house.database.acting(
        person.id, Tag.RESPONSIBILITY_RECORDED, chain=case_id, subject=offender_id
    ) as act:
        await _seated(act, case_id, offender_id, "offender")
        await act.run(
            "INSERT INTO relay.responsibilities (id, case_id, account_id, grade, recorded_by, recorded_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [record, case_id, offender_id, grade, person.id, house.clock()],
        )
        await put_case_text(act, house, case_id, "responsibility", record, reasoning)
        act.note(record=record, grade=grade)


async def record_consent(
    house: House,
    person: Person,
    case_id: UUID,
    account_id: UUID,
    medium: Medium,
    *,
    given: bool,
    manner: Manner = "in_app",
    ask_again_at: datetime | None = None,
) -> None:
    """Record that somebody agrees to one medium, or takes that back: see `record_consents`."""
    await record_consents(
        house, person, case_id, account_id, (medium,), given=given, manner=manner, ask_again_at=ask_again_at
    )


async def record_consents(
    house: House,
    person: Person,
    case_id: UUID,
    account_id: UUID,
    media: tuple[Medium, ...],
    *,
    given: bool,
    manner: Manner = "in_app",
    ask_again_at: datetime | None = None,
) -> None:
    """Record that somebody agrees to media, or takes that back: each with its record and its entry, or none.

    By themselves, or by a facilitator who was told. `ask_again_at` is in 180 days unless it is named.
    """
    now = house.clock()
    ask_again_at = _checked_future("ask_again_at", ask_again_at or now + timedelta(days=180), now)
    if ask_again_at > now + LONGEST_CONSENT:
        raise Invalid(
            ask_again_at="Agreement is asked again after 400 days at the latest. Give an earlier date."
        )
    if not media or not set(media) <= set(MEDIA):
        raise Invalid(medium=f"Tick what it is about: {in_words(MEDIA, 'or')}.")
    async with house.database.acting(
        person.id, Tag.CONSENT_RECORDED, chain=case_id, subject=account_id
    ) as act:
        await _seated(act, case_id, account_id, "victim", "offender")
        for number, medium in enumerate(media):
            if number:
                await act.also(Tag.CONSENT_RECORDED, account_id)
            if person.id == account_id and not choices.is_new(
                house, await choices.consents(act, case_id, account_id, medium), to=given
            ):
                act.note(medium=medium, given=given)
            else:
                consent = Consent(
                    account_id=account_id, medium=medium, given=given, ask_again_at=ask_again_at
                )
                await _put_consent(act, person, case_id, consent, manner, now)


async def _put_consent(
    act: Acting, person: Person, case_id: UUID, consent: Consent, manner: Manner, now: datetime
) -> None:
    record = uuid4()
    await act.run(
        """
        INSERT INTO relay.consents (id, case_id, account_id, medium, given, wording, manner, given_at,
                                    ask_again_at, recorded_by, recorded_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            record,
            case_id,
            consent.account_id,
            consent.medium,
            consent.given,
            CONSENT_WORDING,
            manner,
            now,
            consent.ask_again_at,
            person.id,
            now,
        ],
    )
    until = _noted(consent.ask_again_at)
    act.note(record=record, medium=consent.medium, given=consent.given, until=until)


async def record_assessment(
    house: House, person: Person, case_id: UUID, *, safe: bool, valid_until: datetime, reasoning: str
) -> None:
    """Record whether the exchange is safe for both, until when, and why.

    It is looked at again after `assessment_days` of the settings at the latest.
    """
    now, longest = house.clock(), timedelta(days=house.settings.assessment_days)
    reasoning, valid_until = (
        checked_text("reasoning", reasoning),
        _checked_future("valid_until", valid_until, now),
    )
    # whatever is left of the last day counts too: a day is typed, and ends at midnight
    if valid_until > now + longest + timedelta(days=1):
        raise Invalid(
            valid_until=f"Both sides are looked at again after {longest.days} days at the latest. Give an"
            f" end until {day(now + longest, house.settings.zone)}."
        )
    record = uuid4()
    async with house.database.acting(
        person.id, Tag.ASSESSMENT_RECORDED, chain=case_id, subject=record
    ) as act:
        await _own(act, case_id)
        await act.run(
            "INSERT INTO relay.assessments (id, case_id, safe, valid_until, recorded_by, recorded_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [record, case_id, safe, valid_until, person.id, now],
        )
        await put_case_text(act, house, case_id, "assessment", record, reasoning)
        act.note(record=record, safe=safe, until=_noted(valid_until))


async def record_restriction(
    house: House,
    person: Person,
    case_id: UUID,
    account_id: UUID,
    *,
    until: datetime | None,
    description: str,
    exception_evidence: str | None = None,
    lifted: bool = False,
    restriction_id: UUID | None = None,
) -> UUID:
    """Record a court order or licence condition; with `restriction_id`, what became of one already recorded.

    It blocks until its end date (`until` empty: until further order), unless it is lifted, or
    `exception_evidence` says why indirect contact is permitted. Return the restriction's id. Raise `Invalid`
    for an end that is past, of one that is not lifted.
    """
    until = until or UNTIL_FURTHER_ORDER
    texts = {"restriction": checked_text("description", description)}
    if exception_evidence is not None:
        texts["exception"] = checked_text("exception_evidence", exception_evidence)
    if until.tzinfo is None:
        raise Invalid(until="Give the date and time with its zone.")
    _checked_year("until", until)
    if not lifted and until <= house.clock():
        raise Invalid(
            until="This day is past, so the order would stop nothing. Give the day on which it ends, or say"
            " that it holds until further order."
        )
    record, restriction = uuid4(), restriction_id or uuid4()
    excepted = "exception" in texts
    async with house.database.acting(
        person.id, Tag.RESTRICTION_RECORDED, chain=case_id, subject=account_id
    ) as act:
        await _seated(act, case_id, account_id, "victim", "offender")
        if restriction_id is not None:
            await _recorded_before(act, case_id, account_id, restriction_id)
        await act.run(
            """
            INSERT INTO relay.restrictions (id, restriction_id, case_id, account_id, until, lifted, excepted,
                                            recorded_by, recorded_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [record, restriction, case_id, account_id, until, lifted, excepted, person.id, house.clock()],
        )
        for what, text in texts.items():
            await put_case_text(act, house, case_id, what, record, text)
        act.note(
            record=record, restriction=restriction, until=_noted(until), lifted=lifted, excepted=excepted
        )
    return restriction


async def _recorded_before(act: Acting, case_id: UUID, account_id: UUID, restriction_id: UUID) -> None:
    if not await act.value(
        "SELECT true FROM relay.restrictions"
        " WHERE restriction_id = %s AND case_id = %s AND account_id = %s LIMIT 1",
        [restriction_id, case_id, account_id],
    ):
        raise Missing


async def record_pause(
    house: House, person: Person, case_id: UUID, account_id: UUID | None, *, paused: bool
) -> None:
    """Pause or go on: one person, or (`account_id` empty) the whole case. Silent to the other side."""
    record = uuid4()
    async with house.database.acting(
        person.id, Tag.PAUSE_RECORDED, chain=case_id, subject=account_id or case_id
    ) as act:
        if account_id is None:
            await _own(act, case_id)
        else:
            await _seated(act, case_id, account_id, "victim", "offender")
        if person.id == account_id and not choices.is_new(
            house, await choices.pauses(act, case_id, account_id), to=not paused
        ):
            act.note(paused=paused)
            return
        await act.run(
            "INSERT INTO relay.pauses (id, case_id, account_id, paused, recorded_by, recorded_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [record, case_id, account_id, paused, person.id, house.clock()],
        )
        act.note(record=record, paused=paused)
