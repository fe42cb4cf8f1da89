"""`relay staff`: invite staff, list them, and sign the roster that says who they are."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from relay.audit.tags import Tag
from relay.cli.common import add_data, logins, settings_for, told
from relay.cli.init import tell_invitation
from relay.db import roles
from relay.db.dsn import Dsn
from relay.errors import VaultRefused
from relay.identity import founding, keyfiles
from relay.identity import roster as rosters
from relay.identity.operator import looking, operating
from relay.identity.roster import Member
from relay.identity.trust import newest_roster
from relay.permissions import STAFF_ROLES
from relay.settings import Settings
from relay.vault.columns import ColumnCipher
from relay.vault.keyring import FileKeyring
from relay.vault.pins import Pins
from relay.vault.statements import Roster
from relay.vault.suite import Signer

_OLDER_ROSTER = """\
The roster in the database is older than this machine has seen, or was not signed by this service's root.
Was a backup restored? Compare every key again before you sign."""


_COMPARE = "compare with its owner"


class Staff(NamedTuple):
    """What the database says of the staff, and what the root has signed of it."""

    members: list[Member]
    current: Roster | None


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the three subcommands."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    invite = commands.add_parser("invite", help="invite somebody and show the invitation, once")
    add_data(invite)
    invite.add_argument("--role", required=True, choices=sorted(STAFF_ROLES))
    invite.add_argument("--name", required=True)
    invite.set_defaults(act=_invite)
    listing = commands.add_parser(
        "list", help="show everyone, their keys, and whether the roster carries them"
    )
    add_data(listing)
    listing.set_defaults(act=_list)
    sign = commands.add_parser("sign", help="sign the next roster with the service's root key")
    add_data(sign)
    sign.add_argument("--root-key", required=True, metavar="FILE", type=Path, help=keyfiles.ROOT)
    sign.add_argument("--yes", action="store_true", help="every key has been compared with its owner already")
    sign.set_defaults(act=_sign)


def run(arguments: argparse.Namespace) -> int:
    """Do what the subcommand says."""
    act: Callable[[argparse.Namespace, Settings, Pins], int] = arguments.act
    settings = settings_for(arguments)
    return act(arguments, settings, Pins.read(settings.keyring / founding.PINS))


def _keyring(settings: Settings) -> FileKeyring:
    return FileKeyring.open(settings.keyring / founding.KEYRING)


def _invite(arguments: argparse.Namespace, settings: Settings, pins: Pins) -> int:
    with logins(settings) as dsns:
        invitation = asyncio.run(
            founding.invite_staff(
                dsns[roles.OWNER],
                _keyring(settings),
                pins.service_id,
                role=arguments.role,
                name=arguments.name,
                now=datetime.now(UTC),
                days=settings.invitation_days,
            )
        )
    print(f"The invitation ({arguments.role}), shown this once:")
    tell_invitation(settings, invitation)
    print("\nOnce they have enrolled, with the root key that is kept offline:")
    print(f"  {told('staff', 'sign', '--data', settings.data, '--root-key', f'/media/usb/{keyfiles.ROOT}')}")
    return 0


def _list(_arguments: argparse.Namespace, settings: Settings, pins: Pins) -> int:
    with logins(settings) as dsns:
        found = asyncio.run(read_staff(dsns[roles.OWNER], settings, pins))
    for member in found.members:
        _show(member, found.current)
    return 0


def _sign(arguments: argparse.Namespace, settings: Settings, pins: Pins) -> int:
    root = keyfiles.read_root(arguments.root_key)
    with logins(settings) as dsns:
        owner = dsns[roles.OWNER]
        found = asyncio.run(read_staff(owner, settings, pins))
        following = rosters.compose(pins, found.members, found.current)
        if found.current is not None and following.entries == found.current.entries:
            print(f"Nothing has changed since roster {found.current.version}.")
            return 0
        for member in found.members:
            _show(member, found.current)
        if found.current is None and not following.entries:
            print("There is nothing to sign yet: nobody of the staff has enrolled. Come back once they have.")
            return 0
        new = any(_standing(member, found.current).endswith(_COMPARE) for member in found.members)
        if not arguments.yes and not _confirmed(new=new):
            print("Nothing was signed.")
            return 1
        asyncio.run(sign_roster(owner, settings, following, root))
    print(f"Roster {following.version} is signed, with {len(following.entries)} of the staff.")
    return 0


async def read_staff(owner: Dsn, settings: Settings, pins: Pins) -> Staff:
    """Return the staff and the roster that is in force."""
    async with looking(owner, pins.service_id) as tx:
        members = await rosters.staff(tx, ColumnCipher(_keyring(settings)), pins.service_id)
        try:
            current = await newest_roster(tx, pins)
        except VaultRefused:
            print(_OLDER_ROSTER, file=sys.stderr)
            current = None
    return Staff(members, current)


async def sign_roster(owner: Dsn, settings: Settings, following: Roster, root: Signer) -> Pins:
    """Sign and store a roster, then pin its version: from then on no older one is taken."""
    path = settings.keyring / founding.PINS
    pins = Pins.read(path)
    signature = rosters.sign_roster(pins, following, root)
    async with operating(owner, pins.service_id, Tag.ROSTER_SIGNED, pins.service_id) as act:
        await rosters.store_roster(act, pins, following, signature)
    return rosters.pin_roster(path, following.version)


def _standing(member: Member, current: Roster | None) -> str:
    entry = member.entry()
    carried = None if current is None else current.entry(member.account_id)
    if entry is None:
        left = " (the next roster lets them do nothing)" if carried else ""
        return {"invited": "invited", "suspended": "suspended"}.get(member.state, "no keys") + left
    if carried is None:
        return f"NEW: {_COMPARE}"
    return "on the roster" if carried == entry else f"CHANGED: {_COMPARE}"


def _show(member: Member, current: Roster | None) -> None:
    print(f"{member.name}, {', '.join(member.roles)}: {_standing(member, current)}")
    if member.key is not None:
        print(f"  {member.key.words}\n  {member.key.groups}")


def _confirmed(*, new: bool) -> bool:
    if new:
        print(
            "\nAsk everyone with a new or changed key to read out the words of the desk's page on their keys."
        )
        asked = "Type yes when all of them agree: "
    else:
        print("\nNo key is new or changed, so there is nothing to compare.")
        asked = "Type yes to sign this roster: "
    try:
        return input(asked).strip().lower() == "yes"
    except EOFError:
        return False
