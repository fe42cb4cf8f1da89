"""Acts one and two: the staff, the roster; the case, its people, its gates."""

from relay.tour.client import Api, Unexpected
from relay.tour.people import Invited, Participant, Staff
from relay.tour.stage import (
    ADMINISTRATOR,
    COLLEAGUE,
    FACILITATOR,
    INTRUDER,
    OFFENDER,
    OPERATOR,
    VICTIM,
    Stage,
)

_EASY = "password password password"
MEDIA = ("letter", "audio", "video", "document")


def staff(stage: Stage, first: Invited) -> None:
    """Everybody at the desk enrols; the root signs who they are. `first` is the facilitator's invitation."""
    journal, facilitator = stage.journal, stage.facilitator
    journal.act("The staff enrol, and the roster says who they are")
    _attempts_at(stage, facilitator, first)
    with journal.step(FACILITATOR, "enrols with the invitation, its spoken code and six words"):
        facilitator.enrol(first)
    journal.refused(
        INTRUDER,
        "uses the same invitation again",
        lambda: facilitator.api.call("POST", f"/enrolments/{first.id}", facilitator.enrolment(first)),
        410,
        "gone",
    )
    journal.refused(
        FACILITATOR,
        "opens a case before the roster carries their keys",
        lambda: facilitator.api.call("POST", "/cases", {"reference": stage.cast.reference}),
        503,
        "unavailable",
    )
    for person, role in ((stage.colleague, "facilitator"), (stage.administrator, "administrator")):
        with journal.step(OPERATOR, f"relay staff invite: {'an' if role[0] == 'a' else 'another'} {role}"):
            invited = stage.operator.invite(role, person.name)
        with journal.step(person.role, "enrols"):
            person.enrol(invited)
    with journal.step(OPERATOR, "relay staff sign: the root signs the roster"):
        stage.operator.sign()
    _session_attempts(stage)


def _attempts_at(stage: Stage, person: Staff, invited: Invited) -> None:
    api, path = person.api, f"/enrolments/{invited.id}"
    offered = api.get("/enrolments/passphrase")["passphrase"]
    wrong = "0000 0000" if invited.code != "0000 0000" else "1111 1111"
    stage.journal.refused(
        INTRUDER,
        "has the letters of an invitation and guesses its code",
        lambda: api.call("POST", path, person.enrolment(invited, code=wrong, passphrase=offered)),
        400,
        "invalid",
    )
    stage.journal.refused(
        person.role,
        "takes a passphrase that is easy to guess",
        lambda: api.call("POST", path, person.enrolment(invited, passphrase=_EASY)),
        400,
        "invalid",
    )


def _session_attempts(stage: Stage) -> None:
    journal, facilitator = stage.journal, stage.facilitator
    thief = Api(stage.settings.desk_origin)
    journal.refused(
        INTRUDER,
        "signs in with a wrong passphrase",
        lambda: thief.attempt_sign_in(facilitator.sign_in_name, "correct horse battery staple"),
        401,
        "sign-in-needed",
    )
    thief.borrow(facilitator.api.cookies)
    journal.refused(
        INTRUDER,
        "sends a facilitator's cookie from a page that is not ours",
        lambda: thief.call("POST", "/cases", {"reference": "stolen"}),
        403,
        "forbidden",
    )
    thief.close()


