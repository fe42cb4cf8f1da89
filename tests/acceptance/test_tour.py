"""`relay tour` on real files, by its real command: what it says, what was received, what was refused."""

import base64
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import av
import pypdfium2
import pytest

from relay.exchange.edits import MASK
from relay.tour.client import Api
from tests.support import media, tour
from tests.support.tour import Toured

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory) -> Toured:
    shared = tmp_path_factory.getbasetemp()
    return tour.once(shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared)


@pytest.fixture
def tmp() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="relay-tour-") as folder:
        yield Path(folder)


def test_every_expectation_held(toured: Toured) -> None:
    assert toured.code == 0, toured.printed
    assert toured.report["held"] is True
    assert toured.report["failure"] == ""
    assert "Every expectation held" in toured.printed


def test_the_letter_arrives_byte_for_byte_in_three_languages(toured: Toured) -> None:
    assert (toured.out / "offender" / "1-letter.txt").read_bytes() == tour.LETTER.encode()


def test_what_is_hidden_is_hidden_in_a_letter_of_the_tours_own(toured: Toured) -> None:
    arrived = (toured.out / "offender" / "2-letter.txt").read_text()
    assert arrived == f"There is one more thing.\n\n{MASK}\n\nThat is why I ask.\n"


def test_the_recording_can_be_heard_to_its_end(toured: Toured) -> None:
    with av.open(str(toured.out / "victim" / "1-recording.m4a")) as recording:
        assert [stream.codec_context.name for stream in recording.streams] == ["aac"]
        seconds = sum(frame.samples / frame.sample_rate for frame in recording.decode(audio=0))
    assert 1 < seconds < 10


def test_the_film_has_sound_and_stands_upright(toured: Toured) -> None:
    with av.open(str(toured.out / "victim" / "2-film.mp4")) as film:
        assert sorted(stream.type for stream in film.streams) == ["audio", "video"]
        pictures = list(film.decode(video=0))
    assert (pictures[0].width, pictures[0].height) == (720, 1280), "the phone was held upright"
    assert len(pictures) > 60


