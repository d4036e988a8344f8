"""Every index is there for a query, and on a filled table that query uses it: no full scan on either database."""

import itertools
import re
from datetime import timedelta

import pytest
from sqlalchemy import event as sa_event
from sqlalchemy import insert

from placet.core.ids import IdMaker
from placet.core.names import definition_dn
from placet.query.criterion import parse_filters
from placet.query.fields import PROCESSES, WORK_ITEMS
from placet.store import jobs, search, tables, trail, work_items
from placet.store.names import NameCache, Names
from placet.store.page import Page
from placet.store.visible import reader
from placet.store.world import World
from tests.builders import ANNA, NINE, STRANGER
from tests.store.harness import ASK, an_engine

ROWS = 6_000
PAGE = Page(50)
BIG = ("process", "work_item", "event", "job", "comment", "data_value")


def fill(tx):
    """Six thousand processes of many people; one in twenty still runs, one in fifty was terminated."""
    ids, spread = IdMaker(), ROWS // 40
    names = [{"folded": f"cn=p{n},o=x", "dn": f"cn=p{n},o=x"} for n in range(spread)]
    tx.execute(insert(tables.name), names)
    first = tx.exec_driver_sql("SELECT min(id) FROM name WHERE folded = 'cn=p0,o=x'").scalar()
    rows, items, timeline, waiting = [], [], [], []
    for n in range(ROWS):
        at = NINE + timedelta(minutes=n)
        number = ids.make(at)
        status = (0, 0) if n % 20 == 0 else (2, 3) if n % 50 == 1 else (3, 2)
        is_open, person = status == (0, 0), first + n % spread
        rows.append(
            {
                "id": number, "definition": 1 if n % 30 == 0 else 2, "initiator": person, "recipient": person,
                "process_status": status[0], "approval_status": status[1], "created_at": at,
                "completed_at": None if is_open else at + timedelta(days=1), "engine_id": first, "revision": 1,
                "item_count": 1, "comment_count": 0, "event_count": 1, "job_count": 0, "data": {},
                "correlation_id": f"C{n}" if n % 3 == 0 else None,
            }
        )  # fmt: skip
        items.append(
            {
                "process_id": number, "number": 1, "activity": "ask", "token": 1, "addressee": first + (n * 7) % spread,
                "created_at": at, "status": 0 if is_open else 2, "priority": 2, "returned": False, "reminders": 0,
                "escalated": False, "timer": 0, "held": 0, "timer_at": at + timedelta(days=3) if is_open else None,
                "actor": None if is_open else first + (n * 7 + n % 2) % spread,
            }
        )  # fmt: skip
        timeline.append({"process_id": number, "number": 1, "kind": 1, "at": at})
        if n % 100 == 0:
            waiting.append(
                {
                    "process_id": number,
                    "number": 1,
                    "kind": "wait",
                    "token": 1,
                    "timer_at": at,
                    "timer": 0,
                    "payload": {},
                }
            )
    for table, values in (
        (tables.process, rows),
        (tables.work_item, items),
        (tables.event, timeline),
        (tables.job, waiting),
    ):
        tx.execute(insert(table), values)
    tx.exec_driver_sql("ANALYZE")


@pytest.fixture
async def engine(database_url, clock):
    async with an_engine(database_url, clock, ASK, ASK.replace("Ask", "Other", 1)) as engine:
        await engine.store.write(fill)
        await engine.refresh()
        yield engine


def plans(tx, work, *, by_index=True):
    """What the database says of each statement that `work` runs; `by_index` forbids PostgreSQL to scan."""
    statements = []

    def remember(_connection, _cursor, statement, parameters, _context, _many):
        statements.append((statement, parameters))

    sa_event.listen(tx, "before_cursor_execute", remember)
    try:
        work(tx)
    finally:
        sa_event.remove(tx, "before_cursor_execute", remember)
    explain = "EXPLAIN QUERY PLAN "
    if tx.dialect.name == "postgresql":
        explain = "EXPLAIN "
    if tx.dialect.name == "postgresql" and by_index:
        tx.exec_driver_sql("SET LOCAL enable_seqscan = off")  # a table of this size is scanned faster than looked up
    return ["\n".join(str(row[-1]) for row in tx.exec_driver_sql(explain + s, p)) for s, p in statements]


PERSON, TIME = "cn=p7,o=x", "20260304120000000+0000"

