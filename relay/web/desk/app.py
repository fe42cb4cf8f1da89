"""The staff desk app. `python -m relay.web.serve desk`."""

from pathlib import Path

from relay.api.desk.routes import HANDLERS
from relay.permissions import Permission
from relay.web.desk import (
    cases,
    concerns,
    gates,
    hiding,
    home,
    own,
    paper,
    passing,
    review,
    standing,
    stopping,
    told,
    transcription,
)
from relay.web.desk.ways_back import ways_back
from relay.web.shared.build import Opener, build
from relay.web.shared.endings import Endings
from relay.web.shared.entry import entry_pages
from relay.web.shared.headers import Shell
from relay.web.shared.wing import DESK

_TEMPLATES = Path(__file__).with_name("templates")


def create(opener: Opener | None = None, endings: Endings | None = None) -> Shell:
    """Make the app; without `opener` from the environment's settings. `endings`: see `build`."""
    forms = [
        *home.HANDLERS,
        *cases.HANDLERS,
        *stopping.HANDLERS,
        *gates.HANDLERS,
        *concerns.HANDLERS,
        *review.HANDLERS,
        *passing.HANDLERS,
        *standing.HANDLERS,
        *hiding.HANDLERS,
        *transcription.HANDLERS,
        *paper.HANDLERS,
        *told.HANDLERS,
    ]
    pages = [
        *entry_pages(Permission.STAFF_SELF_MANAGE),
        *own.HANDLERS,
        *forms,
        *ways_back(forms),
    ]
    return build(DESK, pages, HANDLERS, _TEMPLATES, opener, endings)
