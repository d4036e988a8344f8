"""Definitions as rows of a table: they are few and in memory, so that no SQL is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import Connection

from placet.core.definition import Definition
from placet.query.ast import Node
from placet.query.evaluate import folded, holds
from placet.query.fields import Field
from placet.query.query import Sort, Table
from placet.store.asked import Asked
from placet.store.cursors import read_cursor, write_cursor
from placet.store.definitions import Version
from placet.store.sorting import Key
from placet.store.tables import definition
from placet.store.world import World

Facts: TypeAlias = "Mapping[str, Any]"

_ID = Key(definition.c.guid, descending=False)  # what a cursor holds


def definitions_that_hold(
    tx: Connection, world: World, where: Node | None, sort: Sequence[Sort] = (), after: str | None = None
) -> list[Facts]:
    """What is known of each definition, in its newest version, for which a tree holds; by DN where it says no other.

    `after` is the id of the definition behind which they begin.
    """
    world.look_for_definitions(tx)
    found = [_facts(version, world.definition(tx, version.row)) for version in world.catalog.latest()]
    for each in reversed(sort):
        found.sort(key=partial(_key, each.path.field), reverse=each.descending)
    at = next((at + 1 for at, facts in enumerate(found) if facts["DefinitionId"] == after), 0)
    return [facts for facts in found[at:] if where is None or holds(where, facts)]


def page_of_definitions(tx: Connection, world: World, asked: Asked) -> Table:
    """One page, in order of DN where the query says no other."""
    cursor = asked.query.cursor
    after = None if cursor is None else read_cursor(asked, [_ID], cursor)[0]
    found = definitions_that_hold(tx, world, asked.where, asked.query.sort, after)
    page = found if asked.limit is None else found[: asked.limit]
    following = write_cursor(asked, [page[-1]["DefinitionId"]]) if page and len(page) < len(found) else None
    rows = [tuple(facts[path.name] for path in asked.paths) for facts in page]
    return Table(tuple(path.name for path in asked.paths), rows, following)


def _facts(version: Version, known: Definition) -> Facts:
    return {
        "Definition": known.dn,
        "DefinitionId": version.guid,
        "Name": known.name,
        "Category": known.category,
        "Version": known.version,
        "Retired": known.retired,
    }


def _key(field: Field, facts: Facts) -> Any:
    value = facts[field.name]
    return folded(field, value) if isinstance(value, str) else value
