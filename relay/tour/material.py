"""Things to send, for a tour without files of its own: a letter, a recording, a film, a photographed page.

Made as phones and people make them, with what has to go taken along: a place in the film's tags, a camera and
a place in the photograph's EXIF, an index at the end of the film, a picture on its side.
"""

import codecs
import random
import subprocess
from pathlib import Path

import imageio_ffmpeg
import msgspec
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from relay.errors import Unavailable
from relay.exchange import failures

LETTER = """\
Dzień dobry,

długo nie wiedziałam, czy chcę coś do Pana napisać. Tej nocy nie spałam, a potem jeszcze przez wiele tygodni.
Chcę, żeby Pan wiedział, że zegarek, który zniknął, należał do mojego ojca.

میں نے یہ خط کئی بار شروع کیا اور پھر پھاڑ دیا۔ میرے بچے اب بھی دروازہ دو بار بند کرتے ہیں۔
مجھے معافی کی جلدی نہیں؛ میں صرف یہ جاننا چاہتی ہوں کہ آپ نے ہمارا گھر کیوں چنا۔

I would like to ask you three things:

  1. Why our house?
  2. Did you see that there were children's shoes by the door?
  3. What would you say to my daughter, if she asked you herself?

You don't have to answer. If you do, take your time – I took mine.

V.
"""  # noqa: RUF001 - Urdu ends a sentence with its own full stop

PAGE = """\
To the person who wrote to me,

I have read your letter more than once. I chose your house
because the light was out. That is the whole reason, and I
know how small it is next to what I took.

I saw the shoes. I think about them.

If your daughter asked me, I would say that she did nothing
wrong, that her home was hers, and that I had no right to
walk into it. I am in a programme now, and I get up for it.

The watch is gone. I have asked the man I sold it to.

O.
"""

_PLACE = "+52.2297+021.0122/"
_VOICE = (
    # a falling and rising pitch, two vowels' worth of overtones, syllables and pauses, a little breath
    "aevalsrc='(0.35*sin(2*PI*(135+22*sin(2*PI*0.6*t))*t)+0.16*sin(2*PI*(650+160*sin(2*PI*1.7*t))*t)"
    "+0.09*sin(2*PI*(1180+260*sin(2*PI*1.1*t))*t)+0.03*(random(0)-0.5))"
    "*(0.5+0.5*sin(2*PI*3.4*t))*gt(sin(2*PI*0.45*t)\\,-0.85)':s=48000:d={seconds}"
)

_BEGINNING = 2048


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """The files that are sent."""

    letter: Path
    audio: Path
    video: Path
    document: Path

    @property
    def all(self) -> tuple[Path, ...]:
        """All of them."""
        return (self.letter, self.audio, self.video, self.document)


def make(
    folder: Path,
    *,
    letter: Path | None = None,
    audio: Path | None = None,
    video: Path | None = None,
    document: Path | None = None,
    seconds: int = 8,
) -> Material:
    """Take the files that are given, make the others in `folder`.

    Raise `Unavailable` for one that is not there, or that cannot be what it is given as at first sight.
    """
    for kind, given in (("letter", letter), ("audio", audio), ("video", video), ("document", document)):
        if given is not None:
            _refuse(kind, given)
    folder.mkdir(parents=True, exist_ok=True)
    return Material(
        letter=letter or _letter(folder),
        audio=audio or _recording(folder, seconds),
        video=video or _film(folder, seconds),
        document=document or _photograph(folder),
    )


def unusable(kind: str, file: Path, reason: str, page: int | None = None) -> str:
    """Return which file could not be sent on, why (a code of `failures`), and what to give instead."""
    return (
        f"{file}: {failures.sentence(reason, page)}"
        f" Then give another file with --{kind}, or leave that out to have one made."
    )


def _refuse(kind: str, given: Path) -> None:
    if given.is_dir():
        raise Unavailable(f"{given} is a folder. Name a file in it with --{kind}.")
    if not given.is_file():
        raise Unavailable(f"There is no file {given}. Give another one, or leave it out to have one made.")
    if kind == "letter":
        return  # `letter_of` says what a letter may be
    with given.open("rb") as opened:
        beginning = opened.read(_BEGINNING)
    if not beginning:
        raise Unavailable(unusable(kind, given, "empty"))
    if _is_text(beginning):
        raise Unavailable(unusable(kind, given, "unsupported"))


