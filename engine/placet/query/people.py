"""Names that people write (`anna`, `Leave request`) become the distinguished names that are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from placet.errors import InvalidFilter
from placet.query.ast import Node, Operator, Value, with_values
from placet.query.fields import Field, FieldType
from placet.query.names import is_dn

_WHOLE = (Operator.EQ, Operator.NE)  # what a DN contains, or begins with, is text


def resolve_people(
    node: Node, find: Callable[[Field, str], str | None], known: Callable[[Field], Iterable[str]] | None = None
) -> Node:
    """The same tree with a DN wherever a person, or a definition, is named otherwise: by user name, by id.

    `find` gives the DN behind a name for a field, or None; then `InvalidFilter` is raised, which suggests the nearest
    of the names that are `known`.
    """

    def named(field: Field, operator: Operator, value: Value) -> Value:
        if field.type is not FieldType.DN or operator not in _WHOLE or not isinstance(value, str) or is_dn(value):
            return value
        dn = find(field, value.strip())
        if dn is None:
            raise _nobody(field, value, known(field) if known else ())
        return dn

    return with_values(node, named)


def _nobody(field: Field, name: str, known: Iterable[str]) -> InvalidFilter:
    names = {each.casefold(): each for each in known}
    near = next((names[each] for each in get_close_matches(name[:40].casefold(), names, n=1)), None)
    what = "nobody is called" if field.person else "there is no definition"
    example = "cn=anna,ou=users,o=placet" if field.person else "cn=Leave request,cn=RequestDefs,o=placet"
    hint = f" Did you mean {near}?" if near else ""
    return InvalidFilter(
        f"{field.name}: {what} {name[:60]!r}.{hint} Give a name or a distinguished name such as {example}.",
        field.name,
        given=name,
        suggestion=near,
    )
