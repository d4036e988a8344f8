"""What a process sees of a reply: `success`, `code`, `message`, `headers`, `error` and `result`."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import orjson

from placet.connectors.client import Reply
from placet.connectors.records import Connector
from placet.errors import ExpressionError
from placet.query.storable import UNSTORABLE, storable

_NOT_PASSED_ON = frozenset({"set-cookie", "set-cookie2"})  # they would sign in whoever reads them
_JSON = ("application/json", "text/json")
_BOM = b"\xef\xbb\xbf"


def no_answer(error: str | None) -> dict[str, Any]:
    """The response where none came."""
    return {"success": False, "code": None, "message": None, "headers": {}, "error": error, "result": None}


def decoded(reply: Reply) -> dict[str, Any]:
    """The response of a reply, of which nobody has yet said whether it is a success.

    The message is a JSON value where the reply says that it is JSON, and else a text; an error tells of JSON that is
    none.
    """
    headers = {name: value for name, value in reply.headers.items() if name not in _NOT_PASSED_ON}
    response = no_answer(None) | {"code": reply.status, "headers": headers}
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    body = reply.body.removeprefix(_BOM)
    if not body:
        return response
    if kind in _JSON or kind.endswith("+json") or (not kind and body[:1] in b"{["):
        try:
            return response | {"message": _json(body)}
        except (ValueError, RecursionError):
            response["error"] = "The service says that its answer is JSON, and it is not."
    return response | {"message": _text(reply, body)}


def judge(connector: Connector, response: dict[str, Any]) -> None:
    """Write down whether a response is a success, and if not, why; one with an error is none."""
    code = response["code"]
    is_good = response["error"] is None and 200 <= code < 300
    response["success"] = is_good
    if connector.success is None or response["error"] is not None:
        if not is_good and response["error"] is None:
            response["error"] = f"The service answered with the status {status_text(code)}."
        return
    try:
        holds = connector.success.evaluate({"response": response})
    except ExpressionError as failure:
        _fail(response, failure.message)
        return
    if not isinstance(holds, bool):
        _fail(response, f"The condition for success, {connector.success.source!r}, gave neither true nor false.")
    elif not holds:
        _fail(response, f"The condition for success does not hold; the status is {status_text(code)}.")
    else:
        response["success"] = True


def complete(connector: Connector, response: dict[str, Any]) -> None:
    """Add what a successful call gives; a mapping that fails makes a failure of it."""
    if connector.output is None:
        response["result"] = response["message"]
        return
    try:
        response["result"] = storable(connector.output.evaluate({"response": response}))
    except ExpressionError as failure:
        _fail(response, failure.message)


def _fail(response: dict[str, Any], error: str) -> None:
    response["success"], response["error"] = False, error


def _json(body: bytes) -> Any:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return storable(json.loads(body))  # slower, and takes halves of surrogate pairs and endless numbers
    return storable(value) if b"\\u0000" in body else value


def status_text(code: int) -> str:
    """A status as people read it: `404 Not Found`."""
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)


def _text(reply: Reply, body: bytes) -> str:
    _, _, charset = reply.headers.get("content-type", "").lower().partition("charset=")
    try:
        text = body.decode(charset.partition(";")[0].strip("\"' ") or "utf-8", "replace")
    except (LookupError, UnicodeError):
        text = body.decode("utf-8", "replace")
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)
