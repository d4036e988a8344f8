"""What a process sees of a reply: `success`, `code`, `message`, `headers`, `error` and `result`."""

from __future__ import annotations

import codecs
import json
import re
from http import HTTPStatus
from typing import Any

import orjson

from placet.connectors.client import Reply
from placet.connectors.records import Connector
from placet.core.expressions import READING
from placet.errors import ExpressionError
from placet.query.storable import UNSTORABLE, storable

_NOT_PASSED_ON = frozenset({"set-cookie", "set-cookie2"})  # they would sign in whoever reads them
_JSON = ("application/json", "text/json")
_BOM = b"\xef\xbb\xbf"
# Those that texts are written in; Python knows others, some of which take the square of a length.
_CHARSETS = re.compile(
    r"utf-(8|8-sig|16|16-le|16-be|32|32-le|32-be)|ascii|iso8859-\d+|cp125\d|koi8-[ru]|mac-roman"
    r"|gb2312|gbk|gb18030|big5|shift_jis|cp932|euc_jp|euc_kr"
)

_PIECE = 65_536  # bytes: between two pieces other threads come to their turn


def no_answer(error: str | None) -> dict[str, Any]:
    """The response where none came."""
    return {"success": False, "code": None, "message": None, "headers": {}, "error": error, "result": None}


def decoded(reply: Reply) -> dict[str, Any]:
    """The response of a reply, of which nobody has yet said whether it is a success.

    The message is a JSON value where the reply says that it is JSON, and else a text; an error tells of JSON that is
    none. Nothing in it is what no row can hold.
    """
    headers = {name: value for name, value in reply.headers.items() if name not in _NOT_PASSED_ON}
    response = no_answer(None) | {"code": reply.status, "headers": headers}
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    body = reply.body.removeprefix(_BOM)
    if not body:
        return response
    if kind in _JSON or kind.endswith("+json") or (not kind and body[:1] in b"{["):
        try:
            return response | {"message": _json_of(reply, body)}
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
        holds = connector.success.evaluate({"response": response}, READING)
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
        response["result"] = storable(connector.output.evaluate({"response": response}, READING))
    except ExpressionError as failure:
        _fail(response, failure.message)


def _fail(response: dict[str, Any], error: str) -> None:
    response["success"], response["error"] = False, error


def _json_of(reply: Reply, body: bytes) -> Any:
    """The JSON of a reply: in UTF-8, as JSON has to be, or else in the charset that it says."""
    try:
        return _json(body)
    except UnicodeDecodeError:
        return _json(_text(reply, body).encode("utf-8", "replace"))


def _json(body: bytes) -> Any:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = json.loads(body)  # slower, and takes halves of surrogate pairs and endless numbers
    return storable(value)


def status_text(code: int) -> str:
    """A status as people read it: `404 Not Found`."""
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)


def _text(reply: Reply, body: bytes) -> str:
    _, _, charset = reply.headers.get("content-type", "").lower().partition("charset=")
    pieces = (body[begin : begin + _PIECE] for begin in range(0, len(body), _PIECE))
    text = "".join(codecs.iterdecode(pieces, _codec(charset.partition(";")[0].strip("\"' "), body), "replace"))
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _codec(charset: str, body: bytes) -> str:
    """The name of the codec for a charset; UTF-8 for one that no text is written in."""
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return "utf-8"
    if name in _MARKED and not body.startswith(_MARKED[name]):
        return f"{name}-le"  # as browsers read it; Python refuses what does not say its order
    return name if _CHARSETS.fullmatch(name) else "utf-8"


#: Charsets whose texts begin with a mark of their order, and the marks.
_MARKED = {"utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)}
