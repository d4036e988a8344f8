"""Expressions of definitions: a small port over the CEL library, which nothing else imports.

An expression sees `data`, `process`, `initiator`, `recipient`, `response` and `now`, and nothing else. What it may cost
is bounded: the length of its text, the nesting of its loops, the size of what it is given, and, by the library, 10,000
turns of all its loops together and 32 levels of nesting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
MAX_LIST = 1_000
MAX_VALUES = 10_000
MAX_CHARACTERS = 2_000_000
MAX_DEPTH = 40
MAX_TURNS = 10_000  # the library's own bound
MAX_WORK = 10_000_000  # turns of loops times the size of the facts: a thousand DNs in one loop are 7,000,000

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

    def evaluate(self, facts: Mapping[str, Any]) -> Any:
        """The result as a plain Python value; raises ExpressionError with the expression and the reason."""
        try:
            result = self._program.eval(data=self._select(facts))
            value = result.plain_value()
            failed = result.type() == cel.Type.ERROR
        except (RuntimeError, TypeError, ValueError, OverflowError) as failure:
            raise self._failure(failure_in_words(str(failure))) from None
        if failed:
            raise self._failure(failure_in_words(str(value)))
        return value if type(value) in _RESULTS else self._plain(value)

    def _select(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The facts that the expression names, once they are known to be small enough."""
        seen = self._outline
        selected = {name: facts[name] for name in seen.variables if name in facts}
        if "data" in selected and not seen.whole_data:
            data = selected["data"]
            selected["data"] = {name: data[name] for name in seen.data_names if name in data}
        self._check_size(selected)
        if "process" in selected:
            _split_times(selected)
        return selected

    def _check_size(self, selected: Mapping[str, Any]) -> None:
        values = characters = longest = depth = 0
        level: list[Any] = list(selected.values())
        while level:
            depth += 1
            values += len(level)
            if values > MAX_VALUES:
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
            if characters > MAX_CHARACTERS or longest > MAX_LIST or depth > MAX_DEPTH:
                break
            level = deeper
        if level:
            raise self._failure(
                f"it is given too much: at most {MAX_VALUES:,} values, {MAX_CHARACTERS:,} characters, lists of "
                f"{MAX_LIST:,} and {MAX_DEPTH} levels can be looked at"
            )
        turns = min(longest**self._outline.loops, MAX_TURNS)
        if self._outline.loops and turns * (values + characters // 8) > MAX_WORK:
            raise self._failure(
                f"its loop is given too much, a list of {longest:,} among others; shorter lists would work"
            )

    def _plain(self, value: Any) -> Any:
        kind = type(value)
        if kind is list:
            return [self._plain(each) for each in value]
        if kind is dict:
            return {str(key): self._plain(each) for key, each in value.items()}
        if kind in (bytes, bytearray):
            return bytes(value)
        if kind in _RESULTS:
            return value
        raise self._failure("it gives a type; it has to give a value")

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
