"""`relay audit`: verify the audit chains, and their checkpoint outside the database."""

import argparse
import asyncio

from relay.audit import checkpoint
from relay.audit.verify import Recovered, heads, recovered, verify, verify_gates
from relay.cli.common import add_data, logins, settings_for
from relay.db import roles
from relay.db.dsn import Dsn
from relay.identity import founding
from relay.identity.operator import looking
from relay.settings import Settings
from relay.vault.keyring import FileKeyring
from relay.vault.pins import Pins


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the one subcommand."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    verifying = commands.add_parser("verify", help="check every chain, entry by entry, and the checkpoint")
    add_data(verifying)
    verifying.add_argument(
        "--accept-restore",
        action="store_true",
        help="a backup was restored on purpose: take the chains as they are for the new checkpoint",
    )
    verifying.set_defaults(act=_verify)


def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand."""
    return int(arguments.act(arguments))


def _verify(arguments: argparse.Namespace) -> int:
    settings = settings_for(arguments)
    pins = Pins.read(settings.keyring / founding.PINS)
    with logins(settings) as dsns:
        (chains, entries), used = asyncio.run(
            _verified(settings, pins, dsns[roles.OWNER], accept=arguments.accept_restore)
        )
    found = f"{_counted(chains, 'chain', 'chains')} with {_counted(entries, 'entry', 'entries')}"
    print(f"{found}: whole and unchanged. The gates are as recorded.")
    if used.times:
        cases = _counted(used.cases, "case", "cases")
        print(f"The recovery key was used {_counted(used.times, 'time', 'times')}, for {cases}.")
    return 0


def _counted(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"


async def _verified(
    settings: Settings, pins: Pins, owner: Dsn, *, accept: bool
) -> tuple[tuple[int, int], Recovered]:
    keyring = FileKeyring.open(settings.keyring / founding.KEYRING)
    async with looking(owner, pins.service_id) as tx:
        counted = await verify(tx)
        if accept:
            checkpoint.write(settings.checkpoints, keyring, await heads(tx))
        else:
            await checkpoint.check(tx, settings.checkpoints, keyring)
        await verify_gates(tx)
        used = await recovered(tx, pins.service_id)
    return counted, used
