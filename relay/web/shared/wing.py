"""What tells one app from the other, for the code that both share."""

from typing import TypeAlias

import msgspec

from relay.db.transaction import Surface


class Wing(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two apps.

    The cookies have different names because browsers keep one jar for all ports of a host. Neither name
    says what the service is.
    """

    surface: Surface
    cookie: str
    title: str
    """What browser tabs and histories show. Neutral: somebody may look over a shoulder."""
    exit_url: str = ""
    """Where quick exit goes; empty where there is none."""


PARTICIPANTS = Wing(
    surface=Surface.PARTICIPANTS, cookie="__Host-p", title="Pages", exit_url="https://www.wikipedia.org/"
)
DESK = Wing(surface=Surface.DESK, cookie="__Host-d", title="Desk")

RawHeaders: TypeAlias = list[tuple[bytes, bytes]]
