"""Patterns of forms: regular expressions that take linear time, whatever the text.

They run on the engine of CEL's `matches`, RE2, which never goes back in a text. What would take going back, such as
`(?=…)` and `\\1`, is not taken.
"""

from __future__ import annotations

import json

from placet.core.expressions import Expression, ExpressionSyntax, compile_expression
from placet.errors import ExpressionError

MAX_LENGTH = 500


class Pattern:
    """A regular expression that a whole text matches or does not; equal to every other one with the same `source`."""

    __slots__ = ("_matches", "source")

    def __init__(self, source: str) -> None:
        """Raises ValueError with what is wrong."""
        if len(source) > MAX_LENGTH:
            raise ValueError(f"it has {len(source):,} characters; at most {MAX_LENGTH} are allowed")
        self.source = source
        # On its own first: between brackets and anchors a stray ")" could mend it.
        _run(_expression(source), "")
        self._matches = _expression(self.anchored)
        _run(self._matches, "")

    @property
    def anchored(self) -> str:
        """The same as an expression that is searched for, as JSON Schema has it."""
        return f"^(?:{self.source})$"

    def matches(self, text: str) -> bool:
        return _run(self._matches, text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Pattern({self.source!r})"

    def __reduce__(self) -> tuple[type[Pattern], tuple[str]]:
        return Pattern, (self.source,)


def _expression(source: str) -> Expression:
    try:
        return compile_expression(f"data.text.matches({json.dumps(source, ensure_ascii=False)})")
    except ExpressionSyntax as fault:
        raise ValueError(fault.message) from None


def _run(expression: Expression, text: str) -> bool:
    try:
        return expression.evaluate({"data": {"text": text}}) is True
    except ExpressionError as failure:
        _, _, reason = failure.message.partition("invalid regular expression: ")
        raise ValueError((reason or failure.message).rstrip(".")) from None
