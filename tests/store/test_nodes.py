"""Engine nodes on both databases: one for each id, how each stands, and what a node does that is told to drain."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text, update

from placet import Engine, EngineNode, NodeStatus
from placet.clock import SystemClock
from placet.errors import Conflict, InvalidInput, NotAllowed, NotFound, Unavailable
from placet.loader import parse_definition
from placet.nodes import default_engine_id
from placet.settings import Settings
from placet.store import definitions, nodes
from placet.store.database import liveness, opened
from placet.store.nodes import KEPT, KEPT_SILENT, SILENCE, Beat, Start
from placet.store.tables import engine_node
from tests.builders import ANNA, NINE
from tests.store.harness import ASK, an_engine

RUN, OTHER_RUN = "0" * 32, "1" * 32
SECOND = timedelta(seconds=1)


def a_start(id_: str = "one", run: str = RUN) -> Start:
    return Start(id_, run, "http://127.0.0.1:8080", "here", 4711, "0.1.0")


def ages(node_id: str, **ages: timedelta) -> Callable[[Any], None]:
    """A store function that moves times of a node back."""

    def work(tx: Any) -> None:
        node = nodes.one(tx, node_id)
        assert node is not None
        tx.execute(
            update(engine_node)
            .where(engine_node.c.id == node_id)
            .values({name: (getattr(node, name) or node.started_at) - age for name, age in ages.items()})
        )

    return work


async def drained(engine: Engine, node_id: str) -> EngineNode:
    """A node, once nothing of it runs any more."""
    while (node := await engine.as_system().node(node_id)).drained_at is None:
        pass
    return node


# -- rows ----------------------------------------------------------------------------------------


async def test_a_node_begins_runs_drains_and_ends(transactions):
    status: Any = lambda node: node.status  # noqa: E731
    await transactions.write(partial(nodes.register, start=a_start()))
    begun = await transactions.read(partial(nodes.one, node_id="one"))
    assert (begun.status, begun.host, begun.pid, begun.version) == (NodeStatus.STARTING, "here", 4711, "0.1.0")
    assert begun.address == "http://127.0.0.1:8080"

    seen = []
    for step in (
        partial(nodes.mark, node_id="one", run=RUN, what="running_since"),
        partial(nodes.drain, node_id="one"),
        partial(nodes.mark, node_id="one", run=RUN, what="drained_at"),
        partial(nodes.mark, node_id="one", run=RUN, what="ended_at"),
    ):
        await transactions.write(step)
        seen.append(await transactions.read(partial(nodes.one, node_id="one")))

    assert [status(node) for node in seen] == [
        NodeStatus.RUNNING,
        NodeStatus.DRAINING,
        NodeStatus.DRAINING,
        NodeStatus.SHUTDOWN,
    ]
    assert seen[-1].started_at <= seen[-1].running_since <= seen[-1].draining_since <= seen[-1].drained_at
    assert await transactions.read(partial(nodes.one, node_id="two")) is None


async def test_who_falls_silent_has_timed_out_and_lives_again_with_the_next_beat(transactions):
    await transactions.write(partial(nodes.register, start=a_start()))
    await transactions.write(ages("one", beat_at=SILENCE + SECOND))
    assert (await transactions.read(nodes.every))[0].status is NodeStatus.TIMED_OUT

    assert await transactions.write(partial(nodes.beat, node_id="one", run=RUN)) == Beat(False, False)
    assert (await transactions.read(nodes.every))[0].status is NodeStatus.STARTING


async def test_who_was_heard_of_in_the_future_has_timed_out_too(transactions):
    """The clock of the database was set back, and a node that died before would live until it has caught up."""
    for id_ in ("a", "b"):
        await transactions.write(partial(nodes.register, start=a_start(id_)))
        await transactions.write(partial(nodes.mark, node_id=id_, run=RUN, what="running_since"))
    await transactions.write(ages("a", beat_at=-timedelta(hours=1)))

    assert await transactions.write(partial(nodes.beat, node_id="b", run=RUN)) == Beat(False, is_first=True)
    assert [node.status for node in await transactions.read(nodes.every)] == [NodeStatus.RUNNING, NodeStatus.TIMED_OUT]


async def test_who_begins_under_an_id_ends_what_was_before(transactions):
    await transactions.write(partial(nodes.register, start=a_start()))
    await transactions.write(partial(nodes.drain, node_id="one"))
    await transactions.write(partial(nodes.register, start=a_start(run=OTHER_RUN)))

    assert await transactions.write(partial(nodes.beat, node_id="one", run=RUN)) is None
    assert await transactions.write(partial(nodes.beat, node_id="one", run=OTHER_RUN)) == Beat(False, False)
    await transactions.write(partial(nodes.mark, node_id="one", run=RUN, what="ended_at"))
    assert (await transactions.read(nodes.every))[0].status is NodeStatus.STARTING


async def test_one_of_those_that_run_is_the_first(transactions):
    for id_ in ("b", "a", "c"):
        await transactions.write(partial(nodes.register, start=a_start(id_)))
        await transactions.write(partial(nodes.mark, node_id=id_, run=RUN, what="running_since"))

    async def firsts() -> list[str]:
        beats = {id_: await transactions.write(partial(nodes.beat, node_id=id_, run=RUN)) for id_ in "cba"}
        return [id_ for id_, beat in beats.items() if beat is not None and beat.is_first]

    assert await firsts() == ["a"]
    await transactions.write(partial(nodes.drain, node_id="a"))
    assert await firsts() == ["b"]
    await transactions.write(partial(nodes.mark, node_id="b", run=RUN, what="ended_at"))
    assert await firsts() == ["c"]


@pytest.mark.parametrize(
    ("ended", "age", "is_kept"),
    [
        (True, KEPT - SECOND, True),
        (True, KEPT + SECOND, False),
        (False, KEPT + SECOND, True),
        (False, KEPT_SILENT - SECOND, True),
        (False, KEPT_SILENT + SECOND, False),
    ],
)
async def test_who_ended_long_ago_is_forgotten(transactions, ended, age, is_kept):
    await transactions.write(partial(nodes.register, start=a_start()))
    await transactions.write(partial(nodes.register, start=a_start("lives")))
    await transactions.write(ages("one", **{"ended_at" if ended else "beat_at": age}))

    await transactions.write(nodes.forget)

    assert [node.id for node in await transactions.read(nodes.every)] == ["lives", *(["one"] if is_kept else [])]


# -- the lock ------------------------------------------------------------------------------------


async def test_a_lock_is_one_nodes_until_it_lets_go(database_url):
    one, other, third = (liveness(database_url, "", id_) for id_ in ("a", "a", "b"))
    try:
        assert await one.take()
        assert await one.take()  # it is its own
        assert await third.take()
        assert not await other.take()
        assert [await each.is_held() for each in (one, other, third)] == [True, False, True]

        await one.release()
        assert await other.take()
        assert not await one.take()
    finally:
        for each in (one, other, third):
            await each.release()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_file_has_one_lock_whatever_leads_to_it(database_url, tmp_path, monkeypatch):
    (tmp_path / "link.db").symlink_to(tmp_path / "placet.db")
    monkeypatch.chdir(tmp_path)
    locks = [liveness(url, "", "a") for url in (database_url, "sqlite:///link.db", "sqlite:///placet.db")]

    assert [await lock.take() for lock in locks] == [True, False, False]
    for lock in locks:
        await lock.release()


@pytest.mark.parametrize(("database_url", "empty_database_url"), [("postgresql", "postgresql")], indirect=True)
async def test_a_lock_on_another_database_is_refused(database_url, empty_database_url):
    settings = Settings(database_url=database_url, database_direct_url=empty_database_url, engine_id="a")
    with pytest.raises(InvalidInput, match="lead to different databases, or one of them to a standby"):
        await Engine(settings=settings).open()
    async with a_node(database_url, "a") as engine:  # where it is the same, nobody minds
        assert await engine.store.read(engine._node._lock.is_on)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_session_that_has_ended_holds_nothing(database_url):
    one, other = liveness(database_url, "", "a"), liveness(database_url, "", "a")
    assert await one.take()
    await end_the_locks_session(database_url)

    assert not await one.is_held()
    assert await other.take()
    assert not await one.take()
    await other.release()
    assert await one.take()
    await one.release()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_lock_goes_by_the_direct_url(database_url):
    lock = liveness("postgresql://nobody@127.0.0.1:1/placet", database_url, "a")
    assert await lock.take()
    await lock.release()

    with pytest.raises(Unavailable, match="database_direct_url"):
        await liveness(database_url, "postgresql://nobody@127.0.0.1:1/placet", "a").take()


async def end_the_locks_session(url: str) -> None:
    """End every session that holds an advisory lock, as an administrator of the server may."""
    sql = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    async with opened(url) as database:
        assert await database.read(lambda tx: tx.exec_driver_sql(sql).scalars().all())


# -- engines -------------------------------------------------------------------------------------


@asynccontextmanager
async def a_node(url: str, id_: str = "a", **more: Any) -> AsyncIterator[Engine]:
    async with Engine(settings=Settings(database_url=url, engine_id=id_), **more) as engine:
        yield engine


async def test_an_engine_is_listed_while_it_is_open_and_for_a_while_after(database_url):
    async with Engine(database_url, address="http://here:8080") as engine:
        (node,) = await engine.as_system().nodes()
        assert (node.id, node.status, node.pid) == (engine.engine_id, NodeStatus.RUNNING, os.getpid())
        assert node.address == "http://here:8080"
    async with Engine(database_url, run_jobs=False) as reader:
        (node,) = await reader.as_system().nodes()
        assert node.status is NodeStatus.SHUTDOWN
        assert node == await reader.as_system().node(node.id)
        with pytest.raises(NotFound, match="'nobody'"):
            await reader.as_system().node("nobody")


async def test_a_second_node_of_an_id_is_refused_and_one_of_another_is_not(database_url):
    async with a_node(database_url, "a") as one:
        with pytest.raises(Conflict, match=rf"'a' runs already: process {os.getpid()} on .*--engine-id"):
            await Engine(settings=one.settings).open()
        async with a_node(database_url, "b") as other:
            assert [node.id for node in await other.as_system().nodes()] == ["a", "b"]
        assert (await one.as_system().node("a")).status is NodeStatus.RUNNING
    async with a_node(database_url, "a"):  # it has let go
        pass


async def test_a_second_node_of_an_id_that_is_silent_is_told_how_to_have_it(database_url, monkeypatch):
    monkeypatch.setattr("placet.jobs.own_node.BEAT_SECONDS", 1e9)
    async with a_node(database_url, "a") as engine:
        await engine.store.write(ages("a", beat_at=SILENCE + SECOND))
        with pytest.raises(
            Conflict, match=r"'a' runs already: .* not been heard of since .*: end it with kill -9, or wait"
        ):
            await Engine(settings=Settings(database_url=database_url, engine_id="a")).open()


async def test_an_engine_that_cannot_be_opened_leaves_its_id_to_others(database_url, tmp_path):
    (tmp_path / "wrong.yaml").write_text("name: [")
    settings = Settings(database_url=database_url, engine_id="a")
    with pytest.raises(Exception, match=r"wrong\.yaml"):
        await Engine(settings=settings, definitions=tmp_path).open()
    async with Engine(settings=settings) as engine:
        assert (await engine.as_system().node("a")).status is NodeStatus.RUNNING


async def test_an_engine_that_cannot_be_listed_as_one_that_runs_is_closed_again(database_url, monkeypatch):
    engine = Engine(settings=Settings(database_url=database_url, engine_id="a"))

    async def fails() -> None:
        raise Unavailable("It is away.")

    monkeypatch.setattr(engine._node, "begin", fails)
    before = asyncio.all_tasks()
    with pytest.raises(Unavailable, match="away"):
        await engine.open()

    assert {task.get_name() for task in asyncio.all_tasks() - before if task.get_name().startswith("placet")} == set()
    async with a_node(database_url, "a"):
        pass


async def test_who_begins_forgets_those_that_ended_long_ago(database_url):
    async with a_node(database_url, "old"):
        pass
    async with Engine(database_url, run_jobs=False) as engine:
        await engine.store.write(ages("old", ended_at=KEPT + SECOND))
    async with a_node(database_url, "new") as engine:
        assert [node.id for node in await engine.as_system().nodes()] == ["new"]


@pytest.mark.parametrize("drains", [False, True])
async def test_a_node_that_was_forgotten_is_listed_again_as_it_is(database_url, drains):
    async with a_node(database_url) as engine:
        if drains:
            await engine.as_system().drain_node("a")
            await drained(engine, "a")
        await engine.store.write(lambda tx: tx.execute(engine_node.delete()))
        async with asyncio.timeout(30):
            while not (found := await engine.as_system().nodes()):
                pass

        assert found[0].status is (NodeStatus.DRAINING if drains else NodeStatus.RUNNING)
        assert (found[0].drained_at is not None) is drains
        assert engine._node._is_lost is False


async def test_what_a_node_is_called_unless_it_is_told(database_url):
    by_default = default_engine_id(database_url, 8080)
    if database_url.startswith("sqlite"):
        assert by_default == default_engine_id(database_url) == "ENGINE"
    else:
        assert by_default == f"{default_engine_id(database_url)}-8080"
    assert Settings(engine_id=by_default).engine_id == by_default


@pytest.mark.parametrize("host", ["app_1.example.org", "ü/äh nein", "-", "x" * 200])
def test_any_name_of_a_host_makes_an_id(monkeypatch, host):
    monkeypatch.setattr("socket.gethostname", lambda: host)

    assert Settings(engine_id=default_engine_id("postgresql://", 8080)).engine_id


async def test_a_node_that_drains_takes_no_more_work_and_says_so(database_url, clock):
    wait = """
