"""Make a submitted revision safe.

Open the original in memory, make the clean renditions, seal them, hand them in.
"""

import io
from asyncio import CancelledError, Task, create_task, sleep, to_thread
from contextlib import closing, suppress
from datetime import timedelta
from errno import EDQUOT, EMFILE, ENFILE, ENOMEM, ENOSPC, EROFS
from functools import partial
from threading import Event
from uuid import UUID

import structlog

from relay.errors import Conflict, Missing, RelayError, Unavailable
from relay.exchange import editing, letters, processing, transcripts
from relay.exchange.edits import Edits, masked
from relay.exchange.model import LETTER_TYPE, Content, RenditionRole
from relay.exchange.objects import NewObject, announce, opened, store
from relay.exchange.processing import MOST_TRIES, Made, Work, WorkStep
from relay.vault.padding import pad, unpad
from relay.vault.spool import Spool
from workers.media.budget import NoMemory, of_listening
from workers.media.clean import clean
from workers.media.kept import Plain, Reading
from workers.media.model import Cancelled, Clean, Kind, MediaRefused, Reason
from workers.media.room import Room
from workers.media.transcript import Model, transcribe
from workers.tasks.room import WorkRoom

RENEW_SECONDS = 5.0
_NO_ROOM = {ENOSPC, EDQUOT, EROFS, ENOMEM, EMFILE, ENFILE}
"""Errors of a machine whose disk, memory or number of open files is used up."""
_ROOM_COMES_WITHIN = timedelta(days=1)
_FILES: tuple[RenditionRole, ...] = ("clean", "poster")


async def make_safe(room: WorkRoom, revision_id: UUID) -> None:
    """Do the work on one revision, if it is still wanted and nobody else does it.

    Doing it twice changes nothing.
    """
    work = await processing.take(room.house, revision_id)
    if work is None:
        return
    if work.tries > MOST_TRIES:
        await processing.give_up(room.house, work, Reason.OUT_OF_TIME)
        return
    try:
        if not await processing.can_be_handed_in(room.house, work):
            # what was sent waits for a facilitator; it is looked at again whenever unfinished work is
            await processing.let_go(room.house, work, was_a_try=False)
            return
        made = await _made(room, work)
        await processing.hand_in(room.house, work, made)
    except MediaRefused as refused:
        await processing.give_up(room.house, work, refused.reason, refused.page)
    except Cancelled:
        return  # taken back by its author, or taken over by another worker
    except Conflict:
        await processing.let_go(room.house, work)  # it was taken back meanwhile, or is somebody else's by now
    except CancelledError:
        # a worker that was stopped says nothing about the file: this was no try
        await processing.let_go(room.house, work, was_a_try=False)
        raise
    except (RelayError, OSError) as error:
        # a machine that cannot work now says nothing about the file either
        waited = room.house.clock() - work.submitted_at
        await processing.let_go(room.house, work, was_a_try=not _is_of_the_machine(error, waited))
        raise


def _is_of_the_machine(error: Exception, waited: timedelta) -> bool:
    """Whether another try may end better. What has no room for so long may never have any, and is told so."""
    if isinstance(error, NoMemory) or (isinstance(error, OSError) and error.errno in _NO_ROOM):
        return waited < _ROOM_COMES_WITHIN
    return isinstance(error, Unavailable)


async def _made(room: WorkRoom, work: Work) -> list[Made]:
    content, edits = await _original(room, work)
    if work.kind == "letter":
        return [await _letter(room, work, content, edits)]
    progress = _Progress(room, work)
    with closing(progress), await to_thread(_clean, room, work, content, edits, progress) as made:
        heard = await _transcript(room, work, made, progress)
        progress.step = "keeping"
        return [*await _seal(room, work, made), *heard]


async def _original(room: WorkRoom, work: Work) -> tuple[Content, Edits]:
    """What the author sent, and what is hidden or disguised of it."""
    for holder in await processing.worker_holders(room.house, work):
        keys = room.keys.pair(holder)
        content = await processing.original(room.house, work, holder, keys)
        written = await processing.edit_list(room.house, work, holder, keys)
        if written is None:
            return content, Edits()
        return content, await to_thread(editing.read, room.house, written, work.kind)
    raise Missing