QUERIES = [
    ("processes", f"Recipient={PERSON}", "ix_process_recipient"),
    ("processes", f"Initiator={PERSON}", "ix_process_initiator"),
    ("processes", f"Definition={definition_dn('Ask')}", "ix_process_definition"),
    ("processes", "ProcessStatus=Running", "ix_process_open"),
    ("processes", "ApprovalStatus=Retracted", "ix_process_exception"),
    ("processes", "CorrelationId=C300", "ix_process_correlation"),
    ("processes", f"CreationTime={TIME}LT", "ix_process_created|process_pkey|^SCAN process$"),
    ("processes", f"CreationTime={TIME}EQ", "ix_process_created"),
    ("processes", f"CompletionTime={TIME}EQ", "ix_process_completed"),
    ("processes", "ProcessId=" + "0" * 32, "process_pkey|PRIMARY KEY"),
    ("work items", f"Addressee={PERSON}", "ix_work_item_inbox|ix_work_item_addressee"),
    ("work items", "Status=Open", "ix_work_item_open"),
    ("work items", None, "ix_work_item_open"),
    ("work items", "ProcessId=" + "0" * 32, "work_item_pkey|PRIMARY KEY"),
]


async def test_every_main_query_uses_an_index_of_ours(engine):
    world = World()
    faults = []

    def work(tx):
        world.refresh(tx)
        for resource, text, index in QUERIES:
            tree = parse_filters([text] if text else [], PROCESSES if resource == "processes" else WORK_ITEMS)
            find = search.page_of_processes if resource == "processes" else search.page_of_work_items
            who = reader(world, None)
            (plan, *_) = plans(tx, lambda tx, f=find, t=tree, w=who: f(tx, world, t, w, PAGE))
            faults.extend(faults_of(f"{resource} {text}", plan, index))
        for name, look, index in (
            ("due timers", lambda tx: work_items.due(tx, NINE + timedelta(days=3, hours=1), 100), "ix_work_item_timer"),
            ("next timer", work_items.next_due, "ix_work_item_timer"),
            ("due jobs", lambda tx: jobs.due(tx, NINE, 100), "ix_job_timer"),
            ("next job", jobs.next_due, "ix_job_timer"),
            ("timeline", lambda tx: trail.events_of(tx, "0" * 32, Names(NameCache())), "uq_event_process"),
            ("comments", lambda tx: trail.comments_of(tx, "0" * 32, Names(NameCache())), "comment_pkey|PRIMARY KEY"),
        ):
            (plan, *_) = plans(tx, look)
            faults.extend(faults_of(name, plan, index))

    await engine.store.read(work)

    assert faults == []


async def test_what_one_person_sees_is_found_by_his_own_rows(engine):
    """Rights are part of the query; they must not turn it into a scan."""
    world = World()
    faults = []

    def work(tx):
        world.refresh(tx)
        for actor, find in itertools.product((PERSON, ANNA, STRANGER), ("processes", "inbox", "items")):
            who = reader(world, actor)
            texts = ["Addressee=self"] if find == "inbox" else []
            tree = parse_filters(texts, WORK_ITEMS)
            page = search.page_of_processes if find == "processes" else search.page_of_work_items
            (plan, *_) = plans(tx, lambda tx, f=page, t=tree, w=who: f(tx, world, t, w, PAGE))
            index = "ix_process_initiator" if find == "processes" else "ix_work_item_"
            faults.extend(faults_of(f"{actor} {find}", plan, index))

    await engine.store.read(work)

    assert faults == []


async def test_a_subscriber_reads_on_from_where_he_was(engine):
    async def look(after):
        return await engine.store.read(
            lambda tx: plans(tx, lambda tx: trail.events_after(tx, after, Names(NameCache()), 50))[0]
        )

    last = await engine.store.read(trail.last_position)
    plan = await look(last)

    if "sqlite" in engine.settings.database_url:
        assert "SEARCH event USING INTEGER PRIMARY KEY" in plan, plan
    else:
        assert "ix_event_resume" in plan, plan


def faults_of(name, plan, index):
    """What is wrong with a plan that has to use an index: it does not, or it scans a table that grows."""
    scans = re.findall(rf"(?:Seq Scan on|SCAN) (?:{'|'.join(BIG)})\b(?! USING).*", plan)
    found = re.search(index, plan)
    if index.endswith("$") and found:  # pages come in the order of the primary key, which is the order of time
        scans = []
    return [] if found and not scans else [f"{name}: wanted {index}, got:\n{plan}"]
