"""An invitation, shown this once."""

from litestar import Response

from relay.identity.invitations import Invitation
from relay.web.shared.access import AnyRequest
from relay.web.shared.pages import page


def invitation_page(
    request: AnyRequest, invitation: Invitation, *, origin: str, back: str, staff: bool
) -> Response[bytes]:
    """Show the link with the long code, to hand over, and the short code, to say. Neither is shown again."""
    link = f"{origin}/enrol/{invitation.id}"
    return page(request, "invitation.html", invitation=invitation, link=link, back=back, staff=staff)
