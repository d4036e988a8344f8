"""A batch on PostgreSQL is decided by what is in memory, and what it writes last finds out whether that still holds."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, insert
from sqlalchemy.util import await_only

from placet import Engine
from placet.commands import AddComment, StartProcess
from placet.errors import InvalidInput, NotFound, Unavailable
from placet.store import counters, people, world
from placet.store.batch import Outcome
from placet.store.bulk import Bulk, Inserts
from placet.store.database import HasMoved
from placet.store.definitions import COUNTER, load_catalog
from placet.store.tables import counter
from tests.builders import ANNA, BOB, CARL
from tests.store.harness import ASK, an_engine, an_id, count, load

#: SQLite asks nobody: it looks before each batch.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

OF_CARL = ASK.replace("'bob'", "'carl'")


@pytest.fixture
async def engine(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        await start(engine)  # which has read the world
        yield engine


@pytest.fixture
async def other(engine, database_url, clock):
    async with an_engine(database_url, clock) as other:
        await start(engine)  # and has heard of what the other one wrote
        yield other


@pytest.fixture
def tries(engine, monkeypatch) -> list[bool]:
    """Whether each batch that is decided is so by what is in memory."""
    tries: list[bool] = []
    decide = engine.store._decide

    def noted(tx: Any, commands: Any, optimistic: bool) -> Any:
        tries.append(optimistic)
        return decide(tx, commands, optimistic)

    for lane in engine.store._lanes:
        monkeypatch.setattr(lane, "_decide", noted)
    return tries


async def start(engine: Engine, **more: Any) -> Any:
    command = StartProcess(**{"process_id": an_id(), "definition": "Ask", "actor": ANNA} | more)
    return await engine.as_system().handle(command)


async def asked(engine: Engine, outcome: Any) -> list[str]:
    return [item.addressee for item in (await load(engine, outcome.process_id)).items.values()]


def statements_of(engine: Engine) -> list[str]:
    """What is sent to the server by the engine's writing connections from now on."""
    sent: list[str] = []
    pool = engine.store._database._writers.sync_engine
    event.listen(pool, "before_cursor_execute", lambda *args: sent.append(args[2].split(" ")[0].strip()))
    return sent


async def test_a_new_process_takes_one_statement(engine, tries):
    sent = statements_of(engine)

    await start(engine)

    assert sent == ["WITH"]
    assert tries == [True]


async def test_what_reads_something_first_has_its_statements_in_one_transaction(engine, tries):
    sent = statements_of(engine)
    key = {"actor": ANNA, "idempotency_key": "once", "fingerprint": "x"}

    first, again = await start(engine, **key), await start(engine, **key)

    assert sent[:2] == ["SELECT", "WITH"]
    assert (again.process_id, again.repeated) == (first.process_id, True)


async def test_a_definition_that_another_node_has_deployed_is_used_at_once(engine, other, tries):
    await other.as_system().deploy(OF_CARL)

    outcome = await start(engine)

    assert await asked(engine, outcome) == [CARL]
    assert tries == [True, False]
    assert await count(engine, "process") == 3
    await start(engine)
    assert tries == [True, False, True]


async def test_nobody_is_refused_by_what_has_changed(engine, other, tries):
    await other.as_system().deploy(ASK.replace("name: Ask", "name: New"))

    await start(engine, definition="New")

    assert tries == [True, False]
    with pytest.raises(NotFound):
        await start(engine, definition="Nothing")
    assert tries == [True, False, True, False]


async def test_somebody_who_has_just_become_inactive_starts_nothing(engine, other, tries):
    def dismiss(tx: Any) -> None:
        found = people.find_user(tx, BOB)
        assert found is not None
        people.set_status(tx, found.id, people.INACTIVE)

    await other.store.write(dismiss)
    outcome = await start(engine)

    assert outcome.process.life.is_over  # nobody could be asked
    assert tries == [True, False]


async def test_all_of_a_batch_are_decided_again(engine, other, tries):
    await other.as_system().deploy(OF_CARL)

    outcomes = await asyncio.gather(*(start(engine) for _ in range(5)))

    assert [await asked(engine, outcome) for outcome in outcomes] == [[CARL]] * 5


async def test_rows_are_not_added_where_a_counter_has_moved(engine):
    def add(tx: Any) -> None:
        inserts = Inserts(tx)
        inserts.add(Bulk(insert(counter), ("name", "value")), [{"name": "of this test", "value": 1}])
        inserts.run(engine._world.watched + 1)

    with pytest.raises(HasMoved):
        await engine.store.write(add)
    assert await engine.store.read(lambda tx: counters.value(tx, "of this test")) == 0


