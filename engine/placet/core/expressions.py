"""Expressions of definitions: a small port over the CEL library, which nothing else imports.

An expression sees `data`, `process`, `initiator`, `recipient`, `response` and `now`, and nothing else. What it may cost
is bounded: the length of its text, the nesting of its loops, the size of what it is given, and, by the library, 10,000
turns of all its loops together and 32 levels of nesting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from cel_expr_python import cel

from placet.core.expression_text import data_references, outline
from placet.core.expression_words import ExpressionSyntax, failure_in_words, shorten, syntax_faults
from placet.errors import ExpressionError

__all__ = ["Expression", "ExpressionSyntax", "check_types", "compile_expression", "data_references"]

MAX_LENGTH = 4_000
MAX_LOOPS = 2
MAX_SUMS_IN_LOOPS = 4
MAX_COPIES = 10_000
MAX_GIVEN = 100_000  # values of a result
MAX_CHARACTERS = 2_000_000
MAX_DEPTH = 40
MAX_TURNS = 10_000  # the library's own bound
MAX_WORK = 10_000_000  # turns of loops times the size of the facts: a thousand DNs in one loop are 7,000,000


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of anything an expression may look at."""

    in_a_list: int
    values: int


DECIDING = Bounds(1_000, 10_000)  # on the loop, between others' commands
READING = Bounds(10_000, 100_000)  # of an answer, beside the loop


_HAS = re.compile(r"\bhas\s*\(")
_TYPES = {"boolean": cel.Type.BOOL, "integer": cel.Type.INT, "decimal": cel.Type.DOUBLE, "json": cel.Type.DYN}
_RESULTS = (bool, int, float, str, datetime, timedelta, type(None))


