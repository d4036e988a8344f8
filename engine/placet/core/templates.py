"""Templates of mails: a small part of Jinja2, in its sandbox, checked when they are loaded and bounded when they run.

A template is handed plain values. It can name them, ask for their parts, branch and loop; it calls nothing, sets
nothing, and reaches no attribute of a Python object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.runtime import LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from placet.core.template_filters import FILTERS, TESTS, in_words
from placet.core.template_work import WORK, WORKING, Work, count_work, counted
from placet.errors import ExpressionError
from placet.query.storable import UNSTORABLE, unstorable_in

LONGEST_TEMPLATE = 20_000  # characters
LONGEST_RESULT = 100_000

_MAY_STAND = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.Getattr,
    nodes.Getitem,
    nodes.If,
    nodes.For,
    nodes.Filter,
    nodes.Test,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.CondExpr,
    nodes.Concat,
    nodes.Add,
    nodes.Sub,
    nodes.Neg,
)
_CAN = "a template can show values, and use if, for and the filters that the reference lists"


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """What is wrong with a template, and where in its text, counted from 1."""

    message: str
    line: int
    column: int


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, in which a dot asks for the part of a mapping and for nothing else."""

    def __init__(self, *, autoescape: bool) -> None:
        super().__init__(autoescape=autoescape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self.finalize = in_words
        self.globals = {}
        self.filters = {**counted(FILTERS), **WORKING}
        self.tests = {name: self.tests[name] for name in TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, LoopContext):
            return super().getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if obj is None or isinstance(obj, Undefined):  # of nothing every part is nothing
            return obj
        wanted = str if isinstance(obj, Mapping) else int
        if isinstance(obj, (Mapping, list, tuple, str)) and isinstance(argument, wanted):
            try:
                return obj[argument]  # type: ignore[index]  # the line above has seen to it
            except (KeyError, IndexError):
                pass
        there = f"; there is {', '.join(map(str, islice(obj, 15)))}" if isinstance(obj, Mapping) and obj else ""
        return self.undefined(f"{str(argument)[:100]!r} is not there{there}")


_TEXT, _HTML = _Environment(autoescape=False), _Environment(autoescape=True)


def render(source: str, facts: Mapping[str, Any], *, html: bool = False) -> str:
    """What a template makes of some facts; raises ExpressionError in words where it cannot.

    In HTML every value is escaped.
    """
    template = _compiled(source, html)
    parts, length = [], 0
    try:
        for part in template.generate({**facts, WORK: Work()}):
            length += len(part)
            if length > LONGEST_RESULT:
                raise TemplateError(f"it becomes longer than {LONGEST_RESULT} characters")
            parts.append(part)
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as failure:
        reason = str(failure) or type(failure).__name__
        raise ExpressionError(f"The template {shortened(source)!r} cannot be filled in: {reason}.") from None
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", "".join(parts))


def check(source: str, names: Mapping[str, frozenset[str] | None], *, html: bool = False) -> list[TemplateFault]:
    """The faults of a template; `names` are the values that it is given, with their parts where these are known."""
    if len(source) > LONGEST_TEMPLATE:
        return [TemplateFault(f"it has {len(source)} characters; at most {LONGEST_TEMPLATE} work", 1, 1)]
    try:
        tree = _TEXT.parse(source)
        faults = [*_unknown(tree, source, names), *_not_allowed(tree, source)]
        if not faults:
            _compiled(source, html)
    except TemplateSyntaxError as failure:
        return [TemplateFault((failure.message or "it cannot be read").rstrip("."), failure.lineno, 1)]
    except (RecursionError, SyntaxError, MemoryError, OverflowError):
        return [TemplateFault("it nests too deeply; make it plainer", 1, 1)]
    except ValueError:  # of Python, which reads the numbers
        return [TemplateFault("it has a number that is too long to be one; write fewer digits", 1, 1)]
    return sorted(set(faults), key=lambda fault: (fault.line, fault.column))


def shortened(source: str) -> str:
    """The first line of a template, as far as a message shows it."""
    first = source.strip().partition("\n")[0]
    return first if len(first) <= 60 else f"{first[:59]}…"


@lru_cache(maxsize=512)
def _compiled(source: str, html: bool) -> Template:
    environment = _HTML if html else _TEXT
    tree = count_work(environment.parse(source))
    return Template.from_code(environment, environment.compile(tree), environment.make_globals(None))


def _unknown(tree: nodes.Template, source: str, names: Mapping[str, frozenset[str] | None]) -> Iterator[TemplateFault]:
    """Names and their parts that the template is not given."""
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}
    known = {*names, *own, *(["loop"] if next(tree.find_all(nodes.For), None) else [])}
    for name in tree.find_all(nodes.Name):
        if name.name not in known:
            message = f"there is no {name.name!r}; there is: {', '.join(sorted(names))}"
            yield _fault(message, source, name.lineno, name.name)
    for part in tree.find_all(nodes.Getattr):
        of = part.node
        parts = names.get(of.name) if isinstance(of, nodes.Name) and of.name not in own else None
        if parts is not None and part.attr not in parts:
            assert isinstance(of, nodes.Name)
            there = f"there is: {', '.join(sorted(parts))}" if parts else "it has none"
            yield _fault(f"{of.name!r} has no {part.attr!r}; {there}", source, part.lineno, part.attr)


def _not_allowed(tree: nodes.Template, source: str) -> Iterator[TemplateFault]:
    for node in tree.iter_child_nodes():
        yield from _not_allowed_in(node, source)


def _not_allowed_in(node: nodes.Node, source: str) -> Iterator[TemplateFault]:
    """What Jinja2 has and a mail does not need, such as calls, and what could make little text into much."""
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        there = f"there is: {', '.join(sorted(FILTERS))}"
        yield _fault(f"there is no filter {node.name!r}; {there}", source, node.lineno, node.name)
    elif isinstance(node, nodes.Test) and node.name not in TESTS:
        there = f"there is: {', '.join(sorted(TESTS))}"
        yield _fault(f"there is no test {node.name!r}; {there}", source, node.lineno, node.name)
    elif isinstance(node, nodes.Const) and isinstance(node.value, str) and (bad := unstorable_in(node.value)):
        yield _fault(f"a text in it has {bad}; leave that out", source, node.lineno, "")
    elif not isinstance(node, _MAY_STAND) or (isinstance(node, nodes.For) and node.recursive):
        what = type(node).__name__.lower()
        yield _fault(f"{what!r} is nothing that a template can use here; {_CAN}", source, node.lineno, "")
        return
    for child in node.iter_child_nodes():
        yield from _not_allowed_in(child, source)


def _fault(message: str, source: str, line: int, word: str) -> TemplateFault:
    """A fault with the column at which a word stands in its line."""
    lines = source.splitlines()
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", lines[line - 1]) if word and line <= len(lines) else None
    return TemplateFault(message, line, found.start() + 1 if found else 1)
