"""Rows by the ids that they have, read as the driver gives them with statements that are compiled once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, LargeBinary, Select, bindparam

from placet.store.bulk import AT_ONCE
from placet.store.database import bare_rows


def rows_by_key(tx: Connection, query: Select[Any], key: Any, ids: Sequence[bytes]) -> Sequence[tuple[Any, ...]]:
    """The rows of a query in which a column has one of these values, in any order."""
    size = 1 << (len(ids) - 1).bit_length()  # few statements serve all lengths
    return bare_rows(tx, _compiled(tx.dialect, query, key, size), (*ids, *[ids[-1]] * (size - len(ids))))


def rows_by_keys(tx: Connection, query: Select[Any], key: Any, ids: Sequence[bytes]) -> Iterator[tuple[Any, ...]]:
    """The same of any number of values, so many at a time that nobody else on the loop waits long."""
    for start in range(0, len(ids), AT_ONCE):
        yield from rows_by_key(tx, query, key, ids[start : start + AT_ONCE])


@lru_cache
def _compiled(dialect: Dialect, query: Select[Any], key: Any, size: int) -> str:
    ids = [bindparam(f"id{number}", type_=LargeBinary()) for number in range(size)]
    return str(query.where(key.in_(ids)).compile(dialect=dialect))
