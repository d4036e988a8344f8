"""Which definitions call which connector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from placet.connectors.checks import fold_name
from placet.core.definition import Approval, ConnectorCall, Definition
from placet.core.form import ConnectorChoices, Form
from placet.errors import Conflict


def require_unused(name: str, definitions: Iterable[Definition]) -> None:
    """Refuse to take a connector from definitions that start processes; raises `Conflict` that names them."""
    users = [each.name for each in definitions if not each.retired and fold_name(name) in _called(each)]
    if users:
        named = ", ".join(map(repr, users[:5])) + (" …" if len(users) > 5 else "")
        raise Conflict(f"The connector {name!r} is called by the definition {named}; change or retire that first.")


def _called(definition: Definition) -> set[str]:
    """The names of the connectors that a definition calls, by its activities and its forms."""
    calls = [each.connector for each in definition.activities.values() if isinstance(each, ConnectorCall)]
    approvals = [each for each in definition.activities.values() if isinstance(each, Approval)]
    forms = [definition.form, *(each.form for each in approvals)]
    return {fold_name(name) for name in (*calls, *(name for form in forms for name in _asked(form)))}


def _asked(form: Form | None) -> Iterator[str]:
    for field in () if form is None else form.fields.values():
        if isinstance(field.choices, ConnectorChoices):
            yield field.choices.connector
