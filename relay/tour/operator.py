"""What is done on the machine itself: init, inviting staff, signing their roster, verifying the audit."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString

import msgspec

import relay
from relay.cli.common import logins
from relay.cli.init import init_service
from relay.cli.staff import read_staff, sign_roster
from relay.db import roles
from relay.db.dsn import Dsn
from relay.db.embedded import EmbeddedPostgres
from relay.errors import AuditBroken, Unavailable
from relay.identity import founding, keyfiles
from relay.identity import roster as rosters
from relay.identity.invitations import Invitation
from relay.identity.operator import looking
from relay.process.files import private_folder
from relay.settings import Settings, as_environ
from relay.tour.people import Cast, Invited
from relay.vault.keyring import FileKeyring
from relay.vault.pins import Pins

_OF_CASES: tuple[LiteralString, ...] = (
    "SELECT count(*) FROM relay.cases",
    "SELECT count(*) FROM relay.items",
    "SELECT count(*) FROM relay.grants",
    "SELECT count(*) FROM relay.releases",
    "SELECT count(*) FROM relay.sealed_texts",
)


def invited(invitation: Invitation) -> Invited:
    """Return what is handed over."""
    return msgspec.convert(msgspec.structs.asdict(invitation), Invited)


class Operator:
    """Whoever runs `relay init` and `relay staff`, with the offline keys in a folder of their own."""

    def __init__(self, settings: Settings, keys: Path) -> None:
        self.settings = settings
        self._keys = keys

    @property
    def pins(self) -> Pins:
        """What is pinned of the service outside the database."""
        return Pins.read(self.settings.keyring / founding.PINS)

    def found(self, cast: Cast) -> Invited:
        """`relay init`: make the service; return the first facilitator's invitation."""
        private_folder(self._keys)
        made = init_service(self.settings, cast.service, self._keys, cast.facilitator)
        return invited(made.facilitator)

    def invite(self, role: str, name: str) -> Invited:
        """`relay staff invite`."""
        keyring = FileKeyring.open(self.settings.keyring / founding.KEYRING)
        with logins(self.settings) as dsns:
            invitation = asyncio.run(
                founding.invite_staff(
                    dsns[roles.OWNER],
                    keyring,
                    self.pins.service_id,
                    role=role,
                    name=name,
                    now=datetime.now(UTC),
                    days=self.settings.invitation_days,
                )
            )
        return invited(invitation)

    def sign(self) -> int:
        """`relay staff sign`, with the root key; return how many of the staff the roster carries."""
        root = keyfiles.read_root(self._keys / keyfiles.ROOT)
        with logins(self.settings) as dsns:
            found = asyncio.run(read_staff(dsns[roles.OWNER], self.settings, self.pins))
            following = rosters.compose(self.pins, found.members, found.current)
            asyncio.run(sign_roster(dsns[roles.OWNER], self.settings, following, root))
        return len(following.entries)

    def verify_audit(self) -> str:
        """`relay audit verify`; return what it says."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "relay.cli", "audit", "verify", "--data", str(self.settings.data)],
            env=as_environ(self.settings, postgres=self.settings.postgres)
            | {"PATH": os.defpath, "PYTHONPATH": str(Path(relay.__file__).parents[1])},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise AuditBroken(done.stderr.strip() or "The audit chains could not be verified.")
        return done.stdout.strip()

    def sees_of_cases(self) -> int:
        """Return how many rows of cases the operator's own login can see: none, by row-level security."""

        async def count(owner: Dsn) -> int:
            async with looking(owner, self.pins.service_id) as tx:
                return sum([await tx.value(question) for question in _OF_CASES])

        with logins(self.settings) as dsns:
            return asyncio.run(count(dsns[roles.OWNER]))

    def database_administrator(self) -> Dsn:
        """Return the address of somebody who may do everything in the database."""
        if self.settings.postgres:
            return Dsn.parse(self.settings.postgres).but(database=roles.DATABASE)
        running = EmbeddedPostgres.running(self.settings.data)
        if running is None:
            raise Unavailable
        return running.but(database=roles.DATABASE)
