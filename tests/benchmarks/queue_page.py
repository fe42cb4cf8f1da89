"""Whether the queue stays as fast as the service grows, and what row-level security costs.

`python -m tests.benchmarks.queue_page`. Three databases, all on one server, take turns. In each, one
facilitator has thirty cases with twenty items; the rest belongs to others.
"""

import asyncio
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg

from relay.db.embedded import EmbeddedPostgres
from relay.db.transaction import Database, Surface
from relay.house import House
from relay.identity.model import Person
from relay.review import queue
from tests.benchmarks.options import Options, parse
from tests.benchmarks.rows import Row, at_most, show
from tests.support.house import Service, make_service
from tests.support.postgres import Dsns, TestServer, fast_folder
from tests.support.web import make_exchange

OWN_CASES = 30
EACH = 20
_OWN_PEOPLE = (
    "SELECT account_id FROM relay.seats WHERE case_id IN (SELECT id FROM own) AND part <> 'facilitator'"
)
_FILLING = Path(__file__).with_name("filling.sql")


def _fill(dsns: Dsns, service: Service, own: list[UUID], items: int) -> None:
    with psycopg.connect(dsns.superuser.url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET work_mem = '256MB'")
        connection.execute("CREATE TEMPORARY TABLE own (id uuid)")
        with connection.cursor() as cursor, cursor.copy("COPY own FROM STDIN") as copy:
            for case_id in own:
                copy.write_row([case_id])
        connection.execute("CREATE TEMPORARY TABLE colleagues (number integer, id uuid, name_sealed bytea)")
        with connection.cursor() as cursor, cursor.copy("COPY colleagues FROM STDIN") as copy:
            for number in range(items // EACH // OWN_CASES + 1):
                account_id = uuid4()
                name = service.columns.seal("accounts", "name", account_id, f"Colleague {number}")
                copy.write_row([number, account_id, name])
        connection.execute("CREATE TEMPORARY TABLE about (service uuid, items integer, cases integer)")
        connection.execute("INSERT INTO about VALUES (%s, %s, %s)", [service.id, items, items // EACH])
        connection.execute(_FILLING.read_bytes())
        for (account_id,) in connection.execute(_OWN_PEOPLE).fetchall():
            name = service.columns.seal("accounts", "name", account_id, "Somebody")
            connection.execute("UPDATE relay.accounts SET name_sealed = %s WHERE id = %s", [name, account_id])
        connection.execute("VACUUM ANALYZE")


@asynccontextmanager
async def _house(service: Service, dsns: Dsns) -> AsyncIterator[House]:
    database = Database(dsns.desk.url, Surface.DESK)
    await database.open()
    try:
        yield msgspec.structs.replace(service.desk, database=database)
    finally:
        await database.close()


async def _pages(houses: Mapping[int, House], person: Person, rounds: int) -> list[Row]:
    seconds: dict[int, list[float]] = {size: [] for size in houses}
    for turn in range(rounds + 10):
        for size, house in houses.items():
            began = time.perf_counter()
            page = await queue.queue(house, person)
            if turn >= 10:
                seconds[size].append(time.perf_counter() - began)
            assert len(page) == queue.PAGE
    smallest = min(seconds)
    return [
        _page(size, median(took), median(map(_part, took, seconds[smallest])), first=size == smallest)
        for size, took in seconds.items()
    ]


def _part(one: float, two: float) -> float:
    return one / two


def _page(size: int, seconds: float, ratio: float, *, first: bool) -> Row:
    name, figure = f"page of the queue, {size:,} items", f"{seconds * 1000:.2f} ms"
    return Row(name, figure) if first else at_most(f"{name}: of the smallest", figure, ratio, 1.3)


class _Asker:
    """Asks for the queue's page on one connection, as one role."""

    def __init__(self, dsns: Dsns, role: str, facilitator: UUID, service: Service) -> None:
        self._connection = psycopg.connect(dsns.superuser.url)
        # of two literals of ours
        self._connection.execute(f"SET LOCAL ROLE {role}")
        self._connection.execute("SELECT relay.enter_desk(%s)", [facilitator])
        self._given = {
            "now": service.clock(),
            "after": queue._START,
            "after_id": queue._FIRST,
            "limit": queue.PAGE,
        }

    def ask(self) -> list[tuple[Any, ...]]:
        return self._connection.execute(queue._QUEUE, self._given, prepare=True).fetchall()

    def plan(self) -> str:
        rows = self._connection.execute("EXPLAIN " + queue._QUEUE, self._given).fetchall()
        return "\n".join(row[0] for row in rows)

    def close(self) -> None:
        self._connection.rollback()
        self._connection.close()


def _policies(dsns: Dsns, facilitator: UUID, service: Service, rounds: int) -> Iterator[Row]:
    """Compare the same query as the desk's role and as one that no policy holds."""
    with psycopg.connect(dsns.superuser.url, autocommit=True) as connection:
        connection.execute("CREATE ROLE relay_bench NOLOGIN BYPASSRLS")
        connection.execute("GRANT relay_desk TO relay_bench")
    try:
        walled = _Asker(dsns, "relay_desk", facilitator, service)
        unwalled = _Asker(dsns, "relay_bench", facilitator, service)
        assert walled.ask() == unwalled.ask()
        seconds: dict[_Asker, list[float]] = {walled: [], unwalled: []}
        for turn in range(rounds + 20):
            for asker, took in seconds.items():
                began = time.perf_counter()
                asker.ask()
                if turn >= 20:
                    took.append(time.perf_counter() - began)
        figure = f"{median(seconds[walled]) * 1000:.2f} ms, without {median(seconds[unwalled]) * 1000:.2f} ms"
        ratio = median(map(_part, seconds[walled], seconds[unwalled]))
        yield at_most("row-level security, the queue's query with it: of without", figure, ratio, 1.15)
        read = set(re.findall(r"Seq Scan on (\w+)", walled.plan())) & set(_scans(dsns))
        figure = ", ".join(sorted(read)) or "none"
        yield Row("large tables that the queue's plan reads from end to end", figure, None, "none", not read)
        walled.close()
        unwalled.close()
    finally:
        with psycopg.connect(dsns.superuser.url, autocommit=True) as connection:
            connection.execute("DROP ROLE relay_bench")


_SCANS = """
SELECT relname, seq_scan, seq_tup_read FROM pg_stat_user_tables
WHERE schemaname = 'relay' AND n_live_tup >= 5000
"""


def _scans(dsns: Dsns) -> dict[str, tuple[int, int]]:
    # whoever was connected has reported what they did: a second after their last transaction at the latest
    time.sleep(1.5)
    with psycopg.connect(dsns.superuser.url) as connection:
        return {name: (scans, rows) for name, scans, rows in connection.execute(_SCANS)}


async def _exchange(service: Service, dsns: Dsns, folder: Path) -> Row:
    """Play an exchange on the largest database; no table that is large there may be read from end to end."""
    before = _scans(dsns)
    service.dsns, service.owner = dsns, dsns.owner
    service.databases = {
        surface: Database(getattr(dsns, surface).url, surface)
        for surface in (Surface.PARTICIPANTS, Surface.DESK, Surface.WORKER)
    }
    for database in service.databases.values():
        await database.open()
    try:
        async with make_exchange(service, folder) as exchange:
            for author, recipient in (
                (exchange.victim, exchange.offender),
                (exchange.offender, exchange.victim),
            ):
                item_id, release_id = await exchange.deliver(author)
                await recipient.do(f"/deliveries/{release_id}/choice", {"choice": "open"})
                assert (await recipient.api("GET", f"/deliveries/{release_id}/content")).status_code == 200
                await recipient.ask("/deliveries")
                await author.ask(f"/cases/{exchange.case_id}/items")
                await author.ask(f"/items/{item_id}")
                await exchange.desk.ask("/queue")
            await exchange.desk.ask("/cases")
            await exchange.desk.ask(f"/cases/{exchange.case_id}")
    finally:
        for database in service.databases.values():
            await database.close()
    scanned = sorted(name for name, (_, rows) in _scans(dsns).items() if rows > before.get(name, (0, 0))[1])
    figure = ", ".join(scanned) or "none"
    return Row(
        f"large tables read from end to end in an exchange (of {len(before)})",
        figure,
        None,
        "none",
        not scanned,
    )


async def _run(options: Options) -> list[Row]:
    sizes = (2_000, 20_000) if options.quick else (10_000, 100_000, 1_000_000)
    rounds = 50 if options.quick else 300
    folder = Path(tempfile.mkdtemp(prefix="relay-bench-", dir=fast_folder()))
    postgres = EmbeddedPostgres(folder / "database", durable=False)
    try:
        server = TestServer(postgres.start())
        with ExitStack() as stack:
            base = stack.enter_context(server.clone())
            async with make_service(base, folder) as service:
                facilitator = await service.make_facilitator()
                own = [await service.make_case(facilitator, f"2026/{number}") for number in range(OWN_CASES)]
            all_dsns = {size: stack.enter_context(server.clone(of=base)) for size in sizes}
            for size, dsns in all_dsns.items():
                _fill(dsns, service, own, size)
            async with AsyncExitStack() as houses:
                opened = {
                    size: await houses.enter_async_context(_house(service, dsns))
                    for size, dsns in all_dsns.items()
                }
                rows = list(await _pages(opened, facilitator, rounds))
            largest = all_dsns[max(sizes)]
            rows += _policies(largest, facilitator.id, service, rounds)
            rows.append(await _exchange(service, largest, folder))
            return rows
    finally:
        postgres.stop()
        shutil.rmtree(folder)


def run(options: Options) -> list[Row]:
    """Measure."""
    return asyncio.run(_run(options))


if __name__ == "__main__":
    show(run(parse()))
