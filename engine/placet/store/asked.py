"""A query as it is asked: of which resource, at which moment, with what its text leaves open filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from placet.query.ast import Node
from placet.query.fields import Resource
from placet.query.query import Path, Query


@dataclass(frozen=True, slots=True)
class Asked:
    """`query` is as it was written, with limit and cursor; `where` is its condition with relative times resolved."""

    resource: Resource
    query: Query
    where: Node | None

    @property
    def limit(self) -> int | None:
        return self.query.limit

    @property
    def paths(self) -> Sequence[Path]:
        """The columns of its table: those that it names, or all fields of the resource."""
        return self.query.fields or [Path(each) for each in self.resource.fields]
