"""An operation as a line for the shell."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import orjson


def curl_line(path: str, method: str, operation: Mapping[str, Any]) -> str:
    """The request of an operation with the values of its examples; `PLACET` and `SIGN_IN` are for the shell to fill."""
    first, *more = [*_headers(operation), *_data(operation), _url(path, operation)]
    return " \\\n  ".join([" ".join([*_start(method, operation), first]), *more])


def _start(method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield "curl"
    if operation["security"]:
        yield '-u "$SIGN_IN"'
    if method != ("post" if "requestBody" in operation else "get"):
        yield f"-X {method.upper()}"


def _headers(operation: Mapping[str, Any]) -> Iterator[str]:
    for each in operation.get("parameters", ()):
        if each["in"] == "header" and "example" in each:
            yield f"-H {shlex.quote(each['name'] + ': ' + str(each['example']))}"
    for kind in list(operation.get("requestBody", {}).get("content", {}))[:1]:
        yield f"-H 'Content-Type: {kind}'"


def _data(operation: Mapping[str, Any]) -> Iterator[str]:
    for kind, media in list(operation.get("requestBody", {}).get("content", {}).items())[:1]:
        if "example" not in media:  # bytes, which lie in a file
            yield f"--data-binary @{kind.replace('/', '.')}"
            continue
        text = orjson.dumps(media["example"]).decode() if "json" in kind else urlencode(media["example"])
        yield f"-d {shlex.quote(text)}"


def _url(path: str, operation: Mapping[str, Any]) -> str:
    query = []
    for each in operation.get("parameters", ()):
        example = each.get("example")
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", _in_path(each))
        elif each["in"] == "query" and example is not None:
            query += [(each["name"], one) for one in (example if isinstance(example, list) else [example])]
    return f'"$PLACET{path}{"?" + urlencode(query) if query else ""}"'


def _in_path(parameter: Mapping[str, Any]) -> str:
    example = parameter.get("example", "")
    if parameter.get("style") == "matrix":
        return f";{parameter['name']}" if example else ""
    return quote(str(example), safe="")
