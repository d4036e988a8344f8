"""How much a template may do in all: its loops, and everything that looks at a value or makes a longer one, count.

A template is filled in within a decision, while everything else waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from jinja2 import TemplateError, nodes, pass_context
from jinja2.runtime import Context, Undefined, markup_join, str_join
from jinja2.visitor import NodeTransformer

MOST_STEPS = 2_000  # through all loops of a template together
MOST_WORK = 10_000_000  # in characters that are looked at
_OF_VALUE = 20  # so many characters' work is a value in a list or mapping
_OF_NODE = 50  # and a word of a template, each time that a loop comes to it
_AT_ONCE = frozenset({"default", "first", "last", "length"})  # filters that do not go through what they are given

#: Where the context of a template has its Work; no template can write a name with a space.
WORK = "work left"
_LOOP, _JOIN, _ADD, _COMPARE = "counted loop", "counted join", "counted sum", "counted operand"

T = TypeVar("T", bound=nodes.Node)


@dataclass(slots=True)
class Work:
    """What a template may still do."""

    steps: int = MOST_STEPS
    left: int = MOST_WORK

    def take(self, work: int) -> None:
        """Do some of it; raises TemplateError where that is too much."""
        self.left -= work
        if self.left < 0:
            raise TemplateError("it has too much to do in its loops and filters; make it plainer, or its data shorter")

    def look_at(self, *values: Any) -> None:
        """Look at all of some values, as far down as they go."""
        level = list(values)
        while level:
            deeper: list[Any] = []
            for value in level:
                if isinstance(value, str):
                    self.take(len(value))
                elif isinstance(value, (list, tuple, Mapping)):
                    self.take(_OF_VALUE * len(value))
                    deeper += value.values() if isinstance(value, Mapping) else value
            level = deeper


def count_work(tree: T) -> T:
    """The tree of a template, changed so that its work is counted."""
    changed: T = _Counting().visit(tree)
    return changed


def counted(filters: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Filters that count what they are given."""
    return {name: each if name in _AT_ONCE else _counted(each) for name, each in filters.items()}


def _counted(apply: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    def filtered(context: Context, value: Any, *given: Any, **named: Any) -> Any:
        context[WORK].look_at(value, *given, *named.values())
        return apply(value, *given, **named)

    return filtered


class _Counting(NodeTransformer):
    """Puts filters of ours in the place of what grows or looks at values."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802  # the name is the library's
        words = sum(1 for part in (*node.body, *node.else_) for _ in part.find_all(nodes.Node)) + len(node.body)
        self.generic_visit(node)
        assert isinstance(node.iter, nodes.Expr)
        node.iter = _filter(_LOOP, node.iter, nodes.Const(words, lineno=node.lineno))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802  # the name is the library's
        self.generic_visit(node)
        return _filter(_JOIN, *node.nodes)

    def visit_Add(self, node: nodes.Add) -> nodes.Node:  # noqa: N802  # the name is the library's
        self.generic_visit(node)
        return _filter(_ADD, node.left, node.right)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802  # the name is the library's
        self.generic_visit(node)
        node.expr = _filter(_COMPARE, node.expr)
        for operand in node.ops:
            operand.expr = _filter(_COMPARE, operand.expr)
        return node


def _filter(name: str, first: nodes.Expr, *rest: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(first, name, list(rest), [], None, None, lineno=first.lineno, environment=first.environment)


@pass_context
def _loop(context: Context, value: Any, words: int) -> list[Any]:
    """What a loop goes over, as long as all loops together do not go on for too long."""
    if value is None:
        return []
    if not isinstance(value, (list, tuple, Mapping)):
        value = value if isinstance(value, Undefined) else type(value).__name__
        raise TemplateError(f"a loop goes over a list, not over {value}")
    work: Work = context[WORK]
    work.steps -= len(value)
    if work.steps < 0:
        raise TemplateError(f"its loops take more than {MOST_STEPS} steps")
    work.take(len(value) * words * _OF_NODE)
    return list(value)


@pass_context
def _join(context: Context, *values: Any) -> str:
    context[WORK].look_at(*values)
    return markup_join(values) if context.eval_ctx.autoescape else str_join(values)


@pass_context
def _add(context: Context, left: Any, right: Any) -> Any:
    context[WORK].look_at(left, right)
    return left + right


@pass_context
def _compare(context: Context, value: Any) -> Any:
    context[WORK].look_at(value)
    return value


#: The filters that count, by names that no template can write.
WORKING: Mapping[str, Callable[..., Any]] = {_LOOP: _loop, _JOIN: _join, _ADD: _add, _COMPARE: _compare}
