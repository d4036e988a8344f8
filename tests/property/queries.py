"""Hypothesis strategies for conditions and whole queries as the parser builds them: flat, and within its bounds."""

from __future__ import annotations

from datetime import UTC

from hypothesis import strategies as st

from placet.clock import to_millisecond
from placet.query.ast import ME, Comparison, In, IsNull, Node, Not, Operator, Related, Relative, Value, all_of, any_of
from placet.query.fields import RESOURCES, Field, FieldType, Relation, Resource
from placet.query.fitting import OPERATORS, comparable
from placet.query.query import BUCKETS, Group, Path, Query, Sort

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
TIMES = st.datetimes(timezones=st.just(UTC)).map(lambda at: to_millisecond(at).replace(fold=0))
DAYS = ["now", "today", "yesterday", "tomorrow"]
UNITS = ["s", "m", "h", "d", "w", "mo", "y"]
DISTANCES = st.builds("{}{}{}".format, st.sampled_from("+-"), st.integers(0, 999), st.sampled_from(UNITS))
RELATIVE = st.sampled_from(DAYS) | st.builds("{}{}".format, st.sampled_from(["", *DAYS]), DISTANCES)
DNS = st.sampled_from(["cn=anna,ou=users,o=placet", "cn=Straße Ä, o=x", r"cn=a\,b", "anna", "Anna Meier", ""])
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
DATA_FIELDS = [Field(f"Data.{name}", FieldType.DATA) for name in ("amount", "budget", "is_Urgent", "first-day")]
TEXTUAL = (Operator.CONTAINS, Operator.STARTSWITH)

resources = st.sampled_from(list(RESOURCES.values()))


def fields(resource: Resource) -> st.SearchStrategy[Field]:
    return st.sampled_from([*resource.fields, *(DATA_FIELDS if resource.has_data else [])])


def values(field: Field, resource: Resource) -> st.SearchStrategy[Value]:
    """Values that a field is compared with, other fields of the row and moments of the asking among them."""
    plain: dict[FieldType, st.SearchStrategy[Value]] = {
        FieldType.DN: DNS,
        FieldType.ID: st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
        FieldType.NAME: TEXT,
        FieldType.TEXT: TEXT,
        FieldType.EXACT: TEXT,
        FieldType.STATUS: st.sampled_from(sorted(field.codes.values()) or [0]),
        FieldType.TIME: TIMES | RELATIVE.map(Relative),
        FieldType.NUMBER: NUMBERS,
        FieldType.FLAG: st.booleans(),
        FieldType.DATA: TEXT | NUMBERS | st.booleans() | TIMES | RELATIVE.map(Relative) | st.just(ME),
    }
    others = [each for each in (*resource.fields, *DATA_FIELDS) if comparable(field, each)]
    oneself = st.just(ME) if field.person else st.nothing()
    return st.one_of(plain[field.type], oneself, st.sampled_from(others) if others else st.nothing())


@st.composite
def tests_of(draw: st.DrawFn, resource: Resource) -> Node:
    """One test of one field."""
    field = draw(fields(resource))
    kind = draw(st.sampled_from(["compare", "compare", "in", "null"]))
    if kind == "null":
        return IsNull(field)
    if kind == "in":
        return In(field, tuple(draw(st.lists(values(field, resource), min_size=1, max_size=4))))
    operator = draw(st.sampled_from(OPERATORS[field.type]))
    return Comparison(field, operator, draw(TEXT if operator in TEXTUAL else values(field, resource)))


@st.composite
def conditions(draw: st.DrawFn, resource: Resource, depth: int = 3, relations: int = 2) -> Node:
    """A condition of any shape; `And` and `Or` are flat, as `all_of` and `any_of` build them."""
    ways = (
        ["test"] + (["not", "and", "or"] if depth else []) + (["related"] if relations and resource.relations else [])
    )
    way = draw(st.sampled_from(ways))
    inner = conditions(resource, depth - 1, relations)
    match way:
        case "not":
            return Not(draw(inner))
        case "and" | "or":
            parts = draw(st.lists(inner, min_size=2, max_size=3))
            return all_of(parts) if way == "and" else any_of(parts)
        case "related":
            relation = draw(st.sampled_from(resource.relations))
            return Related(relation, draw(conditions(relation.to, max(depth - 1, 0), relations - 1)))
        case _:
            return draw(tests_of(resource))


@st.composite
def paths(draw: st.DrawFn, resource: Resource) -> Path:
    single: list[Relation | None] = [None, *(each for each in resource.relations if each.single)]
    through = draw(st.sampled_from(single))
    return Path(draw(fields(through.to if through else resource)), through)


@st.composite
def queries(draw: st.DrawFn, resource: Resource) -> Query:
    where = draw(st.none() | conditions(resource, 2, 1))
    limit, cursor = draw(st.none() | st.integers(1, 2**31 - 1)), draw(st.none() | TEXT)
    groups = tuple(draw(st.lists(grouped(resource), max_size=2)))
    if not groups:
        keys = st.builds(Sort, paths(resource), st.booleans())
        shown = tuple(draw(st.lists(paths(resource), max_size=3)))
        return Query(where, (), tuple(draw(st.lists(keys, max_size=3))), shown, limit, cursor)
    figures = [Path(Field(name, FieldType.NUMBER)) for name in ("count", "median")]
    ways = st.sampled_from([*figures, *(group.path for group in groups)])
    return Query(
        where, groups, tuple(draw(st.lists(st.builds(Sort, ways, st.booleans()), max_size=2))), (), limit, cursor
    )


@st.composite
def grouped(draw: st.DrawFn, resource: Resource) -> Group:
    path = draw(paths(resource))
    return Group(path, draw(st.sampled_from([None, *BUCKETS])) if path.field.type is FieldType.TIME else None)
