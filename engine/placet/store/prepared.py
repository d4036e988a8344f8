"""A query put together once: its text, and its values as the driver takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.expression import SelectBase

from placet.store.bulk import Convert, stored_form
from placet.store.database import bare_rows


class Prepared:
    """A compiled query, with the values that its parameters have unless others are given."""

    def __init__(self, query: SelectBase, dialect: Dialect) -> None:
        compiled: Any = query.compile(dialect=dialect)
        state = compiled.construct_expanded_state()
        self.sql: str = state.statement
        convert = {name: stored_form(bind.type, dialect) for name, bind in compiled.binds.items()}
        for name, expanded in state.parameter_expansion.items():  # of an IN; those of a tuple know their own types
            convert |= {each: state.processors.get(each, convert[name]) for each in expanded}
        self._values = [(name, _converted(state.parameters[name], convert[name])) for name in state.positiontup]
        types = [column.type.dialect_impl(dialect) for column in query.selected_columns]
        self._readers = [kind.result_processor(dialect, None) for kind in types]

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """A value for each place of a parameter, in order."""
        return [given.get(name, value) for name, value in self._values]

    def run(self, tx: Connection, given: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        """All rows as the driver gives them; `given` are stored forms too."""
        return bare_rows(tx, self.sql, self.values(given))

    def read(self, tx: Connection, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """As `run`, the values as SQLAlchemy would give them."""
        return [tuple(map(_converted, row, self._readers)) for row in self.run(tx, given)]


def _converted(value: Any, convert: Convert | None) -> Any:
    return value if convert is None else convert(value)
