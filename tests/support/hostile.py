"""A database that lies: what it really answered is recorded, and played again with one value changed."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, LiteralString, cast
from uuid import UUID

import msgspec

from relay.db.transaction import Database, Job, Params, Reading, Surface
from relay.errors import VaultRefused


class _Recording(Reading):
    """Answers the truth and keeps it."""

    def __init__(self, real: Reading, tape: list[Any]) -> None:
        super().__init__(real.connection)
        self.tape = tape

    async def one(self, row: type[Any], sql: LiteralString, params: Params = None) -> Any:
        self.tape.append(await super().one(row, sql, params))
        return self.tape[-1]

    async def all(self, row: type[Any], sql: LiteralString, params: Params = None) -> list[Any]:
        self.tape.append(await super().all(row, sql, params))
        return cast("list[Any]", self.tape[-1])

    async def value(self, sql: LiteralString, params: Params = None) -> Any:
        self.tape.append(await super().value(sql, params))
        return self.tape[-1]

    async def values(self, sql: LiteralString, params: Params = None) -> list[Any]:
        self.tape.append(await super().values(sql, params))
        return cast("list[Any]", self.tape[-1])


class _Playing(Reading):
    """Answers what is on the tape, whatever is asked."""

    def __init__(self, tape: list[Any]) -> None:
        self.answers = iter(tape)

    def _next(self) -> Any:
        for answer in self.answers:
            return answer
        raise VaultRefused  # it was asked more than what it had to lie about

    async def one(self, row: type[Any], sql: LiteralString, params: Params = None) -> Any:
        del row, sql, params
        return self._next()

    async def all(self, row: type[Any], sql: LiteralString, params: Params = None) -> list[Any]:
        del row, sql, params
        return cast("list[Any]", self._next())

    async def value(self, sql: LiteralString, params: Params = None) -> Any:
        del sql, params
        return self._next()

    async def values(self, sql: LiteralString, params: Params = None) -> list[Any]:
        del sql, params
        return cast("list[Any]", self._next())


class HostileDatabase(Database):
    """Records as long as `playing` is None; then plays that, in one transaction or over several."""

    def __init__(self, real: Database) -> None:
        self.real = real
        self.surface: Surface = real.surface
        self.tape: list[Any] = []
        self.playing: list[Any] | None = None

    @asynccontextmanager
    async def reading(self, actor: UUID | Job) -> AsyncIterator[Reading]:
        if self.playing is not None:
            yield _Playing(self.playing)
            return
        async with self.real.reading(actor) as tx:
            yield _Recording(tx, self.tape)


class Liar:
    """Changes one value: a bit, a length, a neighbour's value of the same kind, an edge."""

    def __init__(self, chance: random.Random, tapes: list[list[Any]]) -> None:
        self.chance = chance
        self.pool: dict[type, list[Any]] = {}
        for tape in tapes:
            for answer in tape:
                self._gather(answer)

    def _gather(self, value: Any) -> None:
        if isinstance(value, msgspec.Struct):
            for name in value.__struct_fields__:
                self._gather(getattr(value, name))
        elif isinstance(value, (list, tuple)):
            for one in value:
                self._gather(one)
        elif value is not None:
            self.pool.setdefault(type(value), []).append(value)

    def lie(self, tape: list[Any]) -> list[Any]:
        """Return the tape with one of its answers changed."""
        told = list(tape)
        where = self.chance.choice([place for place, answer in enumerate(tape) if answer is not None])
        told[where] = self.changed(tape[where])
        return told

    def changed(self, value: Any) -> Any:  # noqa: PLR0911 - one answer for each type
        """Return something else of the same type."""
        match value:
            case msgspec.Struct():
                name = self.chance.choice(value.__struct_fields__)
                new = self.changed(getattr(value, name))
                return msgspec.structs.replace(value, **{name: new})
            case list() | tuple():
                return self._changed_list(value)
            case bytes():
                return self._changed_bytes(value)
            case bool():
                return not value
            case int():
                return self.chance.choice([value + 1, max(value - 1, 0), 0, 2**40, *self.pool[int]])
            case datetime():
                return value + timedelta(seconds=self.chance.choice([-86400, -1, 1, 86400]))
            case UUID() | str():
                return self.chance.choice(self.pool[type(value)])
            case _:
                return value

    def _changed_list(self, value: Any) -> Any:
        if not value:
            return value
        place = self.chance.randrange(len(value))
        kept = [*value]
        if self.chance.random() < 0.3:
            del kept[place]
        else:
            kept[place] = self.changed(kept[place])
        return type(value)(kept)

    def _changed_bytes(self, value: bytes) -> bytes:
        known = _read(value)
        if known:  # JSON: change one of its values, and keep it readable
            name = self.chance.choice(list(known))
            others = [other for one in self.pool[bytes] if (other := _read(one))]
            if self.chance.random() < 0.2 and (differing := _differing(known, others)):
                return msgspec.json.encode(self.chance.choice(differing))
            candidates = [one[name] for one in others if name in one and one[name] != known[name]]
            if candidates:
                return msgspec.json.encode(known | {name: self.chance.choice(candidates)})
        if not value or self.chance.random() < 0.3:
            return cast("bytes", self.chance.choice(self.pool[bytes]))
        flipped = bytearray(value)
        match self.chance.randrange(3):
            case 0:
                flipped[self.chance.randrange(len(flipped))] ^= 1 << self.chance.randrange(8)
            case 1:
                del flipped[self.chance.randrange(len(flipped)) :]
            case _:
                flipped += self.chance.randbytes(1)
        return bytes(flipped)


def _differing(known: dict[str, Any], others: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return this without what others of its kind have not, and with what they have and it has not."""
    alike = [one for one in others if 2 * len(one.keys() & known.keys()) > len(known)]
    taken = [name for name in known if any(name not in one for one in alike)]
    added = [{name: one[name]} for one in alike for name in one if name not in known]
    return [
        *({name: value for name, value in known.items() if name != one} for one in taken),
        *(known | one for one in added),
    ]


def _read(value: bytes) -> dict[str, Any]:
    """Return what `value` says as a JSON object, if it is one: random bytes begin with a brace too."""
    with suppress(msgspec.DecodeError):
        known = msgspec.json.decode(value)
        return known if isinstance(known, dict) else {}
    return {}
