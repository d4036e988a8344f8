import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import example, given
from hypothesis import strategies as st

from placet.clock import to_millisecond
from placet.errors import InvalidFilter, InvalidInput
from placet.query.ast import ME, And, Comparison, Operator, all_of, resolve_me
from placet.query.criterion import TIME_OPERATORS, parse_criterion, parse_filters
from placet.query.evaluate import holds
from placet.query.fields import COMMENTS, PROCESSES, WORK_ITEMS, Field, FieldType
from placet.query.names import fold_dn, is_dn
from placet.query.parser import parse_condition
from placet.query.printer import to_criteria, to_text
from placet.query.times import format_time, parse_time

RESOURCES = st.sampled_from([PROCESSES, WORK_ITEMS, COMMENTS])
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
DNS = st.lists(
    st.builds("{}={}".format, st.sampled_from(["cn", "OU", "o"]), TEXT.map(lambda text: text.replace("\n", " "))),
    min_size=1,
    max_size=4,
).map(lambda parts: ",".join(parts).strip()).filter(is_dn)  # fmt: skip
TIMES = st.datetimes(timezones=st.just(UTC)).map(to_millisecond)


def values(field: Field) -> st.SearchStrategy[object]:
    return {
        FieldType.NAME: TEXT,
        FieldType.TEXT: TEXT,
        FieldType.EXACT: TEXT,
        FieldType.DN: DNS | st.just(ME) if field.person else DNS,
        FieldType.ID: st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
        FieldType.STATUS: st.sampled_from(sorted(field.codes.values()) or [0]),
        FieldType.TIME: TIMES,
    }[field.type]


@st.composite
def comparisons(draw, resource):
    field = draw(st.sampled_from(resource.fields))
    operators = [*TIME_OPERATORS.values()] if field.type is FieldType.TIME else [Operator.EQ]
    return Comparison(field, draw(st.sampled_from(operators)), draw(values(field)))


@st.composite
def trees(draw):
    resource = draw(RESOURCES)
    return resource, all_of(draw(st.lists(comparisons(resource), min_size=1, max_size=5)))


@given(trees())
def test_what_is_printed_is_read_as_the_same_tree(drawn):
    resource, tree = drawn

    assert parse_filters(to_criteria(tree), resource) == tree


@given(trees())
def test_the_typed_language_says_it_as_the_same_tree(drawn):
    resource, tree = drawn

    assert parse_condition(to_text(tree), resource) == tree


@given(trees(), DNS)
def test_a_row_made_for_its_filter_is_found(drawn, caller):
    resource, tree = drawn
    tree = resolve_me(tree, caller)
    parts = tree.parts if isinstance(tree, And) else (tree,)
    facts = {field.name: None for field in resource.fields} | {part.field.name: part.value for part in parts}

    met = [part.operator not in (Operator.LT, Operator.GT) and facts[part.field.name] == part.value for part in parts]

    assert holds(tree, facts) or not all(met)
    assert not holds(tree, dict.fromkeys(facts))


@given(RESOURCES, st.text(st.characters(), max_size=80))
@example(PROCESSES, "CreationTime=20080723044715000-0400GE")
def test_nothing_but_invalid_filter_is_raised_for_any_text(resource, text):
    for criterion in (text, *(f"{field.name}={text}" for field in resource.fields)):
        try:
            assert isinstance(parse_criterion(criterion, resource), Comparison)
        except InvalidFilter as refusal:
            json.dumps([refusal.message, refusal.key], ensure_ascii=False).encode()


@given(
    st.from_regex(r"[0-9]{17}[+\- ][0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z?)?|[0-9]{1,20}")
)
def test_nothing_but_invalid_input_is_raised_for_what_looks_like_a_time(text):
    with suppress(InvalidInput):
        assert parse_time(text).tzinfo is UTC


@given(TIMES, st.timedeltas(timedelta(hours=-14), timedelta(hours=14)))
def test_a_time_comes_back_to_the_millisecond(moment, offset):
    assert parse_time(format_time(moment)) == moment
    if timedelta(days=1) < moment - datetime.min.replace(tzinfo=UTC) and moment.year < 9999:
        elsewhere = moment.astimezone(timezone(timedelta(minutes=offset // timedelta(minutes=1))))
        assert parse_time(elsewhere.isoformat()) == moment
        assert format_time(elsewhere) == format_time(moment)


@given(DNS)
def test_a_folded_name_is_the_same_name(dn):
    assert fold_dn(fold_dn(dn)) == fold_dn(dn)
    assert fold_dn(dn.replace(",", " , ")) == fold_dn(dn)
