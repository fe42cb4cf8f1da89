"""The command lines of ffmpeg, built with ffmpeg-python.

Two processes work at the same time. The first reads the hostile file and makes new picture and sound; it
writes them into a pipe. The second has never seen the hostile file: it packs what comes into the final
file, and decodes every bit of it, so that a result that was packed is a result that plays. Their clocks are
the same, so nothing shifts.
"""

import os
from typing import Any

import ffmpeg

from workers.media import colour, loudness
from workers.media.answers import Source
from workers.media.changes import UNCHANGED, Changes
from workers.media.loudness import Level
from workers.media.model import Kind, Limits
from workers.media.shape import Picture
from workers.media.tools import Tools

READ, WRITE, SIDE = 3, 4, 5
"""Descriptors of both: first input, first output, second output."""
STEER = 6
"""Of the first process, where faces are covered: the file that steers its filters."""

SOUND_RATE = 48_000
PEAK_RATE = 8_000

_PIECE_MICROSECONDS = 500_000
"""Short pieces can go through a pipe: each has its own small index, and the reader need not go back."""

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

_FEW = 4
_MOST_THREADS = 8
_LARGE_PIXELS = 9_500_000
_THREADS_FOR_LARGE = 2
"""Memory grows with threads times pixels: 4K on 8 threads and 8K on 2 stay below 3 GiB."""

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
    "maxrate": "6M",
    "bufsize": "12M",
    "g": 60,
    "flags:v": "+bitexact",
}


def _sound_codec(channels: int) -> dict[str, Any]:
    return {"c:a": "aac", "b:a": "96k" if channels == 1 else "128k", "flags:a": "+bitexact"}


def make(
    kind: Kind,
    source: Source,
    picture: Picture | None,
    level: Level | None,
    limits: Limits,
    tools: Tools,
    changes: Changes = UNCHANGED,
) -> tuple[str, ...]:
    """The first process: the original at READ, new picture and sound to WRITE, progress to SIDE."""
    original = _original(kind, limits, tools, **(_film_input(source, limits) if picture else {}))
    streams: list[Any] = []
    codecs: dict[str, Any] = {}
    if picture is not None:
        film = _film(original[str(source.film_index)], source, picture)
        streams.append(changes.film(film, picture, STEER))
        codecs |= _FILM_CODEC | _threads("threads:v", _MOST_THREADS) | changes.film_codec()
    if level is not None:
        sound = changes.voiced(_sound(original[str(source.sound_index)], source), _layout(source))
        streams.append(changes.sound(loudness.apply(sound, level)))
        codecs |= _sound_codec(source.channels)
    pieces = {"f": "mp4", "movflags": "+delay_moov+default_base_moof", "frag_duration": _PIECE_MICROSECONDS}
    made = ffmpeg.output(*streams, f"pipe:{WRITE}", **codecs, **_NOTHING_ELSE, **pieces)
    settings = (*QUIET, *_SOME_ERRORS, "-progress", f"pipe:{SIDE}", "-stats_period", "0.5")
    return tuple(ffmpeg.compile(made.global_args(*settings), overwrite_output=True)[1:])


def pictures(
    source: Source, picture: Picture, small: Picture, a_second: int, limits: Limits, tools: Tools
) -> tuple[str, ...]:
    """For whoever looks for something in a film: the original at READ, plain small pictures to WRITE.

    They stand on the clock of the film that `make` makes: the first at 0, `a_second` of them from there on.
    """
    original = _original(Kind.VIDEO, limits, tools, **_film_input(source, limits))
    few = _steady(original[str(source.film_index)], picture).filter("fps", fps=a_second, start_time=0)
    form = {"f": "rawvideo", "pix_fmt": "rgb24", "fps_mode": "passthrough"}
    made = ffmpeg.output(_scaled(few, source, small), f"pipe:{WRITE}", **form)
    return tuple(ffmpeg.compile(made.global_args(*QUIET, *_SOME_ERRORS), overwrite_output=True)[1:])


