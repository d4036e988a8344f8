"""Two releases on one database: a cluster goes from one to the next under load, and what does not fit is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from placet import Engine
from placet.engine import migrate_database
from placet.errors import Conflict
from placet.settings import Settings
from placet.store import migrate
from placet.store.database import opened
from placet.store.migrate import newest
from tests.crash import releases
from tests.crash.callers import CLERKS, Approval, Caller, ConnectionLost, Ledger, Start, Unavailable
from tests.crash.child import Node, run
from tests.crash.definitions import REQUEST_ID
from tests.crash.invariants import stored
from tests.crash.releases import next_migrations, revision_after
from tests.crash.truth import check

CALLERS = 6
LOOK_SECONDS = 0.05
VERSIONS = "SELECT id, version FROM engine_node WHERE ended_at IS NULL ORDER BY id"
MOVED = "SELECT count(DISTINCT release), sum(events) FROM moved"


class Balancer:
    """Sends each request to the next of the nodes whose /readyz said last that they take some; none is sent twice."""

    def __init__(self) -> None:
        self._addresses: dict[str, str] = {}
        self._ready: list[str] = []
        self._sent = 0
        self._looked = asyncio.Condition()
        self.failed: list[str] = []

    def knows(self, engine_id: str, address: str) -> None:
        self._addresses[engine_id] = address

    async def look(self) -> None:
        """Ask all nodes again and again whether they are ready."""
        while True:
            for engine_id, address in list(self._addresses.items()):
                is_ready = await _is_ready(address)
                if is_ready is not (engine_id in self._ready):
                    (self._ready.append if is_ready else self._ready.remove)(engine_id)
            async with self._looked:
                self._looked.notify_all()
            await asyncio.sleep(LOOK_SECONDS)

    async def sees(self, *ready: str) -> None:
        """Return once exactly these nodes are ready."""
        async with asyncio.timeout(30), self._looked:
            await self._looked.wait_for(lambda: sorted(self._ready) == sorted(ready))

    async def load(self, ledger: Ledger, clerk: str) -> None:
        """Start and approve until there was enough of it."""
        while not ledger.enough.is_set():
            start = Start(clerk, f"key-{len(ledger.starts)}", len(ledger.starts))
            ledger.starts.append(start)
            await self._send(clerk, lambda caller, start=start: ledger.send_start(caller, start))
            if item_id := ledger._an_item():
                approval = Approval(item_id, clerk)
                ledger.approvals.append(approval)
                await self._send(clerk, lambda caller, approval=approval: ledger.send_approval(caller, approval))

    async def _send(self, clerk: str, send: Callable[[Caller], Awaitable[None]]) -> None:
        self._sent += 1
        engine_id = self._ready[self._sent % len(self._ready)]
        try:
            caller = await Caller.connect(self._addresses[engine_id], clerk)
            try:
                await send(caller)
            finally:
                await caller.close()
        except (ConnectionLost, Unavailable) as failure:
            self.failed.append(f"{engine_id} after {self._sent} requests: {failure!r}")


async def _is_ready(address: str) -> bool:
    try:
        caller = await Caller.connect(address, CLERKS[0])
        try:
            return (await caller.ask("GET", "/readyz")).status == 200
        finally:
            await caller.close()
    except ConnectionLost:
        return False


class Cluster:
    """Nodes behind a balancer, each of this release or the next."""

    def __init__(self, url: str, folder: Path, balancer: Balancer, ends: AsyncExitStack) -> None:
        self._url, self._folder, self._balancer, self._ends = url, folder, balancer, ends
        self._nodes: dict[str, Node] = {}

    async def start(self, engine_id: str, migrations: Path | None = None) -> None:
        program = partial(releases.serve, migrations=migrations)
        node = self._nodes[engine_id] = Node(engine_id, program, self._url, self._folder)
        self._ends.push_async_callback(node.end)
        self._balancer.knows(engine_id, await node.start())

    async def stop(self, engine_id: str) -> None:
        await self._nodes[engine_id].stop()

    async def command(self, *arguments: str, migrations: Path | None = None) -> None:
        assert (
            await run(partial(releases.command, arguments=arguments, migrations=migrations), self._url, self._folder)
            == 0
        )


@pytest.mark.timeout(240)
async def test_a_cluster_is_upgraded_under_load_without_a_failed_request(
    durable_database_url: str, folder: Path, tmp_path: Path
):
    url, migrations = durable_database_url, next_migrations(tmp_path / "next")
    ledger, balancer = Ledger(REQUEST_ID, seed=5), Balancer()
    async with AsyncExitStack() as ends, asyncio.TaskGroup() as group:
        cluster = Cluster(url, folder, balancer, ends)
        await cluster.start("one")
        await cluster.start("two")
        looking = group.create_task(balancer.look())
        await balancer.sees("one", "two")
        loading = [group.create_task(balancer.load(ledger, CLERKS[number % len(CLERKS)])) for number in range(CALLERS)]
        await ledger.more(60)

        await cluster.command("engines", "drain", "one", "--wait")
        await balancer.sees("two")
        await cluster.stop("one")
        await cluster.command("migrate", migrations=migrations)
        await ledger.more(60)  # two is of this release, the tables are of the next
        await cluster.start("one", migrations)
        await balancer.sees("one", "two")
        await ledger.more(60)
        both = await rows(url, VERSIONS)

        await cluster.command("engines", "drain", "two", "--wait")
        await balancer.sees("one")
        await cluster.stop("two")
        await cluster.start("two")  # whatever watches over it has not heard of the next release yet
        await balancer.sees("one", "two")
        await ledger.more(60)
        await cluster.command("engines", "drain", "two", "--wait")
        await balancer.sees("one")
        await cluster.stop("two")
        await cluster.start("two", migrations)
        await balancer.sees("one", "two")
        await ledger.more(60)

        ledger.enough.set()
        await asyncio.gather(*loading)
        looking.cancel()
        assert not balancer.failed, "\n".join(balancer.failed)
        after = await rows(url, VERSIONS)
        for engine_id in ("one", "two"):
            await cluster.stop(engine_id)

    check(await stored(url), ledger, nothing_open=True)
    (_, of_this), (_, of_next) = sorted(both, key=lambda row: len(row[1]))
    assert of_next == f"{of_this}.next"
    assert [version for _, version in after] == [of_next, of_next]
    assert (await rows(url, MOVED))[0][0] == 1


async def rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    async with opened(url) as database:
        return await database.read(lambda tx: list(map(tuple, tx.exec_driver_sql(sql))))


# -- what fits, and what does not ----------------------------------------------------------------------


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Migrates a database as the next release does, and is this one again."""

    async def upgrade(url: str, *, works_on_this: bool) -> str:
        migrations = next_migrations(tmp_path / "next", works_on_this=works_on_this)
        with monkeypatch.context() as patched:
            patched.setattr(migrate, "_FOLDER", migrations)
            return (await migrate_database(url)).after

    return upgrade


