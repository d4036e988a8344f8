"""What a request says beside its body: query parameters, cursors, preferences and preconditions."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from placet.errors import InvalidInput
from placet.query.storable import unstorable_in

MOST_ROWS = 1000  # of one page
_MOST_PARAMETERS = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_CURSOR = re.compile(r"([0-9a-f]{32})(?:\.([0-9]{1,14})\.([0-9]{1,5}))?")
_TAG = re.compile(r'(W/)?"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of a query string, in the order given."""

    pairs: Sequence[tuple[str, str]] = ()

    def all(self, name: str) -> list[str]:
        return [value for given, value in self.pairs if given == name]

    def one(self, name: str) -> str | None:
        """The value of a parameter that may be given once."""
        values = self.all(name)
        if len(values) > 1:
            raise InvalidInput(f"The parameter {name} is given {len(values)} times; give it once.")
        return values[0] if values else None


def parse_query(text: bytes, known: Collection[str]) -> Query:
    """The parameters of a query string; one that is not known is refused, for it would silently do nothing."""
    if not text:
        return Query()
    try:
        pairs = parse_qsl(
            text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except UnicodeDecodeError:
        raise InvalidInput("The query string is not UTF-8; write other characters as %XX of their UTF-8.") from None
    except ValueError:
        raise InvalidInput(f"The query string has too many parameters; at most {_MOST_PARAMETERS} are read.") from None
    for name, value in pairs:
        if name not in known:
            takes = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
            raise InvalidInput(f"{name[:40]!r} is not a parameter of this resource; {takes}.")
        if (bad := unstorable_in(value)) is not None:
            raise InvalidInput(f"The parameter {name} has {bad}; nothing that is stored has one.")
    return Query(pairs)


# -- the path ------------------------------------------------------------------------------------


def is_on(name: str, matrix: Sequence[str]) -> bool:
    """Whether a matrix parameter is on: `;debug` and `;debug=true` are, `;debug=false` and nothing at all are not."""
    values = {value.lower() if equals else "true" for given, equals, value in _parted(matrix) if given.lower() == name}
    if len(values) > 1:
        raise InvalidInput(f";{name} is given as {' and as '.join(sorted(values))[:80]}; give it once.")
    if not values <= {"true", "false"}:
        raise InvalidInput(
            f";{name}={values.pop()[:40]} does not work; give ;{name} or ;{name}=true to switch it on, ;{name}=false "
            "or nothing to leave it off."
        )
    return values == {"true"}


def _parted(matrix: Sequence[str]) -> list[tuple[str, str, str]]:
    return [parameter.partition("=") for parameter in matrix]


# -- pages ---------------------------------------------------------------------------------------

PAGING = frozenset({"filter", "limit", "sort", "cursor"})


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a collection is wanted; without a `limit` all of it."""

    limit: int | None
    newest_first: bool
    after: tuple[Any, ...] | None


def parse_paging(query: Query, *, newest_first: bool, of_items: bool) -> Paging:
    cursor, sort = query.one("cursor"), query.one("sort")
    if sort is not None:
        newest_first = _parse_sort(sort)
    after = None if cursor is None else decode_cursor(cursor, of_items=of_items)
    return Paging(parse_limit(query.one("limit")), newest_first, after)


def parse_limit(text: str | None) -> int | None:
    """The rows of a page; None where nothing is said."""
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,6}", text) or not 1 <= int(text) <= MOST_ROWS:
        raise InvalidInput(f"limit: {text[:40]!r} does not work; give a number from 1 to {MOST_ROWS}.")
    return int(text)


def _parse_sort(text: str) -> bool:
    match text.lower():
        case "creationtime":
            return False
        case "-creationtime":
            return True
        case _:
            raise InvalidInput(
                f"sort: {text[:40]!r} does not work; give CreationTime for the oldest first or -CreationTime."
            )


def encode_cursor(after: tuple[Any, ...]) -> str:
    """Where a page ended, as an opaque text: a process id, or a time, a process id and a number."""
    if len(after) == 1:
        text = str(after[0])
    else:
        created_at, process_id, number = after
        text = f"{process_id}.{(created_at - _EPOCH) // _MILLISECOND}.{number}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *, of_items: bool) -> tuple[Any, ...]:
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        raw = ""
    found = _CURSOR.fullmatch(raw)
    if found is None or (found[2] is not None) != of_items:
        raise InvalidInput("This cursor was not given out for this collection; follow the link of the page before.")
    if not of_items:
        return (found[1],)
    return (_EPOCH + int(found[2]) * _MILLISECOND, found[1], int(found[3]))


# -- headers -------------------------------------------------------------------------------------


def parse_tags(header: str) -> list[str]:
    """The strong entity tags of an `If-Match` header; a weak one never matches there."""
    return [tag for weak, tag in _TAG.findall(header) if not weak]


def tag_is_among(tag: str, header: str) -> bool:
    """Whether an `If-None-Match` header has a tag, weak or not."""
    return header.strip() == "*" or any(given == tag for _, given in _TAG.findall(header))


def preference(header: str) -> str | None:
    """What a `Prefer` header asks to be returned: `representation`, `minimal` or nothing in particular."""
    for part in header.split(","):
        name, _, value = part.partition(";")[0].partition("=")
        if name.strip().lower() == "return":
            return value.strip().strip('"').lower()
    return None
