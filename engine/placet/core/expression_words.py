"""What the CEL library says of a wrong or failed expression, said in our own words."""

from __future__ import annotations

import re
from collections.abc import Callable

from placet.core.expression_text import VARIABLES

_FAULT = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_OVERLOAD = re.compile(r"no matching overload for '([^']+)' applied to '(.*)'")
_NO_OVERLOAD = re.compile(r"No matching overloads found : (.+)")
_OPERATOR = re.compile(r"_(\W+)_(?:\((.*)\))?")
_ORDER = frozenset({"<", "<=", ">", ">="})
_NUMBERS = frozenset({"an integer", "a decimal"})
_TYPES = {
    "bool": "true or false",
    "double": "a decimal",
    "int": "an integer",
    "int64": "an integer",
    "uint": "an unsigned integer",
    "uint64": "an unsigned integer",
    "string": "a text",
    "list": "a list",
    "map": "an object",
    "null": "null",
    "null_type": "null",
    "timestamp": "a time",
    "duration": "a duration",
    "google.protobuf.Timestamp": "a time",
    "google.protobuf.Duration": "a duration",
}


class ExpressionSyntax(ValueError):
    """An expression that cannot be compiled: what is wrong with it, and where, counted from 1."""

    def __init__(self, message: str, column: int, line: int = 1, is_mix_of_types: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.line = line
        self.is_mix_of_types = is_mix_of_types


def shorten(text: str, length: int = 100) -> str:
    """A text cut to what a message can hold."""
    return text if len(text) <= length else text[: length - 1] + "…"


def syntax_faults(report: str, source: str) -> list[ExpressionSyntax]:
    """The faults that the library found, in its order; never none."""
    faults = []
    for line, column, reason in _FAULT.findall(report):
        words, place = _explain(reason.removesuffix(" [INVALID_ARGUMENT]"), source)
        place = place or (max(1, int(line)), max(1, int(column)))
        faults.append(ExpressionSyntax(words, place[1], place[0], _is_mix_of_types(reason)))
    return faults or [ExpressionSyntax(_nesting(report) or f"it cannot be read: {_first_line(report)}", 1)]


def _explain(reason: str, source: str) -> tuple[str, tuple[int, int] | None]:
    if (found := re.search(r"undeclared reference to '([^']*)'", reason)) is not None:
        return _unknown_name(found[1], source)
    if (found := _OVERLOAD.search(reason)) is not None:
        return _wrong_types(found[1] + found[2]), None
    if "input '<EOF>'" in reason:
        return "it ends too early; a value is missing, or a closing quote or bracket", None
    found = re.search(r"(?:input|error at:) '(.*?)'(?: expecting .*)?$", reason)
    if found is not None and found[1].startswith("="):
        return "a single '=' cannot stand here; write == to compare, and quotes round a text such as a DN", None
    if found is not None:
        return f"{found[1]!r} cannot stand here", None
    return _nesting(reason) or f"it cannot be read: {reason}", None


def _unknown_name(name: str, source: str) -> tuple[str, tuple[int, int] | None]:
    found = re.search(rf"(?<![\w.]){re.escape(name)}\b|\b{re.escape(name)}\b", source)
    place = None
    if found is not None:
        before = source[: found.start()]
        place = (before.count("\n") + 1, found.start() - before.rfind("\n"))
        if source[found.end() :].lstrip().startswith("("):
            return f"there is no function {name!r}; the functions are those of CEL, such as size, has, matches", place
    known = ", ".join(VARIABLES)
    return f"there is no {name.partition('.')[0]!r}; an expression can use {known}, and a text stands in quotes", place


def _nesting(reason: str) -> str | None:
    if "recursion" in reason:
        return "it nests deeper than 32 levels, where each + or && of a chain is one; brackets round halves of it help"
    return None


def _is_mix_of_types(reason: str) -> bool:
    """Whether an operator was given types that it cannot take at run time either."""
    found = _OVERLOAD.search(reason)
    operator = _OPERATOR.fullmatch(found[1] + found[2]) if found is not None else None
    if operator is None:
        return False
    if operator[1] in _ORDER:  # at run time integers and decimals can be compared
        return not _NUMBERS.issuperset(_names_of_types(operator[2]))
    return operator[1] in {"+", "-", "*", "/", "%"}


def _names_of_types(signature: str | None) -> list[str]:
    """`double, list(int)` as `a decimal`, `a list`."""
    flat = re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)", "", signature or "")
    return [_TYPES.get(word.strip(), word.strip()) for word in flat.split(",") if word.strip()]


def _wrong_types(call: str) -> str:
    if call.startswith(("_&&_", "_||_", "!_", "_?_:_", "<jump")):
        return "&&, ||, ! and ? take true or false only, and both sides of a : have to be of one type"
    if call.startswith("@in"):
        return "'in' looks for a value in a list, or for a text among the names of an object"
    if (operator := _OPERATOR.fullmatch(call.replace("-_", "_-_", 1) if call.startswith("-_") else call)) is None:
        name, _, signature = call.partition("(")
        given = " and ".join(_names_of_types(signature.removesuffix(")"))) or "that"
        return f"{name!r} cannot take {given}"
    types = _names_of_types(operator[2])
    words = f"{operator[1]!r} cannot take {' and '.join(types) or 'these'}"
    if _NUMBERS.issuperset(types) and len(set(types)) > 1:
        return f"{words}; write a number as 2.0 for a decimal, or convert with double(…) or int(…)"
    if set(types) == {"a text", "a time"}:
        return f"{words}; data items of type date are texts here: convert with timestamp(…)"
    if operator[1] == "+" and "a text" in types:
        return f"{words}; convert with string(…)"
    return words


_FAILURES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_NO_OVERLOAD, lambda found: _wrong_types(found[1])),
    (
        re.compile(r'Key not found in map : "?(.*?)"?$'),
        lambda found: f"there is no {found[1]!r} in what it looks at; ask with has(…) before where it may be missing",
    ),
    (
        re.compile(r"Index error: index=(-?\d+) size=(\d+)"),
        lambda found: f"the list has {found[2]} values, counted from 0; there is none at {found[1]}",
    ),
    (re.compile(r"expected integer type, got (\w+)"), lambda found: "a list's index has to be an integer"),
    (
        re.compile("divide by zero|modulus by zero"),
        lambda found: "it divides by zero; ask before whether the divisor is 0",
    ),
    (re.compile("overflow"), lambda found: "a number grows beyond 64 bits"),
    (re.compile("Iteration budget"), lambda found: "its loops take more than 10,000 turns; shorter lists would work"),
    (re.compile('No value with name "(.*?)"'), lambda found: f"there is no {found[1]!r} at this point"),
    (re.compile("SELECT to non-message"), lambda found: "it asks for a field of a value that is no object"),
)


def failure_in_words(report: str) -> str:
    """The reason why an evaluation failed."""
    for pattern, words in _FAILURES:
        if (found := pattern.search(report)) is not None:
            return words(found)
    return _first_line(report)


def _first_line(report: str) -> str:
    line = report.partition("\n")[0]
    line = re.sub(r"^[A-Z_]+: (?:ERROR: )?", "", line)
    return shorten(re.sub(r" \[[A-Z_]+\]$", "", line), 200).rstrip(".")
