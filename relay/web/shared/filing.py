"""A plain form upload: no script, no tus; the file, or the files, sealed as they arrive."""

import contextlib
from uuid import UUID

from litestar.types import Receive

from relay.errors import Invalid, RelayError
from relay.exchange import progress, uploads
from relay.exchange.uploads import Upload
from relay.house import House
from relay.identity.model import Person
from relay.web.shared.access import CSRF_FIELD, AnyRequest, check_token
from relay.web.shared.multipart import ClientLeft, FileForm
from relay.web.shared.pages_form import PagesForm

_CUT = "The file was cut off on its way. Please send it again; nothing else was lost."


async def receive_file(
    request: AnyRequest, house: House, person: Person, item_id: UUID, *, page: bool
) -> Upload:
    """Take a form's file into an upload of the item; return it complete. `page`: the form has the token."""
    return await _receive(request, house, person, item_id, FileForm(*_form(request)), page=page)


async def receive_pages(
    request: AnyRequest, house: House, person: Person, item_id: UUID, *, page: bool
) -> Upload:
    """Take a form's files into one upload of a document, in their order; return it complete."""
    if (await progress.own_item(house, person, item_id)).kind != "document":
        raise Invalid(kind="Several files at once make a document. Start a document for them.")
    return await _receive(request, house, person, item_id, PagesForm(*_form(request)), page=page)


def _form(request: AnyRequest) -> tuple[str, str, Receive]:
    headers = request.headers
    return headers.get("content-type", ""), headers.get("content-length", ""), request.receive


async def _receive(
    request: AnyRequest,
    house: House,
    person: Person,
    item_id: UUID,
    form: FileForm | PagesForm,
    *,
    page: bool,
) -> Upload:
    try:
        await form.open()
    except ClientLeft:
        raise Invalid(file=_CUT) from None
    if page:
        check_token(request, person, form.fields.get(CSRF_FIELD, ""))
    if not form.has_file or form.length < 1:
        raise Invalid(file="Choose a file first.")
    upload = await uploads.create(house, person, item_id, form.length)
    try:
        async with uploads.append(house, person, upload.id, 0) as sink:
            async for data in form:
                await sink.write(data)
            if sink.received != form.length:
                raise Invalid(file=_CUT)
    except (ClientLeft, RelayError) as error:
        # what cannot be resumed is not left lying in the person's quota
        with contextlib.suppress(RelayError):
            await uploads.terminate(house, person, upload.id)
        if isinstance(error, ClientLeft):
            raise Invalid(file=_CUT) from None
        raise
    return await uploads.status(house, person, upload.id)
