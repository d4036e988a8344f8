"""What can be told of an expression from its text alone: the names it uses and how its loops nest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

#: What an expression can see, in the order in which messages list it.
VARIABLES = ("data", "process", "initiator", "recipient", "response", "now")

_LOOPS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<raw>(?:[rR][bB]?|[bB][rR])(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n]*"|'[^'\n]*'))
    |(?P<text>[bB]?(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))
    |(?P<name>[A-Za-z_]\w*|`[^`\n]*`)
    |(?P<number>[0-9][\w.]*)
    |(?P<mark>.)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)

Token: TypeAlias = tuple[str, str]  # its kind, a group of _TOKEN, and its text


@dataclass(frozen=True, slots=True)
class Outline:
    """The variables and data items that an expression names; `whole_data` when it uses `data` in other ways too."""

    variables: frozenset[str]
    data_names: frozenset[str]
    whole_data: bool
    loops: int  # how deep its comprehensions nest
    sums_in_loops: int  # `+` inside of them, by which lists and texts grow


@lru_cache(maxsize=4096)
def outline(source: str) -> Outline:
    """Read an expression's text; it need not be a correct one."""
    tokens = [(match.lastgroup or "", match.group()) for match in _TOKEN.finditer(source)]
    tokens = [token for token in tokens if token[0] != "space"]
    free = [at for at, token in enumerate(tokens) if token[0] == "name" and not _is_member(tokens, at)]
    items = [_data_item(tokens, at) for at in free if tokens[at][1] == "data"]
    loops, sums = _measure_loops(tokens)
    return Outline(
        variables=frozenset(tokens[at][1] for at in free).intersection(VARIABLES),
        data_names=frozenset(item for item in items if item is not None),
        whole_data=None in items,
        loops=loops,
        sums_in_loops=sums,
    )


def data_references(source: str) -> set[str]:
    """The data items that an expression names, as `data.NAME` or `data['NAME']`, outside of texts and comments."""
    return set(outline(source).data_names)


def _is_member(tokens: Sequence[Token], at: int) -> bool:
    """Whether the name there is a field of what stands before it; a leading dot makes no member."""
    if at < 2 or tokens[at - 1][1] != ".":
        return False
    kind, text = tokens[at - 2]
    return kind != "mark" or text in ")]}"


def _data_item(tokens: Sequence[Token], at: int) -> str | None:
    following = [*tokens[at + 1 : at + 4], ("", ""), ("", ""), ("", "")]
    match following[:3]:
        case [(_, "."), ("name", name), (_, after)] if after != "(":
            return name.strip("`")
        case [(_, "["), ("text", text), (_, "]")] if "\\" not in text and text[0] in "'\"":
            return text.strip(text[0])
    return None


def _measure_loops(tokens: Sequence[Token]) -> tuple[int, int]:
    open_parens: list[bool] = []
    deepest = sums = 0
    for at, (_, text) in enumerate(tokens):
        if text == "(":
            open_parens.append(at > 1 and tokens[at - 1][1] in _LOOPS and tokens[at - 2][1] == ".")
            deepest = max(deepest, sum(open_parens))
        elif text == ")" and open_parens:
            open_parens.pop()
        elif text == "+" and any(open_parens):
            sums += 1
    return deepest, sums
