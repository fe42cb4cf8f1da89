"""The command lines of ffmpeg, built with ffmpeg-python.

Two or three processes work at the same time. The first reads the hostile file's film, and another its sound;
they write plain pictures and plain sound into pipes. The last has never seen the hostile file, and takes
nothing but pixels and samples, in which nothing can be hidden from a decoder: it hides, disguises, levels,
encodes and packs. A picture stands for its place, the first is at 0, and so does each sample of sound; from
there on they stay together by counting.
"""

import os
from dataclasses import dataclass
from typing import Any

import ffmpeg

from workers.media import colour, loudness
from workers.media.answers import Source
from workers.media.changes import UNCHANGED, Changes
from workers.media.loudness import Level
from workers.media.model import Kind, Limits
from workers.media.shape import Picture
from workers.media.tools import Tools

READ, WRITE = 3, 4
"""Descriptors of the first processes: the original, and what is made of it."""
PICTURES, SOUND, RESULT, SAMPLES, REPORT, STEER = 3, 4, 5, 6, 7, 8
"""Descriptors of the last: plain pictures, plain sound; the final file, plain samples for the waveform,
progress; where faces are covered, the file that steers its filters."""

SOUND_RATE = 48_000

QUIET = ("-hide_banner", "-nostdin", "-nostats", "-loglevel", "quiet")
_SOME_ERRORS = ("-max_error_rate", "0.02")
_FORMATS = "mov,matroska,webm,avi,mpegts,mpeg,asf,flv,wav,w64,mp3,aac,ogg,flac,amr,aiff,caf"
_CODECS = ",".join((
    *("h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "libvpx", "libvpx-vp9", "mpeg4", "msmpeg4v3"),
    *("mpeg1video", "mpeg2video", "h263", "flv", "mjpeg", "dvvideo", "prores", "wmv1", "wmv2", "wmv3", "vc1"),
    *("aac", "aac_latm", "mp3", "mp3float", "mp2", "mp2float", "opus", "libopus", "vorbis", "flac", "alac"),
    *("amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb", "ac3", "eac3", "wmav1", "wmav2", "gsm_ms"),
    *("adpcm_ima_wav", "adpcm_ms", "adpcm_ima_qt", "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le"),
    *("pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_alaw", "pcm_mulaw"),
))  # fmt: skip

PICTURES_ONLY = "filter_units=pass_types=1|5|7|8"
"""Slices and the two parameter sets: no SEI, where encoders sign and messages could hide, and no filler."""

_MOST_THREADS = 8
_LARGE_PIXELS = 9_500_000
_THREADS_FOR_LARGE = 2
"""Memory grows with threads times pixels: 4K on 8 threads and 8K on 2 stay below 3 GiB."""

_PIECE = 8192
"""Samples that go on together: passing on pieces as short as a decoder makes them costs more than they do."""

_AS_THE_BUFFER_FILLS: dict[str, Any] = {"flush_packets": 0}
"""Samples go into a pipe 32 KiB at a time; by itself ffmpeg writes each small piece of sound at once."""

_NOTHING_ELSE: dict[str, Any] = {
    "map_metadata": -1,
    "map_chapters": -1,
    "write_tmcd": 0,
    "empty_hdlr_name": 1,
    "fflags": "+bitexact",
    "sn": None,
    "dn": None,
}
"""No tags, chapters, time codes, handler names, encoder marks, subtitles or data tracks."""

_FILM_CODEC: dict[str, Any] = {
    "c:v": "libx264",
    "preset": "veryfast",
    "crf": 23,
    "profile:v": "high",
    "level:v": "4.1",
    "maxrate": "6M",
    "bufsize": "12M",
    "g": 60,
    "flags:v": "+bitexact",
    "bsf:v": PICTURES_ONLY,
}


def _sound_codec(channels: int) -> dict[str, Any]:
    return {
        "c:a": "aac",
        "b:a": "96k" if channels == 1 else "128k",
        "flags:a": "+bitexact",
    }


@dataclass(frozen=True)
class Wanted:
    """What is made of an original: without `picture` or `level` it has none."""

    kind: Kind
    source: Source
    picture: Picture | None
    level: Level | None
    changes: Changes = UNCHANGED


def film(source: Source, picture: Picture, limits: Limits, tools: Tools) -> tuple[str, ...]:
    """A first process: the original at READ, plain pictures to WRITE, one after another at a steady rate."""
    read = original(Kind.VIDEO, source, limits, tools)
    form = {"f": "rawvideo", "pix_fmt": "yuv420p", "fps_mode": "passthrough", "avioflags": "direct"}
    made = plain_film(read, source, picture).output(f"pipe:{WRITE}", **form)
    return _words(_beside(made, read, source.sound_index, source.sounds), *_SOME_ERRORS)


def sound(kind: Kind, source: Source, limits: Limits, tools: Tools) -> tuple[str, ...]:
    """A first process: the original at READ, plain samples to WRITE, one or two channels at 48 kHz."""
    read = original(kind, source, limits, tools)
    pieces = plain_sound(read, source).filter("asetnsamples", _PIECE, p=0)
    made = pieces.output(f"pipe:{WRITE}", f="f32le", **_AS_THE_BUFFER_FILLS)
    return _words(_beside(made, read, source.film_index, source.films), *_SOME_ERRORS)


def pictures(
    source: Source, picture: Picture, small: Picture, a_second: int, limits: Limits, tools: Tools
) -> tuple[str, ...]:
    """For whoever looks for something in a film: the original at READ, plain small pictures to WRITE.

    They stand on the clock of the film that comes out: the first at 0, `a_second` of them from there on.
    """
    read = original(Kind.VIDEO, source, limits, tools)
    few = _steady(read[str(source.film_index)], source, picture.rate)
    few = few.filter("fps", fps=a_second, start_time=0)
    form = {"f": "rawvideo", "pix_fmt": "rgb24", "fps_mode": "passthrough"}
    made = _scaled(few, source, small).output(f"pipe:{WRITE}", **form)
    return _words(_beside(made, read, source.sound_index, source.sounds), *_SOME_ERRORS)


def pack(wanted: Wanted, limits: Limits, tools: Tools) -> tuple[str, ...]:
    """The last process: pictures at PICTURES, sound at SOUND, the final file to RESULT, and more (above).

    It writes as it goes, the index last: `packed` takes the file away behind it, and `faststart` reads it
    with the index in front. Any error ends it, and it takes no more than may be: whoever sends may not end.
    """
    made, outputs = [], []
    most = limits.seconds(wanted.kind) + 1
    if wanted.picture:
        size = (wanted.picture.width, wanted.picture.height)
        form = {"pixel_format": "yuv420p", "video_size": size, "framerate": wanted.picture.rate}
        seen = _plain(PICTURES, "rawvideo", t=most, **form)["v:0"]
        made.append(final_film(seen, wanted, wanted.picture))
    if wanted.level:
        channels = wanted.source.made_channels
        heard = _plain(SOUND, "f32le", t=most, ar=SOUND_RATE, ac=channels)["a:0"]
        both = final_sound(heard, wanted, wanted.level).filter_multi_output("asplit")
        made.append(both[0])
        # a filter that converts, or the one channel of the samples would be asked of the sound as well
        samples = both[1].filter("aresample").filter("aformat", sample_fmts="s16", channel_layouts="mono")
        samples = samples.filter("asetnsamples", _PIECE, p=0)
        form = {"f": "s16le", "fflags": "+bitexact", **_AS_THE_BUFFER_FILLS}
        outputs.append(ffmpeg.output(samples, f"pipe:{SAMPLES}", **form))
    container = {"f": "ipod" if wanted.kind is Kind.AUDIO else "mp4"}
    names = {"metadata:s:v": tools.nobody, "metadata:s:a": "encoder="}
    result = f"/proc/self/fd/{RESULT}"
    outputs.append(ffmpeg.output(*made, result, **codecs(wanted), **container, **names))
    reports = ("-progress", f"pipe:{REPORT}", "-stats_period", "0.5")
    return _words(ffmpeg.merge_outputs(*outputs), "-xerror", *reports)


def original(kind: Kind, source: Source, limits: Limits, tools: Tools) -> Any:
    """The hostile file at READ as an input of ffmpeg-python, with everything that is allowed to it."""
    name, options = tools.source(READ)
    return ffmpeg.input(
        name,
        **options,
        format_whitelist=_FORMATS,
        codec_whitelist=_CODECS,
        max_streams=limits.streams,
        **(_film_input(source, limits) if source.films else {}),
        t=limits.seconds(kind) + 1,
    )


def plain_film(original: Any, source: Source, picture: Picture) -> Any:
    """Turned (ffmpeg does that by itself), at a steady rate, scaled to fit, square pixels, eight bits.

    What travels beside the pictures (captions, a studio's notes on light) ends here.
    """
    return _scaled(_steady(original[str(source.film_index)], source, picture.rate), source, picture)


def plain_sound(original: Any, source: Source) -> Any:
    """One or two channels at 48 kHz; gaps in the clock become silence, so that sound stays with film."""
    resampled = original[str(source.sound_index)].filter(
        "aresample", SOUND_RATE, **{"async": 1, "first_pts": 0}
    )
    return resampled.filter("aformat", sample_fmts="flt", channel_layouts=_layout(source))


def final_film(plain: Any, wanted: Wanted, picture: Picture) -> Any:
    """The picture as it will be seen."""
    meant = plain.filter("setparams", range="tv", **colour.result(wanted.source)).filter("setsar", 1)
    return wanted.changes.film(meant, picture, STEER)


def final_sound(plain: Any, wanted: Wanted, level: Level) -> Any:
    """The sound as it will be heard."""
    layout = _layout(wanted.source)
    floats = plain.filter("aformat", sample_fmts="fltp", channel_layouts=layout)
    return wanted.changes.sound(loudness.apply(wanted.changes.voiced(floats, layout), level))


def codecs(wanted: Wanted) -> dict[str, Any]:
    """How picture and sound are encoded, and that nothing else is written."""
    film = {**_FILM_CODEC, **_threads("threads:v", _MOST_THREADS), **wanted.changes.film_codec()}
    sound = _sound_codec(wanted.source.made_channels)
    return {**(film if wanted.picture else {}), **(sound if wanted.level else {}), **_NOTHING_ELSE}


def _beside(made: Any, read: Any, other: int, others: int) -> Any:
    """What is made of one stream, while the other is read too, and left as it is.

    ffmpeg corrects the clock of a file by the streams that somebody wants, and ends where one of them cannot
    be read any more. So all readers of a file have one clock, and one end.
    """
    if not others:
        return made
    return ffmpeg.merge_outputs(made, ffmpeg.output(read[str(other)], "-", c="copy", f="null"))


def _plain(pipe: int, form: str, **options: Any) -> Any:
    return ffmpeg.input(f"pipe:{pipe}", f=form, protocol_whitelist="pipe", **options)


def _words(made: Any, *settings: str) -> tuple[str, ...]:
    return tuple(ffmpeg.compile(made.global_args(*QUIET, *settings), overwrite_output=True)[1:])


def _film_input(source: Source, limits: Limits) -> dict[str, Any]:
    most = _THREADS_FOR_LARGE if source.width * source.height > _LARGE_PIXELS else _MOST_THREADS
    return {"max_pixels": limits.film_pixels, **_threads("threads", most)}


def _threads(option: str, most: int) -> dict[str, int]:
    """As many as ffmpeg finds good, up to `most`."""
    return {option: most} if (os.cpu_count() or 1) > most else {}


def _steady(stream: Any, source: Source, rate: str) -> Any:
    """As many pictures a second from 0 on: the first stands for the time before it.

    Old cameras and recorders of broadcasts write every other line of two moments into one picture; each
    becomes the picture of one moment, or whatever moves would have teeth.
    """
    stream = stream.filter("sidedata", mode="delete")
    if source.interlaced:
        stream = stream.filter("bwdif", mode="send_frame", deint="interlaced")
    return stream.filter("fps", fps=rate, start_time=0)


def _scaled(stream: Any, source: Source, picture: Picture) -> Any:
    scaled = stream.filter("scale", picture.width, picture.height, flags="bicubic", out_range="tv")
    ordinary = colour.to_ordinary(scaled, source)
    return ordinary.filter("format", "yuv420p")


def _layout(source: Source) -> str:
    return "mono" if source.made_channels == 1 else "stereo"
