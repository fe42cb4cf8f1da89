"""`relay init`: make a service, with its offline keys and its first facilitator's invitation."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from relay.audit import checkpoint
from relay.audit.verify import heads
from relay.cli.common import add_data, logins, settings_for, told
from relay.db import roles
from relay.db.dsn import Dsn
from relay.errors import Conflict, Invalid
from relay.identity import founding, keyfiles, keylines
from relay.identity.founding import Founded
from relay.identity.invitations import Invitation
from relay.identity.names import checked_name
from relay.identity.operator import looking
from relay.process.files import keep_out_of_git, private_folder
from relay.settings import Settings
from relay.times import moment
from relay.vault.keyring import FileKeyring
from relay.vault.suite import KeyPair, Signer


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_data(parser, "; made when it is not there")
    parser.add_argument("--name", required=True, help="what the service calls itself")
    parser.add_argument(
        "--keys-to",
        metavar="DIR",
        type=Path,
        help="the folder that the two offline keys are written to, once: one that is there, outside the data"
        " folder, such as on a USB stick",
    )
    parser.add_argument(
        "--facilitator",
        metavar="NAME",
        default="First facilitator",
        help="the first facilitator's name, for staff",
    )


def run(arguments: argparse.Namespace) -> int:
    """Make it and say everything that has to be kept or handed over."""
    if arguments.keys_to is None:
        raise Invalid(
            "Say where the service's two offline keys go: --keys-to DIR, outside the data folder, such as on"
            " a USB stick. Whoever has them can put other staff in place and open every case."
        )
    settings = settings_for(arguments)
    made = init_service(settings, arguments.name, arguments.keys_to, arguments.facilitator)
    _tell(settings, made, arguments.keys_to)
    return 0


def init_service(settings: Settings, name: str, keys_to: Path, facilitator: str) -> Founded:
    """Make the service of a data folder. `keys_to` holds its keys before anything depends on them."""
    founding.refuse_existing(settings.keyring)
    keys_to = keys_to.absolute()
    if keys_to.resolve().is_relative_to(settings.data.resolve()):
        raise Conflict(
            "The offline keys must not lie in the data folder. Name another folder with --keys-to."
        )
    keyfiles.refuse_unfit(keys_to)
    checked_name(name), checked_name(facilitator, "facilitator")
    # from here on things are made
    private_folder(settings.data)
    keep_out_of_git(settings.data)
    root, recovery = Signer.generate(), KeyPair.generate()
    with logins(settings) as dsns:
        made = asyncio.run(
            founding.found(
                settings.keyring,
                dsns[roles.OWNER],
                name=name,
                facilitator=facilitator,
                root=root,
                recovery=recovery,
                now=datetime.now(UTC),
                days=settings.invitation_days,
                keep=lambda service_id: keyfiles.write(keys_to, service_id, root, recovery),
            )
        )
        asyncio.run(_take_checkpoint(settings, dsns[roles.OWNER], made.pins.service_id))
    return made


async def _take_checkpoint(settings: Settings, owner: Dsn, service_id: UUID) -> None:
    """Write the first checkpoint: from now on, one that is missing was taken away."""
    keyring = FileKeyring.open(settings.keyring / founding.KEYRING)
    async with looking(owner, service_id) as tx:
        checkpoint.write(settings.checkpoints, keyring, await heads(tx))


def tell_invitation(settings: Settings, invitation: Invitation) -> None:
    """Print what the invited person is given. It is shown this once."""
    print(f"  link        {settings.desk_origin}/enrol/{invitation.id}")
    print(f"  long code   {invitation.secret}")
    print(f"  short code  {invitation.code}   (to be said, never written beside the long one)")
    print(f"  until       {moment(invitation.expires_at, settings.zone)}")


def _tell(settings: Settings, made: Founded, keys_to: Path) -> None:
    print(f"The service {made.pins.name!r} is made ({made.pins.service_id}).")
    print(f"\nIts two keys are in {keys_to.absolute()}. Keep them offline, and copies of them elsewhere:")
    print(f"  {keyfiles.ROOT}      signs who is staff; asked for by: {told('staff', 'sign')}")
    print(
        f"  {keyfiles.RECOVERY}  opens every case that its facilitators cannot open any more; asked for by:"
        f" {told('recover', 'give')}"
    )
    if sys.stdout.isatty():
        # into a terminal only: redirected output ends up in logs
        print("\nTo be copied on paper, line by line, and shown this once:")
        for kind, secret in (("root", made.root.seed), ("recovery", made.recovery.seeds)):
            for number, line in enumerate(keylines.written(kind, secret), 1):
                print(f"  {kind:8}  {number}  {line}")
        print(f"From paper their files are written again by: {told('paper-key')}")
    print("\nThe first facilitator's invitation:")
    tell_invitation(settings, made.facilitator)
    print("\nNext: start it, enrol with the invitation, then sign who is staff:")
    print(f"  {told('up', '--data', settings.data)}")
    root_key = keys_to.absolute() / keyfiles.ROOT
    print(f"  {told('staff', 'sign', '--data', settings.data, '--root-key', root_key)}")
