"""Whatever the database answers to whoever asks it for something, none of it is believed."""

import random
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from relay.db.transaction import Surface
from relay.errors import RelayError, VaultRefused
from relay.exchange.delivery import choose, content, delivery
from relay.exchange.items import find_item
from relay.exchange.renditions import case_content, find_rendition
from relay.house import House
from relay.identity.model import Person
from relay.identity.trust import case_key, participant_key, staff_key, worker_key
from tests.security.database_attacker.town import Town
from tests.support.hostile import HostileDatabase, Liar

LIES = 10_000


class Subject(NamedTuple):
    """Something that somebody asks the database for, and what they conclude from the answers."""

    name: str
    database: HostileDatabase
    asks: Callable[[], Awaitable[object]]


def _hostile(town: Town, surface: Surface) -> tuple[HostileDatabase, House]:
    database = HostileDatabase(town.service.databases[surface])
    return database, msgspec.structs.replace(town.service.house(surface), database=database)


def _told(town: Town, reader: Person, release_id: UUID) -> Subject:
    database, house = _hostile(town, Surface.PARTICIPANTS)

    async def ask() -> object:
        found = await delivery(house, reader, release_id)
        if found.outdated:
            raise VaultRefused  # it says that it cannot be told, and it cannot be opened
        return found.changes, found.note

    return Subject("a recipient is told", database, ask)


def _subjects(town: Town) -> list[Subject]:
    two = town.stage.cases[1]
    frida = two.facilitators[0]
    vanda, _, otto = [one.person for one in two.participants]
    town.sql("UPDATE relay.cases SET second_approval = false")
    first = town.released(town.vera, "One.", "It is an apology.")
    second = town.released(town.oskar, "Two.")
    third = town.release(town.approved(otto, "Three.", frida, two), frida, two)
    hidden = town.released_with_hidden_parts()
    waiting = town.ready(town.vera, "Four.")
    for reader, release_id in (
        (town.oskar, first),
        (town.vera, second),
        (vanda, third),
    ):
        town.do(choose(town.service.participants, reader, release_id, "open"))
    found: list[Subject] = []

    def reads(reader: Person, release_id: UUID) -> Subject:
        database, house = _hostile(town, Surface.PARTICIPANTS)

        async def ask() -> object:
            given = await content(house, reader, release_id)
            return given.object_id, given.key, given.commitment

        return Subject("a recipient reads", database, ask)

    def key(name: str, of: Callable[[Any, House], Awaitable[Any]]) -> Subject:
        database, house = _hostile(town, Surface.DESK)

        async def ask() -> object:
            async with database.reading(town.fatima.id) as tx:
                trusted = await of(tx, house)
                return trusted.holder, trusted.public.encoded

        return Subject(name, database, ask)

    def reviews() -> Subject:
        database, house = _hostile(town, Surface.DESK)

        async def ask() -> object:
            async with database.reading(town.fatima.id) as tx:
                item = msgspec.structs.replace(await find_item(tx, waiting), id=waiting, case_id=town.case.id)
                rendition = await find_rendition(tx, house, item, "clean")
                given = await case_content(tx, house, town.fatima, rendition)
                return given.object_id, given.key, given.commitment, rendition.sha256

        return Subject("a reviewer reads", database, ask)

    found += [
        reads(town.oskar, first),
        _told(town, town.oskar, first),
        _told(town, town.oskar, hidden),
        reads(town.vera, second),
        reads(vanda, third),
    ]
    found += [
        key("a case's key", lambda tx, house: case_key(tx, house, town.case.id)),
        key("a participant's key", lambda tx, house: participant_key(tx, house, town.case.id, town.oskar.id)),
        key("a colleague's key", lambda tx, house: staff_key(tx, house, town.filip.id)),
        key("the workers' key", worker_key),
        reviews(),
    ]
    return found


def test_of_ten_thousand_lies_none_is_believed(town: Town) -> None:
    subjects = _subjects(town)
    truths = [town.do(_asked(subject)) for subject in subjects]
    chance = random.Random(20261122)  # noqa: S311 - chance, not a secret
    liar = Liar(chance, [subject.database.tape for subject in subjects])
    told = refused = 0
    while told < LIES:
        place = chance.randrange(len(subjects))
        subject, truth = subjects[place], truths[place]
        lie = liar.lie(subject.database.tape)
        if lie == subject.database.tape:
            continue
        subject.database.playing, told = lie, told + 1
        try:
            believed = town.do(_asked(subject))
        except (RelayError, ValueError, TypeError, OverflowError):
            refused += 1
            continue
        assert believed == truth, f"{subject.name}: a lie was believed"
    # some lies change nothing that counts, such as a size that nobody goes by
    assert refused > told * 0.7


async def _asked(subject: Subject) -> object:
    return await subject.asks()
