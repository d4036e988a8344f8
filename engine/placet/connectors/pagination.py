"""An answer in several pages: where the next one is, and the items of all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import httpx2

from placet.connectors.client import CallFailed, origin
from placet.connectors.guard import Forbidden, checked_url
from placet.connectors.records import Connector, PaginationKind
from placet.connectors.request import with_query
from placet.core.expressions import READING
from placet.errors import ExpressionError, InvalidInput

_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?)*)")
_RELATION = re.compile(r";\s*([\w*-]+)\s*(?:=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]*)))?")

#: Makes a request of inputs of a connector.
Build: TypeAlias = Callable[[Mapping[str, Any]], httpx2.Request]


@dataclass(frozen=True, slots=True)
class Page:
    """How to ask for a page: at another URL, or with other inputs of the connector."""

    url: httpx2.URL | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)


class Pages:
    """Goes from page to page of one call; raises `CallFailed` where an answer has not the form that was declared."""

    def __init__(self, connector: Connector, url: httpx2.URL, query: Mapping[str, str]) -> None:
        """`url` is that of the first page, and `query` holds the credentials that belong into every URL."""
        self._pagination, self._first, self._query = connector.pagination, url, query
        self._is_declared = _is_declared(connector)
        self._number = connector.pagination.first
        self._asked = {str(url)}
        self._last: list[Any] = []
        #: Those of all pages so far.
        self.items: list[Any] = []
        #: How many pages there were so far.
        self.count = 0
        #: Whether there are more pages than may be asked for.
        self.is_cut = False

    def next(self, url: httpx2.URL, response: Mapping[str, Any]) -> Page | None:
        """Take the items of a page that came from `url`, and say how to ask for the next one."""
        items = self._items(response)
        if self._pagination.kind is PaginationKind.PAGE and (not items or items == self._last):
            return None  # behind the last page some services give that one again
        self.items += items
        self._last = items
        following = self._following(url, response)
        self.count += 1
        if following is not None and self.count >= self._pagination.pages:
            self.is_cut = True
            return None
        if following is not None:
            asked = str(following.url or following.inputs)
            if asked in self._asked:
                raise CallFailed("The next page is one that was there already.", transient=False)
            self._asked.add(asked)
        return following

    def _items(self, response: Mapping[str, Any]) -> list[Any]:
        expression = self._pagination.items
        items = response["message"] if expression is None else _evaluated(expression, response)
        if not isinstance(items, list):
            raise CallFailed("A page has no list of items; let items say where the list is.", transient=False)
        return items

    def _following(self, url: httpx2.URL, response: Mapping[str, Any]) -> Page | None:
        match self._pagination.kind:
            case PaginationKind.LINK:
                return self._at(url, linked(response["headers"].get("link", "")))
            case PaginationKind.CURSOR:
                cursor = None if self._pagination.next is None else _evaluated(self._pagination.next, response)
                if cursor in (None, "", 0, False):
                    return None
                if isinstance(cursor, bool) or not isinstance(cursor, str | int | float):
                    raise CallFailed("What next gives is no text and no number.", transient=False)
                return self._with(cursor) if self._pagination.parameter else self._at(url, str(cursor))
            case PaginationKind.PAGE:
                self._number += 1
                return self._with(self._number)
            case PaginationKind.NONE:
                return None

    def _with(self, value: Any) -> Page:
        """The page that the parameter says."""
        given = {self._pagination.parameter: value}
        return Page(inputs=given) if self._is_declared else Page(with_query(self._first, given))

    def _at(self, url: httpx2.URL, target: str | None) -> Page | None:
        """The page at a URL; another origin would have to be told who asks, and is not."""
        if target is None:
            return None
        try:
            found = checked_url(url.join(target))
        except (httpx2.InvalidURL, ValueError, Forbidden):
            raise CallFailed("The link to the next page leads to where nothing is sent.", transient=False) from None
        if origin(found) != origin(self._first):
            raise CallFailed("The link to the next page leads to another server.", transient=False)
        return Page(with_query(found, self._query))


def first_request(connector: Connector, inputs: Mapping[str, Any], build: Build) -> httpx2.Request:
    """The request for the first page, which may have a number; `build` makes a request of inputs."""
    pagination = connector.pagination
    number = {pagination.parameter: pagination.first} if pagination.kind is PaginationKind.PAGE else {}
    if _is_declared(connector):
        return build({**inputs, **number})
    request = build(inputs)
    request.url = with_query(request.url, number)
    return request


def page_request(page: Page, inputs: Mapping[str, Any], build: Build) -> httpx2.Request:
    """The request for a further page."""
    try:
        request = build({**inputs, **page.inputs})
    except InvalidInput as failure:
        raise CallFailed(f"The next page cannot be asked for. {failure.message}", transient=False) from None
    if page.url is not None:
        request.url = page.url
    return request


def linked(header: str) -> str | None:
    """Where the link of a header leads whose relation is `next`; of several relations of one the first list counts."""
    for found in _LINK.finditer(header):
        parameters: dict[str, str] = {}
        for each in _RELATION.finditer(found[2]):
            parameters.setdefault(each[1].lower(), each[2] or each[3] or "")
        if "next" in parameters.get("rel", "").lower().split():
            return found[1]
    return None


def _is_declared(connector: Connector) -> bool:
    """Whether the connector itself says where the parameter goes."""
    return any(each.name == connector.pagination.parameter for each in connector.parameters)


def _evaluated(expression: Any, response: Mapping[str, Any]) -> Any:
    try:
        return expression.evaluate({"response": response}, READING)
    except ExpressionError as failure:
        raise CallFailed(failure.message, transient=False) from None