def test_the_photographed_page_is_one_page_the_right_way_up(toured: Toured) -> None:
    with pypdfium2.PdfDocument(toured.out / "victim" / "3-document.pdf") as document:
        assert len(document) == 1
        picture = document[0].render(scale=0.5).to_pil().convert("RGB")
    corner = picture.crop((0, 0, picture.width // 7, picture.height // 45))
    red, green, _ = corner.resize((1, 1)).getpixel((0, 0))
    assert red > 150, "the red mark is in the top left corner"
    assert green < 100, "the red mark is in the top left corner"


def test_nothing_that_was_received_says_who_made_it_or_where(toured: Toured) -> None:
    for file in sorted(toured.out.glob("*/*")):
        content = file.read_bytes()
        for told in (media.CANARY, media.PLACE, "Lavf", "x264"):
            for form in (told.encode(), told.encode("utf-16-le"), base64.b64encode(told.encode())[:-3]):
                assert form not in content, (file.name, told)


def test_names_of_received_files_are_neutral(toured: Toured) -> None:
    received = sorted(str(file.relative_to(toured.out)) for file in toured.out.glob("*/*"))
    assert received == [
        "offender/1-letter.txt",
        "offender/2-letter.txt",
        "victim/1-recording.m4a",
        "victim/2-film.mp4",
        "victim/3-document.pdf",
    ]
    assert sorted(one["file"] for one in toured.report["received"]) == received


def test_each_step_of_the_report_says_who_did_what_in_what_time(toured: Toured) -> None:
    steps = toured.report["steps"]
    assert [step["number"] for step in steps] == list(range(1, len(steps) + 1))
    assert all(step["who"] and step["what"] and step["seconds"] >= 0 for step in steps)
    assert sum(step["size"] is not None for step in steps) > 15


@pytest.mark.parametrize(
    ("who", "what", "status"),
    [
        ("offender", "sends it after their own agreement has lapsed", "409"),
        ("facilitator", "releases it while one of the two has paused", "409"),
        ("facilitator", "approves it before its author has agreed", "409"),
        ("facilitator", "releases it alone", "409"),
    ],
)
def test_it_tries_what_must_be_refused_and_shows_the_refusal(
    toured: Toured, who: str, what: str, status: str
) -> None:
    assert [answer[:3] for answer in _refusals(toured, who, what)] == [status]


@pytest.mark.parametrize(
    ("kind", "recipient", "does", "items"),
    [
        ("the letter", "offender", "reads", 2),
        ("the recording", "victim", "plays", 1),
        ("the film", "victim", "plays", 1),
        ("the page", "victim", "reads", 1),
    ],
)
def test_every_item_is_tried_by_everybody_whom_it_must_refuse(
    toured: Toured, kind: str, recipient: str, does: str, items: int
) -> None:
    tries = (  # who, what, how it is refused, how often: in review and once more when it is approved
        (recipient, f"asks for {kind} before its release", "404", 2),
        (recipient, f"asks for what was made of {kind}", "404", 2),
        (recipient, f"asks for the other side's original of {kind}", "404", 2),
        (recipient, f"opens {kind} as if it had been delivered", "404", 2),
        ("colleague", f"{does} {kind} of another case", "404", 1),
        ("colleague", f"releases {kind} of another case", "404", 1),
        ("administrator", f"{does} {kind}", "403", 1),
        ("facilitator", f"releases {kind} before it is approved", "409", 1),
        ("facilitator", f"approves {kind} without having seen all of it", "409", 1),
        ("facilitator", f"releases {kind} after the safety assessment has run out", "409", 1),
        (
            "intruder",
            f"plants a forgery with a real grant, in the database; the {recipient} opens {kind}",
            "500",
            1,
        ),
        (
            "intruder",
            f"copies the author's grant to the {recipient}, in the database; the {recipient} opens {kind}",
            "500",
            1,
        ),
    )
    for who, what, status, times in tries:
        assert [a[:3] for a in _refusals(toured, who, what)] == [status] * times * items, what


def _refusals(toured: Toured, who: str, what: str) -> list[str]:
    """What was answered to who tried it, each with a sentence."""
    tried = [step for step in toured.report["steps"] if step["kind"] == "refused"]
    answers = [step["answer"] for step in tried if (step["who"], step["what"]) == (who, what)]
    assert all(len(answer) > 10 for answer in answers)
    return answers


def test_it_reads_well_in_a_terminal_of_80_columns(toured: Toured) -> None:
    assert max(map(len, toured.printed.splitlines())) <= 80


def test_it_leaves_nothing_behind(toured: Toured) -> None:
    assert toured.left == ()


def test_a_file_that_is_not_there_is_named_before_anything_starts(tmp: Path) -> None:
    said = tour.relay("tour", "--audio", tmp / "none.wav", tmp=tmp)
    assert said.returncode == 2
    assert f"There is no file {tmp / 'none.wav'}" in said.stderr


def test_a_letter_that_is_no_text_is_refused_before_anything_starts(tmp: Path) -> None:
    letter = tmp / "letter.doc"
    letter.write_bytes(b"\xd0\xcf\x11\xe0")
    said = tour.relay("tour", "--letter", letter, tmp=tmp)
    assert said.returncode == 2
    assert "is not plain text in UTF-8" in said.stderr


def test_a_tour_that_cannot_go_on_says_because_of_which_file_and_what_to_give(tmp: Path) -> None:
    """A recording that is none: the worker refuses it, where the story needs it to be passed on."""
    audio = tmp / "voice.mp3"
    audio.write_bytes(bytes(20_000))
    said = tour.relay("tour", "--audio", audio, "--report", tmp / "report.json", tmp=tmp)
    assert said.returncode == 1, said.stdout
    assert "Not every expectation held" in said.stdout
    ended = " ".join(said.stdout.split())
    assert f"{audio}: We cannot open this kind of file. Please send sound as MP3, M4A or WAV" in ended
    assert "Then give another file with --audio, or leave that out" in ended
    assert '"held": false' in (tmp / "report.json").read_text()


def test_the_demo_leaves_the_stack_up_with_people_who_can_sign_in(tmp: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "relay.cli", "demo"],
        env={"PATH": os.defpath, "HOME": "/nonexistent", "TMPDIR": str(tmp), "RELAY_DEMO_WAIT": "300"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tour.ROOT,
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("It stops by itself"):
                break
        shown = "".join(said)
        addresses = {w[0]: w[-1] for line in said if (w := line.split()) and w[-1].startswith("http://")}
        signed_in = _sign_in_all(said, addresses)
        assert signed_in == ["victim", "offender", "facilitator", "colleague"], shown
        process.terminate()
        rest, _ = process.communicate(timeout=60)
        assert process.returncode == 0, rest
        assert rest.endswith("Stopped.\n")
    finally:
        process.kill()
        with process:
            pass
    assert list(tmp.iterdir()) == []


def _sign_in_all(said: list[str], addresses: dict[str, str]) -> list[str]:
    """Sign in with what was printed, as whoever reads it would."""
    names = [line.split() for line in said if line[16:].startswith("name ")]
    passphrases = [line.split(maxsplit=1)[1].strip() for line in said if line[16:].startswith("passphrase ")]
    signed_in = []
    for (role, _, name), passphrase in zip(names, passphrases, strict=True):
        staff = role in {"facilitator", "colleague"}
        api = Api(addresses["staff" if staff else "participants"])
        session = api.sign_in(name, passphrase)
        assert session["side"] == ("staff" if staff else "participant")
        if staff:
            assert "2026/0417 Elm Street" in {case["reference"] for case in api.get("/cases")}
        api.close()
        signed_in.append(role)
    return signed_in
