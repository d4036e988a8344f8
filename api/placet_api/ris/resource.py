"""What a resource of the service is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from placet_api.answers import Answer
from placet_api.ris.request import Request
from placet_api.ris.schemas import Schema

Handler: TypeAlias = Callable[[Request], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Resource:
    """Handlers by method, and what GET answers; HEAD and OPTIONS go without saying.

    For the methods that are `open_to_all` nobody has to say who he is: their handlers see to that. `offered` are the
    content types that its answers may have, the usual one first.
    """

    methods: Mapping[str, Handler]
    schema: Schema | None = None
    open_to_all: Collection[str] = ()
    offered: tuple[str, ...] = ("application/json",)

    @property
    def allowed(self) -> list[str]:
        """What the `Allow` header says."""
        reading = ["GET", "HEAD"] if "GET" in self.methods else []
        return [*reading, *(method for method in self.methods if method != "GET"), "OPTIONS"]
