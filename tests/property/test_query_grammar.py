"""The grammar that the reference prints is the one that the parser reads, in both directions.

What the grammar has is read, or refused because of a field and what it is asked: such a refusal has a `key`. What it
has not is refused. Sentences are made from the printed rules, and then changed.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placet.errors import InvalidFilter
from placet.query.fields import EVENTS, PROCESSES, USERS, WORK_ITEMS, Field, FieldType, Relation, Resource
from placet.query.parser import parse_query
from placet.query.reader import RESERVED
from tests.property.ebnf import Choice, Grammar, Literal, Name, Part, Repeated, Sequence, Without

PAGE = (Path(__file__).parents[2] / "docs/reference/query-language.md").read_text("utf-8")
[RULES] = re.findall(r"^```ebnf\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
[PART] = re.findall(r"^`PART` is `(.*)`:", PAGE, re.MULTILINE)
GRAMMAR = Grammar(RULES, {"PART": PART})

EXAMPLES = {
    "word": ["anna", "node-1", "Running", "1x", "É", "*", "a;b", "self.x", "desc", "by", "day"],
    "path": ["Initiator", "recipient", "ProcessStatus", "CREATIONTIME", "Data.amount", "data.Size", "WorkItems.Status",
             "Process.Data.x", "ProcessId", "CorrelationId", "Actor", "Nobody", "Kind", "Events.ActivityId"],
    "relation": ["WorkItems", "events", "Process", "Comments", "Nothing"],
    "quoted": ["'it''s'", '"a \\"b\\" \\u00e9"', "''", '"and"', "'Running'", "'2024-05-01'"],
    "dn": ["cn=anna,ou=users,o=placet", "cn=a", r"cn=a\,b,o=c", "cn=", "o=x,"[:-1]],
    "number": ["12", "-3", "+4", "12.5", "1e3", "-1.5E-7", "0"],
    "integer": ["1", "20", "007"],
    "time": ["2026-03-02", "2026-03-02T09:00", "2026-03-02T09:00:00.123Z", "2026-03-02T09:00:00+01:00",
             "20080723044715000-0400"],
    "moment": ["now", "today", "Yesterday", "tomorrow+3h", "-7d", "+2mo", "today-1y"],
}  # fmt: skip
LAX = {**EXAMPLES, "word": ["anna", "node-1"], "path": ["Data.amount", "data.Size"], "relation": ["WorkItems"]}
STRAYS = st.sampled_from([*sorted(RESERVED), "(", ")", ",", "=", "<", "by", "'", "!", "Data.x", "cn=x", "7", "day"])
SPACE = st.sampled_from([" ", "  ", "\n", "\t "])


ANYTHING = Resource("rows", [Field("Id", FieldType.ID)], has_data=True)
ANYTHING.relations = (Relation("WorkItems", ANYTHING),)


@st.composite
def sentences(draw: st.DrawFn, start: str = "query", examples: dict[str, list[str]] = EXAMPLES) -> list[str]:
    """The tokens of a sentence."""
    budget = [40]

    def tokens(part: Part) -> list[str]:
        budget[0] -= 1
        match part:
            case Literal(text):
                return [draw(st.sampled_from([text, text, text.upper(), text.title()]))]
            case Name(name) if name in examples:
                return [draw(st.sampled_from(examples[name]))]
            case Name(name):
                return tokens(GRAMMAR.rules[name])
            case Choice(ways):
                return tokens(draw(st.sampled_from(ways if budget[0] > 0 else ways[-1:])))
            case Sequence(parts):
                return [token for each in parts for token in tokens(each)]
            case Repeated(inner, most):
                times = draw(st.integers(0, 2 if most is None else most)) if budget[0] > 0 else 0
                return [token for _ in range(times) for token in tokens(inner)]
            case Without(inner, _):
                return tokens(inner)
        raise AssertionError(f"{part} has no example")

    return tokens(GRAMMAR.rules[start])


@st.composite
def changed(draw: st.DrawFn, examples: dict[str, list[str]]) -> list[str]:
    """A sentence in which some tokens are dropped, doubled, swapped or replaced."""
    tokens = draw(sentences("query", examples))
    for _ in range(draw(st.integers(1, 3))):
        at, put = draw(st.integers(0, max(len(tokens) - 1, 0))), draw(STRAYS)
        match draw(st.sampled_from(["drop", "put", "double", "replace", "swap"])):
            case "drop":
                tokens[at : at + 1] = []
            case "put":
                tokens[at:at] = [put]
            case "double":
                tokens[at:at] = tokens[at : at + 1]
            case "replace":
                tokens[at : at + 1] = [put]
            case _:
                tokens[at : at + 2] = tokens[at : at + 2][::-1]
    return tokens


@st.composite
def written(draw: st.DrawFn, tokens: list[str]) -> str:
    """Tokens with as little room between them as they need, or more."""
    text = ""
    for token in tokens:
        glued = text[-1:] in "(),'\"" or token[:1] in "(),'\""
        text += (draw(SPACE | st.just("")) if glued else draw(SPACE)) + token
    return text


def refusal_of(text: str, resource) -> InvalidFilter | None:
    try:
        parse_query(text, resource)
    except InvalidFilter as refusal:
        return refusal
    return None


RESOURCES = st.sampled_from([PROCESSES, WORK_ITEMS, EVENTS, USERS])


@settings(max_examples=400)
@given(st.data(), RESOURCES)
def test_what_the_grammar_has_is_never_refused_for_its_form(data, resource):
    text = data.draw(sentences().flatmap(written))

    refusal = refusal_of(text, resource)

    assert GRAMMAR.accepts(text, "query"), text
    assert refusal is None or refusal.key is not None, f"{text}: {refusal}"


@settings(max_examples=200)
@given(sentences("condition", LAX).flatmap(written))
def test_what_suits_every_test_is_read(text):
    refusal = refusal_of(text, ANYTHING)

    assert refusal is None or "at most 3 deep" in refusal.message, f"{text}: {refusal}"


@settings(max_examples=800)
@given(st.data(), st.sampled_from([(PROCESSES, EXAMPLES), (EVENTS, EXAMPLES), (ANYTHING, LAX)]))
def test_what_the_grammar_has_not_is_refused(data, asked):
    resource, examples = asked
    text = data.draw(changed(examples).flatmap(written))

    refusal = refusal_of(text, resource)

    if GRAMMAR.accepts(text, "query"):
        assert refusal is None or refusal.key is not None, f"{text}: {refusal}"
    else:
        assert refusal is not None, text


@given(st.text(max_size=30))
def test_any_text_is_refused_or_in_the_grammar(text):
    assert refusal_of(text, PROCESSES) is not None or GRAMMAR.accepts(text, "query")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_what_the_grammar_says(name):
    for example in EXAMPLES[name]:
        assert GRAMMAR.accepts(example, name), example


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_a_reserved_word_is_a_value_only_in_quotes(word):
    for sentence in ("Data.x = {}", "Data.x in (1, {})", "Data.x contains {}", "cursor {}"):
        for bare in (word, word.upper()):
            assert refusal_of(sentence.format(bare), ANYTHING) is not None
            assert not GRAMMAR.accepts(sentence.format(bare), "query")
        assert refusal_of(sentence.format(f"'{word}'"), ANYTHING) is None


def test_the_reserved_words_are_those_of_the_grammar():
    words = GRAMMAR.rules["reserved"]

    assert {word.text for word in words.ways} == RESERVED


@settings(max_examples=500)
@given(st.text(alphabet="abc=,\\ ()'\"<>!é1-", max_size=20))
def test_values_are_what_the_grammar_says(value):
    text = f"Data.x = {value}"

    refusal = refusal_of(text, ANYTHING)

    assert GRAMMAR.accepts(text, "query") is (refusal is None or refusal.key is not None), f"{text}: {refusal}"
