"""Errors as HTTP answers: each error of the engine has its status here, and all of them the same fault body."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from placet.errors import (
    Conflict,
    InvalidData,
    InvalidFilter,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    PlacetError,
    QueryTooSlow,
    RevisionMismatch,
    TooLarge,
    TooManyAttempts,
    Unavailable,
)
from placet.log import get_logger
from placet_api.answers import Answer, Headers, json_answer

log = get_logger("placet.api")

_LONGEST_NAME = 100
RETRY_SECONDS = 1  # how long a client waits that was told 503


class NoCredentials(NotAuthenticated):
    """The request says nothing of who asks."""

    code = "no-auth-header"


class InvalidToken(NotAuthenticated):
    """The request has an access token that does not count."""

    code = "invalid-token"


class MethodNotAllowed(PlacetError):
    """A resource does not take this method; `allowed` are those that it takes."""

    code = "method-not-allowed"

    def __init__(self, method: str, path: str, allowed: Iterable[str]) -> None:
        self.allowed = ", ".join(allowed)
        super().__init__(f"{path} does not take {method}; it takes {self.allowed}.")


class NotAcceptable(PlacetError):
    """None of the content types that the client accepts is offered."""

    code = "not-acceptable"


class RequestTimeout(PlacetError):
    """The request did not arrive in time."""

    code = "request-timeout"


class HeadTooLarge(PlacetError):
    """The request line and the headers are larger than what is read of them."""

    code = "head-too-large"


class UnsupportedMediaType(PlacetError):
    """The body has a content type that is not read."""

    code = "unsupported-media-type"


class UnsupportedEncoding(UnsupportedMediaType):
    """The body is compressed, or encoded in another way."""


STATUSES: Mapping[type[PlacetError], int] = {
    InvalidInput: 400,
    NotAuthenticated: 401,
    NotAllowed: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    NotAcceptable: 406,
    RequestTimeout: 408,
    Conflict: 409,
    RevisionMismatch: 412,
    TooLarge: 413,
    UnsupportedMediaType: 415,
    QueryTooSlow: 422,
    TooManyAttempts: 429,
    HeadTooLarge: 431,
    Unavailable: 503,
}


def status_of(failure: PlacetError) -> int:
    """The status of an error: that of its class, or of the nearest one above it."""
    return next((STATUSES[kind] for kind in type(failure).__mro__ if kind in STATUSES), 500)


def symbol_of(code: str) -> str:
    """The subcode of a fault: `invalid-data` becomes `InvalidData`."""
    return "".join(word.capitalize() for word in code.split("-"))


def fault(
    status: int, symbol: str, text: str, headers: Headers = (), detail: Mapping[str, Any] | None = None
) -> Answer:
    """An answer with the fault body; who is to blame follows from the status."""
    blamed = "Receiver" if status >= 500 else "Sender"
    told: dict[str, Any] = {"Code": {"Value": blamed, "Subcode": {"Value": symbol}}, "Reason": {"Text": text}}
    if detail:
        told["Detail"] = detail
    return json_answer({"Fault": told}, status=status, headers=headers)


def fault_of(failure: Exception) -> Answer:
    """What a client is told of a failure, as `text_of` has it."""
    text = text_of(failure)
    if not isinstance(failure, PlacetError):
        return fault(500, "InternalError", text)
    status = status_of(failure)
    return fault(status, symbol_of(failure.code), text, _headers(status, failure), _detail(failure))


_SESSION = b'Session realm="Placet"'


def unprompted(answer: Answer, headers: Mapping[bytes, bytes]) -> Answer:
    """The same refusal; to a script of a page with a challenge for which its browser opens no dialog of its own."""
    if answer.status != 401 or headers.get(b"sec-fetch-dest") != b"empty":
        return answer
    return replace(
        answer, headers=tuple((name, _SESSION if value[:5] == b"Basic" else value) for name, value in answer.headers)
    )


def _detail(failure: PlacetError) -> Mapping[str, Any] | None:
    """What is wrong with which data item, or where in a query, and what may have been meant there."""
    match failure:
        case InvalidData(faults=faults):
            return {"DataItems": [{"Name": name[:_LONGEST_NAME], "Text": wrong} for name, wrong in faults]}
        case InvalidFilter(position=int(position), suggestion=suggestion):
            return {"Query": {"Position": position, "Suggestion": suggestion or ""}}
        case _:
            return None


def message_of(failure: PlacetError) -> str:
    """What a client is told of an error; more, if there is more, is told to the operator, with the request's id."""
    if str(failure) != failure.message:
        log.warning("a request could not be served", error=str(failure))
    return failure.message


def text_of(failure: Exception) -> str:
    """A failure in words. One that nobody foresaw is logged under a number, and only that is told."""
    if isinstance(failure, PlacetError):
        return message_of(failure)
    number = secrets.token_hex(4)
    log.error("a request failed", incident=number, exc_info=failure)
    return f"The server failed on this request; its log has the reason as {number}."


def _headers(status: int, failure: PlacetError) -> Headers:
    match failure:
        case MethodNotAllowed():
            return ((b"allow", failure.allowed.encode()),)
        case TooManyAttempts():
            return ((b"retry-after", str(failure.retry_after).encode()),)
        case InvalidToken():
            return ((b"www-authenticate", b'Bearer realm="Placet", error="invalid_token"'),)
        case NotAuthenticated():
            return ((b"www-authenticate", b'Basic realm="Placet", charset="UTF-8"'),)
        case TooLarge():
            return ((b"connection", b"close"),)  # what is left of the body is not read
        case UnsupportedEncoding():
            return ((b"accept-encoding", b"identity"),)
        case _:
            return ((b"retry-after", str(RETRY_SECONDS).encode()),) if status == 503 else ()
