"""Every handler of the desk's API."""

from typing import Any

from relay.api.desk import cases, concerns, gates, hiding, paper, review, staff, told, transcription
from relay.permissions import Permission
from relay.web.shared.entry_api import entry_api

HANDLERS: list[Any] = [
    *entry_api(Permission.STAFF_SELF_MANAGE),
    *cases.HANDLERS,
    *gates.HANDLERS,
    *concerns.HANDLERS,
    *review.HANDLERS,
    *hiding.HANDLERS,
    *transcription.HANDLERS,
    *paper.HANDLERS,
    *told.HANDLERS,
    *staff.HANDLERS,
]
