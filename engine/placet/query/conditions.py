"""Conditions of the language: `and`, `or`, `not`, brackets, relations and the tests of single fields."""

from __future__ import annotations

from dataclasses import dataclass, replace

from placet.errors import InvalidFilter
from placet.query.ast import Comparison, In, IsNull, Node, Not, Operator, Related, Value, all_of, any_of
from placet.query.fields import Field, FieldType, Relation, Resource
from placet.query.fitting import OPERATORS
from placet.query.operands import bare_value, codes_like, quoted_value
from placet.query.paths import Found, find, relation_of
from placet.query.reader import RESERVED, Fit, Reader, listed
from placet.query.scanner import Kind, Token
from placet.query.values import shown

MAX_DEPTH = 50
MAX_TESTS = 200
MAX_VALUES = 1_000
MAX_RELATIONS = 3

_OPERATORS = frozenset({*(each.value for each in Operator), "between"})
_TEXTUAL = ("contains", "startswith")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the nesting a part stands: in how many brackets, in how many relations, and of which rows it is."""

    resource: Resource
    depth: int = 0
    relations: int = 0


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is tested: a field of the rows of `resource`, which may be those of a relation."""

    field: Field
    resource: Resource
    through: str | None = None


class Conditions:
    """Reads the conditions of one query, whose bounds count over all of it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._tests = 0

    def read(self, resource: Resource) -> Node:
        """The condition that stands here, up to whatever cannot belong to it."""
        return self._any(_Place(resource))

    def _any(self, place: _Place) -> Node:
        parts = [self._all(place)]
        while self._reader.accept("or"):
            parts.append(self._all(place))
        return any_of(parts)

    def _all(self, place: _Place) -> Node:
        parts = [self._negation(place)]
        while self._reader.accept("and"):
            parts.append(self._negation(place))
        return all_of(parts)

    def _negation(self, place: _Place) -> Node:
        nots = 0
        while self._reader.accept("not"):
            nots += 1
            place = self._deeper(place)
        node = self._primary(place, in_not=nots > 0)
        for _ in range(nots):
            node = Not(node)
        return node

    def _primary(self, place: _Place, *, in_not: bool) -> Node:
        reader = self._reader
        if reader.accept("(", kind="sign"):
            node = self._any(place if in_not else self._deeper(place))  # "not (" nests once
            reader.expect(")", kind="sign")
            return node
        token = self._path(place.resource)
        relation = relation_of(token.text, place.resource)
        if relation is not None and reader.accept("(", kind="sign"):
            return self._related(relation, self._deeper(place), token)
        return self._test(token, place.resource)

    def _path(self, resource: Resource) -> Token:
        reader = self._reader
        reader.fits.append(Fit(f"a field of {resource.name}", "path", resource))
        if reader.token.kind is not Kind.WORD or reader.token.text.casefold() in RESERVED:
            reader.refuse()
        return reader.take()

    def _related(self, relation: Relation, place: _Place, token: Token) -> Node:
        if place.relations == MAX_RELATIONS:
            wrong = f"Relations stand at most {MAX_RELATIONS} deep in each other; ask for less at once."
            raise self._reader.refusal(wrong, token, relation.name)
        part = self._any(_Place(relation.to, place.depth, place.relations + 1))
        self._reader.expect(")", kind="sign")
        return Related(relation, part)

    def _test(self, token: Token, resource: Resource) -> Node:
        self._count(token)
        if self._reader.token.text == "(" and self._reader.token.kind is Kind.SYMBOL:
            names = listed([each.name for each in resource.relations]) if resource.relations else "none"
            wrong = f"{shown(token.text)} is no relation of {resource.name}; there is {names}."
            raise self._reader.refusal(wrong, token, token.text[:40])
        found = read_path(self._reader, token, resource)
        if found.relation is None:
            return self._one(_Subject(found.field, resource))
        return Related(found.relation, self._one(_Subject(found.field, found.relation.to, found.relation.name)))

    def _one(self, subject: _Subject) -> Node:
        reader, field = self._reader, subject.field
        signs = [each.value for each in OPERATORS[field.type] if each.value not in _TEXTUAL]
        sign = reader.accept(*signs, kind="operator")
        if sign:
            return Comparison(field, Operator(sign), self._value(subject))
        if reader.accept("is", kind="operator"):
            is_not = reader.accept("not")
            reader.expect("null")
            return Not(IsNull(field)) if is_not else IsNull(field)
        is_not = reader.accept("not", kind="operator")
        node = self._worded(subject)
        return Not(node) if is_not else node

    def _worded(self, subject: _Subject) -> Node:
        fitting = OPERATORS[subject.field.type]
        ordered = ("between",) if Operator.LT in fitting else ()
        textual = _TEXTUAL if Operator.CONTAINS in fitting or subject.field.type is FieldType.STATUS else ()
        key = subject.field.name if self._reader.token.text.casefold() in _OPERATORS else None
        match self._reader.expect("in", *ordered, *textual, kind="operator", key=key):
            case "in":
                return In(subject.field, self._values(subject))
            case "between":
                return self._between(subject)
            case word:
                return self._textual(subject.field, Operator(word))

    def _between(self, subject: _Subject) -> Node:
        lowest = self._value(subject)
        self._reader.expect("and")
        self._count(self._reader.last)  # it is two comparisons
        highest = self._value(subject)
        return all_of([Comparison(subject.field, Operator.GE, lowest), Comparison(subject.field, Operator.LE, highest)])

    def _values(self, subject: _Subject) -> tuple[Value, ...]:
        self._reader.expect("(", kind="sign")
        values = [self._value(subject)]
        while self._reader.accept(",", kind="sign"):
            values.append(self._value(subject))
            if len(values) > MAX_VALUES:
                raise self._reader.refusal(
                    f"More than {MAX_VALUES:,} values are too many for one in.", self._reader.last
                )
        self._reader.expect(")", kind="sign")
        return tuple(values)

    def _value(self, subject: _Subject) -> Value:
        field = subject.field
        token = self._operand(Fit(f"a value of {field.name}", "value", subject.resource, field), field)
        try:
            if token.kind is Kind.QUOTED:
                return quoted_value(field, token.text)
            return bare_value(field, token.text, subject.resource, subject.through)
        except InvalidFilter as wrong:
            wrong.key = field.name
            raise wrong.at(token.start, self._reader.text, token.end) from None

    def _textual(self, field: Field, operator: Operator) -> Node:
        token = self._operand(Fit("a text", "value"), field)
        if field.type is not FieldType.STATUS:
            return Comparison(field, operator, token.text)
        codes = codes_like(field, operator, token.text)
        if not codes:
            wrong = (
                f"{field.name}: no value of it {operator.value} {shown(token.text)}; it takes {', '.join(field.codes)}."
            )
            raise self._reader.refusal(wrong, token, field.name)
        return In(field, codes)

    def _operand(self, fit: Fit, field: Field) -> Token:
        reader = self._reader
        reader.fits.append(fit)
        if reader.token.kind is Kind.WORD and reader.token.text.casefold() == "null":
            wrong = f"null is no value; write {field.name} is null, or {field.name} is not null."
            raise reader.refusal(wrong, reader.token, field.name)
        return reader.take_value() or reader.refuse()

    def _deeper(self, place: _Place) -> _Place:
        if place.depth == MAX_DEPTH:
            raise self._reader.refusal(f"This nests more than {MAX_DEPTH} deep; write it flatter.", self._reader.last)
        return replace(place, depth=place.depth + 1)

    def _count(self, token: Token) -> None:
        self._tests += 1
        if self._tests > MAX_TESTS:
            raise self._reader.refusal(f"More than {MAX_TESTS} comparisons are too many; in (…) counts as one.", token)


def read_path(reader: Reader, token: Token, resource: Resource) -> Found:
    """The field that a token names, or a refusal that knows where it stands."""
    try:
        return find(token.text, resource)
    except InvalidFilter as unknown:
        raise unknown.at(token.start, reader.text, token.end) from None
