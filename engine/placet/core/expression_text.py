"""What can be told of an expression from its text alone: the names it uses and how its loops nest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

#: What an expression can see, in the order in which messages list it.
VARIABLES = ("data", "process", "initiator", "recipient", "response", "now")

_PERSON = ("dn", "user_name", "name", "first_name", "last_name", "email", "groups", "manager")
#: The fields of the variables whose fields are the same for every definition; `manager` has those of a person again.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "process": ("id", "name", "correlation_id", "created_at"),
    "initiator": _PERSON,
    "recipient": _PERSON,
}

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
class UnknownField:
    """A field that there never is: `boss` of `initiator.manager`, and where in the expression it begins."""

    owner: str
    name: str
    known: tuple[str, ...]
    start: int


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


def unknown_fields(source: str) -> Iterator[UnknownField]:
    """The fields of the process and of people that an expression asks for and that no run will find."""
    found = [match for match in _TOKEN.finditer(source) if match.lastgroup != "space"]
    tokens = [(match.lastgroup or "", match.group()) for match in found]
    own_names = {tokens[at][1] for at in range(3, len(tokens)) if _names_turns(tokens, at)}
    for at, (kind, owner) in enumerate(tokens):
        if kind != "name" or owner not in FIELDS or owner in own_names or _is_member(tokens, at):
            continue
        known, here = FIELDS[owner], at
        while (field := _field(tokens, here)) is not None:
            name, end = field
            if name not in known:
                yield UnknownField(owner, name, known, found[here + 2].start())
            if name != "manager":
                break
            owner, here = f"{owner}.manager", end


def _names_turns(tokens: Sequence[Token], at: int) -> bool:
    """Whether a loop calls what it looks at by the name there: `x` in `data.route.all(x, …)`."""
    before = [text for _, text in tokens[at - 3 : at]]
    return before[0] == "." and before[1] in _LOOPS and before[2] == "("


def _is_member(tokens: Sequence[Token], at: int) -> bool:
    """Whether the name there is a field of what stands before it; a leading dot makes no member."""
    if at < 2 or tokens[at - 1][1] != ".":
        return False
    kind, text = tokens[at - 2]
    return kind != "mark" or text in ")]}"


def _data_item(tokens: Sequence[Token], at: int) -> str | None:
    field = _field(tokens, at)
    return None if field is None else field[0]


def _field(tokens: Sequence[Token], at: int) -> tuple[str, int] | None:
    """The field that is asked for behind a name or field, and the last token of that; a function is none."""
    following = [*tokens[at + 1 : at + 4], ("", ""), ("", ""), ("", "")]
    match following[:3]:
        case [(_, "."), ("name", name), (_, after)] if after != "(":
            return name.strip("`"), at + 2
        case [(_, "["), ("text", text), (_, "]")] if "\\" not in text and text[0] in "'\"":
            return text.strip(text[0]), at + 3
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
