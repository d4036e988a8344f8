"""A call's request: a connector, and what it is given by name, as HTTP."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import httpx2

from placet.connectors.authentication import Credentials
from placet.connectors.content import read_default
from placet.connectors.guard import Forbidden, checked_url
from placet.connectors.parts import files_of, is_file
from placet.connectors.records import BodyType, Connector, Parameter, ParameterType, Place
from placet.errors import InvalidInput
from placet.loader.faults import did_you_mean

_ALWAYS = {"user-agent": "Placet", "accept": "application/json, */*;q=0.5", "accept-encoding": "gzip"}
_IN_PATH = re.compile(r"\{([^{}]*)\}")
_LINE_ENDS = re.compile(r"[\r\n\0]")
_WHOLE = "body"  # the name of a parameter of type json that is a JSON body as it stands


def build(
    connector: Connector, inputs: Mapping[str, Any], credentials: Credentials, key: str | None = None
) -> httpx2.Request:
    """The request of a call; raises `InvalidInput` for what the connector does not take or cannot be sent."""
    try:
        request = _built(connector, _values(connector, inputs), credentials, key)
        request.read()  # one in parts is only written by that
    except UnicodeEncodeError:
        raise InvalidInput("A value holds a character that cannot be sent; in headers use those of ASCII.") from None
    except (TypeError, ValueError):
        raise InvalidInput("A value for the body cannot be written as JSON; give texts, numbers, lists.") from None
    return request


def _built(
    connector: Connector, values: Mapping[str, Any], credentials: Credentials, key: str | None
) -> httpx2.Request:
    given = {place: _of(connector, values, place) for place in Place}
    headers = _ALWAYS | _lower(connector.headers)
    headers |= {name: _header(name, text_of(value)) for name, value in _lower(given[Place.HEADER]).items()}
    if key is not None:
        headers["idempotency-key"] = _header("Idempotency-Key", key)
    headers |= {name: _header(name, value) for name, value in _lower(credentials.headers).items()}
    url = with_query(_url(connector, given[Place.PATH]), {**given[Place.QUERY], **credentials.query})
    body = _body(connector, given[Place.BODY])
    if not body:
        headers.pop("content-type", None)
    elif connector.body_type is BodyType.TEXT:
        headers.setdefault("content-type", "text/plain; charset=utf-8")
    return httpx2.Request(connector.method, url, headers=headers, **body)


def with_query(url: httpx2.URL, query: Mapping[str, Any]) -> httpx2.URL:
    """A URL with parameters in place of those of the same names; a list gives one several times."""
    if not query:
        return url
    kept = [(name, value) for name, value in url.params.multi_items() if name not in query]
    pairs = [(name, text_of(each)) for name, value in query.items() for each in _many(value)]
    return url.copy_with(query=urlencode([*kept, *pairs], quote_via=quote).encode())


def text_of(value: Any) -> str:
    """A value as it stands in a URL, header or form."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            return format(Decimal(repr(value)), "f").removesuffix(".0")
        case int():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def check_inputs(connector: Connector, inputs: Mapping[str, Any]) -> None:
    """Check some of the inputs of a call, None for one that is not given; raises `InvalidInput` as `build` does."""
    _check_names(connector, inputs)
    for parameter in connector.parameters:
        if parameter.name in inputs:
            _value(connector, parameter, inputs[parameter.name])


