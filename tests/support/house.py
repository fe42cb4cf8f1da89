"""A service on a test's own database, with people in it: houses, a signed roster, cases, participants.

People are made through the real services. Where a test is not about signing in, their keys are made in memory
and stored without a passphrase: Argon2 costs 0.13 s a person. What most tests begin with is made once in a
process and copied, database and files (`Kept`): making it takes longer than many of them.
"""

import asyncio
import copy
import os
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

import msgspec

from relay.audit.tags import Tag
from relay.blobs.folder import FolderBlobs
from relay.cases import limits
from relay.cases.model import MEDIA, Medium
from relay.cases.records import (
    record_assessment,
    record_consent,
    record_request,
    record_responsibility,
)
from relay.cases.service import open_case
from relay.db.dsn import Dsn
from relay.db.transaction import Database, Surface
from relay.house import House
from relay.identity import accounts, roster
from relay.identity.invitations import Invitation, insert_staff, invite_participant
from relay.identity.model import Person
from relay.identity.names import account_lookups, side_of
from relay.identity.operator import looking, operating
from relay.identity.proofs import enrolment_mac
from relay.identity.trust import newest_roster
from relay.identity.vouching import vouch
from relay.settings import Settings
from relay.vault.columns import ColumnCipher
from relay.vault.keyring import FileKeyring
from relay.vault.pins import Pins
from relay.vault.suite import KeyPair, Sealed, Signer
from tests.support.postgres import Dsns, TestServer

PASSPHRASE = "seven quiet lanterns over water"
"""Good enough for anybody who has to sign in."""


_KEYRING, _PINS, _BLOBS = "keyring-file", "pins.json", "blob-store"


