"""PostgreSQL uses the indexes by its own choice where there are rows enough: nothing is forbidden to it here."""

from datetime import timedelta

import pytest

from placet.query.criterion import parse_filters
from placet.query.fields import PROCESSES, WORK_ITEMS
from placet.store import search, work_items
from placet.store.visible import reader
from placet.store.world import World
from tests.builders import NINE
from tests.store.harness import ASK, an_engine
from tests.store.test_plans import PAGE, PERSON, faults_of, plans

MANY = 50_000
#: As `fill` does it, made by the server itself.
FILL = f"""
INSERT INTO name (folded, dn) SELECT 'cn=p' || n || ',o=x', 'cn=p' || n || ',o=x' FROM generate_series(0, 499) n;
CREATE UNLOGGED TABLE row AS
SELECT n, decode(lpad(to_hex(n), 28, '0') || '0000', 'hex') id, n % 20 = 0 is_open,
       1772442000000 + n * 60000::bigint at_, (SELECT min(id) FROM name WHERE folded = 'cn=p0,o=x') + n % 500 person
FROM generate_series(1, {MANY}) n;
INSERT INTO process
    (id, definition, initiator, recipient, process_status, approval_status, created_at, completed_at, engine_id,
     revision, item_count, comment_count, event_count, job_count, data)
SELECT id, 1 + n % 2, person, person, CASE WHEN is_open THEN 0 ELSE 3 END, CASE WHEN is_open THEN 0 ELSE 2 END, at_,
       CASE WHEN is_open THEN NULL ELSE at_ + 1 END, person, 1, 1, 0, 0, 0, '{{}}'
FROM row;
INSERT INTO work_item
    (process_id, number, activity, token, addressee, created_at, status, priority, returned, reminders, escalated,
     timer_at, timer, held)
SELECT id, 1, 'ask', 1, person, at_, CASE WHEN is_open THEN 0 ELSE 2 END, 2, false, 0, false,
       CASE WHEN is_open THEN at_ END, 0, 0
FROM row;
DROP TABLE row;
ANALYZE
"""


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_postgresql_chooses_the_same_indexes_by_itself(database_url, clock):
    async with an_engine(database_url, clock, ASK, ASK.replace("Ask", "Other", 1)) as engine:
        for statement in FILL.split(";"):
            await engine.store.write(lambda tx, statement=statement: tx.exec_driver_sql(statement))
        await engine.refresh()
        faults = await engine.store.read(_faults_by_choice)

    assert faults == []


def _faults_by_choice(tx):
    world = World()
    world.refresh(tx)
    self_ = parse_filters(["Addressee=self"], WORK_ITEMS)
    running = parse_filters(["ProcessStatus=Running"], PROCESSES)
    everybody, person = reader(world, None), reader(world, PERSON)
    looks = [
        ("listing", "process_pkey", lambda tx: search.page_of_processes(tx, world, None, everybody, PAGE)),
        ("running", "ix_process_open", lambda tx: search.page_of_processes(tx, world, running, everybody, PAGE)),
        ("own", "ix_process_initiator", lambda tx: search.page_of_processes(tx, world, None, person, PAGE)),
        ("inbox", "ix_work_item_", lambda tx: search.page_of_work_items(tx, world, self_, person, PAGE)),
        ("timers", "ix_work_item_timer", lambda tx: work_items.due(tx, NINE + timedelta(minutes=100), 100)),
        ("next timer", "ix_work_item_timer", work_items.next_due),
    ]
    faults = []
    for name, index, look in looks:
        (plan, *_) = plans(tx, look, by_index=False)
        faults.extend(faults_of(name, plan, index))
    return faults
