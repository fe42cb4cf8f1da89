"""What authors do with the files of their documents, as the surfaces do it; what the wrong one tries."""

from datetime import timedelta
from typing import Literal, get_args
from uuid import UUID

from relay.exchange import uploads
from relay.exchange.arrived import arrived
from relay.exchange.model import Content
from relay.exchange.objects import opened
from relay.exchange.renditions import as_sent, own_content
from relay.exchange.uploads import Upload as Stands
from relay.identity.model import Person
from tests.functional.files import DAMAGED, GOOD, File
from tests.functional.oracle import AS_IT_IS, WRITABLE, Item
from tests.functional.oracle_of_documents import Document, Upload
from tests.functional.scene import MOST_READ, Dice, Scene

Which = Literal["arrived", "original", "clean", "poster", "as sent"]
WHICH: tuple[Which, ...] = get_args(Which)
FILES = (*GOOD, GOOD[0], DAMAGED)


class Uploaders(Scene):
    """Acts through the participants' app."""

    def begin_an_upload(self, dice: Dice) -> None:
        """Announce a file, also where none is wanted."""
        item = self.item(dice, *WRITABLE)
        self._begin(item, self.author_of(item, dice), dice.pick(FILES))

    def _begin(self, item: Item, person: Person, file: File) -> None:
        may = self.world.may_upload(item, person)
        work = uploads.create(self.service.participants, person, item.id, len(file.content))
        begun = self.do(work, may=may, shows={person.id})
        if begun is not None and isinstance(item, Document):
            self._expires(begun)
            item.uploads.append(Upload(begun.id, file, begun.expires_at))

    def _expires(self, upload: Stands) -> None:
        latest = self.clock.now + timedelta(hours=self.service.participants.settings.upload_hours)
        assert latest - timedelta(seconds=1) < upload.expires_at <= latest

    def go_on_uploading(self, dice: Dice) -> None:
        """Send some of a file, or all that is left; sometimes from a place where it does not stand."""
        if found := self._upload(dice):
            item, upload = found
            left = len(upload.file.content) - upload.received
            length = left if dice.yes else max(1, left // 3)
            offset = upload.received + (dice.number % 8 == 0)
            self._append(item, upload, self.author_of(item, dice), offset, length)

    def _upload(self, dice: Dice) -> tuple[Document, Upload] | None:
        begun = [
            (item, upload)
            for item in self.world.items
            if isinstance(item, Document)
            for upload in item.uploads
            if upload.state == "open" or dice.which % 4 == 0
        ]
        return begun[dice.which % len(begun)] if begun else None

    def _append(self, item: Document, upload: Upload, person: Person, offset: int, length: int) -> None:
        may = person is item.author and upload.arrives(self.clock.now) and offset == upload.received
        completes = offset + length == len(upload.file.content)
        piece = upload.file.content[offset : offset + length]
        work = self._sent(person, upload.id, offset, piece)
        stands = self.do(work, may=may, shows={person.id}, entries=int(completes))
        if stands is None:
            return
        self._expires(stands)
        upload.received, upload.expires_at = offset + length, stands.expires_at
        assert (stands.received, stands.state) == (upload.received, "complete" if completes else "open")
        if completes:
            item.has_arrived(upload)

    async def _sent(self, person: Person, upload_id: UUID, offset: int, piece: bytes) -> Stands:
        async with uploads.append(self.service.participants, person, upload_id, offset) as sink:
            await sink.write(piece)
        return sink.upload

    def end_an_upload(self, dice: Dice) -> None:
        """Cancel one, or remove a file that has arrived."""
        if found := self._upload(dice):
            item, upload = found
            person, unfinished = self.author_of(item, dice), dice.number % 4 == 0
            may = (
                person is item.author
                and upload.state != "ended"
                and not upload.sent
                and not (unfinished and upload.state == "complete")
            )
            work = uploads.terminate(self.service.participants, person, upload.id, unfinished=unfinished)
            self.do(work, may=may, shows={person.id})
            if may:
                upload.state = "ended"

    def bring_a_file(self, item: Document, dice: Dice) -> None:
        """All of it, by its author: what is on its way arrives, or another one does."""
        if not item.arriving(self.clock.now):
            self._begin(item, item.author, dice.pick(FILES))
        upload = item.arriving(self.clock.now)[-1]
        left = len(upload.file.content) - upload.received
        if dice.yes and left > 1:
            self._append(item, upload, item.author, upload.received, left // 2)
        left = len(upload.file.content) - upload.received
        self._append(item, upload, item.author, upload.received, left)

    def look_at_own_files(self, dice: Dice) -> None:
        """Open a file of a document: it is its author's, and nobody else gets any of it."""
        documents = [item for item in self.world.items if isinstance(item, Document)]
        if not documents:
            return
        document = documents[dice.which % len(documents)]
        person, which = self.author_of(document, dice), dice.pick(WHICH)
        there = self._own(document, which)
        may = person is document.author and there is not None
        content = self.do(self._content(person, document.id, which), may=may, entries=0)
        if content is not None:
            with opened(self.service.participants, content) as reader:
                assert reader.read_all(MOST_READ) == there, f"somebody's own file is another: {which}"

    def _own(self, document: Document, which: Which) -> bytes | None:
        if document.taken_back:
            return None
        if which == "arrived":
            return document.waits.file.content if document.waits else None
        if which == "original":
            return document.sent and document.sent.content
        if which == "as sent":
            return self.sandbox.of(document.sent, AS_IT_IS) if document.sent and document.own_made else None
        return document.file(which) if document.made else None

    async def _content(self, person: Person, item_id: UUID, which: Which) -> Content:
        house = self.service.participants
        if which == "arrived":
            return (await arrived(house, person, item_id)).content
        if which == "as sent":
            return (await as_sent(house, person, item_id)).content
        return await own_content(house, person, item_id, which)
