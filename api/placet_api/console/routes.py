"""Routes of the console: a path with names in it, a method, and what answers."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from re import Pattern
from typing import TYPE_CHECKING, TypeAlias

from starlette.routing import compile_path

from placet.core.access import Act
from placet_api.answers import Answer
from placet_api.console import pages

if TYPE_CHECKING:
    from placet_api.console.page import Page

Handler: TypeAlias = "Callable[[Page], Awaitable[Answer]]"


@dataclass(frozen=True, slots=True)
class Route:
    """One route below the console; `act` is what a person's role has to allow, `open_to_all` needs nobody signed in.

    What is sent to a `secret` one is never shown again, not even to whom has typed it.
    """

    path: str
    handler: Handler
    method: str = "GET"
    act: Act | None = None
    open_to_all: bool = False
    secret: bool = False
    pattern: Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", compile_path(self.path)[0])


def get(path: str, handler: Handler, *, act: Act | None = None, open_to_all: bool = False) -> Route:
    """A route that shows something and changes nothing; `{name}` in the path is a parameter of the page."""
    return Route(path, handler, "GET", act, open_to_all)


def post(
    path: str, handler: Handler, *, act: Act | None = None, open_to_all: bool = False, secret: bool = False
) -> Route:
    """A route that changes something, for forms of the console's own pages."""
    return Route(path, handler, "POST", act, open_to_all, secret)


def all_routes() -> Iterator[Route]:
    """The routes of every page, in the order of their modules' names."""
    for module in sorted(pkgutil.iter_modules(pages.__path__), key=lambda each: each.name):
        yield from getattr(importlib.import_module(f"{pages.__name__}.{module.name}"), "ROUTES", ())


class Table:
    """All routes, to be found by path and method; a path without parameters goes before one with."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = sorted(routes, key=lambda each: "{" in each.path)
        self.paths = frozenset(each.path for each in self._routes)

    def find(self, path: str) -> dict[str, tuple[Route, Mapping[str, str]]]:
        """The routes of a path by method, with the parameters that the path has for each."""
        found: dict[str, tuple[Route, Mapping[str, str]]] = {}
        for route in self._routes:
            matched = route.pattern.match(path)
            if matched is not None:
                found.setdefault(route.method, (route, matched.groupdict()))
        return found
