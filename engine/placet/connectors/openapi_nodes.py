"""What the nodes of an OpenAPI document hold, whatever they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placet.connectors.shape import LONGEST
from placet.query.storable import DEEPEST, storable


def line_of(text: Any) -> str:
    """A text on one line; empty where it is none."""
    given: str = storable(str(text)[: 2 * LONGEST]) if isinstance(text, str | int | float) else ""
    return " ".join(given.split())[:LONGEST].strip()


def mapping_of(node: Any) -> Mapping[str, Any]:
    """An object; an empty one where it is something else."""
    return node if isinstance(node, dict) else {}


def list_of(node: Any) -> list[Any]:
    """A list; an empty one where it is something else."""
    return node if isinstance(node, list) else []


def is_short(value: Any) -> bool:
    """Whether something is JSON of no more than so many characters; it may lead back to itself."""
    left, depth, level = LONGEST, 0, [value]
    while level and left >= 0 and depth <= DEEPEST:
        depth += 1
        deeper: list[Any] = []
        for each in level[: left + 1]:
            match each:
                case str():
                    left -= 2 + len(each)
                case bool() | None | int() | float():
                    left -= len(repr(each))
                case list():
                    left -= 2
                    deeper += each[:LONGEST]
                case dict():
                    left -= 2 + sum(3 + len(str(name)) for name in list(each)[:LONGEST])
                    deeper += list(each.values())[:LONGEST]
                case _:  # a date or bytes of YAML
                    return False
        level = deeper
    return not level and left >= 0