def case(stage: Stage) -> None:
    """A case is opened, two people are invited to it, and its gates are recorded one by one."""
    journal, facilitator = stage.journal, stage.facilitator
    journal.act("A case, two people, and the gates between them")
    with journal.step(FACILITATOR, "opens a case"):
        stage.case_id = facilitator.api.post("/cases", {"reference": stage.cast.reference})["case"]["id"]
    with journal.step(COLLEAGUE, "opens another case"):
        stage.colleague.api.post("/cases", {"reference": "2026/0418"})
    _people(stage)
    _wishes(stage)
    journal.refused(
        VICTIM,
        "begins before reading what a facilitator has to pass on",
        lambda: stage.victim.try_start("letter"),
        409,
        "conflict",
    )
    with journal.step(VICTIM, "reads that, and says so"):
        stage.victim.read_limits()
    draft = stage.victim.start("letter")
    stage.victim.write(draft, "Not yet.")
    journal.refused(
        VICTIM,
        "sends a letter while gates are closed",
        lambda: stage.victim.try_submit(draft),
        409,
        "blocked",
    )
    _gates(stage)
    journal.refused(
        VICTIM,
        "sends it before the facilitator has confirmed the keys",
        lambda: stage.victim.try_submit(draft),
        409,
        "conflict",
    )
    stage.victim.api.post(f"/items/{draft}/withdraw")
    for person in (stage.victim, stage.offender):
        with journal.step(FACILITATOR, f"confirms that the {person.role}'s keys are theirs"):
            facilitator.api.post(f"/cases/{stage.case_id}/people/{person.account_id}/vouch")
    journal.holds(OFFENDER, "sees the case now", held=_cases_of(stage) == 1)
    _strangers(stage)


def _cases_of(stage: Stage) -> int:
    return len(stage.offender.api.get("/cases"))


def _people(stage: Stage) -> None:
    labels = ((stage.victim, stage.cast.victim_label), (stage.offender, stage.cast.offender_label))
    for person, label in labels:
        person.case_id = stage.case_id
        with stage.journal.step(FACILITATOR, f"invites the {person.role}"):
            invited = stage.facilitator.invite(stage.case_id, person.name, person.role, label)
        with stage.journal.step(person.role, "enrols with the invitation, its spoken code and six words"):
            person.enrol(invited)


def _wishes(stage: Stage) -> None:
    """The victim asks, the offender agrees; neither is shown to the other before both wishes are there."""
    journal, facilitator = stage.journal, stage.facilitator
    journal.holds(OFFENDER, "sees no case before the victim has asked", held=_cases_of(stage) == 0)
    with journal.step(FACILITATOR, "records that the victim asked for it"):
        asked = {"account_id": stage.victim.account_id, "asked": True}
        facilitator.api.post(f"/cases/{stage.case_id}/gates/requests", asked)
    alone = not stage.victim.case()["counterparts"] and not stage.offender.case()["counterparts"]
    journal.holds(VICTIM, "sees nobody before the offender has agreed, nor does he see her", held=alone)
    _consents(stage, stage.offender)
    journal.holds(VICTIM, "sees whom she can write to now", held=bool(stage.victim.case()["counterparts"]))


def _consents(stage: Stage, person: Participant) -> None:
    with stage.journal.step(FACILITATOR, f"records the {person.role}'s agreement to each medium"):
        for medium in MEDIA:
            stage.facilitator.consent(stage.case_id, person, medium)


def _gates(stage: Stage) -> None:
    """What is left of them: one by one, until all are open."""
    facilitator, gates = stage.facilitator, f"/cases/{stage.case_id}/gates"
    with stage.journal.step(FACILITATOR, "records the offender's responsibility, and why"):
        record = {"account_id": stage.offender.account_id, "grade": "full", "reasoning": stage.cast.reasoning}
        facilitator.api.post(f"{gates}/responsibilities", record)
    _consents(stage, stage.victim)
    with stage.journal.step(FACILITATOR, "records a safety assessment, with its end"):
        facilitator.assess(stage.case_id, stage.cast.assessment)
    ways = facilitator.api.get(gates)["ways"]
    if any(way["blocks"] for way in ways):
        raise Unexpected("A gate is closed that was opened.")


def _strangers(stage: Stage) -> None:
    """Who has no business in the case finds nothing of it."""
    journal, path = stage.journal, f"/cases/{stage.case_id}"
    journal.refused(
        COLLEAGUE,
        "looks into a case of somebody else's",
        lambda: stage.colleague.api.call("GET", path),
        404,
        "missing",
    )
    journal.refused(
        ADMINISTRATOR,
        "looks into a case",
        lambda: stage.administrator.api.call("GET", path),
        403,
        "forbidden",
    )
    lost = Api(stage.settings.desk_origin)
    journal.refused(
        VICTIM,
        "signs in at the staff's desk",
        lambda: lost.attempt_sign_in(stage.victim.sign_in_name, stage.victim.passphrase),
        401,
        "sign-in-needed",
    )
    lost.close()
