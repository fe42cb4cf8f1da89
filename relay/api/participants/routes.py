"""Every handler of the participants' API."""

from typing import Any

from relay.api.participants import agreement, cases, deliveries, items, own_files, uploads
from relay.permissions import Permission
from relay.web.shared.entry_api import entry_api

HANDLERS: list[Any] = [
    *entry_api(Permission.SELF_MANAGE),
    *cases.HANDLERS,
    *items.HANDLERS,
    *own_files.HANDLERS,
    *agreement.HANDLERS,
    *deliveries.HANDLERS,
    *uploads.HANDLERS,
]
