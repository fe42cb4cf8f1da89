"""PDF: what is said about it, what is attached to it, what it does, and what nobody sees on its pages."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

from tests.support.tagged.base import BYTES, MARK, Tagged, page, words
from tests.support.tagged.pictures import XMP
from workers.media.model import Kind

INFORMATION = words("""
    Title Author Subject Keywords Creator Producer CreationDate ModDate Trapped Company SourceModified
""")
_WORDS = String(MARK)
_NOWHERE = Array([0, 0, 0, 0])


def _script() -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=_WORDS)


def _fresh(fields: dict[str, Any]) -> dict[str, Any]:
    """Return copies: an object that was put into one PDF dies with it."""
    return {name: pikepdf.Object.parse(value.unparse()) for name, value in fields.items()}


def _annotation(**fields: Any) -> Callable[[Pdf], None]:
    def add(opened: Pdf) -> None:
        entry = Dictionary(Type=Name.Annot, F=2, **_fresh(fields | {"Rect": _NOWHERE}))  # F 2: hidden
        opened.pages[0].Annots = opened.make_indirect(Array([opened.make_indirect(entry)]))

    return add


def _root(**fields: Any) -> Callable[[Pdf], None]:
    def add(opened: Pdf) -> None:
        for name, value in _fresh(fields).items():
            opened.Root[Name("/" + name)] = opened.make_indirect(value)

    return add


def _attached(opened: Pdf) -> None:
    opened.attachments[f"{MARK}.txt"] = BYTES


def _outline(opened: Pdf) -> None:
    with opened.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem(MARK, 0))


def _drawn(content: bytes) -> Callable[[Pdf], None]:
    def add(opened: Pdf) -> None:
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        opened.pages[0].Resources[Name.Font] = Dictionary(F1=font)
        opened.pages[0].contents_add(Stream(opened, content))

    return add


def _on_the_page(**fields: Any) -> Callable[[Pdf], None]:
    def add(opened: Pdf) -> None:
        for name, value in _fresh(fields).items():
            opened.pages[0][Name("/" + name)] = value

    return add


def _field(opened: Pdf) -> None:
    said = _fresh({"T": _WORDS, "V": _WORDS, "Rect": _NOWHERE})
    entry = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, F=2, **said)
    field = opened.make_indirect(entry)
    opened.pages[0].Annots = Array([field])
    opened.Root.AcroForm = Dictionary(Fields=Array([field]), XFA=Stream(opened, b"<xdp>" + BYTES + b"</xdp>"))


def _layer(opened: Pdf) -> None:
    layer = opened.make_indirect(Dictionary(Type=Name.OCG, **_fresh({"Name": _WORDS})))
    opened.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))


def _stream(name: str) -> Callable[[Pdf], None]:
    def add(opened: Pdf) -> None:
        opened.Root[Name("/" + name)] = Stream(opened, XMP, Type=Name.Metadata, Subtype=Name.XML)

    return add


def _image(opened: Pdf) -> None:
    (image,) = opened.pages[0].Resources.XObject.values()
    image.Metadata = Stream(opened, XMP, Type=Name.Metadata, Subtype=Name.XML)
    image.Alternates = Array([Dictionary(Image=Stream(opened, BYTES))])


CHANGES: dict[str, Callable[[Pdf], None]] = {
    "attachment": _attached,
    "outline": _outline,
    "XMP": _stream("Metadata"),
    "script at opening": _root(OpenAction=_script()),
    "scripts by name": _root(Names=Dictionary(JavaScript=Dictionary(Names=Array([_WORDS, _script()])))),
    "places by name": _root(Dests=Dictionary({"/" + MARK: Array([0, Name.Fit])})),
    "page labels": _root(PageLabels=Dictionary(Nums=Array([0, Dictionary(P=_WORDS)]))),
    "pieces of a program": _root(PieceInfo=Dictionary(Editor=Dictionary(Private=_WORDS))),
    "tree of what is what": _root(
        StructTreeRoot=Dictionary(K=Dictionary(S=Name.Figure, Alt=_WORDS, T=_WORDS))
    ),
    "address": _root(URI=Dictionary(Base=_WORDS)),
    "colours of the printer": _root(OutputIntents=Array([Dictionary(Info=_WORDS, RegistryName=_WORDS)])),
    "rights": _root(Perms=Dictionary(UR3=Dictionary(Reason=_WORDS, Name=_WORDS, Location=_WORDS))),
    "collection": _root(Collection=Dictionary(D=_WORDS)),
    "layer that is off": _layer,
    "form": _field,
    "picture's own": _image,
    "note": _annotation(Subtype=Name.Text, Contents=_WORDS, T=_WORDS, Subj=_WORDS),
    "link": _annotation(Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=_WORDS)),
    "launch": _annotation(Subtype=Name.Link, A=Dictionary(S=Name.Launch, F=_WORDS)),
    "stamp": _annotation(Subtype=Name.Stamp, Contents=_WORDS, NM=_WORDS),
    "highlight": _annotation(Subtype=Name.Highlight, Contents=_WORDS, RC=_WORDS),
    "sound": _annotation(Subtype=Name.Sound, Contents=_WORDS),
    "redaction not applied": _annotation(Subtype=Name.Redact, OverlayText=_WORDS),
    "invisible words": _drawn(b"BT 3 Tr /F1 9 Tf 10 10 Td (" + BYTES + b") Tj ET"),
    "words beyond the page": _drawn(b"BT /F1 9 Tf 5000 5000 Td (" + BYTES + b") Tj ET"),
    "words said instead": _drawn(b"/Span <</ActualText (" + BYTES + b")>> BDC EMC"),
    "comment in a page": _drawn(b"% " + BYTES + b"\n"),
    "page's own": _on_the_page(
        PieceInfo=Dictionary(A=Dictionary(Private=_WORDS)), LastModified=_WORDS, ID=_WORDS
    ),
    "script of a page": _on_the_page(AA=Dictionary(O=_script())),
    "unknown key": _root(Whatever=Dictionary(Secret=_WORDS)),
}


def _saved(change: Callable[[Pdf], None], **more: Any) -> bytes:
    made, written = io.BytesIO(), io.BytesIO()
    page().save(made, "PDF")
    with pikepdf.open(made) as opened:
        change(opened)
        opened.save(written, **more)
    return written.getvalue()


def files() -> Iterator[Tagged]:
    def of(name: str, content: bytes) -> Tagged:
        return Tagged(f"pdf {name}", Kind.DOCUMENT, content)

    for key in INFORMATION:
        yield of(key, _saved(lambda opened, key=key: opened.docinfo.__setitem__(f"/{key}", MARK)))  # type: ignore[misc]
    for name, change in CHANGES.items():
        yield of(name, _saved(change))
    packed = pikepdf.ObjectStreamMode.generate
    yield of("packed objects", _saved(_root(Whatever=Dictionary(Secret=_WORDS)), object_stream_mode=packed))
    plain = _saved(lambda _: None)
    yield of("comment behind the head", plain.replace(b"\n", b"\n% " + BYTES + b"\n", 1))
    yield of("behind the end", plain + b"\n% " + BYTES)
    yield of("change appended", plain + b"\n99 0 obj\n(" + BYTES + b")\nendobj\n%%EOF\n")
