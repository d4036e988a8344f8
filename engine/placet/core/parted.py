"""A mapping of which a changed copy costs little, however many entries it has."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, MutableMapping
from itertools import chain
from typing import Any, Self, TypeVar, overload

T = TypeVar("T")
V = TypeVar("V")

#: Of a hundred thousand entries each part has a hundred. A power of two.
_PARTS = 1024
_NONE: dict[str, Any] = {}  # is never written to


class PartedMap(MutableMapping[str, V]):
    """Entries spread over many small dictionaries; a copy shares those that neither side writes to."""

    __slots__ = ("_own", "_parts")

    def __init__(self) -> None:
        self._parts: list[dict[str, V]] = [_NONE] * _PARTS
        self._own: set[int] = set()  # the parts that nobody else has

    def copy(self) -> Self:
        made = object.__new__(type(self))
        made._parts, made._own = self._parts.copy(), set()
        self._own = set()
        return made

    def __getitem__(self, key: str) -> V:
        return self._parts[hash(key) & (_PARTS - 1)][key]

    @overload
    def get(self, key: str, /) -> V | None: ...

    @overload
    def get(self, key: str, /, default: V | T) -> V | T: ...

    def get(self, key: str, /, default: Any = None) -> Any:
        return self._parts[hash(key) & (_PARTS - 1)].get(key, default)

    def __setitem__(self, key: str, value: V) -> None:
        self.fill([(key, value)])

    def fill(self, entries: Iterable[tuple[str, V]]) -> None:
        """Set many entries: as `update`, and in half the time."""
        parts, own = self._parts, self._own
        for key, value in entries:
            at = hash(key) & (_PARTS - 1)
            if at not in own:
                parts[at] = parts[at].copy()
                own.add(at)
            parts[at][key] = value

    def __delitem__(self, key: str) -> None:
        self.fill([(key, self[key])])  # which makes the part our own
        del self._parts[hash(key) & (_PARTS - 1)][key]

    def __contains__(self, key: object) -> bool:
        return key in self._parts[hash(key) & (_PARTS - 1)]

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._parts)

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def items(self) -> ItemsView[str, V]:
        return _Items(self)


class _Items(ItemsView[str, V]):
    """The entries without looking each of them up again."""

    _mapping: PartedMap[V]

    def __iter__(self) -> Iterator[tuple[str, V]]:
        return chain.from_iterable(map(dict.items, self._mapping._parts))
