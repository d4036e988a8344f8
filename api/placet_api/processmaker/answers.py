"""Answers of this service, and its one error body."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any

from placet.directory.refusals import Reason, RuleBroken
from placet.errors import (
    NotAllowed,
    NotAuthenticated,
    PlacetError,
    TooLarge,
    TooManyAttempts,
)
from placet.log import get_logger
from placet_api.answers import Answer, Headers, to_json
from placet_api.errors import RETRY_SECONDS, MethodNotAllowed, UnsupportedMediaType, message_of, status_of
from placet_api.processmaker.texts import RULES

log = get_logger("placet.api")

JSON = (b"content-type", b"application/json; charset=utf-8")
_PRIVATE = (b"cache-control", b"no-store")
_UNAUTHORIZED = frozenset(
    {Reason.RAISES, Reason.OUT_OF_REACH, Reason.ROLE_OUT_OF_REACH, Reason.OWN_STANDING, Reason.OWN_REPORT}
)
_LONGEST_VALUE = 200  # characters of what was given that an error repeats


def answer(value: Any, status: int = 200) -> Answer:
    return Answer(status, to_json(value), (JSON, _PRIVATE))


def empty(status: int = 200) -> Answer:
    """An answer without a body; its content type is asserted on by clients all the same."""
    return Answer(status, b"", (JSON, _PRIVATE))


def error(status: int, text: str = "", headers: Headers = ()) -> Answer:
    """The error body: the reason phrase of the status, and behind it the text if there is one."""
    phrase = HTTPStatus(status).phrase
    body = {"error": {"code": status, "message": f"{phrase}: {text}" if text else phrase}}
    return Answer(status, to_json(body), (JSON, _PRIVATE, *headers))


def error_of(failure: Exception) -> Answer:
    """What a client is told of a failure. One that nobody foresaw is logged under a number, and only that is told."""
    match failure:
        case RuleBroken():
            return _rule_broken(failure)
        case NotAllowed():
            return error(401)  # a right that is missing looks like no sign-in at all, as it does in ProcessMaker
        case TooManyAttempts():
            retry = (b"retry-after", str(failure.retry_after).encode())
            return error(429, failure.message, (retry,))
        case NotAuthenticated():
            return error(401, headers=((b"www-authenticate", b'Bearer realm="Placet"'),))
        case MethodNotAllowed():
            return error(405, headers=((b"allow", failure.allowed.encode()),))
        case UnsupportedMediaType():
            return error(403, failure.message)
        case TooLarge():
            return error(413, failure.message, ((b"connection", b"close"),))  # what is left of the body is not read
        case PlacetError():
            return _other(failure)
    number = secrets.token_hex(4)
    log.error("a request failed", incident=number, exc_info=failure)
    return error(500, f"The server failed on this request; its log has the reason as {number}.")


def _rule_broken(failure: RuleBroken) -> Answer:
    text = RULES[failure.reason].format(failure.value[:_LONGEST_VALUE])
    return error(401 if failure.reason in _UNAUTHORIZED else 400, text)


def _other(failure: PlacetError) -> Answer:
    status = status_of(failure)
    if status == 503:
        return error(503, message_of(failure), ((b"retry-after", str(RETRY_SECONDS).encode()),))
    if status == 406:
        return error(406, failure.message)
    return error(status if status in (408, 431) else 400, message_of(failure))