class Clock:
    """The time of one service. It runs with the real one; `go` moves it on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def go(self, **by: float) -> None:
        """Move on: `clock.go(hours=1)`."""
        self.ahead += timedelta(**by)


class Service:
    """One service. `participants`, `desk` and `worker` are its houses; `owner` is the operator's address."""

    def __init__(self, dsns: Dsns, folder: Path, settings: Settings) -> None:
        self.id = uuid4()
        self.root = Signer.generate()
        self.recovery = KeyPair.generate()
        self.pins = Pins(
            service_id=self.id,
            root_public=self.root.public.encoded,
            recovery_public=self.recovery.public.encoded,
            name="Test service",
        )
        self.pins.write(folder / _PINS)
        FileKeyring.create(folder / _KEYRING)
        self._settle(dsns, folder, settings)

    def _settle(self, dsns: Dsns, folder: Path, settings: Settings) -> None:
        self.dsns = dsns
        self.owner: Dsn = dsns.owner
        self.clock = Clock()
        self.settings = settings
        self.keyring = FileKeyring.open(folder / _KEYRING)
        self.columns = ColumnCipher(self.keyring)
        self.blobs = FolderBlobs(folder / _BLOBS)
        self.pins_path = folder / _PINS
        self.databases = {
            Surface.PARTICIPANTS: Database(dsns.participants.url, Surface.PARTICIPANTS),
            Surface.DESK: Database(dsns.desk.url, Surface.DESK),
            Surface.WORKER: Database(dsns.worker.url, Surface.WORKER),
        }

    def moved(self, dsns: Dsns, folder: Path, settings: Settings) -> "Service":
        """The same service, where copies of its database and of its files are."""
        moved = copy.copy(self)
        moved._settle(dsns, folder, settings)
        return moved

    def house(self, surface: Surface) -> House:
        """The house of one surface."""
        return House(
            database=self.databases[surface],
            blobs=self.blobs,
            keyring=self.keyring,
            columns=self.columns,
            pins=self.pins,
            settings=self.settings,
            clock=self.clock,
        )

    @property
    def participants(self) -> House:
        return self.house(Surface.PARTICIPANTS)

    @property
    def desk(self) -> House:
        return self.house(Surface.DESK)

    @property
    def worker(self) -> House:
        return self.house(Surface.WORKER)

    async def create(self) -> None:
        """Put the service's row in."""
        async with operating(self.owner, self.id, Tag.SERVICE_CREATED, self.id) as act:
            await act.run(
                "INSERT INTO relay.services (id, root_public, recovery_public) VALUES (%s, %s, %s)",
                [self.id, self.pins.root_public, self.pins.recovery_public],
            )

    # -- staff

    async def invite_staff(self, role: str = "facilitator", name: str = "Fatima") -> Invitation:
        """Invite a member of staff, as the operator does."""
        account_id = uuid4()
        async with operating(self.owner, self.id, Tag.ACCOUNT_INVITED, account_id) as act:
            return await insert_staff(
                act,
                self.keyring,
                self.columns,
                account_id,
                service_id=self.id,
                role=role,
                name=name,
                created_by=self.id,
                now=self.clock(),
                days=14,
            )

    async def sign_roster(self) -> None:
        """Sign the next roster, of everybody who has enrolled by now, and pin it."""
        async with looking(self.owner, self.id) as tx:
            current = await newest_roster(tx, self.pins)
            composed = roster.compose(self.pins, await roster.staff(tx, self.columns, self.id), current)
        signature = roster.sign_roster(self.pins, composed, self.root)
        async with operating(self.owner, self.id, Tag.ROSTER_SIGNED, self.id) as act:
            await roster.store_roster(act, self.pins, composed, signature)
        self.pins = roster.pin_roster(self.pins_path, composed.version)

    async def make_staff(self, role: str = "facilitator", name: str = "Fatima") -> Person:
        """Make a member of staff who is on the signed roster."""
        person = await self.enrol_quickly(
            self.desk, await self.invite_staff(role, name), roles=frozenset({role})
        )
        await self.sign_roster()
        return person

    async def make_facilitator(self, name: str = "Fatima") -> Person:
        """Make a facilitator who is on the signed roster."""
        return await self.make_staff("facilitator", name)

    # -- cases and participants

    async def make_case(
        self,
        facilitator: Person,
        reference: str = "2026/1",
        *,
        second_approval: bool = False,
        cooling_hours: int = 0,
    ) -> UUID:
        """Open a case; its gates are closed."""
        return await open_case(
            self.desk, facilitator, reference, second_approval=second_approval, cooling_hours=cooling_hours
        )

    async def make_participant(
        self,
        facilitator: Person,
        case_id: UUID,
        part: Literal["victim", "offender"] = "victim",
        name: str = "Vera",
        label: str = "",
    ) -> Person:
        """Invite somebody, enrol them and vouch for them."""
        invitation = await invite_participant(self.desk, facilitator, case_id, name, part, label)
        person = await self.enrol_quickly(self.participants, invitation)
        await vouch(self.desk, facilitator, case_id, person.id)
        return person

    async def enrol_quickly(
        self, house: House, invitation: Invitation, roles: frozenset[str] = frozenset()
    ) -> Person:
        """Enrol with real keys that no passphrase opens: there is no signing in, and no session row."""
        keys, signer = KeyPair.generate(), Signer.generate()
        version = await accounts._next_version(house, invitation.account_id)
        mac = enrolment_mac(
            invitation.secret,
            service_id=self.id,
            invitation_id=invitation.id,
            account_id=invitation.account_id,
            key_version=version,
            hpke_public=keys.public.encoded,
            signing_public=signer.public.encoded,
        )
        side = side_of(house.database.surface)
        new = accounts._NewKeys(version, keys, signer, Sealed(os.urandom(200)), mac)
        lookup = account_lookups(self.keyring, self.id, side, str(invitation.account_id)).now
        async with house.database.acting(
            invitation.account_id, Tag.ACCOUNT_ENROLLED, chain=self.id, subject=invitation.account_id
        ) as act:
            await accounts._store(act, invitation.account_id, invitation.id, new, lookup, self.clock())
        return Person(
            id=invitation.account_id,
            service_id=self.id,
            side=side,
            roles=roles,
            key_version=version,
            keys=keys,
            signer=signer,
            session_hash=os.urandom(32),
            stepped_up_at=self.clock(),
        )

    async def open_gates(
        self,
        facilitator: Person,
        case_id: UUID,
        victim: Person,
        offender: Person,
        media: tuple[Medium, ...] = MEDIA,
    ) -> None:
        """Record everything that has to be so before anything may pass between these two."""
        await record_request(self.desk, facilitator, case_id, victim.id, asked=True)
        await record_responsibility(
            self.desk, facilitator, case_id, offender.id, "full", "Says what he did, and means it."
        )
        for person in (victim, offender):
            for medium in media:
                await record_consent(
                    self.desk, facilitator, case_id, person.id, medium, given=True, manner="in_person"
                )
        await record_assessment(
            self.desk,
            facilitator,
            case_id,
            safe=True,
            valid_until=self.clock() + timedelta(days=90),
            reasoning="Nothing speaks against it.",
        )
        for person in (victim, offender):
            await limits.record_read(self.participants, person, case_id, limits.VERSION)


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A case in which everything may pass: the least that a test of the exchange needs."""

    facilitator: Person
    case_id: UUID
    victim: Person
    offender: Person


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A service with a pair in it that nobody uses: it is there to be copied. `folder` has its files."""

    service: Service
    folder: Path
    pair: Pair

    @property
    def dsns(self) -> Dsns:
        """Where its database is."""
        return self.service.dsns

    def people(self, service: Service) -> Pair:
        """The pair of a copy, as if they had just proved their passphrases."""
        now, pair = service.clock(), self.pair
        return msgspec.structs.replace(
            pair,
            facilitator=msgspec.structs.replace(pair.facilitator, stepped_up_at=now),
            victim=msgspec.structs.replace(pair.victim, stepped_up_at=now),
            offender=msgspec.structs.replace(pair.offender, stepped_up_at=now),
        )


