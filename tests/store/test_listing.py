"""A page for somebody who does not see everything is what is stored, whatever has been kept from pages before."""

from __future__ import annotations

from typing import Any

from placet.core.names import dn_guid
from placet.store import groups, listing
from placet.store.page import Page
from placet.store.visible import reader
from tests.builders import ANNA, BOARD, BOB, CARL, DORA
from tests.store.harness import ASK, an_engine

ASK_BOARD = ASK.replace("Ask", "Ask the board", 1).replace("'bob'", f"'{BOARD}'")


async def page_of(engine: Any, person: str) -> dict[str, tuple[int, str]]:
    """Ids with revisions and the engine that moved them last, as a person sees them."""
    rows = (await engine.list_processes(actor=person, limit=50)).rows
    return {row.id.hex(): (row.revision, row.engine_id) for row in rows}


async def stored(engine: Any) -> dict[str, tuple[int, str]]:
    found = await engine.as_system().processes(limit=50)
    return {each.process.id: (each.process.revision, each.process.engine_id) for each in found}


async def test_what_changed_after_its_end_is_seen(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        ended, open_ = [(await engine.as_system().start("Ask", initiator=ANNA)).process.id for _ in range(2)]
        [item] = await engine.as_system().work_items([f"ProcessId={ended}"])
        await engine.act(item.item.id, "approve", actor=BOB)
        for _ in range(2):
            assert await page_of(engine, BOB) == await page_of(engine, ANNA) == await stored(engine)

        await engine.comment(ended, "Thanks.", actor=ANNA)
        assert await page_of(engine, BOB) == await page_of(engine, ANNA) == await stored(engine)

        await engine.comment(open_, "Please.", actor=ANNA)
        assert await page_of(engine, BOB) == await page_of(engine, ANNA) == await stored(engine)


async def test_another_engine_on_the_same_database_changes_what_has_ended(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        ended = (await engine.as_system().start("Ask", initiator=ANNA)).process.id
        [item] = await engine.as_system().work_items()
        await engine.act(item.item.id, "approve", actor=BOB)
        for _ in range(2):
            await page_of(engine, BOB)

        async with type(engine)(database_url, clock=clock, run_jobs=False) as other:
            await other.comment(ended, "Thanks.", actor=ANNA)

        assert await page_of(engine, BOB) == await stored(engine)


async def test_readers_share_statements_and_see_their_own(database_url, clock):
    async with an_engine(database_url, clock, ASK, ASK_BOARD) as engine:
        for initiator in (ANNA, CARL, ANNA, DORA):
            await engine.as_system().start("Ask", initiator=initiator)
        await engine.as_system().start("Ask the board", initiator=ANNA)
        for person in (ANNA, CARL, DORA):
            await page_of(engine, person)
        await engine.store.write(lambda tx: groups.set_members(tx, {dn_guid(CARL): [], dn_guid(DORA): []}))

        pages = {person: await page_of(engine, person) for person in (ANNA, CARL, DORA)}
        kept = engine._world.catalog.listings
        before = len(kept)
        assert {person: await page_of(engine, person) for person in (DORA, CARL, ANNA)} == pages

        assert [len(pages[person]) for person in (ANNA, CARL, DORA)] == [3, 1, 1]
        assert pages[CARL].keys().isdisjoint(pages[DORA])
        assert len(kept) == before


async def test_whose_name_was_in_no_process_sees_the_first_that_has_it(database_url, clock):
    async with an_engine(database_url, clock) as engine, type(engine)(database_url, clock=clock) as other:
        assert await page_of(engine, DORA) == {}
        assert await page_of(engine, DORA) == {}

        await other.as_system().start("Ask", initiator=DORA)

        assert len(await page_of(engine, DORA)) == 1
        found = await engine.store.read(
            lambda tx: listing.list_processes(
                tx, engine._world, None, reader(engine._world, DORA, clock.now(), tx), Page(10)
            )
        )
        assert len(found.rows) == 1
