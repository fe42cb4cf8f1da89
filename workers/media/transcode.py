"""Sound and film: look, make anew, check what came out."""

import errno
import os
import signal
from contextlib import ExitStack, closing
from dataclasses import dataclass

from workers.media import arguments, faces, loudness, mp4, shape, waveform
from workers.media.answers import RESULT, Garbled, Result, Source
from workers.media.changes import Changes, asked
from workers.media.faststart import FastStart
from workers.media.kept import Held, InMemory, Kept
from workers.media.look import look
from workers.media.loudness import Level, Loudness
from workers.media.model import Clean, Facts, Kind, MediaRefused, Reason, Role
from workers.media.packed import Packed
from workers.media.progress import Progress
from workers.media.room import Room
from workers.media.shape import Picture
from workers.media.waveform import Waveform
from workers.sandbox import memory
from workers.sandbox.pipe import Pipe
from workers.sandbox.runner import Child, Ffmpeg, Task
from workers.sandbox.running import Ending, Stop
from workers.sandbox.window import Window

_SHORTEST_MS = 100
_DRIFT_MS = 500
_DRIFT_PARTS = 100
"""The result may be half a second and a hundredth longer or shorter than the original says, where it does: so
much recorders get wrong. A file that was cut off is mostly found by its outermost box already."""

_BROKEN_PIPE = {-signal.SIGPIPE, 256 - errno.EPIPE}
"""What ffmpeg ends with when nobody reads what it writes."""


@dataclass(frozen=True)
class _Results:
    """What a job fills."""

    packed: Packed
    waveform: Waveform
    poster: int


def transcode(kind: Kind, original: Window, room: Room) -> Clean:
    """Make a clean M4A or MP4 of a recording. Raises `MediaRefused`."""
    source = look(kind, original, room)
    picture = shape.plan(source) if kind is Kind.VIDEO else None
    changes = asked(room.edits, kind, room.limits)
    if changes.hide.cut and source.exact_ms and changes.hide.kept_ms(source.exact_ms) < _SHORTEST_MS:
        raise MediaRefused(Reason.NOTHING_LEFT)
    steering = faces.find(original, source, picture, room) if picture and changes.faces else b""
    unheard = changes.hide.unheard_ms()
    heard = loudness.measure(kind, original, source, room, unheard) if source.sounds else None
    with ExitStack() as held, ExitStack() as kept:
        packed = kept.enter_context(closing(Packed(room.spool)))
        results = _Results(packed, Waveform(), memory.held(held, "poster"))
        steer = memory.from_bytes("steering", steering)
        held.callback(os.close, steer)
        level = changes.level(heard) if heard else None
        _make(kind, original, source, picture, level, changes, results, room, steer)
        clean = _arranged(packed)
        facts = _check(source, picture, heard, changes, clean, results, room)
        if kind is Kind.AUDIO and waveform.is_silent(facts.peaks):
            raise MediaRefused(Reason.NOTHING_LEFT if changes.hide.unheard_ms() else Reason.SILENT)
        memory.seal(results.poster)
        files: dict[str, Kept] = {str(Role.CLEAN): Held(clean, packed.close)}
        if picture:
            files[str(Role.POSTER)] = InMemory(results.poster)
        kept.pop_all()
        return Clean(kind, files, facts)


