"""Who takes part, and what each of them can do at their own browser."""

import hashlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec

from relay.tour.client import Api, Unexpected
from relay.tour.journal import Journal, NotAsExpected

_PATIENCE = 3600
"""Seconds that a worker may take for one file."""
_HOP = 2**20


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """The names and words of the play. All of it must be nowhere in the store afterwards."""

    service: str = "Bridgewater Restorative Service"
    facilitator: str = "Fatima Rahman"
    colleague: str = "Colin Hughes"
    administrator: str = "Ada Green"
    victim: str = "Wiktoria Nowak"
    offender: str = "Oskar Malik"
    victim_label: str = "The woman from Elm Street"
    offender_label: str = "The man who came in that night"
    reference: str = "2026/0417 Elm Street"
    telephone: str = "Please call me: +44 20 7946 0123"
    guidance: str = (
        "Thank you for this letter. Please leave out the telephone number, so that all goes through us."
    )
    sister: str = "My sister Ewelina Zborowska waits for him at number 17."
    """A line of the second letter that is hidden before it is passed on."""
    hidden_note: str = "A name and a number are hidden, so that your sister stays out of this."
    reasoning: str = (
        "He says in his own words what he did, without excuses, and has asked what it did to her."
    )
    assessment: str = (
        "Both were seen twice. Her sister stays with her on the day. No contact outside of this."
    )
    note: str = "It touches that night. You need not open it now, or alone. Call me: 01632 960001."
    """What the facilitator writes to who receives something, to be read before it is opened."""


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody was handed and told."""

    id: UUID
    account_id: UUID
    secret: str
    code: str


class Person:
    """Somebody at a browser. `role` is how the journal calls them; `name` is what staff know them by."""

    def __init__(self, role: str, name: str, origin: str) -> None:
        self.role = role
        self.name = name
        self.api = Api(origin)
        self.sign_in_name = f"{role.split(maxsplit=1)[0]}.{uuid4().hex[:6]}"
        self.passphrase = ""
        self.account_id = ""
        self.invited: Invited | None = None

    def enrol(self, invited: Invited) -> None:
        """Take the six words that are offered, use the invitation, and sign in."""
        self.invited = invited
        self.passphrase = self.api.get("/enrolments/passphrase")["passphrase"]
        self.sign_in_name = self.api.post(f"/enrolments/{invited.id}", self.enrolment(invited))[
            "sign_in_name"
        ]
        self.account_id = self.api.sign_in(self.sign_in_name, self.passphrase)["account_id"]

    def enrolment(self, invited: Invited, **changed: str) -> dict[str, str]:
        """Return what an enrolment sends; keyword arguments change it."""
        return {
            "secret": invited.secret,
            "code": invited.code,
            "sign_in_name": self.sign_in_name,
            "passphrase": self.passphrase or "no passphrase was offered yet",
        } | changed


class Participant(Person):
    """A victim or an offender."""

    case_id: str

    def case(self) -> Any:
        """Return their case, as they see it."""
        return self.api.get(f"/cases/{self.case_id}")

    def read_limits(self) -> None:
        """Say that they have read what their facilitator has to pass on."""
        shown = self.case()["limits"]
        self.api.post(f"/cases/{self.case_id}/limits", {"version": shown["version"]})

    def start(self, kind: str) -> str:
        """Start an item to the other person; return its id."""
        return str(self.api.post(f"/cases/{self.case_id}/items", self._new(kind))["id"])

    def try_start(self, kind: str) -> httpx.Response:
        """Try to."""
        return self.api.call("POST", f"/cases/{self.case_id}/items", self._new(kind))

    def _new(self, kind: str) -> dict[str, object]:
        return {"kind": kind, "recipients": [one["seat_id"] for one in self.case()["counterparts"]]}

    def write(self, item_id: str, text: str) -> None:
        """Keep what has been written so far."""
        self.api.put(f"/items/{item_id}/draft", {"text": text})

    def submit(self, item_id: str) -> None:
        """Send it to the facilitators."""
        self.api.post(f"/items/{item_id}/submit")

    def try_submit(self, item_id: str) -> httpx.Response:
        """Try to."""
        return self.api.call("POST", f"/items/{item_id}/submit")

    def wait(self, item_id: str, journal: Journal, label: str) -> Any:
        """Wait until a worker has made the item safe, or said why not; return the item."""
        until = time.monotonic() + _PATIENCE
        with journal.bar(label, 100) as advance:
            shown = 0
            while time.monotonic() < until:
                item = self.api.get(f"/items/{item_id}")
                advance(item["percent"] - shown)
                shown = item["percent"]
                if item["state"] != "submitted":
                    return item
                time.sleep(0.15)
        raise NotAsExpected("A worker did not finish within an hour.")

    def deliveries(self) -> list[dict[str, Any]]:
        """Return what waits for them, the newest first."""
        found: list[dict[str, Any]] = self.api.get("/deliveries")
        return found

    def choose(self, delivery_id: str, choice: str) -> None:
        """Say what is to be done with it."""
        self.api.post(f"/deliveries/{delivery_id}/choice", {"choice": choice})

    def note_with(self, delivery_id: str) -> str | None:
        """Return what a facilitator wrote to them about something that waits."""
        found: str | None = self.api.get(f"/deliveries/{delivery_id}")["note"]
        return found

    def send_form(self, item_id: str, file: Path) -> None:
        """Upload by a plain form."""
        with file.open("rb") as opened:
            answer = self.api.call(
                "POST",
                f"/items/{item_id}/file",
                files={"file": (file.name, opened, "application/octet-stream")},
            )
        if answer.status_code != 201:
            raise Unexpected(f"The form's file was not taken: {answer.status_code} {answer.text[:200]}")


class Staff(Person):
    """Somebody who works at the desk."""

    def invite(self, case_id: str, name: str, part: str, label: str) -> Invited:
        """Put a participant on a case."""
        found = self.api.post(f"/cases/{case_id}/people", {"name": name, "part": part, "label": label})
        return msgspec.convert(found, Invited)

    def assess(self, case_id: str, reasoning: str, until: datetime | None = None) -> None:
        """Record that it is safe for both, for ninety days or until another moment."""
        until = until or datetime.now(UTC) + timedelta(days=90)
        record = {"safe": True, "valid_until": until.isoformat(), "reasoning": reasoning}
        self.api.post(f"/cases/{case_id}/gates/assessments", record)

    def consent(
        self, case_id: str, person: Person, medium: str, *, given: bool = True, until: datetime | None = None
    ) -> None:
        """Record what somebody told them."""
        record = {"account_id": person.account_id, "medium": medium, "given": given, "manner": "in_person"}
        more = {"ask_again_at": until.isoformat()} if until else {}
        self.api.post(f"/cases/{case_id}/gates/consents", record | more)

    def on_desk(self, item_id: str) -> Any:
        """Return everything about an item but its content."""
        return self.api.get(f"/items/{item_id}")

    def claim(self, item_id: str) -> None:
        """Take it from the queue."""
        self.api.post(f"/items/{item_id}/claim")

    def read(self, item_id: str, journal: Journal, *, all_but: int = 0) -> tuple[str, int]:
        """Read or play it by pieces, to its end or `all_but` bytes before. Return SHA-256 and size."""
        clean = self.on_desk(item_id)["clean"]
        path = f"/items/{item_id}/rendition"
        if clean["media_type"].startswith("text/"):
            body = self.api.get(path)
            return hashlib.sha256(body).hexdigest(), len(body)
        digest, size = hashlib.sha256(), clean["size"] - all_but
        with journal.bar("playing", size) as advance:
            for start in range(0, size, _HOP):
                wanted = {"range": f"bytes={start}-{min(start + _HOP, size) - 1}"}
                with self.api.stream(path, wanted) as answer:
                    piece = answer.read()
                digest.update(piece)
                advance(len(piece))
        return digest.hexdigest(), size

    def wait_until_seen(self, item_id: str) -> Any:
        """Return the item once all of it counts as seen: that is written down after the last byte left."""
        for _ in range(100):
            desk = self.on_desk(item_id)
            if desk["seen_all"]:
                return desk
            time.sleep(0.05)
        raise NotAsExpected("All of it was served, and it does not count as seen.")

    def try_decide(self, item_id: str, decision: str, clean: Any = None, **more: object) -> httpx.Response:
        """Decide on what was looked at (or on `clean`, looked at earlier); return whatever is answered."""
        clean = clean or self.on_desk(item_id)["clean"]
        body = {"decision": decision, "rendition_id": clean["id"], "sha256": clean["sha256"]} | more
        return self.api.call("POST", f"/items/{item_id}/decisions", body)

    def decide(self, item_id: str, decision: str, **more: object) -> None:
        """Decide."""
        answer = self.try_decide(item_id, decision, **more)
        if not answer.is_success:
            raise Unexpected(f"The decision was not taken: {answer.status_code} {answer.text[:300]}")

    def try_release(self, item_id: str, note: str = "") -> httpx.Response:
        """Try to give it to its recipient, perhaps with a note to them."""
        seat = self.on_desk(item_id)["recipients"][0]["seat_id"]
        return self.api.call("POST", f"/items/{item_id}/release", {"seat_id": seat, "note": note})

    def release(self, item_id: str, note: str = "") -> str:
        """Give it to its recipient, perhaps with a note to them; return the release's id."""
        answer = self.try_release(item_id, note)
        if not answer.is_success:
            raise Unexpected(f"It was not released: {answer.status_code} {answer.text[:300]}")
        return str(answer.json()["release_id"])
