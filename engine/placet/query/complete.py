"""What may stand at a place of a query that somebody is typing: the part of completion that the grammar knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from placet.errors import InvalidFilter
from placet.query.conditions import Conditions
from placet.query.fields import Field, FieldType, Resource
from placet.query.fitting import comparable
from placet.query.parser import MAX_LENGTH, read_query
from placet.query.paths import relation_of
from placet.query.query import Completion
from placet.query.reader import Fit, Reader

_NAMES = frozenset({"field", "relation", "value"})
_MOMENTS = ("now", "today", "yesterday", "-1h", "-1d", "-7d", "-1mo", "today-7d")


@dataclass(frozen=True, slots=True)
class Candidates:
    """How a query can go on: `typed` begins at `start` and is what all `completions` replace.

    Where a value fits, it is one of `values_of`; where a data item fits, `data_names` is what stands before its name.
    """

    start: int
    typed: str
    completions: tuple[Completion, ...] = ()
    values_of: Field | None = None
    data_names: str | None = None


def candidates(text: str, at: int, resource: Resource) -> Candidates:
    """What fits at the cursor `at`, given what stands before it; nothing where that is wrong already."""
    before = text[:at]
    nothing = Candidates(len(before), "")
    if len(before) > MAX_LENGTH:
        return nothing
    try:
        reader = Reader(before, unfinished=True)
    except InvalidFilter:
        return nothing
    with suppress(InvalidFilter):  # as a rule the query is not finished; what would have fitted is known all the same
        if reader.at_end:
            Conditions(reader).read(resource)
    with suppress(InvalidFilter):
        read_query(reader, resource)
    return _at_end(reader) if reader.at_end else nothing


def _at_end(reader: Reader) -> Candidates:
    typed, start = reader.token.text, reader.token.start
    fits = reader.fits
    if reader.text[start : start + 1] in ("'", '"'):  # in quotes are values, which take their place
        is_apart = reader.text[:start].endswith(tuple(" \t\n(,=<>"))
        fits = [fit for fit in fits if fit.kind == "value" and is_apart]
    offered = {text: (kind, hint) for fit in fits for text, kind, hint in _offers(fit, typed)}
    found = tuple(Completion(start, text, kind, hint) for text, (kind, hint) in _matching(list(offered.items()), typed))
    values_of = next((fit.field for fit in fits if fit.field is not None), None)
    return Candidates(start, typed, found, values_of, _data_names(fits, typed))


def _matching(offered: Sequence[tuple[str, tuple[str, str]]], typed: str) -> list[tuple[str, tuple[str, str]]]:
    """Names and values that begin with what is typed, then words of the language that do, then what has it inside."""
    wanted = typed.casefold()
    names = [each for each in offered if each[1][0] in _NAMES]
    words = [each for each in offered if each[1][0] not in _NAMES]
    first = [each for each in (*names, *words) if each[0].casefold().startswith(wanted)]
    return first + [each for each in names if wanted in each[0].casefold() and each not in first]


def _offers(fit: Fit, typed: str) -> Iterator[tuple[str, str, str]]:
    match fit.kind:
        case "path" | "column" | "time" if fit.resource is not None:
            yield from _paths(fit, fit.resource, typed)
        case "value" if fit.field is not None and fit.resource is not None:
            yield from _values(fit.field, fit.resource)
        case "bucket":
            yield f"{fit.text}(", "keyword", "a time, rounded"
        case "keyword" | "operator":
            yield f"{fit.text} by" if fit.text == "group" else fit.text, fit.kind, ""
        case "sign" if not typed:
            yield fit.text, "keyword", ""
        case _:
            return


def _paths(fit: Fit, resource: Resource, typed: str) -> Iterator[tuple[str, str, str]]:
    relations = [each for each in resource.relations if each.single or fit.kind == "path"]
    head, dot, _ = typed.partition(".")
    through = relation_of(head, resource) if dot else None
    if through in relations:
        for text, kind, hint in _own(fit, through.to):
            yield f"{through.name}.{text}", kind, hint
        return
    yield from _own(fit, resource)
    for each in relations:
        yield f"{each.name}.", "relation", each.to.name


def _own(fit: Fit, resource: Resource) -> Iterator[tuple[str, str, str]]:
    for field in resource.fields:
        if fit.kind != "time" or field.type is FieldType.TIME:
            yield field.name, "field", field.type.value
    if resource.has_data and fit.kind != "time":
        yield "Data.", "field", "a data item"


def _values(field: Field, resource: Resource) -> Iterator[tuple[str, str, str]]:
    if field.person:
        yield "me", "value", "whoever asks"
    for name, code in field.codes.items():
        yield name, "value", str(code)
    if field.type is FieldType.FLAG:
        yield from (("true", "value", ""), ("false", "value", ""))
    if field.type is FieldType.TIME:
        yield from ((moment, "value", "when it is asked") for moment in _MOMENTS)
    for other in resource.fields:
        if other != field and comparable(field, other):
            yield other.name, "field", "of the same row"


def _data_names(fits: Iterable[Fit], typed: str) -> str | None:
    """What stands before the name of a data item, `Data.` or `Process.Data.`, where one is being typed."""
    for fit in fits:
        if fit.kind in ("path", "column") and fit.resource is not None:
            head, dot, rest = typed.partition(".")
            relation = relation_of(head, fit.resource) if dot else None
            resource, begun = (fit.resource, typed) if relation is None else (relation.to, rest)
            if resource.has_data and begun.casefold().startswith("data."):
                return typed[: len(typed) - len(begun) + len("data.")]
    return None