def _is_text(beginning: bytes) -> bool:
    """Whether a file is plain text as far as one can see, which no recording is, and no page but a PDF."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(beginning)  # the last character may be cut
    except UnicodeDecodeError:
        return False
    return "%PDF-" not in text and all(each.isprintable() or each.isspace() for each in text)


def _ffmpeg(*words: str | Path) -> None:
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-hide_banner",
        "-nostdin",
        "-loglevel",
        "error",
        "-y",
        *words,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"ffmpeg could not make material for the tour: {done.stderr.strip()[-300:]}")


def _letter(folder: Path) -> Path:
    path = folder / "letter.txt"
    path.write_text(LETTER, encoding="utf-8", newline="\n")
    return path


def _voice(seconds: int) -> list[str]:
    return ["-f", "lavfi", "-i", _VOICE.format(seconds=seconds)]


def _tags(**tags: str) -> list[str]:
    return [word for name, value in tags.items() for word in ("-metadata", f"{name}={value}")]


def _recording(folder: Path, seconds: int) -> Path:
    path = folder / "Voice memo 12.mp3"
    tags = _tags(title="Voice memo 12", artist="Oskar's phone", comment=_PLACE, date="2026-11-20")
    _ffmpeg(*_voice(seconds), "-codec:a", "libmp3lame", "-b:a", "96k", *tags, path)
    return path


def _film(folder: Path, seconds: int) -> Path:
    """A film as a phone held upright makes it: on its side, its index at the end, its place in the tags."""
    flat, path = folder / "flat.mp4", folder / "VID_20261120_181502.mp4"
    picture = ["-f", "lavfi", "-i", f"gradients=s=320x180:r=30:d={seconds}:n=5:speed=0.02:type=spiral"]
    clock = ["-f", "lavfi", "-i", f"testsrc2=s=320x180:r=30:d={seconds}"]
    over = [
        "-filter_complex",
        "[0]scale=1280:720[w];[w][1]overlay=x='80+60*sin(t)':y='120+40*cos(t)',format=yuv420p[v]",
    ]
    coded = ["-map", "[v]", "-map", "2:a", "-codec:v", "libx264", "-preset", "ultrafast", "-codec:a", "aac"]
    _ffmpeg(*picture, *clock, *_voice(seconds), *over, *coded, "-shortest", flat)
    tags = _tags(
        location=_PLACE, make="Phone", model="P9", title="Film", creation_time="2026-11-20T18:15:02Z"
    )
    turned: list[str | Path] = [
        "-display_rotation",
        "90",
        "-i",
        flat,
        "-codec",
        "copy",
        "-movflags",
        "use_metadata_tags",
    ]
    _ffmpeg(*turned, *tags, path)
    flat.unlink()
    return path


def _photograph(folder: Path) -> Path:
    """A page on a table, photographed a little askew by a camera that says where it was."""
    path = folder / "IMG_4711.jpg"
    chance = random.Random(4711)  # noqa: S311 - the same picture each time, no secret
    page = Image.new("RGB", (1500, 2000), (246, 243, 234))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(46)
    for number, line in enumerate(PAGE.splitlines()):
        place = (110 + chance.randint(-4, 4), 150 + number * 84 + chance.randint(-5, 5))
        draw.text(place, line, font=font, fill=(28, 32, 84))
    table = Image.new("RGB", (1800, 2300), (122, 92, 66))
    table.paste(page.rotate(1.6, expand=True, fillcolor=(122, 92, 66)), (90, 110))
    taken = table.filter(ImageFilter.GaussianBlur(0.8)).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112], exif[0x013B] = "Phone", "P9", 6, "Oskar's phone"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 13.0, 46.9), 3: "E", 4: (21.0, 0.0, 43.9)})
    taken.save(path, quality=88, exif=exif)
    return path
