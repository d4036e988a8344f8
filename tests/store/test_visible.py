"""Who sees a work item: the database and the rule that decisions are made by give the same answer."""

from __future__ import annotations

import pytest

from placet.core.access import Asked, may_see_item
from placet.core.names import dn_guid
from placet.errors import NotFound
from placet.store import groups
from tests.builders import ADMIN, ANNA, BOARD, BOB, CARL, CLOSED, DIRECTORY, DORA, EMPTY, EVE
from tests.store.harness import an_engine

ASK = """
name: Ask the {group}
start: ask
activities:
  ask:
    kind: approval
    addressees: "{addressee}"
    fallback: "'bob'"
    paths: {{approved: done, denied: done}}
  done: {{kind: finish}}
"""
DEEDS = {
    "nothing": [],
    "claimed": [("claim", BOB)],
    "claimed by the administrator": [("claim", ADMIN)],
    "released": [("claim", BOB), ("release", BOB)],
    "approved": [("approve", BOB)],
    "claimed and denied by who leaves": [("claim", CARL), ("deny", CARL)],
    "claimed by who leaves": [("claim", CARL)],
    "approved by the administrator": [("approve", ADMIN)],
    "returned": [("return", DORA)],
    "returned and answered": [("return", BOB), ("approve", ANNA)],
    "reassigned": [("reassign", ADMIN)],
}


async def is_shown(engine, item_id, reader):
    try:
        await engine.work_item(item_id, actor=reader)
    except NotFound:
        return False
    return True


@pytest.mark.parametrize("addressee", [BOARD, BOB])
async def test_who_sees_an_item(database_url, clock, addressee):
    text = ASK.format(group="board", addressee=f"'{addressee}'")
    async with an_engine(database_url, clock, text) as engine:
        for deeds in DEEDS.values():
            process_id = (await engine.as_system().start("Ask the board", initiator=ANNA)).process.id
            for action, actor in deeds:
                waiting = await engine.as_system().work_items([f"ProcessId={process_id}"])
                by = actor if addressee == BOARD or actor in (ADMIN, ANNA) else BOB
                await engine.act(waiting[0].item.id, action, actor=by, to=EVE if action == "reassign" else None)
        remaining = [dn_guid(group) for group in (CLOSED, EMPTY)]
        await engine.store.write(lambda tx: groups.set_members(tx, {dn_guid(CARL): remaining}))
        await engine.refresh()

        seen = set()
        for status in range(5):
            for found in await engine.as_system().work_items([f"Status={status}"]):
                for reader in [*(each.dn for each in DIRECTORY.people.values() if each.active), "cn=unheard,o=x"]:
                    rule = may_see_item(Asked(engine.directory, reader), found.definition, found.item)
                    assert await is_shown(engine, found.item.id, reader) is rule, (reader, found.item)
                    seen.add((reader, rule))

    assert {(BOB, True), (ADMIN, True), (EVE, True), (EVE, False), ("cn=unheard,o=x", False)} <= seen
    if addressee == BOARD:
        assert {(BOB, False), (CARL, True), (CARL, False), (DORA, False)} <= seen
