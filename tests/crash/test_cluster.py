"""One of three nodes is killed under load: who asks the others notices nothing, and they do what it has left."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.clusters import cluster, late
from tests.crash.invariants import stored
from tests.crash.truth import check

#: How soon the others do what a dead node would have done; a machine that runs many tests at once is no measure of it.
PROMISED_SECONDS, BUSY = 3.0, 3.0
KILLS = 2

pytestmark = pytest.mark.parametrize("durable_database_url", ["postgresql"], indirect=True)


@pytest.mark.timeout(180)
async def test_one_of_three_nodes_is_killed_again_and_again(durable_database_url: str, folder: Path):
    calls = []
    async with cluster(durable_database_url, folder, ["one", "two", "three"]) as nodes:
        for victim in ["two", "three", "one"][:KILLS]:
            calls.append(await nodes.lose(victim))
            await nodes.start(victim)
        await nodes.finish()
    found = await stored(durable_database_url)

    check(found, nodes.ledger, nothing_open=True)
    assert set(nodes.ledger.lost) == nodes.killed, "somebody had no answer from a node that lived"
    assert nodes.ledger.unavailable == 0
    seconds = late(found) | {"call under way": max(calls)}
    print(f"late at most, in seconds: {seconds}")
    assert max(seconds.values()) < PROMISED_SECONDS * BUSY
    for name, kind in (("nap", "activity.left"), ("ring", "call.succeeded"), ("hold", "call.succeeded")):
        ids = [row.id for row in found.processes.values() if row.data["tag"].startswith(f"{name}-")]
        assert ids
        assert [len(found.kinds(id_, kind)) for id_ in ids] == [1] * len(ids)
