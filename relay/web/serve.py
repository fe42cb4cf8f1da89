"""One process of an app: `python -P -m relay.web.serve participants --socket 7`, on a socket that listens.

`relay up` starts it so, several times on one socket for the participants' app. By hand, or where nobody hands
over a socket: `--host` and `--port`. How uvicorn serves is said here and nowhere else.
"""

import argparse
import asyncio
import os
import resource
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Final, TypeAlias

import structlog
import uvicorn

from relay.app import settings_from_environment
from relay.process.door import Door
from relay.process.listening import listen
from relay.process.shares import Shares
from relay.web.server import Connection, Protocol
from relay.web.shared.endings import MEMORY, SHARES_AT, Endings
from relay.web.shared.headers import Shell

_TICKS: Final = 10
"""uvicorn's ticks in a second."""
_MOST_CONNECTIONS: Final = 2000
_ROOM: Final = 50
"""Connections that are ended at once to make room."""
_DRAINING: Final = 6.0
"""Seconds in which what is being answered may end; the supervisor's patience is longer. An upload that is cut
here is acknowledged as far as it came; one whose process was killed is not."""

Create: TypeAlias = Callable[[Endings], Shell]


def _creates(name: str) -> Create:
    # by name and only when asked for: a process of one app never loads the other
    return lambda endings: import_module(f"relay.web.{name}.app").create(endings=endings)


APPS: Mapping[str, Create] = {name: _creates(name) for name in ("participants", "desk")}


class Server(uvicorn.Server):
    """Says when it is ready (`relay.log.READY`). With `shares`, other processes serve the same sockets."""

    def __init__(self, config: uvicorn.Config, shares: Shares | None = None) -> None:
        """See `uvicorn.Server`."""
        super().__init__(config)
        self._shares = shares

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See `uvicorn.Server`."""
        if self._shares is None:
            await super().startup(sockets)
        else:
            await super().startup([])
            connect = partial(self._connection, self._shares)
            door = partial(Door, most=_most_connections(), make_room=self._make_room)
            self.servers = [door(one, self._shares, connect) for one in sockets or []]  # type: ignore[misc]
        structlog.get_logger().info("ready")

    async def on_tick(self, counter: int) -> bool:
        """See `uvicorn.Server`."""
        if counter % _TICKS == 0:
            for one in self._protocols():
                one.end_if_overdue()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See `uvicorn.Server`, which would wait without end."""
        asyncio.get_running_loop().call_later(_DRAINING, self._cut)
        await super().shutdown(sockets)

    def _make_room(self) -> bool:
        """End those that have asked nothing for longest: who floods us with such keeps nobody else out."""
        asking_nothing = (one for one in self._protocols() if one.awaits_head and one.is_sent)
        idle = sorted(asking_nothing, key=lambda one: -one.waiting)
        for one in idle[:_ROOM]:
            one.transport.abort()
        return bool(idle)

    def _cut(self) -> None:
        for one in self._protocols():
            one.transport.abort()

    def _protocols(self) -> list[Protocol]:
        return [one for one in self.server_state.connections if isinstance(one, Protocol)]

    def _connection(self, shares: Shares) -> Connection:
        return Connection(
            lost=partial(shares.add, -1),
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )


def _most_connections() -> int:
    """Return how many this process takes at once. Half of the files that it may open are for its work."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = max(soft, min(hard, 2 * _MOST_CONNECTIONS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return min(_MOST_CONNECTIONS, files // 2)


def configured(app: Shell, proxies: str = "") -> uvicorn.Config:
    """Return how every app of ours is served. `proxies`: the setting of that name."""
    return uvicorn.Config(
        app,
        http=Connection,  # type: ignore[arg-type]
        ws="none",
        access_log=False,
        server_header=False,
        # who asks is read from the connection; what a client writes about that is not believed
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        log_config=None,  # `relay.log` sees to it
        log_level="warning",
    )


def main(arguments: Sequence[str], apps: Mapping[str, Create] = APPS) -> None:
    """Serve until SIGTERM or SIGINT; then finish what is being answered."""
    parser = argparse.ArgumentParser(prog="python -m relay.web.serve", description=__doc__)
    parser.add_argument("app", choices=sorted(apps))
    parser.add_argument("--socket", type=int, help="the number of an open socket that listens")
    parser.add_argument("--endings", type=int, default=MEMORY, help="the number of the file in memory")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    asked = parser.parse_args(arguments)
    endings, shares = Endings(asked.endings), None
    if asked.endings != MEMORY:
        os.set_inheritable(asked.endings, False)
        shares = Shares(asked.endings, SHARES_AT)
    if asked.socket is None:
        listening = listen(asked.host, asked.port)
    else:
        listening = socket.socket(fileno=asked.socket)
        listening.set_inheritable(False)
    proxies = settings_from_environment().proxies
    Server(configured(apps[asked.app](endings), proxies), shares).run(sockets=[listening])


if __name__ == "__main__":
    main(sys.argv[1:])
