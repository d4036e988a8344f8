"""Statements that stay compiled from one test to the next, as they do in a node that runs for months.

SQLAlchemy keeps them for each of its engines by dialect. Here each engine has its own dialect still, with its own
listeners, but those that were made alike are equal.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

MOST_KEPT = 500  # as SQLAlchemy has it for each engine

_compiled: dict[Hashable, LRUCache[Hashable, Any]] = {}
_types: dict[Hashable, WeakKeyDictionary[Any, Any]] = {}  # what a dialect has found out about each type of a column


class _Equal:
    """A dialect that is equal to those with the same options."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        told = ((name, value) for name, value in options.items() if name != "dbapi")  # the driver, wrapped anew
        self._made_with = type(self), frozenset(told)
        self._type_memos = _types.setdefault(self._made_with, WeakKeyDictionary())
        self.compiled = _compiled.setdefault(self._made_with, LRUCache(MOST_KEPT))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Equal) and self._made_with == other._made_with

    def __hash__(self) -> int:
        return hash(self._made_with)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        if "compiled_cache" not in engine.get_execution_options():  # some keep few, and short ones only
            engine.update_execution_options(compiled_cache=engine.dialect.compiled)


class Sqlite(_Equal, SQLiteDialect_pysqlite):
    supports_statement_cache = True


class Postgresql(_Equal, PGDialect_asyncpg):
    supports_statement_cache = True


def keep() -> None:
    """Keep statements from now on."""
    registry.register("sqlite", __name__, Sqlite.__name__)
    registry.register("postgresql.asyncpg", __name__, Postgresql.__name__)
