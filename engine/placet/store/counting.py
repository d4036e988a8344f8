"""How many rows a query has, and how often each value of a field occurs among them: counted, or estimated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func

from placet.query.fields import DEFINITIONS, EVENTS
from placet.query.query import Count, Facet, Path
from placet.store.alike import as_one
from placet.store.asked import Asked
from placet.store.definition_rows import definitions_that_hold
from placet.store.plain import columns_of, plain
from placet.store.prepared import Prepared
from placet.store.rows import Rows, rows_of
from placet.store.sampling import Sample, sampled
from placet.store.types import HexId
from placet.store.visible import Reader
from placet.store.world import World

#: How long one may count before it is estimated, and how long is spent on that.
EXACT_SECONDS, SAMPLE_SECONDS = 0.1, 0.08
#: Digits of an estimate that mean something.
_DIGITS = 2


def count_rows(tx: Connection, world: World, asked: Asked, who: Reader) -> Count:
    """How many rows there are."""
    if asked.resource is DEFINITIONS:
        return Count(len(definitions_that_hold(tx, world, asked.where)), exact=True)
    return Count(tx.execute(select_of_count(tx, world, asked, who)).scalar_one(), exact=True)


def select_of_count(tx: Connection, world: World, asked: Asked, who: Reader) -> Select[Any]:
    """The statement that counts; of definitions there is none."""
    return rows_of(tx, world, asked.where, who, asked.resource).select(func.count())


def estimate_rows(tx: Connection, world: World, asked: Asked, who: Reader) -> Count:
    """About how many rows there are, of a resource whose rows belong to processes."""
    rows = rows_of(tx, world, asked.where, who, asked.resource, one_by_one=True)
    sample = _sampled(tx, asked, rows, rows.select(func.count()))
    return Count(_estimate(sum(count for [(count,)] in sample.found), sample), exact=sample.share == 1)


def count_values(tx: Connection, world: World, asked: Asked, who: Reader, path: Path, most: int) -> Facet:
    """How often the values of a field occur that occur most often."""
    if asked.resource is DEFINITIONS:
        facts = definitions_that_hold(tx, world, asked.where)
        return Facet(path.name, Counter(each[path.field.name] for each in facts).most_common(most), exact=True)
    rows = rows_of(tx, world, asked.where, who, asked.resource)
    query = _values(rows, path).order_by(func.count().desc()).limit(most)
    return _facet(tx, world, rows, path, list(map(tuple, tx.execute(query))), exact=True)


def estimate_values(tx: Connection, world: World, asked: Asked, who: Reader, path: Path, most: int) -> Facet:
    """As `count_values`, about how often, as `estimate_rows` does."""
    rows = rows_of(tx, world, asked.where, who, asked.resource, one_by_one=True)
    sample = _sampled(tx, asked, rows, _values(rows, path))
    counted: Counter[str] = Counter()
    values: dict[str, list[Any]] = {}
    for found in sample.found:
        for *value, count in found:
            key = repr(value)  # a list of a data item is no key
            values[key] = value
            counted[key] += count
    listed = [(*values[key], _estimate(count, sample)) for key, count in counted.most_common(most)]
    return _facet(tx, world, rows, path, listed, exact=sample.share == 1)


def _values(rows: Rows, path: Path) -> Select[Any]:
    stored = as_one(rows.stored(path), rows.catalog)
    columns = columns_of(stored)
    return rows.select(*columns, func.count()).group_by(*columns)


def _facet(
    tx: Connection, world: World, rows: Rows, path: Path, found: Sequence[tuple[Any, ...]], *, exact: bool
) -> Facet:
    stored = rows.stored(path)
    several = len(columns_of(stored)) > 1
    values = plain(tx, world, path.field, stored, [row[:-1] if several else row[0] for row in found])
    return Facet(path.name, [(value, row[-1]) for value, row in zip(values, found, strict=True)], exact)


def _sampled(tx: Connection, asked: Asked, rows: Rows, query: Select[Any]) -> Sample[list[tuple[Any, ...]]]:
    key = rows.columns.process_id
    query = query.where(key >= bindparam("low", "", HexId()), key < bindparam("high", "", HexId()))
    prepared = Prepared(query, tx.dialect)  # once: a condition may be long, and this runs many times
    return sampled(
        tx,
        lambda low, high: prepared.read(tx, {"low": HexId.stored(low), "high": HexId.stored(high)}),
        SAMPLE_SECONDS,
        by_process=asked.resource is not EVENTS,
    )


def _estimate(found: int, sample: Sample[Any]) -> int:
    if sample.share == 1:
        return found
    estimate = round(found / sample.share)
    return round(estimate, _DIGITS - len(str(estimate)))
