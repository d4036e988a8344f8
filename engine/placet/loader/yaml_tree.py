"""YAML text as a tree of nodes that know their places; every scalar stays the text that it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from placet.loader.faults import Faults, Place

MAX_DEPTH = 12  # the format itself needs six
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Unreadable(Exception):
    """The text is no YAML, or not such that anything can be said of its content."""


@dataclass(slots=True)
class Scalar:
    text: str
    place: Place
    is_null: bool = False
    offset: int | None = None  # from its place to its first letter; None when its letters are not as in the file

    def place_of(self, line: int, column: int) -> Place:
        """Where in the file a place within the text is, as nearly as can be told."""
        if self.offset is None or line != 1:
            return self.place
        return Place(self.place.line, self.place.column + self.offset + column - 1)


@dataclass(slots=True)
class Sequence:
    items: list[Node]
    place: Place


@dataclass(slots=True)
class Mapping:
    place: Place
    values: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)


Node: TypeAlias = Scalar | Sequence | Mapping


def plain(node: Node) -> Any:
    """The node as dicts, lists, texts and None."""
    match node:
        case Scalar():
            return None if node.is_null else node.text
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key: plain(value) for key, value in node.values.items()}


def find(node: Node, path: tuple[int | str, ...]) -> Node:
    """The node at a path, or the last one on the way to it that exists."""
    for step in path:
        match node:
            case Mapping() if step in node.values:
                node = node.values[str(step)]
            case Sequence() if isinstance(step, int) and step < len(node.items):
                node = node.items[step]
            case _:
                break
    return node


def place_of_key(node: Node, path: tuple[int | str, ...]) -> Place:
    """Where the last key of a path stands."""
    parent = find(node, path[:-1])
    if isinstance(parent, Mapping) and path[-1] in parent.keys:
        return parent.keys[str(path[-1])]
    return find(node, path).place


_A_DEFINITION = "A definition is a mapping with at least name, start and activities."


def read_tree(text: str, faults: Faults, wanted: str = _A_DEFINITION) -> Mapping:
    """The one mapping that a file consists of; raises Unreadable once a fault leaves nothing to go on with.

    `wanted` says what it ought to be, where it is something else.
    """
    try:
        return _Reader(iter(YAML(typ="safe", pure=True).parse(text)), faults, wanted).read()
    except MarkedYAMLError as failure:
        mark = failure.problem_mark or failure.context_mark
        problem = " ".join(str(failure.problem or failure.context or "it cannot be read").split())
        faults.add(_place(mark), f"This is not YAML: {problem}; check indentation, quotes and brackets here.")
    except ReaderError as failure:
        before = text[: failure.position]
        place = Place(before.count("\n") + 1, failure.position - before.rfind("\n"))
        faults.add(place, "This character cannot stand in YAML; write it in double quotes, for example as \\x07.")
    except (YAMLError, ValueError, RecursionError) as failure:
        faults.add(
            Place(), f"This is not YAML: {str(failure).splitlines()[0] if str(failure) else 'it cannot be read'}."
        )
    raise Unreadable


class _Reader:
    """Builds the tree from the parser's events and notes what the format does not allow."""

    def __init__(self, events: Iterator[Event], faults: Faults, wanted: str) -> None:
        self.events, self.faults, self.wanted = events, faults, wanted
        self.anchors: dict[str, Scalar] = {}
        self.is_broken = False

    def read(self) -> Mapping:
        root: Node | None = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    self.faults.add(_place(event.start_mark), "A second document begins here; a file holds one.")
                    break
                root = self.node(next(self.events), 1)
        if isinstance(root, Mapping) and not self.is_broken:
            return root
        if not self.is_broken:
            place = root.place if root is not None else Place()
            self.faults.add(place, self.wanted)
        raise Unreadable

    def node(self, event: Event, depth: int) -> Node:
        place = _place(event.start_mark)
        if isinstance(event, AliasEvent):
            return self.alias(event, place)
        if depth > MAX_DEPTH:
            self.faults.add(place, f"This nests deeper than {MAX_DEPTH} levels; fewer are needed.")
            raise Unreadable
        node: Node
        match event:
            case MappingStartEvent():
                node = self.mapping(place, depth)
            case SequenceStartEvent():
                node = self.sequence(place, depth)
            case ScalarEvent():
                node = _scalar(event, place)
            case _:
                raise ValueError(f"{type(event).__name__} where a value was expected")
        if event.tag is not None:
            self.faults.add(place, f"The tag {event.tag} is not allowed; write the plain value.")
        if event.anchor is not None:
            self.faults.add(place, f"The anchor &{event.anchor} is not allowed; write the value where it is needed.")
            if isinstance(node, Scalar):
                self.anchors[event.anchor] = node
        return node

    def sequence(self, place: Place, depth: int) -> Sequence:
        items = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            items.append(self.node(event, depth + 1))
        return Sequence(items, place)

    def mapping(self, place: Place, depth: int) -> Mapping:
        mapping = Mapping(place)
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self.node(event, depth + 1)
            value = self.node(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                self.faults.add(key.place, "A key has to be a plain word, not a list or a mapping.")
            elif key.text in mapping.values:
                first = mapping.keys[key.text].line
                self.faults.add(
                    key.place, f"The key {key.text!r} was given before, in line {first}; keep one of the two."
                )
            else:
                mapping.values[key.text], mapping.keys[key.text] = value, key.place
        return mapping

    def alias(self, event: AliasEvent, place: Place) -> Scalar:
        self.faults.add(place, f"The alias *{event.anchor} is not allowed; write the value itself.")
        if event.anchor not in self.anchors:
            self.is_broken = True  # the content of a list or mapping could only be guessed at
        return self.anchors.get(event.anchor, Scalar("", place))


def _scalar(event: ScalarEvent, place: Place) -> Scalar:
    is_plain = event.style is None
    start, end = event.start_mark, event.end_mark
    width = end.column - start.column if end.line == start.line else -1
    offset = {len(event.value): 0, len(event.value) + 2: 1}.get(width)
    return Scalar(event.value, place, is_plain and event.value in _NULLS, offset)


def _place(mark: StringMark | None) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark is not None else Place()