def _original(kind: Kind, limits: Limits, tools: Tools, **more: Any) -> Any:
    name, options = tools.source(READ)
    return ffmpeg.input(
        name,
        **options,
        format_whitelist=_FORMATS,
        codec_whitelist=_CODECS,
        max_streams=limits.streams,
        **more,
        t=limits.seconds(kind) + 1,
    )


def _film_input(source: Source, limits: Limits) -> dict[str, Any]:
    most = _THREADS_FOR_LARGE if source.width * source.height > _LARGE_PIXELS else _MOST_THREADS
    return {"max_pixels": limits.film_pixels, **_threads("threads", most)}


def _threads(option: str, most: int) -> dict[str, int]:
    """As many as ffmpeg finds good, up to `most`."""
    return {option: most} if (os.cpu_count() or 1) > most else {}


def _film(stream: Any, source: Source, picture: Picture) -> Any:
    """Turned (ffmpeg does that by itself), at a steady rate, scaled to fit, square pixels, eight bits.

    What travels beside the pictures (captions, a studio's notes on light) ends here.
    """
    return _scaled(_steady(stream, picture), source, picture)


def _steady(stream: Any, picture: Picture) -> Any:
    return stream.filter("sidedata", mode="delete").filter("fps", fps=picture.rate)


def _scaled(stream: Any, source: Source, picture: Picture) -> Any:
    scaled = stream.filter("scale", picture.width, picture.height, flags="bicubic", out_range="tv")
    ordinary = colour.to_ordinary(scaled, source)
    return ordinary.filter("setsar", 1).filter("format", "yuv420p")


def _sound(stream: Any, source: Source) -> Any:
    """One or two channels at 48 kHz; gaps in the clock become silence, so that sound stays with film."""
    resampled = stream.filter("aresample", SOUND_RATE, **{"async": 1})
    return resampled.filter("aformat", sample_fmts="fltp", channel_layouts=_layout(source))


def _layout(source: Source) -> str:
    return "mono" if source.channels == 1 else "stereo"


def _few_processors() -> bool:
    return (os.cpu_count() or 1) <= _FEW


def pack(kind: Kind, *, film: bool, sound: bool) -> tuple[str, ...]:
    """The second process: pieces at READ, the final file to WRITE, plain samples for the waveform to SIDE.

    It writes as it goes, the index last: `packed` takes the file away behind it, and `faststart` reads it
    with the index in front. Any error in the pieces ends it. The filter that smooths block edges is left out
    of this decode: it changes what a picture looks like, not whether it can be decoded. One thread keeps pace
    with what a few processors encode, and costs less than several.
    """
    decoding = {"skip_loop_filter": "all", **({"threads": 1} if _few_processors() else {})}
    pieces = ffmpeg.input(
        f"pipe:{READ}",
        f="mp4",
        format_whitelist="mov,mp4,m4a,3gp,3g2,mj2",
        protocol_whitelist="pipe",
        codec_whitelist="h264,aac",
        **(decoding if film else {}),
    )
    tracks = [pieces["v:0"]] * film + [pieces["a:0"]] * sound
    container = {"f": "ipod" if kind is Kind.AUDIO else "mp4"}
    marks = {"bsf:v": PICTURES_ONLY} if film else {}
    outputs = [
        ffmpeg.output(*tracks, f"/proc/self/fd/{WRITE}", c="copy", **marks, **_NOTHING_ELSE, **container)
    ]
    if film:
        outputs.append(ffmpeg.output(pieces["v:0"], "-", f="null", fps_mode="passthrough"))
    if sound:
        samples = {"ac": 1, "ar": PEAK_RATE, "f": "s16le", "fflags": "+bitexact"}
        outputs.append(ffmpeg.output(pieces["a:0"], f"pipe:{SIDE}", **samples))
    everything = ffmpeg.merge_outputs(*outputs).global_args(*QUIET, "-xerror")
    return tuple(ffmpeg.compile(everything, overwrite_output=True)[1:])