class Expression:
    """A compiled expression; equal to every other one with the same `source`."""

    __slots__ = ("_outline", "_program", "gives", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self._program = _compile(source)
        self._outline = outline(source)
        #: The CEL type of its result, as far as its text tells: `bool`, `string`, `int`, …, or `dyn`.
        self.gives = self._program.return_type().name().lower()

    @property
    def variables(self) -> frozenset[str]:
        """The facts that it looks at."""
        return self._outline.variables

    def evaluate(self, facts: Mapping[str, Any], bounds: Bounds = DECIDING) -> Any:
        """The result as a plain Python value; raises ExpressionError with the expression and the reason."""
        try:
            result = self._program.eval(data=self._select(facts, bounds))
            value = result.value()
            failed = result.type() == cel.Type.ERROR
        except (RuntimeError, TypeError, ValueError, OverflowError) as failure:
            raise self._failure(failure_in_words(str(failure))) from None
        if failed:
            raise self._failure(failure_in_words(str(value)))
        return value if type(value) in _RESULTS else self._plain(value, [MAX_GIVEN])

    def _select(self, facts: Mapping[str, Any], bounds: Bounds) -> dict[str, Any]:
        """The facts that the expression names, once they are known to be small enough."""
        seen = self._outline
        selected = {name: facts[name] for name in seen.variables if name in facts}
        for name, members in seen.members.items():
            if name in selected and name not in seen.whole:
                whole = selected[name]
                selected[name] = {member: whole[member] for member in members if member in whole}
        self._check_size(selected, bounds)
        if "process" in selected:
            _split_times(selected)
        return selected

    def _check_size(self, selected: Mapping[str, Any], bounds: Bounds) -> None:
        values = characters = longest = depth = 0
        level: list[Any] = list(selected.values())
        while level:
            depth += 1
            values += len(level)
            if values > bounds.values:
                break
            deeper: list[Any] = []
            for value in level:
                kind = type(value)
                if kind is str:
                    characters += len(value)
                elif kind is dict:
                    deeper.extend(value.values())
                elif kind is list:
                    longest = max(longest, len(value))
                    deeper.extend(value)
            if characters > MAX_CHARACTERS or longest > bounds.in_a_list or depth > MAX_DEPTH:
                break
            level = deeper
        if level:
            raise self._failure(
                f"it is given too much: at most {bounds.values:,} values, {MAX_CHARACTERS:,} characters, lists of "
                f"{bounds.in_a_list:,} and {MAX_DEPTH} levels can be looked at"
            )
        seen = self._outline
        turns = min(longest**seen.loops, MAX_TURNS) if seen.looks_around else seen.copies
        if seen.loops and turns * (values + characters // 8) > MAX_WORK:
            raise self._failure(
                f"its loop is given too much, a list of {longest:,} among others; shorter lists would work"
            )

    def _plain(self, value: Any, left: list[int]) -> Any:
        """A result part by part: what is small in the library, which shares parts, may be endless once copied."""
        kind = type(value)
        if kind in _RESULTS:
            return value
        if kind is list:
            self._count(len(value), left)
            return [self._plain(each.value(), left) for each in value]
        if kind is dict:
            self._count(len(value), left)
            return {str(key): self._plain(each.value(), left) for key, each in value.items()}
        if kind in (bytes, bytearray):
            return bytes(value)
        raise self._failure("it gives a type; it has to give a value")

    def _count(self, more: int, left: list[int]) -> None:
        left[0] -= more
        if left[0] < 0:
            raise self._failure(f"it gives more than {MAX_GIVEN:,} values; a shorter list would work")

    def _failure(self, reason: str) -> ExpressionError:
        return ExpressionError(f"The expression {shorten(self.source)!r} failed: {reason}.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Expression, (self.source,)


@lru_cache(maxsize=4096)
def compile_expression(source: str) -> Expression:
    """Check and compile an expression; raises ExpressionSyntax with what is wrong and the column."""
    return Expression(source)


def check_types(source: str, types: Mapping[str, tuple[str, bool]]) -> tuple[str, list[ExpressionSyntax]]:
    """What an expression gives with data items of these types (type's word, whether multi-valued), and its faults.

    What it gives is a CEL type in lower case, such as `list<string>`, or `dyn` where that cannot be told. Faults are
    sums and comparisons that fail on every run: `data.amount * 2` with a decimal is one, for CEL does not mix the two.
    """
    declared = {f"data.{name}": _cel_type(*kind) for name, kind in types.items() if name.isidentifier()}
    try:
        program = cel.NewEnv(variables={**_variables(), **declared}).compile(source)
    except RuntimeError as failure:
        return "dyn", [fault for fault in syntax_faults(str(failure), source) if fault.is_mix_of_types]
    if _HAS.search(source):  # the library takes has(data.x) for data.x where that has a type
        return "dyn", []
    return program.return_type().name().lower(), []


def _cel_type(word: str, multi_valued: bool) -> cel.Type:
    kind = _TYPES.get(word, cel.Type.STRING)
    return cel.Type.List(kind) if multi_valued else kind


def _compile(source: str) -> cel.Expression:
    if not source.strip():
        raise ExpressionSyntax("it is empty; write a value, for example data.amount > 1000", 1)
    if len(source) > MAX_LENGTH:
        raise ExpressionSyntax(f"it has {len(source):,} characters; at most {MAX_LENGTH:,} are allowed", 1)
    if not source.isprintable() and any(ord(letter) < 32 and letter not in "\t\r\n" for letter in source):
        raise ExpressionSyntax("it holds a control character; write it as an escape such as \\u0007", 1)
    seen = outline(source)
    if seen.loops > MAX_LOOPS:
        raise ExpressionSyntax(
            f"its loops (all, exists, map, filter) nest {seen.loops} deep; at most {MAX_LOOPS} may", 1
        )
    if seen.sums_in_loops > MAX_SUMS_IN_LOOPS:
        raise ExpressionSyntax(
            f"it has {seen.sums_in_loops} '+' inside loops; at most {MAX_SUMS_IN_LOOPS} may be there", 1
        )
    if seen.copies > MAX_COPIES:
        raise ExpressionSyntax(
            f"its loops (map) may put one value {seen.copies:,} times into the result; at most {MAX_COPIES:,} may be", 1
        )
    try:
        return _environment().compile(source)
    except RuntimeError as failure:
        raise syntax_faults(str(failure), source)[0] from None


@cache
def _environment() -> cel.Env:
    return cel.NewEnv(variables=_variables())


def _variables() -> dict[str, cel.Type]:
    anything = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
    names = ("data", "process", "initiator", "recipient", "response")
    times = {"now": cel.Type.TIMESTAMP, "process.created_at": cel.Type.TIMESTAMP}
    return {**dict.fromkeys(names, anything), **times}


def _split_times(selected: dict[str, Any]) -> None:
    """CEL refuses a time inside a map: hand the one that there is over under its full name."""
    process = dict(selected["process"])
    created_at = process.get("created_at")
    if isinstance(created_at, datetime):
        selected["process.created_at"] = created_at
        process["created_at"] = created_at.isoformat()
    selected["process"] = process
