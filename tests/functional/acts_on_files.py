"""What authors do with their files, as the surfaces do it; what the wrong one tries."""

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
from tests.functional.files import RECORDED, File
from tests.functional.oracle import AS_IT_IS, WRITABLE, Item
from tests.functional.oracle_of_files import Upload, Uploaded
from tests.functional.scene import MOST_READ, Dice, Scene

Which = Literal["arrived", "original", "clean", "poster", "as sent"]
WHICH: tuple[Which, ...] = get_args(Which)


class Uploaders(Scene):
    """Acts through the participants' app."""

    def begin_an_upload(self, dice: Dice) -> None:
        """Announce a file, also where none is wanted."""
        item = self.item(dice, *WRITABLE)
        brought = item.brought if isinstance(item, Uploaded) else RECORDED
        self._begin(item, self.author_of(item, dice), dice.pick(brought))

    def _begin(self, item: Item, person: Person, file: File) -> None:
        may = self.world.may_upload(item, person)
        work = uploads.create(self.service.participants, person, item.id, len(file.content))
        begun = self.do(work, may=may, shows={person.id})
        if begun is not None and isinstance(item, Uploaded):
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

    def _upload(self, dice: Dice) -> tuple[Uploaded, Upload] | None:
        begun = [
            (item, upload)
            for item in self.world.items
            if isinstance(item, Uploaded)
            for upload in item.uploads
            if upload.state == "open" or dice.which % 4 == 0
        ]
        return begun[dice.which % len(begun)] if begun else None

    def _append(self, item: Uploaded, upload: Upload, person: Person, offset: int, length: int) -> None:
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

    def bring_a_file(self, item: Uploaded, dice: Dice) -> None:
        """All of it, by its author: what is on its way arrives, or another one does."""
        if not item.arriving(self.clock.now):
            self._begin(item, item.author, dice.pick(item.brought))
        upload = item.arriving(self.clock.now)[-1]
        left = len(upload.file.content) - upload.received
        if dice.yes and left > 1:
            self._append(item, upload, item.author, upload.received, left // 2)
        left = len(upload.file.content) - upload.received
        self._append(item, upload, item.author, upload.received, left)

    def look_at_own_files(self, dice: Dice) -> None:
        """Open a file of one's own: it is its author's, and nobody else gets any of it."""
        uploaded = [item for item in self.world.items if isinstance(item, Uploaded)]
        if not uploaded:
            return
        item = uploaded[dice.which % len(uploaded)]
        person, which = self.author_of(item, dice), dice.pick(WHICH)
        there = self._own(item, which)
        may = person is item.author and there is not None
        content = self.do(self._content(person, item.id, which), may=may, entries=0)
        if content is not None:
            with opened(self.service.participants, content) as reader:
                assert reader.read_all(MOST_READ) == there, f"somebody's own file is another: {which}"

    def _own(self, item: Uploaded, which: Which) -> bytes | None:
        if item.taken_back:
            return None
        if which == "arrived":
            return item.waits.file.content if item.waits else None
        if which == "original":
            return item.sent and item.sent.content
        if which == "as sent":
            return self.sandbox.of(item.sent, AS_IT_IS) if item.sent and item.own_made else None
        return item.file(which) if item.made else None

    async def _content(self, person: Person, item_id: UUID, which: Which) -> Content:
        house = self.service.participants
        if which == "arrived":
            return (await arrived(house, person, item_id)).content
        if which == "as sent":
            return (await as_sent(house, person, item_id)).content
        return await own_content(house, person, item_id, which)
