"""How a query is run: its statements, the indexes that serve them, and plain words where none does."""

from __future__ import annotations

from sqlalchemy import Connection

from placet.query.fields import DEFINITIONS
from placet.query.printer import query_text
from placet.query.query import Explanation
from placet.store.asked import Asked
from placet.store.grouping import select_of_groups
from placet.store.plans import Plan, plan_of
from placet.store.prepared import Prepared
from placet.store.rows import STORED
from placet.store.table import selects_of_page
from placet.store.visible import Reader
from placet.store.world import World

_CALLED = {
    "process": "processes",
    "work_item": "work items",
    "event": "events",
    "incident": "incidents",
    "comment": "comments",
    "data_value": "values of data items",
    "user_account": "users",
    "former_addressee": "former addressees",
}

_NO_ORDER = (
    "No index has this order: all that the condition finds is read and sorted before the first row comes, so that it "
    "should find few."
)


def explain(tx: Connection, world: World, asked: Asked, who: Reader) -> Explanation:
    """What would be done now; nothing of it is."""
    written = query_text(asked.query)
    if asked.resource is DEFINITIONS:
        return Explanation(written, "", (), None, ("Definitions are kept in memory; the database is not asked.",))
    queries = [select_of_groups(tx, world, asked, who)] if asked.query.group else selects_of_page(tx, world, asked, who)
    statements = [Prepared(query, tx.dialect) for query in queries]
    plans = [plan_of(tx, statement) for statement in statements]
    return Explanation(
        written,
        ";\n".join(statement.sql for statement in statements),
        tuple(dict.fromkeys(index for plan in plans for index in plan.indexes)),
        next(filter(None, (_warning(plan, asked, who) for plan in plans)), None),
        tuple(line for plan in plans for line in plan.lines),
    )


def _warning(plan: Plan, asked: Asked, who: Reader) -> str | None:
    """What is read whole or sorted; a page of everything in the order of an index does neither."""
    columns, scanned = STORED[asked.resource.name], plan.scanned
    if asked.where is None and who.everything:
        scanned = (columns.rows.name,) if asked.query.group else ()  # type: ignore[attr-defined]  # it is a table
    if not scanned:
        return _NO_ORDER if plan.sorted and asked.query.sort and not asked.query.group else None
    called = " and ".join(_CALLED.get(table, table) for table in scanned)
    known = ", ".join(name for name, stored in columns.fields.items() if stored.selective)
    return (
        f"No index serves this query: {called} are read one after the other until there are enough, which takes the "
        f"longer the fewer fit. A condition that has an index helps: =, in or a range of {known}."
    )
