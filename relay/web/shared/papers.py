"""Answering with a PDF that was made for this one request."""

from typing import Final

from litestar import Response

from relay.printing.model import Printed

PDF: Final = "application/pdf"


def answer(printed: Printed, name: str) -> Response[bytes]:
    """Send it out of memory, to be shown and printed by the browser. `name` must tell nothing of it."""
    return Response(
        printed.pdf, media_type=PDF, headers={"Content-Disposition": f'inline; filename="{name}.pdf"'}
    )