async def test_an_older_state_is_not_taken_for_the_newest(engine, other, monkeypatch):
    """Two look at once, and the one that began earlier is the later to be done."""

    def slow(tx: Any, parsed: Any) -> Any:
        monkeypatch.setattr(world, "load_catalog", load_catalog)
        made = load_catalog(tx, parsed)
        await_only(other.as_system().deploy(OF_CARL))
        await_only(engine.refresh())
        return made

    await other.as_system().deploy(ASK.replace("name: Ask", "name: New"))
    monkeypatch.setattr(world, "load_catalog", slow)
    await engine.refresh()

    assert await asked(engine, await start(engine)) == [CARL]
    assert engine._world.catalog.number == await engine.store.read(lambda tx: counters.value(tx, COUNTER))


async def test_a_definition_that_is_newer_than_what_a_reader_sees(engine, other):
    def look(tx: Any) -> Any:
        counters.value(tx, COUNTER)  # from here on it sees one state
        await_only(other.as_system().deploy(OF_CARL))
        await_only(engine.refresh())
        return engine._world.definition(tx, engine._world.catalog.find("Ask").row)

    with pytest.raises(Unavailable, match="only just now"):
        await engine.store.read(look)


async def test_a_webhook_is_not_forgotten_for_an_older_state(engine, other, monkeypatch):
    values = counters.values

    def slow(tx: Any) -> Any:
        monkeypatch.setattr(counters, "values", values)
        found = values(tx)
        await_only(other.store.write(lambda tx: counters.bump(tx, "webhooks")))
        await_only(engine.refresh())
        return found

    monkeypatch.setattr(counters, "values", slow)
    await engine.refresh()

    assert engine._world.counters["webhooks"] == 1


async def test_what_has_changed_is_no_error_in_the_log(engine, other, tries, caplog):
    """A process of a definition that this node has not heard of yet."""
    await other.as_system().deploy(ASK.replace("name: Ask", "name: New"))
    started = await start(other, definition="New")

    await engine.store.submit(AddComment(process_id=started.process_id, actor=ANNA, text="Hello"))

    assert tries == [True, False]
    assert "decision failed" not in caplog.text


async def test_what_cannot_be_sent_leaves_no_doubt(engine, caplog):
    sent = statements_of(engine)

    answers = await asyncio.gather(start(engine, parent="\ud800"), start(engine), return_exceptions=True)

    assert isinstance(answers[0], TypeError)
    assert isinstance(answers[1], Outcome)
    assert "a commit failed" not in caplog.text
    assert sent == ["WITH"]


async def test_a_value_that_cannot_be_stored_keeps_only_its_own_caller_from_it(engine):
    bad = start(engine, parent="a\0")  # which no face lets through

    answers = await asyncio.gather(start(engine), bad, start(engine), return_exceptions=True)

    assert [type(answer) for answer in answers] == [Outcome, InvalidInput, Outcome]
    assert await count(engine, "process") == 3


async def test_a_session_that_was_ended_while_it_slept_leaves_no_doubt(engine, other, caplog):
    """Its number may be that of somebody else's session by now, which would be ended to be sure."""
    for lane in engine.store._lanes:
        if lane._connection._connection is not None:
            raw = await lane._connection._connection.get_raw_connection()
            await end_session(other, raw.driver_connection)
    sent = statements_of(engine)

    await start(engine)

    assert sent == ["WITH"]
    assert "a commit failed" not in caplog.text


async def test_a_server_that_takes_no_writes_any_more_leaves_no_doubt(engine, caplog):
    """It has said so, and the next session may be at another server, where the old one's number means nothing."""
    for lane in engine.store._lanes:
        if lane._connection._connection is not None:
            raw = await lane._connection._connection.get_raw_connection()
            await raw.driver_connection.execute("SET default_transaction_read_only = on")

    await start(engine)

    assert await count(engine, "process") == 2
    assert "a batch failed" in caplog.text
    assert "a commit failed" not in caplog.text


async def end_session(other: Engine, session: Any) -> None:
    """End a session at the server, and wait until its own end knows."""
    ended = asyncio.Event()
    session.add_termination_listener(lambda _: ended.set())
    await other.store.read(lambda tx: tx.exec_driver_sql(f"SELECT pg_terminate_backend({session.get_server_pid()})"))
    await ended.wait()
