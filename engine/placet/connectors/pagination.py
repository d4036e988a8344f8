"""An answer in several pages: where the next one is, and the items of all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx2

from placet.connectors.client import CallFailed, origin
from placet.connectors.guard import Forbidden, checked_url
from placet.connectors.records import Pagination, PaginationKind
from placet.connectors.request import with_query
from placet.core.expressions import READING
from placet.errors import ExpressionError

_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s;,\"]*))?)*)")
_NEXT = re.compile(r";\s*rel\s*=\s*(?:\"(?:[^\"]*\s)?next(?:\s[^\"]*)?\"|next\b)", re.IGNORECASE)


class Pages:
    """Goes from page to page of one call; raises `CallFailed` where an answer has not the form that was declared."""

    def __init__(self, pagination: Pagination, url: httpx2.URL, query: Mapping[str, str]) -> None:
        """`query` holds the credentials that belong into every URL."""
        self._pagination, self._first, self._query = pagination, url, query
        self._number = pagination.first
        self._count = 0
        #: Those of all pages so far.
        self.items: list[Any] = []
        #: Whether there are more pages than may be asked for.
        self.is_cut = False

    @property
    def first(self) -> httpx2.URL:
        """The URL of the first page."""
        if self._pagination.kind is PaginationKind.PAGE:
            return with_query(self._first, {self._pagination.parameter: self._number})
        return self._first

    def next(self, url: httpx2.URL, response: Mapping[str, Any]) -> httpx2.URL | None:
        """Take the items of a page that came from `url`, and give the URL of the next one."""
        items = self._items(response)
        self.items += items
        following = self._following(url, response, is_empty=not items)
        self._count += 1
        if following is not None and self._count >= self._pagination.pages:
            self.is_cut = True
            return None
        if following is not None and following == url:
            raise CallFailed("The next page is the same page again.", transient=False)
        return following

    def _items(self, response: Mapping[str, Any]) -> list[Any]:
        expression = self._pagination.items
        items = response["message"] if expression is None else _evaluated(expression, response)
        if not isinstance(items, list):
            raise CallFailed("A page has no list of items; let items say where the list is.", transient=False)
        return items

    def _following(self, url: httpx2.URL, response: Mapping[str, Any], *, is_empty: bool) -> httpx2.URL | None:
        match self._pagination.kind:
            case PaginationKind.LINK:
                return self._linked(url, response["headers"].get("link", ""))
            case PaginationKind.CURSOR:
                cursor = None if self._pagination.next is None else _evaluated(self._pagination.next, response)
                return None if cursor in (None, "") else with_query(self._first, {self._pagination.parameter: cursor})
            case PaginationKind.PAGE:
                self._number += 1
                return None if is_empty else with_query(self._first, {self._pagination.parameter: self._number})
            case PaginationKind.NONE:
                return None

    def _linked(self, url: httpx2.URL, header: str) -> httpx2.URL | None:
        """The next page by a Link header; another origin would have to be told who asks, and is not."""
        target = next((found[1] for found in _LINK.finditer(header) if _NEXT.search(found[2])), None)
        if target is None:
            return None
        try:
            found = checked_url(url.join(target))
        except (httpx2.InvalidURL, ValueError, Forbidden):
            raise CallFailed("The link to the next page leads to where nothing is sent.", transient=False) from None
        if origin(found) != origin(self._first):
            raise CallFailed("The link to the next page leads to another server.", transient=False)
        return with_query(found, self._query)


def _evaluated(expression: Any, response: Mapping[str, Any]) -> Any:
    try:
        return expression.evaluate({"response": response}, READING)
    except ExpressionError as failure:
        raise CallFailed(failure.message, transient=False) from None
