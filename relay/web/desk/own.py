"""What somebody of the staff sees of their own account: the words that stand for their keys."""

from litestar import Response, get

from relay.identity import fingerprints
from relay.permissions import Permission
from relay.web.shared.access import AnyRequest, SignedIn, allow
from relay.web.shared.pages import page


@get("/keys", opt=allow(Permission.STAFF_SELF_MANAGE), sync_to_thread=False)
def keys(request: AnyRequest, person: SignedIn) -> Response[bytes]:
    """Show the words that whoever signs the roster asks for: made from the keys that this session holds."""
    public, verifier = person.keys.public, person.signer.public
    return page(
        request,
        "keys.html",
        key_words=fingerprints.words(public, verifier),
        groups=fingerprints.groups(public, verifier),
    )


HANDLERS = [keys]
