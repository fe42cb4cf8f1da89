"""One process of an app: `python -P -m relay.web.serve participants --socket 7`, on a socket that listens.

`relay up` starts it so, several times on one socket for the participants' app. By hand, or where nobody hands
over a socket: `--host` and `--port`. How uvicorn serves is said here and nowhere else.
"""

import argparse
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import TypeAlias

import structlog
import uvicorn

from relay.process.door import Door
from relay.process.listening import listen
from relay.process.shares import Shares
from relay.web.server import Connection
from relay.web.shared.endings import MEMORY, SHARES_AT, Endings
from relay.web.shared.headers import Shell

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
            self.servers = [Door(one, self._shares, connect) for one in sockets or []]  # type: ignore[misc]
        structlog.get_logger().info("ready")

    def _connection(self, shares: Shares) -> Connection:
        return Connection(
            lost=partial(shares.add, -1),
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )


def configured(app: Shell) -> uvicorn.Config:
    """Return how every app of ours is served."""
    return uvicorn.Config(
        app,
        http=Connection,  # type: ignore[arg-type]
        ws="none",
        access_log=False,
        server_header=False,
        # who asks is read from the connection; what a client writes about that is not believed
        proxy_headers=False,
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
    Server(configured(apps[asked.app](endings)), shares).run(sockets=[listening])


if __name__ == "__main__":
    main(sys.argv[1:])
