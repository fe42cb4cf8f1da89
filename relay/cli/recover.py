"""`relay recover`: find cases that nobody can open, and give them to a facilitator with the recovery key.

The key is read from its file, or typed from paper; it is never an argument, and is printed nowhere.
"""

import argparse
import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from uuid import UUID

from relay.cases.lost import Order, Plan, Reason, RecoveryCase, Staff
from relay.cases.recovery import Ground, prepare, read_cases, read_staff, recover
from relay.cli.common import add_data, logins, settings_for
from relay.cli.typed import typed_key
from relay.db import roles
from relay.db.dsn import Dsn
from relay.errors import Conflict
from relay.identity import founding, keyfiles
from relay.identity.operator import looking
from relay.settings import Settings
from relay.vault.columns import ColumnCipher
from relay.vault.keyring import FileKeyring
from relay.vault.pins import Pins
from relay.vault.suite import KeyPair

_REASONS = {str(reason).replace("_", "-"): reason for reason in Reason}
_NOBODY_KNOWS = """\
Whether somebody still knows their passphrase, nobody can see. Other cases are listed
with --from WHO, or --all."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the two subcommands."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    listing = commands.add_parser("list", help="show the cases that nobody can open, by what is recorded")
    add_data(listing)
    which = listing.add_mutually_exclusive_group()
    which.add_argument("--from", dest="former", metavar="WHO", default="", help="all cases of a facilitator")
    which.add_argument("--all", action="store_true", help="all cases of the service")
    listing.set_defaults(act=_list)
    giving = commands.add_parser("give", help="put a facilitator on them, with the recovery key")
    add_data(giving)
    giving.add_argument(
        "--from",
        dest="former",
        metavar="WHO",
        default="",
        help="who cannot open them any more: all of theirs that no colleague on them can open",
    )
    giving.add_argument(
        "--case", dest="cases", metavar="ID", type=UUID, action="append", default=[], help="these only"
    )
    giving.add_argument("--to", metavar="WHO", required=True, help="a facilitator on the signed roster")
    giving.add_argument(
        "--reason", required=True, choices=sorted(_REASONS), help="it stands in each case's record"
    )
    key = giving.add_mutually_exclusive_group(required=True)
    key.add_argument("--recovery-key", metavar="FILE", type=Path, help=keyfiles.RECOVERY)
    key.add_argument("--paper", action="store_true", help="type the key, from its copy on paper")
    giving.add_argument("--yes", action="store_true", help="do not ask before it is done")
    giving.set_defaults(act=_give)


def run(arguments: argparse.Namespace) -> int:
    """Do what the subcommand says."""
    act: Callable[[argparse.Namespace, Settings, Pins], int] = arguments.act
    settings = settings_for(arguments)
    return act(arguments, settings, Pins.read(settings.keyring / founding.PINS))


def _ground(settings: Settings, pins: Pins, dsns: dict[str, Dsn]) -> Ground:
    keyring = FileKeyring.open(settings.keyring / founding.KEYRING)
    return Ground(dsns[roles.OWNER], pins, ColumnCipher(keyring))


# Looking


def _list(arguments: argparse.Namespace, settings: Settings, pins: Pins) -> int:
    with logins(settings) as dsns:
        ground = _ground(settings, pins, dsns)
        staff, cases = asyncio.run(_read(ground))
    if arguments.former:
        former = staff.named(arguments.former)
        cases = [one for one in cases if one.has(former)]
    elif not arguments.all:
        cases = [one for one in cases if not one.able()]
    if cases:
        _show(ground.columns, cases)
    else:
        print("There is none.")
    if not arguments.former and not arguments.all:
        print(_NOBODY_KNOWS)
    return 0


async def _read(ground: Ground) -> tuple[Staff, list[RecoveryCase]]:
    async with looking(ground.owner, ground.pins.service_id) as tx:
        staff = await read_staff(tx, ground)
        return staff, await read_cases(tx, staff)


def _show(columns: ColumnCipher, cases: Iterable[RecoveryCase]) -> None:
    """Print cases by identifier and reference, with who is on them. Only what is printed is decrypted."""
    for case in cases:
        reference = columns.open("cases", "reference", case.id, case.reference_sealed)
        print(f"{case.id}  {reference}{' (closed)' if case.state == 'closed' else ''}")
        for one in case.facilitators:
            print(f"  {one.member.account_id}  {one.member.name}: {one.obstacle or 'can open it'}")


# Giving


def _give(arguments: argparse.Namespace, settings: Settings, pins: Pins) -> int:
    recovery = _recovery_key(arguments, pins)
    order = Order(arguments.to, _REASONS[arguments.reason], arguments.former, tuple(arguments.cases))
    with logins(settings) as dsns:
        ground = _ground(settings, pins, dsns)
        plan = asyncio.run(prepare(ground, recovery, order))
        _tell(ground.columns, plan, arguments.reason)
        if not arguments.yes and not _confirmed():
            print("Nothing was changed.")
            return 1
        asyncio.run(recover(ground, recovery, order, plan))
    _tell_next(plan)
    return 0


def _recovery_key(arguments: argparse.Namespace, pins: Pins) -> KeyPair:
    """Read the key. Raise unless it is this service's."""
    if arguments.paper:
        recovery = KeyPair.from_seeds(typed_key("recovery"))
    else:
        recovery = keyfiles.read_recovery(arguments.recovery_key)
    if recovery.public != pins.recovery:
        raise Conflict(
            f"This is a recovery key, but not that of {pins.name!r}. Take the file that `relay init` wrote"
            f" for it, {keyfiles.RECOVERY}."
        )
    return recovery


def _tell(columns: ColumnCipher, plan: Plan, reason: str) -> None:
    if plan.passed_over:
        print("Left as they are, because a colleague on them can open them, and can add somebody:")
        _show(columns, plan.passed_over)
        print()
    print("With the recovery key, these are opened and given to")
    print(f"  {plan.to.account_id}  {plan.to.name}, who then reads all that is in them:")
    _show(columns, plan.cases)
    print(f"The record of each says so, with the reason ({reason.replace('-', ' ')}), to who works on it.")


def _confirmed() -> bool:
    try:
        return input("Type yes to do it: ").strip().lower() == "yes"
    except EOFError:
        return False


def _tell_next(plan: Plan) -> None:
    counted = "one case" if len(plan.cases) == 1 else f"{len(plan.cases):,} cases"
    print(f"{plan.to.name} is on {counted} now, and opens everything in it as a colleague would.")
    print(
        "Next, on the desk: they take off whoever cannot open it any more (on the case's page, under People),"
        " which makes a new key, and confirm the participants' keys again where the page asks for it."
    )
    print("Put the recovery key away again.")
