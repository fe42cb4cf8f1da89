"""What somebody of the staff sees of their own account: the words for their keys, and if they are signed."""

from contextlib import suppress

from litestar import Response, get

from relay.errors import VaultRefused
from relay.identity import fingerprints
from relay.identity.trust import carries
from relay.permissions import Permission
from relay.web.shared.access import AnyRequest, SignedIn, TheHouse, allow
from relay.web.shared.pages import page


@get("/keys", opt=allow(Permission.STAFF_SELF_MANAGE))
async def keys(request: AnyRequest, house: TheHouse, person: SignedIn) -> Response[bytes]:
    """Show the words that whoever signs the roster asks for: made from the keys that this session holds."""
    public, verifier = person.keys.public, person.signer.public
    carried = False
    # after a restore the roster may be refused: just then the words are asked for
    with suppress(VaultRefused):
        async with house.database.reading(person.id) as tx:
            carried = await carries(tx, house, person)
    return page(
        request,
        "keys.html",
        key_words=fingerprints.words(public, verifier),
        groups=fingerprints.groups(public, verifier),
        carried=carried,
        works=Permission.REVIEW_DECIDE in person.permissions,
    )


HANDLERS = [keys]
