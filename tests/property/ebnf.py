"""A grammar as a reference page prints it: what it makes sentences of, and which texts are sentences of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

_TOKEN = re.compile(r'\s*(?:"([^"]*)"|/((?:[^/\\]|\\.)*)/|([a-z]+)|([\[\]{}()|=;-]))')
_WORD = r"""[^\s(),=<>!'"]"""
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True)
class Literal:
    """A word in any case, or signs."""

    text: str


@dataclass(frozen=True)
class Pattern:
    """A regular expression for a whole token."""

    regex: str


@dataclass(frozen=True)
class Name:
    name: str


@dataclass(frozen=True)
class Choice:
    ways: tuple[Part, ...]


@dataclass(frozen=True)
class Sequence:
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Repeated:
    """From `least` to `most` times; without `most` any number of times."""

    part: Part
    most: int | None


@dataclass(frozen=True)
class Without:
    """What is `part` and not `other`."""

    part: Part
    other: Part


Part: TypeAlias = "Literal | Pattern | Name | Choice | Sequence | Repeated | Without"


class Grammar:
    """The rules of a text in EBNF; `{PART}` in a pattern is replaced by the regular expression of that name."""

    def __init__(self, text: str, patterns: Mapping[str, str]) -> None:
        for name, regex in patterns.items():
            text = text.replace(name, regex.replace("/", r"\/"))
        self._tokens = list(_tokens(text))
        self.rules: dict[str, Part] = {}
        while self._tokens:
            name = self._take()[1]
            self._take("=")
            self.rules[name] = self._choice()
            self._take(";")

    def accepts(self, text: str, start: str) -> bool:
        """Whether the whole text is a sentence."""

        @cache
        def ends(part: Part, at: int) -> frozenset[int]:
            match part:
                case Literal(word):
                    return _literal(word, text, at)
                case Pattern(regex):
                    return _pattern(regex, text, at)
                case Name(name):
                    return ends(self.rules[name], at)
                case Choice(ways):
                    return frozenset().union(*(ends(way, at) for way in ways))
                case Sequence(parts):
                    found = frozenset({at})
                    for each in parts:
                        found = frozenset(end for begin in found for end in ends(each, begin))
                    return found
                case Repeated(inner, most):
                    return _repeated(lambda begin: ends(inner, begin), at, most)
                case Without(inner, other):
                    return ends(inner, at) - ends(other, at)

        return any(_SPACE.sub("", text[end:]) == "" for end in ends(Name(start), 0))

    def _choice(self) -> Part:
        ways = [self._sequence()]
        while self._tokens[0] == ("sign", "|"):
            self._take()
            ways.append(self._sequence())
        return ways[0] if len(ways) == 1 else Choice(tuple(ways))

    def _sequence(self) -> Part:
        parts = [self._part()]
        while self._tokens[0] not in [("sign", each) for each in "|;)]}"]:
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _part(self) -> Part:
        part = self._atom()
        if self._tokens[0] == ("sign", "-"):
            self._take()
            return Without(part, self._atom())
        return part

    def _atom(self) -> Part:
        kind, text = self._take()
        match kind, text:
            case "literal", _:
                return Literal(text)
            case "pattern", _:
                return Pattern(text)
            case "name", _:
                return Name(text)
            case _, ("[" | "{" | "(") as opening:
                inner = self._choice()
                self._take({"[": "]", "{": "}", "(": ")"}[opening])
                return inner if opening == "(" else Repeated(inner, 1 if opening == "[" else None)
        raise AssertionError(f"{text!r} begins nothing")

    def _take(self, expected: str | None = None) -> tuple[str, str]:
        token = self._tokens.pop(0)
        assert expected in (None, token[1]), f"{token[1]!r} stands where {expected!r} should"
        return token


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        assert found, f"{text[at : at + 20]!r} is no EBNF"
        at = found.end()
        literal, pattern, name, sign = found.groups()
        kinds = {"literal": literal, "pattern": pattern, "name": name, "sign": sign}
        yield next((kind, said) for kind, said in kinds.items() if said is not None)


def _start(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()


def _literal(word: str, text: str, at: int) -> frozenset[int]:
    begin = _start(text, at)
    end = begin + len(word)
    if text[begin:end].casefold() != word:
        return frozenset()
    is_split = re.match(_WORD, word) and re.match(_WORD, text[end : end + 1])
    is_longer = word in "<>" and text[end : end + 1] == "="  # the longest sign is the one that is meant
    return frozenset() if is_split or is_longer else frozenset({end})


def _pattern(regex: str, text: str, at: int) -> frozenset[int]:
    begin = _start(text, at)
    found = re.compile(f"(?:{regex})(?:(?<=['\"])|(?!{_WORD}))").match(text, begin)
    return frozenset({found.end()}) if found else frozenset()


def _repeated(ends: Callable[[int], frozenset[int]], at: int, most: int | None) -> frozenset[int]:
    reached, edge, times = frozenset({at}), frozenset({at}), 0
    while edge and times != most:
        edge = frozenset(end for begin in edge for end in ends(begin)) - reached
        reached, times = reached | edge, times + 1
    return reached
