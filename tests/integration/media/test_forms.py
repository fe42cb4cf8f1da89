"""What was filled into a form of a PDF is drawn, and what its maker hid stays hidden."""

import io
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String
from pypdfium2.version import PDFIUM_INFO

from tests.integration.media.conftest import CleanFile
from tests.support import media
from workers.media.model import Clean, Kind, MediaRefused, Reason

SHOWN, HIDDEN, NOT_ON_A_SCREEN = 4, 2, 32
"""Flags of an annotation (ISO 32000-1, 12.5.3)."""


def form(*, flags: int = SHOWN, drawn: bool = False, needs_drawing: bool = False, script: str = "") -> bytes:
    """A page with nothing on it but a field that was filled in, which its program had drawn, or had not."""
    written = io.BytesIO()
    with Pdf.new() as made:
        made.add_blank_page(page_size=(300, 200))
        font = made.make_indirect(
            Dictionary(
                Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
            )
        )
        field = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("answer"), F=flags)
        field.V, field.DA = String("I am sorry"), String("/Helv 30 Tf 0 g")
        field.Rect = Array([20, 20, 280, 80])
        resources = Dictionary(Font=Dictionary(Helv=font))
        if drawn:
            words = b"/Tx BMC BT /Helv 30 Tf 0 g 2 20 Td (I am sorry) Tj ET EMC"
            field.AP = Dictionary(N=Stream(made, words, Type=Name.XObject, Subtype=Name.Form))
            field.AP.N.BBox, field.AP.N.Resources = Array([0, 0, 260, 60]), resources
        if script:
            action = Dictionary(S=Name.JavaScript, JS=String(script))
            made.Root.OpenAction, field.AA = action, Dictionary(F=action, C=action)
        entry = made.make_indirect(field)
        made.pages[0].obj.Annots = Array([entry])
        made.Root.AcroForm = Dictionary(Fields=Array([entry]), DR=resources, NeedAppearances=needs_drawing)
        made.save(written)
    return written.getvalue()


def ink(made: Clean) -> int:
    """How many dark points there are on the first page."""
    with pypdfium2.PdfDocument(media.content(made.files["clean"])) as opened:
        return sum(opened[0].render(scale=1).to_pil().convert("L").histogram()[:128])


def cleaned(content: bytes, samples: Path, clean_file: CleanFile) -> Clean:
    path = samples / "form.pdf"
    path.write_bytes(content)
    return clean_file(Kind.DOCUMENT, path)


@pytest.mark.parametrize(
    ("drawn", "needs_drawing"), [(True, False), (False, True), (True, True), (False, False)]
)
def test_what_was_filled_in_is_on_the_page(
    samples: Path, clean_file: CleanFile, *, drawn: bool, needs_drawing: bool
) -> None:
    made = cleaned(form(drawn=drawn, needs_drawing=needs_drawing), samples, clean_file)
    assert ink(made) > 200


@pytest.mark.parametrize("flags", [HIDDEN, NOT_ON_A_SCREEN])
@pytest.mark.parametrize("drawn", [True, False])
def test_a_hidden_field_stays_hidden(
    flags: int, samples: Path, clean_file: CleanFile, *, drawn: bool
) -> None:
    made = cleaned(form(flags=flags, drawn=drawn, needs_drawing=not drawn), samples, clean_file)
    assert ink(made) == 0


def test_no_script_of_a_form_changes_what_was_filled_in(samples: Path, clean_file: CleanFile) -> None:
    assert {"V8", "XFA"}.isdisjoint(PDFIUM_INFO.flags), "this reader of PDF cannot run any"
    script = "this.getField('answer').display = display.hidden; event.value = '';"
    plain = ink(cleaned(form(drawn=True), samples, clean_file))
    assert ink(cleaned(form(drawn=True, script=script), samples, clean_file)) == plain > 200


def test_a_form_that_only_a_program_of_its_own_draws_is_refused(samples: Path, clean_file: CleanFile) -> None:
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(form(drawn=True))) as opened:
        opened.Root.AcroForm.XFA = Stream(opened, b"<xdp/>")
        opened.save(written)
        assert ink(cleaned(written.getvalue(), samples, clean_file)) > 200, "one that is drawn too is taken"
        opened.Root.NeedsRendering = True
        opened.save(written)
    with pytest.raises(MediaRefused) as refused:
        cleaned(written.getvalue(), samples, clean_file)
    assert refused.value.reason is Reason.UNSUPPORTED
