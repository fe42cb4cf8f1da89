"""What the acts share: who is there, the case, what was received, and the ways that every item goes."""

import base64
from pathlib import Path
from typing import Any

from relay.errors import Invalid
from relay.exchange import letters
from relay.settings import Settings
from relay.tour.client import Unexpected
from relay.tour.journal import Journal
from relay.tour.material import Material, unusable
from relay.tour.operator import Operator
from relay.tour.people import Cast, Participant, Person, Staff
from relay.tour.received import NAMES, Received, fetch, fetch_range, has_sound, look

FACILITATOR, COLLEAGUE, ADMINISTRATOR = "facilitator", "colleague", "administrator"
VICTIM, OFFENDER, OPERATOR, INTRUDER = "victim", "offender", "operator", "intruder"

_WORDS = {"letter": "the letter", "audio": "the recording", "video": "the film", "document": "the page"}


def words(kind: str) -> str:
    """Return a kind as the journal calls it."""
    return _WORDS[kind]


class Stage:
    """A running stack and everybody in the play. `settings` are those of the stack, with its addresses."""

    def __init__(
        self,
        journal: Journal,
        settings: Settings,
        operator: Operator,
        cast: Cast,
        material: Material,
        out: Path,
    ) -> None:
        self.journal = journal
        self.settings = settings
        self.operator = operator
        self.cast = cast
        self.material = material
        self.out = out
        desk, participants = settings.desk_origin, settings.participants_origin
        self.facilitator = Staff(FACILITATOR, cast.facilitator, desk)
        self.colleague = Staff(COLLEAGUE, cast.colleague, desk)
        self.administrator = Staff(ADMINISTRATOR, cast.administrator, desk)
        self.victim = Participant(VICTIM, cast.victim, participants)
        self.offender = Participant(OFFENDER, cast.offender, participants)
        self.case_id = ""
        self.received: list[Received] = []

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody."""
        return (self.facilitator, self.colleague, self.administrator, self.victim, self.offender)

    def close(self) -> None:
        """Close everybody's browser."""
        for person in self.people:
            person.api.close()

    def other(self, author: Participant) -> Participant:
        """Return whom the author writes to."""
        return self.offender if author is self.victim else self.victim

    # -- what happens to every item

    def made_safe(self, author: Participant, item_id: str, kind: str) -> None:
        """Wait for the worker, and expect that it could."""
        with self.journal.step("worker", f"makes {words(kind)} safe, in its sandbox") as noted:
            item = author.wait(item_id, self.journal, f"making {words(kind)} safe")
            if item["state"] != "in_review":
                raise Unexpected(self._not_made_safe(kind, item))
            noted.size = self.facilitator.on_desk(item_id)["clean"]["size"]

    def _not_made_safe(self, kind: str, item: Any) -> str:
        if item["state"] != "failed":
            return f"{words(kind).capitalize()} is {item['state']}, where it should be in review."
        return unusable(kind, getattr(self.material, kind), item["failure"], item["failure_page"])

    def approved(self, item_id: str, kind: str) -> None:
        """The facilitator takes it from the queue, sees all of it, approves; not before all was seen."""
        facilitator, journal = self.facilitator, self.journal
        with journal.step(FACILITATOR, f"takes {words(kind)} from the queue"):
            if item_id not in [entry["item_id"] for entry in facilitator.api.get("/queue")]:
                raise Unexpected("The item is not in the queue.")
            facilitator.claim(item_id)
        if kind != "letter":
            facilitator.read(item_id, journal, all_but=1)
        journal.refused(
            FACILITATOR,
            f"approves {words(kind)} without having seen all of it",
            lambda: facilitator.try_decide(item_id, "approve"),
            409,
            "conflict",
        )
        self.looked_at(facilitator, item_id, kind)
        with journal.step(FACILITATOR, f"approves {words(kind)}"):
            facilitator.decide(item_id, "approve")

    def looked_at(self, reviewer: Staff, item_id: str, kind: str) -> None:
        """Somebody reads or plays it to its end; what was served is what its hash says."""
        does = "reads" if kind in {"letter", "document"} else "plays"
        with self.journal.step(reviewer.role, f"{does} {words(kind)} to its end") as noted:
            digest, noted.size = reviewer.read(item_id, self.journal)
            desk = reviewer.wait_until_seen(item_id)
            if kind != "letter" and digest != _hex(desk["clean"]["sha256"]):
                raise Unexpected("What was served is not what its hash says.")

    def released(self, item_id: str, kind: str) -> str:
        """The facilitator seals the key to the recipient."""
        with self.journal.step(FACILITATOR, f"releases {words(kind)} to its recipient, with a note to them"):
            return self.facilitator.release(item_id, self.cast.note)

    def opened(
        self, recipient: Participant, item_id: str, delivery_id: str, kind: str, text: str = ""
    ) -> Path:
        """The recipient opens it; what arrives is written down, compared and looked at.

        `text` is what was approved of a letter. Return where it was written.
        """
        journal, path = self.journal, f"/deliveries/{delivery_id}/content"
        waiting = [one["id"] for one in recipient.deliveries() if one["state"] == "waiting"]
        journal.holds(
            recipient.role, "is told that something waits, and no more", held=waiting == [delivery_id]
        )
        journal.holds(
            recipient.role,
            "reads the facilitator's note before choosing",
            held=recipient.note_with(delivery_id) == self.cast.note,
        )
        journal.refused(
            recipient.role,
            f"reads {words(kind)} without having chosen to open it",
            lambda: recipient.api.call("GET", path),
            409,
            "conflict",
        )
        file = self.out / recipient.role / f"{1 + self.received_by(recipient)}-{NAMES[kind]}"
        clean = self.facilitator.on_desk(item_id)["clean"]
        with journal.step(recipient.role, f"opens {words(kind)}") as noted:
            recipient.choose(delivery_id, "open")
            with journal.bar("receiving", clean["size"]) as advance:
                digest, media_type, noted.size = fetch(recipient.api, path, file, advance)
        if kind == "letter":
            journal.holds(
                recipient.role,
                "has the very words that were approved, byte for byte",
                held=file.read_bytes() == text.encode(),
            )
        else:
            self._compare(recipient, path, file, clean, digest)
        found = look(file, kind, sound=kind != "video" or has_sound(self.material.video))
        journal.holds(recipient.role, f"has {words(kind)} whole: {found.told}", held=found.whole)
        journal.holds(recipient.role, f"finds no metadata in {words(kind)}", held=not found.tags)
        self.received.append(
            Received(
                recipient=recipient.role,
                file=str(file.relative_to(self.out)),
                media_type=media_type,
                size=file.stat().st_size,
                sha256=digest,
                told=found.told,
            )
        )
        return file

    def received_by(self, recipient: Participant) -> int:
        """Return how many items reached them so far."""
        return sum(one.recipient == recipient.role for one in self.received)

    def _compare(self, recipient: Participant, path: str, file: Path, clean: Any, digest: str) -> None:
        self.journal.holds(
            recipient.role,
            f"has the very file that was reviewed ({digest[:12]}…)",
            held=digest == _hex(clean["sha256"]),
        )
        middle = clean["size"] // 2
        with file.open("rb") as opened:
            opened.seek(middle)
            expected = opened.read(1000)
        self.journal.holds(
            recipient.role,
            "can start in the middle (206)",
            held=fetch_range(recipient.api, path, middle, middle + len(expected)) == expected,
        )


def letter_of(file: Path, settings: Settings) -> str:
    """Return a letter's file as it is passed on: in NFC, with our line ends, without what nobody can see."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(f"{file} is not plain text in UTF-8. Save it as that, and try again.") from None
    try:
        return letters.visible(letters.checked(text, settings.letter_characters))
    except Invalid as wrong:
        raise Invalid(f"{file}: {wrong.public}") from None


def _hex(encoded: str) -> str:
    return base64.b64decode(encoded).hex()
