"""What ought to be so of what is uploaded, and its files: on its way, to be sent, sent."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from tests.functional.files import DAMAGED, GOOD, RECORDED, TORN, File, Once
from tests.functional.oracle import AS_IT_IS, Item
from workers.media.model import Reason


@dataclass
class Upload:
    """A file on its way, or one that has arrived. `received`: bytes."""

    id: UUID
    file: File
    expires_at: datetime
    received: int = 0
    state: Literal["open", "complete", "ended"] = "open"
    sent: bool = False

    def arrives(self, now: datetime) -> bool:
        """Whether more of it may come."""
        return self.state == "open" and self.expires_at > now


@dataclass(kw_only=True)
class Uploaded(Item):
    """What somebody uploads: what is sent is the newest file that has arrived. `brought`: one of these."""

    brought: ClassVar[tuple[File, ...]]
    sandbox: Once
    uploads: list[Upload] = field(default_factory=list)
    sent: File | None = None
    own_made: bool = False

    @property
    def waits(self) -> Upload | None:
        """The file that would be sent now."""
        return next((one for one in self.uploads if one.state == "complete" and not one.sent), None)

    def arriving(self, now: datetime) -> list[Upload]:
        """Those of which more may come, the oldest first."""
        return [one for one in self.uploads if one.arrives(now)]

    def may_be_sent(self, now: datetime) -> bool:
        """A file waits, and none is on its way: else the one that it replaces would be sent."""
        return self.waits is not None and not self.arriving(now)

    def has_arrived(self, upload: Upload) -> None:
        """All of it: what was there before it and was not sent is let go of."""
        upload.state = "complete"
        self._replaces(upload)

    def _replaces(self, upload: Upload) -> None:
        begun_before = self.uploads[: self.uploads.index(upload)]
        for other in self.uploads:
            replaced = other.state == "complete" or (other.state == "open" and other in begun_before)
            if other is not upload and not other.sent and replaced:
                other.state = "ended"
                self.came_to.add("replaced by another file")

    def has_been_submitted(self) -> None:
        """With the file that waited."""
        upload = self.waits
        assert upload is not None
        upload.sent, self.sent, self.own_made = True, upload.file, False
        self._replaces(upload)
        super().has_been_submitted()

    def has_been_worked_on(self) -> None:
        """See `Item`."""
        super().has_been_worked_on()
        self.own_made |= self.made

    def has_been_taken_back(self) -> None:
        """Its files go, also those that were sent."""
        super().has_been_taken_back()
        for upload in self.uploads:
            upload.state = "ended"

    @property
    def unsafe(self) -> Reason | None:
        """The file's own."""
        return self.sent and self.sent.reason

    def file(self, role: str = "clean") -> bytes | None:
        """What the sandbox made of what was sent, or is left of it, if it has such a file."""
        assert self.sent is not None
        return self.sandbox.of(self.sent, self.hidden or AS_IT_IS, role)

    def is_read_as(self, plain: bytes) -> bool:
        """Byte for byte."""
        return plain == self.file()


@dataclass(kw_only=True)
class Document(Uploaded):
    """A scan of one page."""

    kind = "document"
    brought = (*GOOD, GOOD[0], DAMAGED)


@dataclass(kw_only=True)
class Recording(Uploaded):
    """Two seconds of sound."""

    kind = "audio"
    brought = (*RECORDED, RECORDED[0], TORN)
