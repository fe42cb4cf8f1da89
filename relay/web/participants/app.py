"""The participants' app. `python -m relay.web.serve participants`."""

from pathlib import Path

from relay.api.participants.routes import HANDLERS
from relay.permissions import Permission
from relay.web.participants import agreement, cases, home, items, received
from relay.web.shared.build import Opener, build
from relay.web.shared.endings import Endings
from relay.web.shared.entry import entry_pages
from relay.web.shared.headers import Shell
from relay.web.shared.wing import PARTICIPANTS

_TEMPLATES = Path(__file__).with_name("templates")


def create(opener: Opener | None = None, endings: Endings | None = None) -> Shell:
    """Make the app; without `opener` from the environment's settings. `endings`: see `build`."""
    pages = [
        *entry_pages(Permission.SELF_MANAGE),
        *home.HANDLERS,
        *cases.HANDLERS,
        *items.HANDLERS,
        *agreement.HANDLERS,
        *received.HANDLERS,
    ]
    return build(PARTICIPANTS, pages, HANDLERS, _TEMPLATES, opener, endings)