async def _letter(room: WorkRoom, work: Work, content: Content, edits: Edits) -> Made:
    """A letter's clean file is its text without what nobody can see, or what is hidden, padded as it came."""
    sealed = await to_thread(_read, room, content)
    text = masked(letters.visible(unpad(sealed).decode()), edits.spans)
    return await _store(room, work, "clean", io.BytesIO(pad(text.encode())), LETTER_TYPE)


def _read(room: WorkRoom, content: Content) -> bytes:
    with opened(room.house, content) as reader:
        return reader.read_all(content.size)


def _clean(room: WorkRoom, work: Work, content: Content, edits: Edits, progress: "_Progress") -> Clean:
    """Let the sandbox work on it, decrypted where and when it is read. Blocking."""
    with opened(room.house, content) as reader:
        return clean(
            Kind(work.kind),
            Plain(reader),
            room.limits,
            progress.heard,
            edits=edits,
            stopped=progress.stopped.is_set,
            sandbox=room.sandbox,
            ffmpeg=room.tools,
            spool=partial(Spool, room.house.blobs.aside()),
            faces=room.faces,
            memory_budget=room.memory,
        )


async def _seal(room: WorkRoom, work: Work, made: Clean) -> list[Made]:
    facts = made.facts
    renditions = []
    for role in _FILES:
        if role not in made.files:
            continue
        with Reading(made.files[role]) as source:
            sealed = await _store(room, work, role, source, made.media_type(role))
        if role == "clean":
            sealed = sealed._replace(
                duration_ms=facts.duration_ms or None,
                width=facts.width or None,
                height=facts.height or None,
                pages=facts.pages or None,
            )
        renditions.append(sealed)
    if facts.peaks:
        renditions.append(
            await _store(room, work, "peaks", io.BytesIO(facts.peaks), "application/octet-stream")
        )
    return renditions


async def _transcript(room: WorkRoom, work: Work, made: Clean, progress: "_Progress") -> list[Made]:
    """A draft of what is said, where a model is configured. Without it the item goes on all the same."""
    model = room.transcription
    if model is None or not made.facts.peaks:
        return []
    progress.step = "listening"
    place = Room(room.sandbox, room.tools, room.limits, progress.heard, progress.stopped.is_set)
    try:
        heard = await to_thread(_listen, room, model, made, place)
    except (MediaRefused, NoMemory) as refused:
        structlog.get_logger().warning("no transcript", code=refused.code)
        return []
    written = io.BytesIO(pad(transcripts.encode(heard)))
    return [await _store(room, work, "transcript", written, transcripts.TRANSCRIPT_TYPE)]


def _listen(room: WorkRoom, model: Model, made: Clean, place: Room) -> transcripts.Transcript:
    with room.memory.share(of_listening(model.size)):  # what the recording took is free again by now
        return transcribe(made, place, model)


async def _store(
    room: WorkRoom, work: Work, role: RenditionRole, source: io.RawIOBase | io.BufferedIOBase, media_type: str
) -> Made:
    object_id = await announce(room.house, work.job, work.case_id, work.author_id, "rendition")
    stored: NewObject = await to_thread(store, room.house, object_id, source, digest=True)
    return Made(role, stored, media_type)


class _Progress:
    """Hears percents from the thread that works, and every few seconds renews the lease with the newest."""

    def __init__(self, room: WorkRoom, work: Work) -> None:
        self.stopped = Event()
        self.step: WorkStep = "making"
        self._percent = 0
        self._task: Task[None] = create_task(self._renew(room, work))

    def heard(self, percent: int) -> None:
        self._percent = percent

    async def _renew(self, room: WorkRoom, work: Work) -> None:
        while True:
            await sleep(RENEW_SECONDS)
            with suppress(RelayError):  # the lease outlives a short trouble with the database
                if not await processing.keep(room.house, work, self._percent, self.step):
                    self.stopped.set()
                    return

    def close(self) -> None:
        self.stopped.set()
        self._task.cancel()
