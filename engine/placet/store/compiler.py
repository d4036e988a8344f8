"""A tree becomes a condition in SQL, with every value bound. `query.evaluate` is the yardstick it is tested against."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, assert_never

from sqlalchemy import ColumnElement, and_, false, func, literal_column, not_, or_, select, true

from placet.core.names import dn_guid
from placet.core.records import split_work_item_id
from placet.query.ast import And, Comparison, In, IsNull, Node, Not, Operator, Or, Value
from placet.query.fields import Field, FieldType
from placet.query.names import fold_dn
from placet.store.definitions import Catalog
from placet.store.tables import name, process, work_item

Columns = Mapping[str, ColumnElement[Any]]

#: Kept in a form whose order means something; the others are numbers of names, or texts in a database's own order.
_ORDERED = frozenset({FieldType.STATUS, FieldType.TIME})

_COMPARE: dict[Operator, Callable[[Any, Any], ColumnElement[bool]]] = {
    Operator.EQ: lambda column, value: column == value,
    Operator.LT: lambda column, value: column < value,
    Operator.LE: lambda column, value: column <= value,
    Operator.GT: lambda column, value: column > value,
    Operator.GE: lambda column, value: column >= value,
}


def compile_filter(node: Node | None, columns: Columns, catalog: Catalog) -> ColumnElement[bool]:
    """The condition that a tree states about a row; `ME` must have been resolved."""
    return true() if node is None else _Compiler(columns, catalog).compile(node)


#: What follows from a status being one of these, in the words of the partial index that is made for it: a planner
#: sees that an index fits only where its own condition stands in the query, with no bound value in it. It speaks of
#: another column than the index begins with, or SQLite would read a range of it and sort.
_FOLLOWS: dict[str, tuple[set[Value], ColumnElement[bool]]] = {
    "ProcessStatus": ({0, 1}, process.c.completed_at.is_(None)),
    "ApprovalStatus": ({3, 4}, process.c.process_status == literal_column("2")),
    "Status": ({0, 1}, work_item.c.status < literal_column("2")),
}


def _hint(field: Field, values: Collection[Value]) -> ColumnElement[bool]:
    codes, condition = _FOLLOWS.get(field.name, (set(), true()))
    return condition if set(values) <= codes else true()


class _Compiler:
    def __init__(self, columns: Columns, catalog: Catalog) -> None:
        self._columns, self._catalog = columns, catalog

    def compile(self, node: Node) -> ColumnElement[bool]:
        match node:
            case Comparison(field, Operator.NE, value):
                return self.compile(Not(Comparison(field, Operator.EQ, value)))
            case Comparison(field, operator, value):
                return self._comparison(field, operator, value)
            case In(field, values) if field.type is FieldType.STATUS:
                return and_(self._columns[field.name].in_(values), _hint(field, values))
            case In(field, values):
                return or_(false(), *(self._comparison(field, Operator.EQ, value) for value in values))
            case IsNull(field):
                return self._columns[field.name].is_(None)
            case Not(part):
                # in SQL the negation of "unknown" is unknown; here there are two answers only
                return not_(func.coalesce(self.compile(part), false()))
            case And(parts):
                return and_(*(self.compile(part) for part in parts))
            case Or(parts):
                return or_(*(self.compile(part) for part in parts))
            case _:
                assert_never(node)

    def _comparison(self, field: Field, operator: Operator, value: Value) -> ColumnElement[bool]:
        column = self._columns[field.name]
        if operator not in _COMPARE or (operator is not Operator.EQ and field.type not in _ORDERED):
            raise ValueError(f"{operator.value} is not for {field.type.value}")
        compare = _COMPARE[operator]
        match field.type:
            case FieldType.DN if field.name == "Definition":
                return self._definition(column, str(value))
            case FieldType.DN | FieldType.TEXT:  # both are interned names
                folded = fold_dn(str(value)) if field.type is FieldType.DN else str(value).casefold()
                return column == select(name.c.id).where(name.c.folded == folded).scalar_subquery()
            case FieldType.ID if field.name == "WorkId":
                process_id, number_ = split_work_item_id(str(value))
                return and_(column == process_id, work_item.c.number == number_)
            case FieldType.STATUS if operator is Operator.EQ:
                return and_(column == value, _hint(field, [value]))
            case FieldType.ID | FieldType.STATUS | FieldType.TIME | FieldType.EXACT:
                return compare(column, value)
            case _:
                assert_never(field.type)

    def _definition(self, column: ColumnElement[Any], dn: str) -> ColumnElement[bool]:
        """The rows of all versions; written out, so that the database sees how few they are."""
        rows = self._catalog.rows_of(dn_guid(dn))
        return column == rows[0] if len(rows) == 1 else column.in_(rows)