def _values(connector: Connector, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent, by the names of the parameters; one that is not given and has no default is left out."""
    _check_names(connector, inputs)
    values = {each.name: _value(connector, each, inputs.get(each.name)) for each in connector.parameters}
    return {name: value for name, value in values.items() if value is not None}


def _check_names(connector: Connector, inputs: Mapping[str, Any]) -> None:
    known = [each.name for each in connector.parameters]
    for name in inputs:
        if name not in known:
            raise InvalidInput(
                f"The connector {connector.name!r} has no parameter {name[:100]!r}: {did_you_mean(name[:100], known)}"
            )


def _value(connector: Connector, parameter: Parameter, given: Any) -> Any:
    value = parameter.default if given is None else _typed(connector, parameter, given)
    if value is None and (parameter.required or parameter.place is Place.PATH):
        raise InvalidInput(f"The connector {connector.name!r} needs a value for {parameter.name!r}.")
    return value


def _typed(connector: Connector, parameter: Parameter, value: Any) -> Any:
    """A value of the parameter's type; one that comes as a text, from a form or a command line, is read."""
    try:
        if isinstance(value, str) and parameter.type not in _AS_THEY_ARE:
            return read_default(parameter.type, value.strip())
        if _FITS[parameter.type](value):
            return value
        if parameter.type is ParameterType.STRING and not isinstance(value, list | dict):
            return text_of(value)
        raise ValueError(_FILE if parameter.type is ParameterType.FILE else f"give a value of type {parameter.type}")
    except ValueError as failure:
        raise InvalidInput(
            f"The parameter {parameter.name!r} of the connector {connector.name!r} is of type {parameter.type} and "
            f"cannot be {_in_words(value)}; {failure}."
        ) from None


def _in_words(value: Any) -> str:
    """What was given, and nothing of it: reasons go where data items do not."""
    match value:
        case str():
            return f"a text of {len(value):,} characters" if value else "an empty text"
        case bool() | int() | float():
            return "yes or no" if isinstance(value, bool) else "a number of this size or kind"
        case _:
            return "a list" if isinstance(value, list | tuple) else "an object"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf


_FITS: Mapping[ParameterType, Callable[[Any], bool]] = {
    ParameterType.STRING: lambda value: isinstance(value, str),
    ParameterType.INTEGER: lambda value: _number(value) and value == int(value),
    ParameterType.DECIMAL: _number,
    ParameterType.BOOLEAN: lambda value: isinstance(value, bool),
    ParameterType.JSON: lambda value: True,
    ParameterType.FILE: is_file,
}
_AS_THEY_ARE = frozenset(
    {ParameterType.STRING, ParameterType.JSON, ParameterType.FILE}
)  # a text of them is no other type
_FILE = "give its content as base64, or an object of that as content, and a name and a type"


def _of(connector: Connector, values: Mapping[str, Any], place: Place) -> dict[str, Any]:
    names = [each.name for each in connector.parameters if each.place is place]
    return {name: values[name] for name in names if name in values}


def _lower(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in headers.items()}


def _header(name: str, value: str) -> str:
    if _LINE_ENDS.search(value):
        raise InvalidInput(f"The value for the header {name!r} has several lines; a header has one.")
    return value.strip()


def _url(connector: Connector, given: Mapping[str, Any]) -> httpx2.URL:
    """The address with its path parameters filled in, each as one part of the path, whatever it holds."""

    def filled(found: re.Match[str]) -> str:
        if found[1] not in given:
            raise InvalidInput(f"The url of the connector {connector.name!r} has {found[0]}, which nothing fills.")
        text = text_of(given[found[1]])
        if text in ("", ".", ".."):  # they would lead to another resource, encoded or not
            raise InvalidInput(f"{text!r} cannot stand for {found[0]} in the path; give the name of something.")
        return quote(text, safe="")

    scheme, _, rest = connector.url.partition("://")
    authority, slash, path = rest.partition("/")
    if "{" in authority:
        raise InvalidInput(f"The url of the connector {connector.name!r} has no fixed host.")
    path, question, query = path.partition("?")
    try:
        return _checked_url(f"{scheme}://{authority}{slash}{_IN_PATH.sub(filled, path)}{question}{query}")
    except Forbidden as failure:
        raise InvalidInput(f"The url of the connector {connector.name!r} cannot be called. {failure}") from None


_checked_url = lru_cache(maxsize=256)(checked_url)  # most calls of a connector have one and the same


def _many(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else [value]


def _body(connector: Connector, given: Mapping[str, Any]) -> dict[str, Any]:
    """The body as httpx2 takes it; none where no parameter of the body is given."""
    if not given:
        return {}
    match connector.body_type:
        case BodyType.JSON:
            is_whole = [*given] == [_WHOLE] and _type_of(connector, _WHOLE) is ParameterType.JSON
            return {"json": given[_WHOLE] if is_whole else given}
        case BodyType.FORM:
            return {"data": {name: [text_of(each) for each in _many(value)] for name, value in given.items()}}
        case BodyType.MULTIPART:
            return {"files": [part for name, value in given.items() for part in _parts(connector, name, value)]}
        case BodyType.TEXT:
            [value] = given.values()
            return {"content": text_of(value).encode()}


def _parts(connector: Connector, name: str, value: Any) -> Iterator[tuple[str, tuple[Any, ...]]]:
    if _type_of(connector, name) is ParameterType.FILE:
        yield from files_of(name, value)
    else:
        yield from ((name, (None, text_of(each))) for each in _many(value))


def _type_of(connector: Connector, name: str) -> ParameterType:
    return next(each.type for each in connector.parameters if each.name == name)
