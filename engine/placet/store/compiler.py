"""A tree becomes a condition in SQL, with every value bound. `query.evaluate` is the yardstick it is tested against."""

from __future__ import annotations

from typing import assert_never

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, select, true

from placet.query.ast import And, Comparison, In, IsNull, Node, Not, Operator, Or, Related, Value
from placet.query.fields import PROCESSES, Field, FieldType, Relation
from placet.store import documents
from placet.store.comparing import compared, fields_compared, one_of
from placet.store.definitions import Catalog
from placet.store.fields import RELATED, Columns, Form, Stored, of_processes
from placet.store.nesting import flattened


def compile_filter(
    node: Node | None, columns: Columns, catalog: Catalog, *, one_by_one: bool = False
) -> ColumnElement[bool]:
    """The condition that a tree states about a row; `ME` and relative times must have been resolved.

    `one_by_one` tells that few rows will be looked at, each of which is then asked for its related rows. Raises
    `InvalidFilter` for a tree that is too deep for a database.
    """
    return true() if node is None else _Compiler(columns, catalog, one_by_one).compile(flattened(node))


class _Compiler:
    def __init__(self, columns: Columns, catalog: Catalog, one_by_one: bool) -> None:
        self._columns, self._catalog, self._one_by_one = columns, catalog, one_by_one
        self._indexed = frozenset() if one_by_one or catalog.indexed is None else catalog.indexed

    def compile(self, node: Node) -> ColumnElement[bool]:
        match node:
            case Comparison(field, Operator.NE, value):
                return self.compile(Not(Comparison(field, Operator.EQ, value)))
            case Comparison(field, operator, value):
                return self._comparison(field, operator, value)
            case In(field, values):
                return self._in(field, values)
            case IsNull(field) if field.type is FieldType.DATA:
                return documents.is_null(self._columns, field)
            case IsNull(field):
                stored = self._stored(field)
                return (stored.more if stored.form is Form.NTH and stored.more is not None else stored.column).is_(None)
            case Related(relation, part):
                return self._related(relation, part)
            case Not(part):
                # in SQL the negation of "unknown" is unknown; here there are two answers only
                return not_(func.coalesce(self.compile(part), false()))
            case And(parts):
                return and_(*(self.compile(part) for part in parts))
            case Or(parts):
                return or_(*(self.compile(part) for part in parts))
            case _:
                assert_never(node)

    def _over(self, columns: Columns) -> _Compiler:
        return _Compiler(columns, self._catalog, self._one_by_one)

    def _stored(self, field: Field) -> Stored:
        return self._columns.fields[field.name]

    def _comparison(self, field: Field, operator: Operator, value: Value) -> ColumnElement[bool]:
        if FieldType.DATA in (field.type, value.type if isinstance(value, Field) else None):
            return documents.compared(self._columns, field, operator, value, self._indexed)
        if isinstance(value, Field):
            return fields_compared(field, self._stored(field), operator, self._stored(value), self._catalog)
        return compared(field, self._stored(field), operator, value, self._catalog)

    def _in(self, field: Field, values: tuple[Value, ...]) -> ColumnElement[bool]:
        plain = [value for value in values if not isinstance(value, Field)]
        others = [self._comparison(field, Operator.EQ, value) for value in values if isinstance(value, Field)]
        if field.type is FieldType.DATA:
            return or_(documents.one_of(self._columns, field, plain, self._indexed), *others)
        return or_(one_of(field, self._stored(field), plain, self._catalog), *others)

    def _related(self, relation: Relation, part: Node) -> ColumnElement[bool]:
        process = self._columns.process
        assert process is not None
        if relation.to is PROCESSES:
            return self._over(of_processes(process)).compile(part)
        table, over = RELATED[relation.name]
        columns = over(table.alias(), process)
        condition = self._over(columns).compile(part)
        if not self._one_by_one and _finds_few(
            part, columns
        ):  # read once, where SQLite would look at each process in turn
            few = select(columns.process_id).where(condition).correlate_except(columns.rows)
            return self._columns.process_id.in_(few)
        rows = select(columns.key[-1]).where(columns.process_id == process.c.id, condition)
        return exists(rows.select_from(columns.rows).correlate_except(columns.rows))


def _finds_few(node: Node, columns: Columns) -> bool:
    """Whether an index leads to the few rows of a relation that a condition can hold for."""
    match node:
        case Comparison(field, Operator.EQ, value):
            return not isinstance(value, Field) and _leads(columns.fields[field.name], [value])
        case In(field, values):
            return not any(isinstance(value, Field) for value in values) and _leads(columns.fields[field.name], values)
        case And(parts):
            return any(_finds_few(part, columns) for part in parts)
        case Or(parts):
            return all(_finds_few(part, columns) for part in parts)
        case _:
            return False


def _leads(stored: Stored, values: list[Value] | tuple[Value, ...]) -> bool:
    if stored.selective:
        return True
    return stored.hint is not None and stored.hint.finds_few and set(values) <= set(stored.hint.codes)
