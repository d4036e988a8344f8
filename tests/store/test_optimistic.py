"""A batch on PostgreSQL is decided by what is in memory, and what it writes last finds out whether that still holds."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, insert

from placet import Engine
from placet.commands import StartProcess
from placet.errors import NotFound
from placet.store import counters, people
from placet.store.bulk import Bulk, Inserts
from placet.store.database import HasMoved
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
