"""What callers were told, held against what is stored."""

from __future__ import annotations

from tests.crash.callers import Ledger
from tests.crash.invariants import Stored, broken


def check(found: Stored, ledger: Ledger, *, nothing_open: bool = False) -> None:
    """Fail unless every acknowledged command was applied once, and nothing was half done."""
    assert broken(found) == []
    tags = {row.data["tag"]: id_ for id_, row in found.processes.items()}
    assert len(tags) == len(found.processes), "one start made two processes"
    for start in ledger.starts:
        assert not nothing_open or start.process_id
        if start.process_id is not None:
            assert tags[start.key] == start.process_id
            assert found.processes[start.process_id].data == {"number": start.number, "tag": start.key}
    for approval in ledger.approvals:
        assert not nothing_open or approval.status
        if approval.status is not None:
            item = found.item(approval.item_id)
            actor = found.clerk(item.actor)
            events = found.kinds(item.process_id, "work_item.approved")
            assert [(found.clerk(each.actor), each.item) for each in events] == [(actor, item.number)]
            assert (actor == approval.clerk) or approval.status == 409
            assert approval.status == 200 or f"approved by {actor}" in approval.reason.lower()
    given = [approval.item_id for approval in ledger.approvals if approval.status == 200]
    assert len(given) == len(set(given)), "one item was approved twice"
