"""Every hostile file ends accepted or refused, within its limits, and what is accepted is clean."""

import io
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.hostile import samples as parsers
from tests.security.sandbox import bombs
from tests.support import media
from tests.support.media import Whole
from workers.media.clean import clean
from workers.media.model import Kind, Limits, MediaRefused, Reason

QUICK = Limits(least_seconds=120, slowness=4, memory_bytes=2 << 30)
KINDS = list(Kind)


def attempt(kind: Kind, content: bytes, limits: Limits = QUICK) -> Reason | tuple[str, ...]:
    """The reason of a refusal, or the traces in what was accepted."""
    try:
        with clean(kind, Whole(content), limits) as made:
            return tuple(media.traces(b"".join(media.content(file) for file in made.files.values())))
    except MediaRefused as refused:
        return refused.reason


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def film(samples: Path) -> bytes:
    return media.film(samples, "small.mp4", 1, size="160x120").read_bytes()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lists", [bombs.playlist, bombs.concatenation, bombs.dash])
def test_a_list_of_files_is_not_followed(kind: Kind, lists: Callable[[Path], bytes], samples: Path) -> None:
    assert attempt(kind, lists(media.film(samples, "secret.ts", 1))) is Reason.UNSUPPORTED


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "content",
    [
        bombs.session_description(),
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        b"<html><video src='http://127.0.0.1/'></html>",
        b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;",
        b"PK\x03\x04" + b"\0" * 100,
        b"%!PS-Adobe-3.0\n(/etc/passwd) run\n",
        b"push graphic-context\nviewbox 0 0 1 1\nimage over 0,0 0,0 'msl:x'\n",
        b"\0",
        b"\0" * 4096,
        random.Random(1).randbytes(4096),  # noqa: S311 - the same noise every time
    ],
    ids=["sdp", "svg", "html", "gif", "zip", "postscript", "magick", "one-zero", "zeros", "noise"],
)
def test_other_formats_are_refused_with_what_to_do(kind: Kind, content: bytes) -> None:
    assert attempt(kind, content) is Reason.UNSUPPORTED


def test_kinds_are_not_mixed_up(film: bytes, samples: Path) -> None:
    page = media.document(samples, "page.pdf", 1).read_bytes()
    sound = media.speech(samples, "sound.wav", 1).read_bytes()
    assert attempt(Kind.DOCUMENT, film) is Reason.WRONG_KIND
    assert attempt(Kind.VIDEO, page) is Reason.WRONG_KIND
    assert attempt(Kind.AUDIO, page) is Reason.WRONG_KIND
    assert attempt(Kind.AUDIO, film) is Reason.WRONG_KIND
    assert attempt(Kind.VIDEO, sound) is Reason.NO_PICTURE
    assert attempt(Kind.DOCUMENT, sound) is Reason.WRONG_KIND


def test_an_empty_and_a_large_file_are_refused_unopened(film: bytes) -> None:
    assert attempt(Kind.VIDEO, b"") is Reason.EMPTY
    assert attempt(Kind.VIDEO, film, Limits(input_bytes=len(film) - 1)) is Reason.TOO_LARGE


def test_two_formats_in_one_file_give_only_what_was_asked_for(samples: Path) -> None:
    pieces = ["-movflags", "+frag_keyframe+empty_moov+default_base_moof"]
    film = media.film(samples, "pieces.mp4", 1, *pieces, size="160x120").read_bytes()
    both = bombs.polyglot(film, bombs.acting_pdf())
    assert attempt(Kind.VIDEO, both) == ()
    assert attempt(Kind.DOCUMENT, both) is Reason.WRONG_KIND
    with clean(Kind.VIDEO, Whole(both), QUICK) as made:
        assert b"%PDF" not in media.content(made.files["clean"])


@pytest.mark.parametrize("around", [bombs.in_a_photograph, bombs.in_an_archive])
def test_a_pdf_in_another_file_gives_its_page_and_nothing_of_the_other(
    around: Callable[[bytes], bytes],
) -> None:
    both = around(bombs.acting_pdf())
    assert attempt(Kind.AUDIO, both) is attempt(Kind.VIDEO, both) is Reason.WRONG_KIND
    with clean(Kind.DOCUMENT, Whole(both), QUICK) as made:
        content = media.content(made.files["clean"])
        poster = Image.open(io.BytesIO(media.content(made.files["poster"])))
    assert made.facts.pages == 1
    assert media.traces(content) == []
    assert b"PK\x03\x04" not in content
    assert poster.convert("L").getextrema() == (255, 255), "the PDF's page is empty, the photograph black"


def test_a_photograph_that_is_a_film_too_is_refused(samples: Path) -> None:
    pieces = ["-movflags", "+frag_keyframe+empty_moov+default_base_moof"]
    film = media.film(samples, "behind.mp4", 1, *pieces, size="160x120").read_bytes()
    both = bombs.behind_a_photograph(film)
    outcomes = [attempt(kind, both) for kind in KINDS]
    assert outcomes == [Reason.WRONG_KIND, Reason.WRONG_KIND, Reason.UNSUPPORTED]


