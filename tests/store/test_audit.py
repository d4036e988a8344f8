"""Pages of the audit trail: in the order of time, each once, and found by an index however long the trail is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from placet.store import audit, tables
from placet.store.audit import AuditFilter
from tests.builders import NINE
from tests.store.test_plans import plans

ROWS = 6_000
KINDS = ["user.created", "user.changed", "role.created"]


def entries(minutes):
    """Entries whose times are so many minutes after nine."""
    return [
        {"at": NINE + timedelta(minutes=at), "kind": KINDS[n % 3], "actor": f"cn=p{n % 40}", "target": f"t{n % 60}"}
        for n, at in enumerate(minutes)
    ]


@pytest.mark.parametrize("wanted", [AuditFilter(), AuditFilter(from_at=NINE + timedelta(minutes=1))])
async def test_pages_follow_the_time_and_have_every_entry_once(transactions, wanted):
    """Entries of two nodes: what is written later may have happened before."""
    minutes = [0, 2, 1, 3, 3, 3, 2, 5, 4]
    await transactions.write(lambda tx: tx.execute(insert(tables.audit), entries(minutes)))

    whole = await transactions.read(lambda tx: audit.page(tx, wanted))
    paged, last = [], None
    while page := await transactions.read(lambda tx, last=last: audit.page(tx, wanted, before_id=last, limit=2)):
        paged += page
        last = page[-1].id

    assert paged == whole == sorted(whole, key=lambda row: (row.at, row.id), reverse=True)
    assert len(whole) == sum(wanted.from_at is None or minute >= 1 for minute in minutes)


LONG_AGO = {"from_at": NINE + timedelta(minutes=10), "to_at": NINE + timedelta(minutes=90)}


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (AuditFilter(), "ix_audit_at"),
        (AuditFilter(**LONG_AGO), "ix_audit_at"),
        (AuditFilter(to_at=LONG_AGO["to_at"]), "ix_audit_at"),
        (AuditFilter(kinds=["role.created"], **LONG_AGO), "ix_audit_kind|ix_audit_at"),
        (AuditFilter(actors=["cn=p7"]), "ix_audit_actor"),
        (AuditFilter(targets=["t7"], to_at=LONG_AGO["to_at"]), "ix_audit_target"),
    ],
)
@pytest.mark.parametrize("before", [None, 3000])
async def test_a_page_is_found_by_an_index(transactions, wanted, index, before):
    await transactions.write(lambda tx: tx.execute(insert(tables.audit), entries(range(ROWS))))
    await transactions.write(lambda tx: tx.exec_driver_sql("ANALYZE"))

    def look(tx):
        return plans(tx, lambda tx: audit.page(tx, wanted, before_id=before), by_index=False)

    *_, plan = await transactions.read(look)

    assert any(name in plan for name in index.split("|")), plan
    assert "Seq Scan" not in plan, plan
    assert "TEMP B-TREE" not in plan, plan
