"""An invitation, shown this once."""

from uuid import UUID

from litestar import Response

from relay.house import House
from relay.identity.invitations import Invitation
from relay.web.shared.access import AnyRequest
from relay.web.shared.pages import page


def invitation_page(
    request: AnyRequest, invitation: Invitation, name: str, *, origin: str, back: str, part: str = ""
) -> Response[bytes]:
    """Show the link with the long code, to hand over, and the short code, to say. Neither is shown again.

    `name`: whom it is for; who invites several people has several of these open. `part`: what they are in
    the case; empty for staff.
    """
    return page(
        request,
        "invitation.html",
        invitation=invitation,
        name=name,
        link=f"{origin}/enrol/{invitation.id}",
        back=back,
        part=part,
    )


def invitation_to_case(
    request: AnyRequest, house: House, invitation: Invitation, name: str, case_id: UUID, part: str
) -> Response[bytes]:
    """Show a participant's."""
    origin, back = house.settings.participants_origin, f"/cases/{case_id}"
    return invitation_page(request, invitation, name, origin=origin, back=back, part=part)
