"""An engine with the people of the builders on it, and ways to look at what it has stored."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from operator import attrgetter
from typing import Any

from placet.clock import Clock
from placet.core.ids import IdMaker
from placet.core.names import dn_guid, fold_dn
from placet.core.records import Comment, Event, Snapshot
from placet.engine import Engine
from placet.jobs.circuit import Circuits
from placet.jobs.port import jobs_of
from placet.jobs.runner import Runner
from placet.settings import Settings
from placet.store import groups as group_store
from placet.store import jobs, people, processes, trail, work_items
from placet.store.names import NameCache, Names
from tests.builders import DIRECTORY, NINE

#: Asks Bob; both answers lead to the finish.
ASK = """
name: Ask
data:
  reason: {type: string, indexed: true}
start: ask
activities:
  ask: {kind: approval, addressees: "'bob'", writes: [reason], paths: {approved: done, denied: done}}
  done: {kind: finish}
"""


def add_people(tx: Any) -> None:
    """Store the people and groups of `tests.builders`."""
    users = [
        people.UserRow(
            id=dn_guid(person.dn),
            dn=person.dn,
            user_name=person.user_name,
            first_name=person.first_name,
            manager=person.manager,
            status=people.ACTIVE if person.active else people.INACTIVE,
            role=person.role,
        )
        for person in DIRECTORY.people.values()
    ]
    groups = [
        group_store.GroupRow(
            id=dn_guid(group.dn),
            dn=group.dn,
            title=group.title,
            status=people.ACTIVE if group.active else people.INACTIVE,
        )
        for group in DIRECTORY.groups.values()
    ]
    people.upsert_users(tx, users)
    group_store.upsert_groups(tx, groups)
    memberships = {
        dn_guid(person.dn): [dn_guid(g.dn) for g in DIRECTORY.groups.values() if fold_dn(person.dn) in g.members]
        for person in DIRECTORY.people.values()
    }
    group_store.set_members(tx, {user: groups for user, groups in memberships.items() if groups})


@asynccontextmanager
async def an_engine(
    url: str, clock: Clock, *definitions: str, run_jobs: bool = False, runners: Mapping[str, Runner] | None = None
) -> AsyncIterator[Engine]:
    """An engine that knows the people of the builders and these definitions; `runners` stand in for those that call."""
    settings = Settings(engine_id=f"node-{next(_numbers)}")  # a test may have several on one database
    engine = Engine(url, settings=settings, clock=clock, run_jobs=run_jobs or runners is not None)
    if runners is not None:
        engine._dispatcher = jobs_of(engine.settings, engine.store, clock, runners, Circuits())
    async with engine:
        await engine.store.write(add_people)
        for text in definitions or [ASK]:
            await engine.as_system().deploy(text)
        yield engine


_ids = IdMaker()
_numbers = itertools.count(1)


def an_id() -> str:
    """A process id."""
    return _ids.make(NINE)


async def load(engine: Engine, process_id: str) -> Snapshot:
    """All that is stored of a process, by a reader that has nothing in memory."""

    def work(tx: Any) -> Snapshot:
        names = Names(NameCache())
        (process,) = processes.load(tx, [process_id], names)
        items = work_items.load(tx, [process_id], range(1, process.item_count + 1), names)
        items.sort(key=attrgetter("number"))
        return Snapshot(
            process, {item.number: item for item in items}, {job.number: job for job in jobs.load(tx, [process_id])}
        )

    return await engine.store.read(work)


async def load_trail(engine: Engine, process_id: str) -> tuple[list[Comment], list[Event]]:
    """The comments and events of a process, by a reader that has nothing in memory."""

    def work(tx: Any) -> tuple[list[Comment], list[Event]]:
        names = Names(NameCache())
        return trail.comments_of(tx, process_id, names), trail.events_of(tx, process_id, names)

    return await engine.store.read(work)


async def count(engine: Engine, table: str) -> int:
    """How many rows a table has."""
    rows: int = await engine.store.read(lambda tx: tx.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar())
    return rows