def test_a_pdf_that_acts_becomes_a_picture() -> None:
    with clean(Kind.DOCUMENT, Whole(bombs.acting_pdf()), QUICK) as made:
        content = media.content(made.files["clean"])
    for word in (b"JavaScript", b"/JS", b"Launch", b"/URI", b"Embedded", b"OpenAction", b"/Annot"):
        assert word not in content
    assert media.traces(content) == []


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (2**31 - 1, 1), (10_000, 4_001)])
def test_a_pixel_bomb_is_refused_before_it_is_decoded(width: int, height: int) -> None:
    started = time.monotonic()
    reason = attempt(Kind.DOCUMENT, bombs.pixel_bomb(width, height))
    assert reason is Reason.TOO_MANY_PIXELS
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("bomb", [bombs.form_bomb, bombs.field_bomb])
def test_a_bomb_of_nested_forms_is_stopped(
    bomb: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from workers.media import document

    monkeypatch.setattr(document, "_PROCESSOR_SECONDS", 2)
    monkeypatch.setattr(document, "_SECONDS_PER_PAGE", 0)
    started = time.monotonic()
    assert attempt(Kind.DOCUMENT, bomb()) is Reason.OUT_OF_TIME
    assert time.monotonic() - started < 60


def test_of_a_page_tree_that_lies_the_pages_are_taken_that_are_there() -> None:
    with clean(Kind.DOCUMENT, Whole(bombs.page_tree_bomb()), QUICK) as made:
        assert made.facts.pages == 1


def test_films_beyond_the_caps_are_refused(samples: Path) -> None:
    long = media.film(samples, "long.mkv", 1, size="160x120").read_bytes()
    assert attempt(Kind.VIDEO, bombs.claims_to_last(long, 7 * 3600)) is Reason.TOO_LONG
    assert attempt(Kind.VIDEO, bombs.giant_picture(samples).read_bytes()) is Reason.TOO_MANY_PIXELS
    assert attempt(Kind.VIDEO, bombs.fast_film(samples).read_bytes()) is Reason.UNSUPPORTED
    tracks = bombs.many_tracks(samples).read_bytes()
    assert attempt(Kind.AUDIO, tracks) is Reason.TOO_MANY_STREAMS


def test_a_recording_that_does_not_say_its_length_is_still_too_long(samples: Path) -> None:
    content = media.browser_film(samples, 6).read_bytes()
    assert attempt(Kind.VIDEO, content, Limits(video_seconds=4)) is Reason.TOO_LONG


@pytest.mark.parametrize("seconds", [0.2, 3, 60])
def test_a_film_that_lasts_otherwise_than_it_says_is_damaged(seconds: float, samples: Path) -> None:
    film = media.film(samples, "claims.mkv", 1, size="160x120").read_bytes()
    assert attempt(Kind.VIDEO, bombs.claims_to_last(film, 1)) == ()
    assert attempt(Kind.VIDEO, bombs.claims_to_last(film, seconds)) is Reason.DAMAGED


CUTTABLE: dict[str, tuple[Kind, Callable[[Path, str], Path]]] = {
    "cut.mp4": (
        Kind.VIDEO,
        lambda to, name: media.film(to, name, 4, "-movflags", "+faststart", size="160x120"),
    ),
    "cut.mkv": (Kind.VIDEO, lambda to, name: media.film(to, name, 4, size="160x120")),
    "cut.wav": (Kind.AUDIO, lambda to, name: media.speech(to, name, 4)),
    "cut.m4a": (Kind.AUDIO, lambda to, name: media.speech(to, name, 4)),
    "cut.pdf": (Kind.DOCUMENT, media.document),
    "cut.jpg": (Kind.DOCUMENT, media.photographed_page),
    "cut.png": (Kind.DOCUMENT, media.photographed_page),
}


@pytest.mark.parametrize("name", CUTTABLE)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_what_was_cut_off_is_refused(name: str, share: float, samples: Path) -> None:
    kind, make = CUTTABLE[name]
    assert attempt(kind, media.cut(make(samples, name), share).read_bytes()) is Reason.DAMAGED


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 2000, 250))
def test_damaged_files_end_accepted_clean_or_refused(first: int) -> None:
    """2,000 of them, in pieces; `make hostile` does 12,000."""
    outcomes = through_the_room("--count", "250", "--first", str(first))
    # were all refused, or all accepted, nothing would have been shown
    assert int(outcomes["accepted"]) > 25
    assert int(outcomes["damaged"]) > 25


@pytest.mark.slow
def test_what_makers_of_parsers_collected_ends_accepted_clean_or_refused() -> None:
    """Every twenty-fourth sample and all that once broke something; `make hostile` does all of them."""
    try:
        for package in parsers.PACKAGES:
            next(parsers.samples(package))
    except httpx.HTTPError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the sources of parsers cannot be fetched here: {error}")
    outcomes = through_the_room("--count", "0", "--samples", "24")
    assert int(outcomes["accepted"]) > 25
    assert int(outcomes["unsupported"]) > 25


def through_the_room(*words: str) -> dict[str, str]:
    """Run the hostile set and answer how many ended how; nothing may have gone wrong."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.hostile", "--jobs", "1", *words],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return dict(line.split()[::-1] for line in ran.stdout.splitlines() if len(line.split()) == 2)


def descriptors() -> set[str]:
    with os.scandir("/proc/self/fd") as listed:
        return {entry.name for entry in listed}


def test_the_result_belongs_to_the_caller_and_nothing_else_is_left_open(film: bytes) -> None:
    before = descriptors()
    assert attempt(Kind.VIDEO, film) == ()
    assert attempt(Kind.VIDEO, film[:2000]) is Reason.DAMAGED
    assert attempt(Kind.DOCUMENT, bombs.pixel_bomb()) is Reason.TOO_MANY_PIXELS
    assert descriptors() == before