name: Wait
start: pause
activities:
  pause: {kind: wait, for: 1h, next: done}
  done: {kind: finish}
"""
    async with an_engine(database_url, clock, wait, run_jobs=True) as engine:
        system, id_ = engine.as_system(), engine.engine_id
        started = await system.start("Wait", initiator=ANNA)
        await engine.require_ready()

        node = await system.drain_node(id_)
        assert node.status is NodeStatus.DRAINING
        assert await system.drain_node(id_) == node
        assert (await drained(engine, id_)).status is NodeStatus.DRAINING
        with pytest.raises(Unavailable, match=f"{id_} is draining"):
            await engine.require_ready()

        clock.move(hours=2)
        assert (await system.start("Wait", initiator=ANNA)).process.life  # who asks is answered
        beat_at = (await system.node(id_)).beat_at
        while (await system.node(id_)).beat_at == beat_at:  # for up to a second, where a timer fires at once
            pass
        assert not (await system.process(started.process.id)).process.life.is_over

        async with an_engine(database_url, clock, wait, run_jobs=True) as other:
            await other.settled()
            assert (await system.process(started.process.id)).process.life.is_over
            entries = await engine.store.read(_audited)
            assert entries == [("engine.drained", id_)]


def _audited(tx: Any) -> list[tuple[str, str]]:
    return [tuple(row) for row in tx.exec_driver_sql("SELECT kind, target FROM audit WHERE kind LIKE 'engine.%%'")]


async def test_a_restart_ends_draining(database_url):
    async with a_node(database_url) as engine:
        await engine.as_system().drain_node("a")
        await drained(engine, "a")
    async with a_node(database_url) as engine:
        await engine.require_ready()
        assert (await engine.as_system().node("a")).status is NodeStatus.RUNNING


async def test_that_nothing_runs_any_more_is_told_as_soon_as_the_database_hears_it(database_url, monkeypatch):
    async with a_node(database_url) as engine:
        mark, failed = engine._node._mark, []

        async def fails_once(what: Any) -> None:
            if not failed:
                failed.append(what)
                raise Unavailable("It is away.")
            await mark(what)

        monkeypatch.setattr(engine._node, "_mark", fails_once)
        await engine.as_system().drain_node("a")
        async with asyncio.timeout(30):
            assert (await drained(engine, "a")).status is NodeStatus.DRAINING
        assert failed == ["drained_at"]


async def test_an_engine_that_drains_can_be_closed_while_something_still_runs(database_url, monkeypatch):
    async with a_node(database_url) as engine:
        monkeypatch.setattr(engine._courier, "drain", asyncio.Event().wait)  # as if a delivery never ended
        await engine.as_system().drain_node("a")
        while engine._node._draining is None:
            await engine.as_system().nodes()
    async with Engine(database_url, run_jobs=False) as reader:
        (node,) = await reader.as_system().nodes()
    assert (node.status, node.drained_at) == (NodeStatus.SHUTDOWN, None)


async def test_the_overview_has_every_engine_that_lives(database_url):
    async with a_node(database_url, "ended"):
        pass
    async with a_node(database_url, "a") as engine:
        found = (await engine.as_system().overview()).engines

    assert [(each.engine_id, each.open, each.status) for each in found] == [("a", 0, NodeStatus.RUNNING)]


async def test_one_that_has_ended_cannot_be_drained(database_url):
    async with a_node(database_url, "a"):
        pass
    async with a_node(database_url, "b") as engine:
        with pytest.raises(Conflict, match="'a' is Shutdown"):
            await engine.as_system().drain_node("a")
        for id_ in ("c", "c\0", "\ud800"):
            with pytest.raises(NotFound):
                await engine.as_system().drain_node(id_)
            with pytest.raises(NotFound):
                await engine.as_system().node(id_)


async def test_one_that_is_silent_cannot_be_drained_and_it_is_said_where_it_was(database_url, transactions):
    await transactions.write(partial(nodes.register, start=a_start()))
    await transactions.write(ages("one", beat_at=SILENCE + SECOND))
    async with a_node(database_url, "b") as engine:
        said = rf"'one' has not been heard of since {datetime.now(UTC):%Y}-.* UTC .*process 4711 on here .* kill -9"
        with pytest.raises(Conflict, match=said):
            await engine.as_system().drain_node("one")


async def test_only_who_operates_sees_and_drains_them(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        for asked in (engine.nodes(actor=ANNA), engine.node("a", actor=ANNA), engine.drain_node("a", actor=ANNA)):
            with pytest.raises(NotAllowed, match="PM_SETUP_ADVANCE"):
                await asked
        assert await engine.nodes(actor="admin") == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_node_whose_id_has_become_anothers_stops_taking_work(database_url, monkeypatch):
    async def not_yet() -> bool:
        return False

    async with a_node(database_url, "a") as cut_off:
        monkeypatch.setattr(cut_off._node._lock, "take", not_yet)
        await end_the_locks_session(database_url)
        async with a_node(database_url, "a") as other:  # before the first one has noticed
            while cut_off._node._draining is None:
                await cut_off.as_system().nodes()
            with pytest.raises(Unavailable, match="another engine's by now"):
                await cut_off.require_ready()
            await other.require_ready()
        assert (await cut_off.as_system().node("a")).status is NodeStatus.SHUTDOWN

        monkeypatch.undo()
        assert cut_off._node._beating is not None
        await asyncio.wait_for(cut_off._node._beating, 30)  # it does not look after a lock that is not its own
        async with a_node(database_url, "a"):
            pass


@pytest.mark.parametrize("hours", [-1, 0, 1])
async def test_a_clock_that_is_not_in_step_is_told_of_once(database_url, monkeypatch, caplog, hours):
    async with a_node(database_url) as engine:
        machine = SystemClock()
        monkeypatch.setattr(engine._node._machine, "now", lambda: machine.now() + timedelta(hours=hours))
        beats = engine._node._beats
        async with asyncio.timeout(30):
            while engine._node._beats < beats + 3:
                await engine.as_system().nodes()

    assert caplog.text.count("is not in step") == abs(hours)


@pytest.mark.parametrize("trouble", ["no answer", "no connection"])
async def test_a_node_says_that_it_lives_whatever_becomes_of_its_lock(database_url, monkeypatch, trouble):
    async def is_held() -> bool:
        return trouble == "no answer" and await asyncio.Event().wait()

    async def take() -> bool:
        raise Unavailable("Only the pooler can be reached.")

    monkeypatch.setattr("placet.jobs.own_node._LOCK_SECONDS", 0.01)
    async with a_node(database_url) as engine:
        monkeypatch.setattr(engine._node._lock, "is_held", is_held)
        monkeypatch.setattr(engine._node._lock, "take", take)
        async with asyncio.timeout(30):
            while engine._node._lacks_lock.reason is None:
                await engine.as_system().nodes()
        beat_at = (await engine.as_system().node("a")).beat_at
        async with asyncio.timeout(30):
            while (await engine.as_system().node("a")).beat_at == beat_at:
                pass

        await engine.as_system().drain_node("a")
        async with asyncio.timeout(30):
            await drained(engine, "a")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_node_takes_its_lock_anew_after_its_session_was_lost(database_url):
    async with a_node(database_url, "a") as engine:
        await end_the_locks_session(database_url)
        while not await engine._node._lock.is_held():
            await engine.as_system().nodes()

        await engine.require_ready()
        assert not await liveness(database_url, "", "a").take()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_node_goes_on_while_its_own_lost_session_still_has_the_lock(database_url):
    async with a_node(database_url, "a") as engine:
        await end_the_locks_session(database_url)
        ghost = liveness(database_url, "", "a")
        assert await ghost.take()  # as the server sees a session whose wire was cut
        beat_at = (await engine.as_system().node("a")).beat_at
        while (await engine.as_system().node("a")).beat_at == beat_at:
            pass

        await engine.require_ready()
        await ghost.release()
        while not await engine._node._lock.is_held():
            await engine.as_system().nodes()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("over", [None, 0])
async def test_of_two_nodes_that_deploy_the_same_at_once_one_makes_the_version(database_url, clock, over):
    """As those do that begin at the same time, with the same folder of definitions."""
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with an_engine(database_url, clock) as one, an_engine(database_url, clock) as other:
        given = ASK.replace("name: Ask", "name: Asked twice")
        deploy = partial(definitions.deploy, definitions=[parse_definition(given)], now=NINE, revive=True)
        async with one._database._writers.connect() as first:  # type: ignore[attr-defined]  # of PostgreSQL alone
            await first.run_sync(deploy)
            second = asyncio.create_task(other.as_system().deploy(given, over=over))
            async with asyncio.timeout(30):
                while not await one.store.read(lambda tx: tx.execute(waits).scalar()):
                    pass
            await first.commit()
        if over is None:
            assert (await second)[1:] == (1, False)
        else:
            with pytest.raises(Conflict, match="at version 1"):
                await second
        assert len(await other.as_system().versions("Asked twice")) == 1
