"""Queries in the language are served by indexes: first pages and later ones, in orders that an index has."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from placet.core.names import definition_dn, dn_guid, user_dn
from placet.query.fields import RESOURCES
from placet.query.parser import parse_query
from placet.store import people
from placet.store.asked import Asked
from placet.store.table import page_of_rows, selects_of_page
from placet.store.visible import reader
from placet.store.world import World
from tests.builders import NINE
from tests.store.harness import ASK, an_engine
from tests.store.test_plans import PERSON, fill, plans

GROWING = ("process", "work_item", "event", "comment", "data_value", "incident")

#: What is asked, the index that has to lead to the rows (on one database or the other), and whether rows are sorted.
QUERIES = [
    ("processes", "", r"process_pkey|SCAN process\b|process USING PRIMARY KEY", False),
    ("processes", f"Initiator = {PERSON}", "ix_process_initiator", False),
    ("processes", f"Recipient = {PERSON}", "ix_process_recipient", False),
    ("processes", f"Proxy = {PERSON}", "ix_process_proxy", False),
    ("processes", f"Definition = '{definition_dn('Ask')}'", "ix_process_definition", False),
    ("processes", "ProcessStatus = Running", "ix_process_open", False),
    ("processes", "ApprovalStatus = Retracted", "ix_process_exception", False),
    ("processes", "CorrelationId = C300", "ix_process_correlation", True),
    ("processes", "sort CreationTime", "ix_process_created", False),
    ("processes", "CreationTime >= 2026-03-04 sort CreationTime desc", "ix_process_created", False),
    ("processes", "CompletionTime >= 2026-03-04 sort CompletionTime", "ix_process_completed", False),
    ("processes", "CompletionTime is not null sort CompletionTime desc", "ix_process_completed", False),
    ("processes", "sort Initiator", "ix_process_initiator", False),
    ("processes", f"WorkItems.Addressee = {PERSON}", "ix_work_item_(addressee|inbox)", True),
    ("processes", f"WorkItems(Addressee = {PERSON} and Status = Open)", "ix_work_item_(inbox|addressee)", True),
    ("processes", "Events.Kind = work_item.escalated", "ix_event_rare", True),
    ("processes", "Events.Kind in (work_item.escalated, incident.opened)", "ix_event_rare", True),
    ("processes", "Data.reason = x", "ix_data_value_text", True),
    ("processes", "Data.reason startswith x", "ix_data_value_text|data_value_pkey", True),
    ("workitems", "Status = Open", "ix_work_item_open", False),
    ("workitems", f"Addressee = {PERSON} and Status = Open sort CreationTime", "ix_work_item_inbox", False),
    ("workitems", f"Addressee = {PERSON}", "ix_work_item_addressee", True),
    ("workitems", f"Process.Initiator = {PERSON}", "ix_process_initiator", True),
    ("events", "", r"event_pkey|SCAN event\b|event USING INTEGER PRIMARY KEY", False),
    ("events", "Kind = incident.opened", "ix_event_rare", True),
    ("events", f"Process.Initiator = {PERSON}", "ix_process_initiator", True),
    ("incidents", "ResolutionTime is null", "ix_incident_open", True),
    ("users", "", "ix_user_account_words", False),
    ("users", "UserName = anna", "uq_user_account_folded_name", True),
    ("users", f"User = {PERSON}", "uq_user_account_folded", True),
]


@pytest.fixture
async def engine(database_url, clock):
    async with an_engine(database_url, clock, ASK, ASK.replace("Ask", "Other", 1)) as engine:
        await engine.store.write(fill)
        await engine.store.write(add_users)
        yield engine


def add_users(tx):
    names = [f"user{number}" for number in range(500)]
    people.upsert_users(tx, [people.UserRow(id=dn_guid(name), dn=user_dn(name), user_name=name) for name in names])
    tx.exec_driver_sql("ANALYZE")


def asked_for(resource, text, cursor=None):
    query = replace(parse_query(text, RESOURCES[resource]), limit=20, cursor=cursor)
    return Asked(RESOURCES[resource], query, query.where)


def plan_of(tx, world, asked):
    """The plan of a page's statement; of two, of the one for rows that have a value."""
    query = selects_of_page(tx, world, asked, reader(world, None, NINE, tx))[-1]
    return plans(tx, lambda tx: tx.execute(query))[0]


def sorting_little(tx, sorts):
    """Let PostgreSQL read in order what should come in order: so few rows are sorted faster."""
    if tx.dialect.name == "postgresql":
        for way in ("sort", "bitmapscan"):
            tx.exec_driver_sql(f"SET LOCAL enable_{way} = {'on' if sorts else 'off'}")


def faults_of(name, plan, index, sorts):
    scans = re.findall(rf"(?:Seq Scan on|SCAN) (?:{'|'.join(GROWING)})\b(?! USING).*", plan)
    if "SCAN" in index:  # in the order of the primary key
        scans = []
    sorted_ = [] if sorts else re.findall(r"TEMP B-TREE FOR ORDER BY|^\s*->\s+Sort|^Sort", plan, re.MULTILINE)
    if re.search(index, plan) and not scans and not sorted_:
        return []
    return [f"{name}: wanted {index}, got:\n{plan}"]


async def test_queries_are_served_by_indexes(engine):
    world, faults = World(), []

    def work(tx):
        world.refresh(tx)
        for resource, text, index, sorts in QUERIES:
            sorting_little(tx, sorts)
            first = asked_for(resource, text)
            cursor = page_of_rows(tx, world, first, reader(world, None, NINE, tx)).cursor
            faults.extend(faults_of(f"{resource} {text!r}", plan_of(tx, world, first), index, sorts))
            if cursor is not None:
                plan = plan_of(tx, world, asked_for(resource, text, cursor))
                faults.extend(faults_of(f"{resource} {text!r}, next page", plan, index, sorts))

    await engine.store.read(work)

    assert not faults, "\n\n".join(faults)