@asynccontextmanager
async def make_service(dsns: Dsns, folder: Path, **settings: object) -> AsyncIterator[Service]:
    """A service with a row, a keyring and open databases. Keyword arguments replace settings."""
    service = Service(dsns, folder, msgspec.structs.replace(Settings(data=folder), **settings))
    async with _opened(service):
        await service.create()
        yield service


@contextmanager
def kept(
    postgres: TestServer, folder: Path, make: Callable[[Service], Coroutine[None, None, Pair]]
) -> Iterator[Kept]:
    """Make a service to copy, with a database for as long as the block runs. `make` puts its people in."""

    async def made(dsns: Dsns) -> Kept:
        async with make_service(dsns, folder) as service:
            return Kept(service=service, folder=folder, pair=await make(service))

    with postgres.clone() as dsns:
        yield asyncio.run(made(dsns))


@asynccontextmanager
async def copy_service(kept: Kept, dsns: Dsns, folder: Path) -> AsyncIterator[Service]:
    """A kept service once more: `dsns` is a copy of its database, and `folder` gets copies of its files."""
    for name in (_KEYRING, _PINS):
        shutil.copy2(kept.folder / name, folder / name)
    shutil.copytree(kept.folder / _BLOBS, folder / _BLOBS)
    service = kept.service.moved(dsns, folder, Settings(data=folder))
    async with _opened(service):
        yield service


@asynccontextmanager
async def _opened(service: Service) -> AsyncIterator[None]:
    for database in service.databases.values():
        await database.open()
    try:
        yield
    finally:
        for database in service.databases.values():
            await database.close()


async def make_pair(service: Service) -> Pair:
    """A facilitator, a victim and an offender on a case whose gates are open."""
    facilitator = await service.make_facilitator()
    case_id = await service.make_case(facilitator)
    victim = await service.make_participant(facilitator, case_id, "victim", "Vera")
    offender = await service.make_participant(facilitator, case_id, "offender", "Oskar")
    await service.open_gates(facilitator, case_id, victim, offender)
    return Pair(facilitator=facilitator, case_id=case_id, victim=victim, offender=offender)
