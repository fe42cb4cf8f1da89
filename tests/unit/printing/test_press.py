"""Letters on paper: all of the text, what its reader is told about it, and fit for a bad photocopy."""

import ctypes

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from relay.errors import Busy
from relay.exchange.edits import MASK
from relay.printing import direction, press
from relay.printing.model import PressBroken, Printed, Size
from tests.support.paper import FOLDER, HIDDEN, body, fonts_are_there, pages, words

CODE = "Receipt 7KX3-9QFM"
LETTERS = {
    "English": "Dear you,\n\nI think of that evening every day.\n\nYours",
    "Polish": "Szanowna Pani,\n\nzażółć gęślą jaźń. PCHNĄĆ W TĘ ŁÓDŹ JEŻA LUB OŚM SKRZYŃ FIG.",
    "Urdu": "محترم،\n\nمجھے افسوس ہے کہ میں نے آپ کو دکھ پہنچایا۔ میں ہر روز اس کے بارے میں سوچتا ہوں۔",
    "Punjabi (Gurmukhi)": "ਮੈਨੂੰ ਅਫ਼ਸੋਸ ਹੈ ਕਿ ਮੈਂ ਤੁਹਾਨੂੰ ਦੁੱਖ ਪਹੁੰਚਾਇਆ। ਮੈਂ ਹਰ ਰੋਜ਼ ਸੋਚਦਾ ਹਾਂ।",
    "Punjabi (Shahmukhi)": "مینوں افسوس اے کہ میں تہانوں دکھ دتا۔ میں روز سوچدا ہاں۔",
    "Arabic": "عزيزتي،\n\nأنا آسف جدا على ما فعلته. أفكر في ذلك كل يوم.",
    "Chinese": "尊敬的先生：\n\n我对自己所做的事深感抱歉。我每天都在想这件事。",
    "Hebrew": "שלום רב,\n\nאני מצטער על מה שעשיתי.",
    "with hidden words": f"Dear you,\n\nI live at {MASK}, by the mill.\nمیرا نام {MASK} ہے",
    "several": "Dear you,\n我很抱歉。\nżal mi\nਮੈਨੂੰ ਅਫ਼ਸੋਸ ਹੈ\nمجھے افسوس ہے",
}


@pytest.fixture(autouse=True)
def _fonts() -> None:
    fonts_are_there()


async def printed(text: str, size: Size = Size.NORMAL) -> Printed:
    return await press.letter(text, code=CODE, size=size, folder=FOLDER)


@pytest.mark.parametrize("language", LETTERS)
@pytest.mark.parametrize("size", Size)
async def test_the_paper_says_what_the_letter_says(language: str, size: Size) -> None:
    done = await printed(LETTERS[language], size)
    assert body(done.pdf, CODE) == words(LETTERS[language])


@pytest.mark.parametrize("size", Size)
async def test_the_end_tells_of_hidden_parts_and_what_the_code_is_for(size: Size) -> None:
    for lines in (1, 14, 20, 24):  # also where the letter ends at the end of a page
        text = "\n".join(["I think of it."] * lines)
        done = await press.letter(text, code=CODE, size=size, folder=FOLDER, told=HIDDEN)
        assert body(done.pdf, CODE, hidden=True) == words(text)
        assert "Before this was" in pages(done.pdf)[-1]  # in one piece with what follows it


async def test_what_lies_on_top_says_where_it_is_told_that_parts_were_hidden() -> None:
    done = await press.cover_note(call="Fatima", words="", size=Size.NORMAL, folder=FOLDER)
    said = "If parts of it were hidden before it was passed on, that is said at its end."
    assert words(said) in words("".join(pages(done.pdf)))


async def test_a_line_that_runs_both_ways_keeps_every_character() -> None:
    text = "مجھے (یعنی Oskar) افسوس ہے، ۴۵۶ and 12:30 [שלום] ok"
    # which way round is for the eye: a reader of files puts such a line together as it likes
    brackets = str.maketrans(")]", "([")
    done = body((await printed(text)).pdf, CODE)
    assert sorted(done.translate(brackets)) == sorted(words(text).translate(brackets))


async def test_markup_is_printed_as_it_was_written() -> None:
    text = (
        '#import "@preview/cetz:0.3.1": * #read("/etc/passwd") $x^2$ @label *bold* _it_ `raw` = Head\n'
        "= Heading\n- list\n+ list\n/ term: x\n// comment /* more */ \\ \\u{41} ~ --- ... <label> https://x.example\n"
        "#{panic()} [x] {y} ' \" ''"
    )
    assert body((await printed(text)).pdf, CODE) == words(text)


async def test_a_letter_of_twenty_thousand_characters_is_printed_whole() -> None:
    text = "".join(f"{number} I think of it every day, and I am sorry.\n" for number in range(500))[:20_000]
    done = await printed(text, Size.LARGE)
    assert done.pages == len(pages(done.pdf)) >= 20
    assert body(done.pdf, CODE) == words(text)


async def test_nothing_runs_over_the_edge_of_the_paper() -> None:
    done = await printed(
        "W" * 300 + "\n" + "我" * 100 + "\n" + "x-" * 200 + "\na\u00a0" * 200 + "\ufdfd" * 99, Size.LARGE
    )
    for page in pypdfium2.PdfDocument(done.pdf):
        left, _, right, _ = zip(*(one.get_bounds() for one in page.get_objects()), strict=True)
        assert min(left) > 40
        assert max(right) < page.get_width() - 40


