"""A socket that the supervisor holds, so that its processes can come and go behind it."""

import socket
from typing import Final

_QUEUE: Final = 2048
"""Connections that wait while no process takes them, or the most that the system allows."""


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen; port 0 is any free one, and a host's name stands for its IPv4 address.

    Raise `OSError` if the address cannot be had.
    """
    six = ":" in host
    listening = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
    try:
        # connections of a moment ago, which still end, do not keep the port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if six:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((host, port))
        listening.listen(_QUEUE)
    except BaseException:
        listening.close()
        raise
    return listening
