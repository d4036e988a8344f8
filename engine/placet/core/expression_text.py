"""What can be told of an expression from its text alone: the names it uses and how its loops nest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
    """What an expression looks at, and how much it may make of that.

    `members` are the fields of `data` and `response` that it names; `whole` are those that it also uses otherwise.
    """

    variables: frozenset[str]
    members: Mapping[str, frozenset[str]]
    whole: frozenset[str]
    loops: int  # how deep its comprehensions nest
    sums_in_loops: int  # `+` inside of them, by which lists and texts grow
    looks_around: bool  # whether a loop looks at more than what it goes over
    copies: int  # how often one value may stand in the result: every `map` multiplies


#: The variables of which an expression is given what it names, and no more.
_IN_PARTS = ("data", "response")


@lru_cache(maxsize=4096)
def outline(source: str) -> Outline:
    """Read an expression's text; it need not be a correct one."""
    tokens = [(match.lastgroup or "", match.group()) for match in _TOKEN.finditer(source)]
    tokens = [token for token in tokens if token[0] != "space"]
    free = [at for at, token in enumerate(tokens) if token[0] == "name" and not _is_member(tokens, at)]
    named = {name: [_member(tokens, at) for at in free if tokens[at][1] == name] for name in _IN_PARTS}
    loops = _Loops()
    for at, (kind, text) in enumerate(tokens):
        loops.read(tokens, at, text, is_name=kind == "name" and not _is_member(tokens, at))
    return Outline(
        variables=frozenset(tokens[at][1] for at in free).intersection(VARIABLES),
        members={name: frozenset(each for each in found if each) for name, found in named.items()},
        whole=frozenset(name for name, found in named.items() if None in found),
        loops=loops.deepest,
        sums_in_loops=loops.sums,
        looks_around=loops.looks_around,
        copies=loops.copies,
    )


def data_references(source: str) -> set[str]:
    """The data items that an expression names, as `data.NAME` or `data['NAME']`, outside of texts and comments."""
    return set(outline(source).members["data"])


def unknown_fields(source: str) -> Iterator[UnknownField]:
    """The fields of the process and of people that an expression asks for and that no run will find."""
    found = [match for match in _TOKEN.finditer(source) if match.lastgroup != "space"]
    tokens = [(match.lastgroup or "", match.group()) for match in found]
    own_names = {tokens[at][1] for at in range(3, len(tokens)) if _names_turns(tokens, at)}
    for at, (kind, owner) in enumerate(tokens):
        if kind != "name" or owner not in FIELDS or owner in own_names or _is_member(tokens, at):
            continue
        known, here = FIELDS[owner], at
        while (found_field := _field(tokens, here)) is not None:
            name, end = found_field
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


def _member(tokens: Sequence[Token], at: int) -> str | None:
    found = _field(tokens, at)
    return None if found is None else found[0]


def _field(tokens: Sequence[Token], at: int) -> tuple[str, int] | None:
    """The field that is asked for behind a name or field, and the last token of that; a function is none."""
    following = [*tokens[at + 1 : at + 4], ("", ""), ("", ""), ("", "")]
    match following[:3]:
        case [(_, "."), ("name", name), (_, after)] if after != "(":
            return name.strip("`"), at + 2
        case [(_, "["), ("text", text), (_, "]")] if "\\" not in text and text[0] in "'\"":
            return text.strip(text[0]), at + 3
    return None


@dataclass(slots=True)
class _Loop:
    """One comprehension while it is read: what it calls an element, and how many names its body has."""

    own: str
    copies: bool
    names: int = 0


@dataclass(slots=True)
class _Loops:
    """What there is to know of loops, read token by token."""

    deepest: int = 0
    sums: int = 0
    looks_around: bool = False
    copies: int = 1
    _open: list[_Loop | None] = field(default_factory=list)  # for each parenthesis

    def read(self, tokens: Sequence[Token], at: int, text: str, *, is_name: bool) -> None:
        around = [loop for loop in self._open if loop is not None]
        if text == "(":
            is_loop = at > 1 and tokens[at - 1][1] in _LOOPS and tokens[at - 2][1] == "."
            own = tokens[at + 1][1] if at + 1 < len(tokens) else ""
            self._open.append(_Loop(own, tokens[at - 1][1] == "map") if is_loop else None)
            self.deepest = max(self.deepest, len(around) + is_loop)
        elif text == ")" and self._open:
            loop = self._open.pop()
            if loop is not None and loop.copies:
                self.copies *= max(1, loop.names - 1)  # but for where the element is given its name
        elif text == "+" and around:
            self.sums += 1
        elif is_name and around:
            self._note_name(text, around)

    def _note_name(self, name: str, around: Sequence[_Loop]) -> None:
        if name not in VARIABLES and all(name != loop.own for loop in around):
            return  # a function's, or a word's
        for loop in around:
            loop.names += 1
        self.looks_around |= name != around[-1].own