async def test_a_piece_that_fits_on_no_line_after_all_stops_the_press(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(direction, "breakable", lambda line: line)
    assert (await printed("W" * 24)).pages == 1
    with pytest.raises(PressBroken):
        await printed("W" * 60)


async def test_a_line_that_runs_to_the_left_begins_on_the_right() -> None:
    for text, right in (("مجھے", True), ("Hello", False)):
        [page] = pypdfium2.PdfDocument((await printed(text)).pdf)
        textpage = page.get_textpage()
        assert (textpage.get_charbox(0)[0] > page.get_width() / 2) is right


async def test_everything_is_black_large_and_without_thin_lines() -> None:
    everything = [
        await printed(LETTERS["several"]),
        await press.consent_form(size=Size.NORMAL, folder=FOLDER),
        await press.cover_note(call="Fatima", words="سلام", size=Size.NORMAL, folder=FOLDER),
        await press.enrolment_card(
            address="https://x.example/enrol/1", secret="AB", until="today", size=Size.NORMAL, folder=FOLDER
        ),
    ]
    for done in everything:
        for page in pypdfium2.PdfDocument(done.pdf):
            for one in page.get_objects():
                colour = [ctypes.c_uint() for _ in range(4)]
                width = ctypes.c_float(2)
                if one.type == pdfium.FPDF_PAGEOBJ_TEXT:
                    pdfium.FPDFPageObj_GetFillColor(one, *colour)
                    size = ctypes.c_float()
                    pdfium.FPDFTextObj_GetFontSize(one, size)
                    assert size.value >= 14
                else:
                    assert one.type == pdfium.FPDF_PAGEOBJ_PATH
                    pdfium.FPDFPageObj_GetStrokeColor(one, *colour)
                    pdfium.FPDFPageObj_GetStrokeWidth(one, width)
                assert [part.value for part in colour] == [0, 0, 0, 255]
                assert width.value >= 1.2


def test_large_print_is_large() -> None:
    assert Size.LARGE.points >= 18


async def test_the_file_tells_nothing_beside_the_letter() -> None:
    first, second = await printed("Dear you"), await printed("Dear you")
    assert first.pdf == second.pdf, "a time or a random number is in it"
    metadata = pypdfium2.PdfDocument(first.pdf).get_metadata_dict(skip_empty=True)
    assert metadata.keys() <= {"Creator", "CreationDate", "ModDate"}
    assert metadata["CreationDate"] == metadata["ModDate"] == "D:20000101000000Z"


async def test_the_card_has_address_and_secret() -> None:
    card = await press.enrolment_card(
        address="https://relay.example.org/enrol/123e4567-e89b-42d3-a456-426614174000",
        secret="ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345",
        until="6 December 2026",
        size=Size.LARGE,
        folder=FOLDER,
    )
    [text] = pages(card.pdf)
    assert "123e4567-e89b-42d3-a456-426614174000" in text
    assert words("https://relay.example.org/enrol/123e") in words(text)
    assert words("ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345") in words(text)


@pytest.mark.parametrize("size", Size)
async def test_the_card_has_a_strip_to_keep_for_the_name_that_signs_in(size: Size) -> None:
    """Nobody can look the name up: only its keyed hash is stored."""
    site = "https://letters.restorative-justice.county-of-somewhere.example.org/enrol"
    card = await press.enrolment_card(
        address=f"{site}/123e4567-e89b-42d3-a456-426614174000",
        secret="ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345",
        until="6 December 2026",
        size=size,
        folder=FOLDER,
    )
    [text] = pages(card.pdf)
    kept = words(text).partition(words("Keep this strip where only you find it."))[2]
    assert kept.startswith(words("The name that you sign in with, with its four digits:"))
    assert words("Then tear it up, all but the strip below.") in words(text)
    [page] = pypdfium2.PdfDocument(card.pdf)
    ruled = [one.get_bounds() for one in page.get_objects() if one.type == pdfium.FPDF_PAGEOBJ_PATH]
    left, bottom, right, top = min(ruled, key=lambda box: box[1])
    assert (right - left > 400, top - bottom < 5) == (True, True)


async def test_a_long_address_breaks_after_a_dot_and_is_copied_as_it_is() -> None:
    site = "https://letters.restorative-justice.county-of-somewhere.example.org/enrol"
    card = await press.enrolment_card(
        address=f"{site}/1", secret="AB", until="today", size=Size.LARGE, folder=FOLDER
    )
    [page] = pypdfium2.PdfDocument(card.pdf)
    copied = page.get_textpage().get_text_range()
    address = copied[copied.index("https:") : copied.index("2. Type")].split()
    assert "".join(address) == f"{site}/1"
    assert len(address) > 2
    assert all(line.endswith(".") for line in address[:-2])


async def test_a_glyph_that_is_missing_after_all_stops_the_press() -> None:
    data = {"points": 14, "fonts": ("Noto Sans",), "code": CODE, "text": (), "told": HIDDEN}
    arabic = [{"text": "سلام", "rtl": True, "language": "ar", "arabic": True, "pieces": []}]
    assert press._press("letter", FOLDER, ("Noto Sans",), data).pages == 1
    with pytest.raises(PressBroken):
        press._press("letter", FOLDER, ("Noto Sans",), data | {"text": arabic})


async def test_what_fails_does_not_quote_the_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(press, "SECONDS", 0.001)
    with pytest.raises(PressBroken) as broken:
        await printed("a canary in the letter")
    assert broken.value.__cause__ is None
    assert broken.value.__suppress_context__
    assert "canary" not in broken.value.public


async def test_a_press_that_is_full_says_so() -> None:
    taken = [press._places.acquire(blocking=False) for _ in range(press.AT_ONCE)]
    try:
        with pytest.raises(Busy):
            await printed("Dear you")
    finally:
        for _ in taken:
            press._places.release()
    assert (await printed("Dear you")).pages == 1
