"""A plain form upload: no script, no tus; the file is sealed as it arrives."""

import contextlib
from uuid import UUID

from relay.errors import Invalid, RelayError
from relay.exchange import uploads
from relay.exchange.uploads import Upload
from relay.house import House
from relay.identity.model import Person
from relay.web.shared.access import CSRF_FIELD, AnyRequest, check_token
from relay.web.shared.multipart import ClientLeft, FileForm

_CUT = "The file was cut off on its way. Please send it again; nothing else was lost."


async def receive_file(
    request: AnyRequest, house: House, person: Person, item_id: UUID, *, page: bool
) -> Upload:
    """Take a form's file into an upload of the item; return it complete. `page`: the form has the token."""
    form = FileForm(
        request.headers.get("content-type", ""), request.headers.get("content-length", ""), request.receive
    )
    await form.open()
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