def _make(
    kind: Kind,
    original: Window,
    source: Source,
    picture: Picture | None,
    level: Level | None,
    changes: Changes,
    results: _Results,
    room: Room,
    steer: int,
) -> None:
    """Run both processes at once; whichever fails ends the other."""
    limits = room.limits
    seconds = room.seconds(source.exact_ms or limits.seconds(kind) * 1000)
    with Pipe() as pieces, Pipe() as reports, Pipe() as samples, ExitStack() as running:
        words = arguments.make(kind, source, picture, level, limits, room.tools, changes)
        make = Ffmpeg(room.tools.ffmpeg, words)
        pack = Ffmpeg(
            room.tools.ffmpeg, arguments.pack(kind, film=picture is not None, sound=source.sounds > 0)
        )
        caps = room.caps(seconds, limits.output_bytes)
        outputs = (pieces.writing, reports.writing, steer)  # the last is sealed: it can only be read
        maker = room.sandbox.start(Task(make, (original,), outputs, caps))
        running.enter_context(maker)
        packed = results.packed
        packer = room.sandbox.start(Task(pack, (pieces.reading,), (packed.file, samples.writing), caps))
        running.enter_context(packer)
        pieces.close(pieces.writing)
        pieces.close(pieces.reading)
        reports.close(reports.writing)
        samples.close(samples.writing)
        progress = Progress(room.progress, changes.hide.kept_ms(source.claimed_ms), original, maker)
        reported, drawn = (reports.reading, progress.hear), (samples.reading, results.waveform.hear)
        endings = room.follow([maker, packer], seconds, reported, drawn, meanwhile=packed.drain)
    if changes.hide.cut and endings[0].good and progress.made_ms < _SHORTEST_MS:
        raise MediaRefused(Reason.NOTHING_LEFT)
    _judge(*endings)
    if progress.made_ms > changes.hide.kept_ms(limits.seconds(kind) * 1000):
        raise MediaRefused(Reason.TOO_LONG)


def _judge(maker: Ending, packer: Ending) -> None:
    """Which of the two failed first, and what that says about the file."""
    if packer.code == -signal.SIGXFSZ:
        raise MediaRefused(Reason.RESULT_TOO_LARGE)
    if maker.good and packer.good:
        return
    lost_its_packer = maker.stop is Stop.SIBLING or maker.code in _BROKEN_PIPE
    raise MediaRefused(Reason.NOT_VERIFIED if maker.good or lost_its_packer else Reason.DAMAGED)


def _arranged(packed: Packed) -> FastStart:
    """What was packed, its index in front."""
    try:
        return FastStart(packed.finish())
    except mp4.Irregular as error:
        raise MediaRefused(Reason.NOT_VERIFIED) from error


def _check(
    source: Source,
    picture: Picture | None,
    heard: Loudness | None,
    changes: Changes,
    clean: FastStart,
    results: _Results,
    room: Room,
) -> Facts:
    """Believe nothing about the result: open it as a stranger would, and read its structure ourselves."""
    try:
        structure = mp4.read(clean)
        seconds = room.seconds(structure.duration_ms)
        with closing(Window(clean)) as seen:
            numbers = room.ask(Child("verify"), RESULT, seen, results.poster, seconds=seconds)
        untrusted_result = Result(*numbers)
    except (Garbled, mp4.Irregular) as error:
        raise MediaRefused(Reason.NOT_VERIFIED) from error
    expected = _expected(source, picture)
    if any(getattr(untrusted_result, name) != value for name, value in expected.items()):
        raise MediaRefused(Reason.NOT_VERIFIED)
    if picture and untrusted_result.poster_bytes != memory.size(results.poster):
        raise MediaRefused(Reason.NOT_VERIFIED)
    if picture and not untrusted_result.pictures:
        raise MediaRefused(Reason.NO_PICTURE)
    length = structure.duration_ms
    if length < _SHORTEST_MS:
        raise MediaRefused(Reason.NOTHING_LEFT if changes.hide.cut else Reason.TOO_SHORT)
    if changes.is_beyond(length):
        raise MediaRefused(Reason.BEYOND_THE_END)
    claimed = changes.hide.kept_ms(source.exact_ms)
    if claimed and abs(length - claimed) > _DRIFT_MS + claimed // _DRIFT_PARTS:
        raise MediaRefused(Reason.DAMAGED)
    return Facts(
        duration_ms=length,
        width=picture.width if picture else 0,
        height=picture.height if picture else 0,
        peaks=results.waveform.peaks(),
        loudness=heard.integrated if heard else None,
    )


def _expected(source: Source, picture: Picture | None) -> dict[str, int]:
    """What must be in the result, and nothing beside it."""
    expected = {"status": 0, "films": 0, "sounds": 0, "others": 0, "tags": 0, "turn": 0}
    if source.sounds:
        channels = 1 if source.channels == 1 else 2
        expected |= {"sounds": 1, "aac": 1, "channels": channels, "sample_rate": arguments.SOUND_RATE}
    if picture:
        expected |= {"films": 1, "h264_high": 1, "width": picture.width, "height": picture.height}
    return expected
