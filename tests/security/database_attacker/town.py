"""A copy of the stage, the attacker's connection to its database, and what honest people do meanwhile."""

import asyncio
from collections.abc import Awaitable
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from relay.exchange.agreements import agree
from relay.exchange.delivery import choose, content, delivery
from relay.exchange.edits import Edits, Span
from relay.exchange.objects import opened
from relay.exchange.release import release
from relay.identity.model import Person
from relay.review.queue import claim
from relay.review.redaction import redact
from relay.vault.padding import unpad
from relay.vault.statements import Changes
from tests.support.house import Service
from tests.support.letters import approve, send_letter
from tests.support.postgres import Dsns
from tests.support.stage import Stage, StagedCase
from tests.support.work import look_at, work_off
from workers.tasks.room import WorkRoom


class Town:
    """A copy of the stage, the attacker's connection, and what honest people do meanwhile."""

    def __init__(
        self, stage: Stage, service: Service, room: WorkRoom, dsns: Dsns, runner: asyncio.Runner
    ) -> None:
        self.stage, self.service, self.room, self.runner = stage, service, room, runner
        self.attacker = psycopg.connect(dsns.superuser.url, autocommit=True)
        # no trigger keeps them from anything, nor a foreign key
        self.attacker.execute("SET session_replication_role = replica")
        self.case = stage.cases[0]
        self.fatima, self.filip = self.case.facilitators
        self.vera, self.oskar = [one.person for one in self.case.participants]

    def do(self, work: Awaitable[Any]) -> Any:
        return self.runner.get_loop().run_until_complete(work)

    def sql(self, statement: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        found = self.attacker.execute(statement, values)
        return found.fetchall() if found.description else []

    def sent(self, author: Person, text: str = "A letter.", case: StagedCase | None = None) -> UUID:
        made: UUID = self.do(send_letter(self.service, author, (case or self.case).id, text))
        return made

    def ready(self, author: Person, text: str = "A letter.", case: StagedCase | None = None) -> UUID:
        item_id = self.sent(author, text, case)
        self.do(work_off(self.room))
        return item_id

    def approved(
        self,
        author: Person,
        text: str = "A letter.",
        by: Person | None = None,
        case: StagedCase | None = None,
    ) -> UUID:
        item_id = self.ready(author, text, case)
        self.approve(item_id, by or self.fatima)
        return item_id

    def approve(self, item_id: UUID, by: Person) -> None:
        self.do(approve(self.service, by, item_id))

    def release(
        self, item_id: UUID, by: Person | None = None, case: StagedCase | None = None, note: str = ""
    ) -> UUID:
        case = case or self.case
        [(author_id,)] = self.sql("SELECT author_id FROM relay.items WHERE id = %s", item_id)
        author = next(one.person for one in case.participants if one.person.id == author_id)
        seat = case.others(author)[0].seat_id
        made: UUID = self.do(release(self.service.desk, by or self.fatima, item_id, seat, note))
        return made

    def released(self, author: Person, text: str = "A letter.", note: str = "") -> UUID:
        return self.release(self.approved(author, text), note=note)

    def read(self, reader: Person, release_id: UUID) -> str:
        self.do(choose(self.service.participants, reader, release_id, "open"))
        found = self.do(content(self.service.participants, reader, release_id))
        with opened(self.service.participants, found) as source:
            return unpad(source.read_all(1 << 20)).decode()

    def told(self, reader: Person, release_id: UUID) -> Changes | None:
        """What its recipient is told was done to it."""
        found: Changes | None = self.do(delivery(self.service.participants, reader, release_id)).changes
        return found

    def hide(self, item_id: UUID, text: str, hides: str) -> UUID:
        """Begin a version of a letter of which a part is hidden. Return its revision."""
        self.do(claim(self.service.desk, self.fatima, item_id))
        start = text.index(hides)
        edits = Edits(spans=(Span(start=start, end=start + len(hides)),))
        self.do(redact(self.service.desk, self.fatima, item_id, revision=1, edits=edits, note="Hidden."))
        [(revision_id,)] = self.sql(
            "SELECT id FROM relay.revisions WHERE item_id = %s AND number = 2", item_id
        )
        return UUID(str(revision_id))

    def redacted(self, text: str = "I live at 4 Mill Lane.", hides: str = "4 Mill Lane") -> UUID:
        """A letter of which a facilitator has hidden a part; its author has not answered."""
        item_id = self.ready(self.vera, text)
        self.hide(item_id, text, hides)
        self.do(work_off(self.room))
        return item_id

    def released_with_hidden_parts(self) -> UUID:
        """A letter of which a part is hidden, agreed to, approved and passed on."""
        item_id = self.redacted()
        self.agree(item_id)
        self.approve(item_id, self.fatima)
        return self.release(item_id)

    def agree(self, item_id: UUID) -> None:
        rendition, sha256 = self.do(look_at(self.service, self.fatima, item_id))
        house = self.service.participants
        self.do(agree(house, self.vera, item_id, rendition_id=rendition, sha256=sha256))

    def grants_of(self, person: Person) -> int:
        [(number,)] = self.sql("SELECT count(*) FROM relay.grants WHERE holder_id = %s", person.id)
        return int(number)
