"""Random trees of the query language over facts, for every field, every operator and values of every kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from placet.query.ast import And, Comparison, In, IsNull, Node, Not, Operator, Or, Related
from placet.query.fields import Field, FieldType, Resource
from placet.query.fitting import comparable
from placet.query.paths import data_field
from tests.property.rows import FIRST, ITEMS, LAST, WORDS

Facts = Sequence[Mapping[str, Any]]

ODD: list[Any] = [0, 1, -1, 7, 7.0, 7.5, 2**53, 2**63 - 1, 10**30, True, False, FIRST, LAST, "", "cn=", "0" * 32]


def fields_of(resource: Resource) -> list[Field]:
    items = [data_field(name) for name in ITEMS] if resource.has_data else []
    return [*resource.fields, *items]


def values_of(field: Field, facts: Facts) -> st.SearchStrategy[Any]:
    """Something like what the rows hold, parts of it, and what none of them holds."""
    held = [value for row in facts for value in flat(row.get(field.name))]
    texts = [value for value in held if isinstance(value, str)]
    near = [each for text in texts for each in (text, text.upper(), text.swapcase(), text[:3], text[1:], f" {text}")]
    if field.type is FieldType.DATA:
        near += [datetime.fromisoformat(text) for text in texts if text.endswith("Z") and len(text) == 24]
    if field.type in (FieldType.STATUS, FieldType.FLAG):
        held += list(field.codes.values())
    return st.sampled_from([*dict.fromkeys((type(each), each) for each in [*held, *near, *WORDS, *ODD])]).map(
        lambda pair: pair[1]
    )


def flat(value: Any) -> list[Any]:
    """The values of a field that can be compared."""
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, (str, int, float, datetime))]


def leaves(resource: Resource, facts: Facts) -> st.SearchStrategy[Node]:
    return st.sampled_from(fields_of(resource)).flatmap(lambda field: leaves_of(resource, field, facts))


def leaves_of(resource: Resource, field: Field, facts: Facts) -> st.SearchStrategy[Node]:
    """Comparisons of one field."""
    values = values_of(field, facts)
    others = [other for other in fields_of(resource) if comparable(field, other)]
    if others:
        values = values | st.sampled_from(others)
    return st.one_of(
        st.builds(Comparison, st.just(field), st.sampled_from(Operator), values),
        st.builds(In, st.just(field), st.lists(values, max_size=4).map(tuple)),
        st.just(IsNull(field)),
    )


def trees(resource: Resource, facts: Facts, related: Mapping[str, Facts], depth: int = 2) -> st.SearchStrategy[Node]:
    """Trees of a resource; `related` has the facts of all rows of each relation."""
    parts = [leaves(resource, facts)]
    if depth:
        parts += [
            st.builds(Related, st.just(each), trees(each.to, related[each.name], related, depth - 1))
            for each in resource.relations
        ]
    return st.recursive(
        st.one_of(parts),
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.lists(inner, min_size=2, max_size=3).map(lambda each: And(tuple(each))),
            st.lists(inner, min_size=2, max_size=3).map(lambda each: Or(tuple(each))),
        ),
        max_leaves=5,
    )