async def opens(url: str, **more: Any) -> None:
    async with Engine(settings=Settings(database_url=url, engine_id="one"), **more):
        pass


async def test_tables_that_leave_room_for_this_release_are_worked_on(database_url: str, next_release: Any):
    after = await next_release(database_url, works_on_this=True)

    await opens(database_url)
    await opens(database_url, run_jobs=False, migrate_empty=False)
    again = await migrate_database(database_url)

    assert after == revision_after(newest())
    assert (again.before, again.after) == (after, after)


async def test_tables_that_leave_no_room_are_refused(database_url: str, next_release: Any):
    after = await next_release(database_url, works_on_this=False)
    sentence = f"is at revision {after}, and this release works on {newest()} and not on that; use the release that"

    for refused in (
        opens(database_url),
        opens(database_url, run_jobs=False, migrate_empty=False),
        migrate_database(database_url),
    ):
        with pytest.raises(Conflict, match=sentence):
            await refused


async def test_tables_of_the_release_before_are_refused(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    before = newest()
    monkeypatch.setattr(migrate, "_FOLDER", next_migrations(tmp_path / "next"))
    sentence = f"is at revision {before} and this release needs {newest()}; run `placet migrate`"

    for refused in (opens(database_url), opens(database_url, run_jobs=False, migrate_empty=False)):
        with pytest.raises(Conflict, match=sentence):
            await refused
    await migrate_database(database_url)
    await opens(database_url)


async def test_no_engine_has_its_tables_taken_away(database_url: str, next_release: Any):
    settings = Settings(database_url=database_url, engine_id="office")
    async with Engine(settings=settings):
        with pytest.raises(Conflict, match=r"The engines office run, .* stop them before you run `placet migrate`"):
            await next_release(database_url, works_on_this=False)

    await opens(database_url)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("durable_database_url", ["postgresql"], indirect=True)
async def test_a_migration_that_waits_for_a_table_keeps_nobody_waiting(
    durable_database_url: str, folder: Path, next_release: Any
):
    """What reads for long holds a table against a migration, behind which all others would wait."""
    reader = await asyncpg.connect(durable_database_url)
    async with Engine(durable_database_url, run_jobs=False) as engine, reader.transaction():
        await reader.fetch("SELECT count(*) FROM process")
        migrating = asyncio.create_task(next_release(durable_database_url, works_on_this=True))
        for number in range(40):
            await engine.as_system().start("Request", initiator=CLERKS[0], data={"number": number})
        assert not migrating.done()
        await reader.execute("ROLLBACK")
        assert await migrating == revision_after(newest())
    await reader.close()
