"""Sound and film: look, make anew, check what came out."""

import errno
import os
import signal
from contextlib import ExitStack, closing
from dataclasses import dataclass

from workers.media import arguments, budget, faces, loudness, mp4, shape, waveform
from workers.media.answers import RESULT, Garbled, Result, Source
from workers.media.arguments import Wanted
from workers.media.changes import Changes, asked
from workers.media.faststart import FastStart
from workers.media.kept import Held, InMemory, Kept
from workers.media.look import look
from workers.media.loudness import Loudness
from workers.media.model import Clean, Facts, Kind, MediaRefused, Reason, Role
from workers.media.packed import Packed
from workers.media.progress import Progress
from workers.media.room import Room
from workers.media.shape import Picture
from workers.media.waveform import Waveform
from workers.sandbox import memory
from workers.sandbox.pipe import WIDE, Pipe
from workers.sandbox.runner import Child, Ffmpeg, Task
from workers.sandbox.running import Ending, Stop
from workers.sandbox.window import Window

_SHORTEST_MS = 100
_DRIFT_MS = 500
_DRIFT_PARTS = 100
"""The result may be half a second and a hundredth longer or shorter than the original says, where it does: so
much recorders get wrong. A file that was cut off is mostly found by its outermost box already."""

_LOOKED_AT = 3
"""Pictures of the result that `children/verify.py` decodes."""

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
    if picture and room.memory:
        needed = budget.of_film(source.width * source.height)
        room.memory.widen(budget.with_faces(needed) if changes.faces else needed)
    if changes.hide.cut and source.exact_ms and changes.hide.kept_ms(source.exact_ms) < _SHORTEST_MS:
        raise MediaRefused(Reason.NOTHING_LEFT)
    steering = faces.find(original, source, picture, room) if picture and changes.faces else b""
    unheard = changes.hide.unheard_ms()
    heard = loudness.measure(kind, original, source, room, unheard) if source.sounds else None
    level = changes.level(heard) if heard else None
    wanted = Wanted(kind, source, picture, level, changes)
    with ExitStack() as held, ExitStack() as kept:
        packed = kept.enter_context(closing(Packed(room.spool)))
        results = _Results(packed, Waveform(), memory.held(held, "poster"))
        _make(wanted, original, steering, results, room)
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


def _make(wanted: Wanted, original: Window, steering: bytes, results: _Results, room: Room) -> None:
    """Run all processes at once; whichever fails ends the others."""
    source, limits, hide = wanted.source, room.limits, wanted.changes.hide
    seconds = room.seconds(source.exact_ms or limits.seconds(wanted.kind) * 1000)
    caps = room.caps(seconds, limits.output_bytes)
    with ExitStack() as held:
        pictures, sound = (held.enter_context(Pipe(WIDE)) for _ in range(2))
        samples, reports = (held.enter_context(Pipe()) for _ in range(2))
        steer = memory.from_bytes("steering", steering)  # sealed: it can only be read
        held.callback(os.close, steer)
        outputs = (results.packed.file, samples.writing, reports.writing, steer)
        pack = Ffmpeg(room.tools.ffmpeg, arguments.pack(wanted, limits, room.tools))
        tasks = [Task(pack, (pictures.reading, sound.reading), outputs, caps)]
        if wanted.picture:
            words = arguments.film(source, wanted.picture, limits, room.tools)
            tasks.append(Task(Ffmpeg(room.tools.ffmpeg, words), (original,), (pictures.writing,), caps))
        if wanted.level:
            # a window of its own: what one process reads must not take away what another is reading
            seen = held.enter_context(closing(Window(original.source)))
            words = arguments.sound(wanted.kind, source, limits, room.tools)
            tasks.append(Task(Ffmpeg(room.tools.ffmpeg, words), (seen,), (sound.writing,), caps))
        children = room.start(held, *tasks)
        for pipe in (pictures, sound):
            pipe.close(pipe.reading)
            pipe.close(pipe.writing)
        samples.close(samples.writing)
        reports.close(reports.writing)
        progress = Progress(room.progress, hide.kept_ms(source.claimed_ms), original, children[1])
        reported, drawn = (reports.reading, progress.hear), (samples.reading, results.waveform.hear)
        endings = room.follow(children, seconds, reported, drawn, meanwhile=results.packed.drain)
    if progress.made_ms > hide.kept_ms(limits.seconds(wanted.kind) * 1000):
        raise MediaRefused(Reason.TOO_LONG)
    if hide.cut and all(ending.good for ending in endings) and progress.made_ms < _SHORTEST_MS:
        raise MediaRefused(Reason.NOTHING_LEFT)
    _judge(*endings)


def _judge(packer: Ending, *makers: Ending) -> None:
    """Which of them failed first, and what that says about the file."""
    if packer.code == -signal.SIGXFSZ:
        raise MediaRefused(Reason.RESULT_TOO_LARGE)
    failed = [ending for ending in makers if not ending.good and ending.stop is not Stop.SIBLING]
    if any(ending.code not in _BROKEN_PIPE for ending in failed):
        raise MediaRefused(Reason.DAMAGED)
    if failed or not packer.good:
        raise MediaRefused(Reason.NOT_VERIFIED)


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
    if picture and untrusted_result.pictures != _LOOKED_AT:
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
        expected |= {"sounds": 1, "aac": 1}
        expected |= {"channels": source.made_channels, "sample_rate": arguments.SOUND_RATE}
    if picture:
        expected |= {"films": 1, "h264_high": 1, "width": picture.width, "height": picture.height}
    return expected
