"""Forms of configurations, services and connectors: what was typed, to be shown again, and by the keys of a file."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import orjson

from placet.connectors.content import connector_values, service_values
from placet.connectors.kinds import FIELDS
from placet.connectors.records import AuthKind, Connector, ParameterType, Service
from placet.errors import InvalidInput
from placet_api.console.form import Form

#: What a form shows, by the keys of a connector file.
Values = dict[str, Any]

_ABOUT = re.compile(r"'([^']+)' of ")
_SERVICE = ("product_name", "product_version", "api_version", "configuration")
_LIMITS = ("concurrency", "breaker_failures", "breaker_seconds")
_CONNECTOR = ("service", "description", "method", "url", "body", "timeout", "success", "output")
_RETRY = ("attempts", "first", "factor", "longest", "jitter")
_PAGINATION = ("kind", "parameter", "first", "next", "items", "pages")
_PARAMETER = ("name", "in", "type", "required", "default", "description")
_MAY_BE_EMPTIED = "authorizationPrefix"  # the one default that can be taken away: a token may stand alone


def sorted_out(trouble: str, fields: Collection[str]) -> tuple[str, dict[str, str]]:
    """The lines of a refusal: what is to be said on top, and by the name of a field what is to be said there."""
    on_top, at = [], dict[str, str]()
    for line in trouble.splitlines():
        about = _ABOUT.match(line)
        if about is None or about[1] not in fields or about[1] in at:
            on_top.append(line)
        else:
            at[about[1]] = line
    return "\n".join(on_top), at


# -- configurations --------------------------------------------------------------------------------


def typed_fields(form: Form, kind: AuthKind) -> Values:
    """The fields of a configuration that are no secrets: those are never shown again."""
    return {name: form.get(name) for name, field in FIELDS[kind].items() if not field.secret}


def configuration_asked(form: Form, kind: AuthKind) -> Values:
    """A configuration; a secret that was left empty stays as it is stored, and one that is taken away is empty."""
    asked: Values = {"kind": kind.value}
    for name, field in FIELDS[kind].items():
        text = form.raw(name) if field.secret else form.get(name)
        if field.secret and form.get(f"take.{name}") == "true":
            asked[name] = ""
        elif text or name == _MAY_BE_EMPTIED:
            asked[name] = text
    return asked


# -- services --------------------------------------------------------------------------------------


def service_shown(service: Service, configuration: str) -> Values:
    return {"name": service.name, "configuration": configuration, **service_values(service)}


def typed_service(form: Form) -> Values:
    limits = {name: form.get(f"limits.{name}") for name in _LIMITS}
    return {"name": form.get("name"), **{name: form.get(name) for name in _SERVICE}, "limits": limits}


def service_asked(typed: Mapping[str, Any]) -> Values:
    return _said({name: value for name, value in typed.items() if name != "name"})


# -- connectors ------------------------------------------------------------------------------------


def connector_shown(connector: Connector, service: str) -> Values:
    values = connector_values(connector)
    parameters = [{"name": name, **each} for name, each in values.pop("parameters").items()]
    return {
        "name": connector.name,
        "service": service,
        **values,
        "headers": "\n".join(f"{name}: {value}" for name, value in values["headers"].items()),
        "parameters": [{**each, "default": _text(each["default"])} for each in parameters],
    }


def _text(default: Any) -> str:
    if isinstance(default, str):
        return default
    return "" if default is None else orjson.dumps(default).decode()


def typed_connector(form: Form) -> Values:
    """Everything that was typed; a row of a parameter without a name is none."""
    columns = [form.all(f"parameter.{key}") for key in _PARAMETER]
    rows = [dict(zip(_PARAMETER, row, strict=True)) for row in zip(*columns, strict=False)]
    return {
        "name": form.get("name"),
        **{name: form.get(name) for name in _CONNECTOR},
        "headers": form.raw("headers"),
        "retry": {name: form.get(f"retry.{name}") for name in _RETRY},
        "pagination": {name: form.get(f"pagination.{name}") for name in _PAGINATION},
        "parameters": [{**row, "name": row["name"].strip()} for row in rows if row["name"].strip()],
    }


def connector_asked(typed: Mapping[str, Any], stored: Connector | None = None) -> Values:
    """A connector; raises `InvalidInput` for what cannot be written in a file at all.

    A default that is stored and empty looks like none in a form, and stays.
    """
    empty = {each.name for each in stored.parameters if each.default == ""} if stored is not None else set()
    parameters: Values = {}
    for row in typed["parameters"]:
        name = row["name"]
        if name in parameters:
            raise InvalidInput(f"Parameters: {name[:100]!r} is there twice; keep one of the two.")
        parameters[name] = _said({key: value for key, value in row.items() if key != "name"})
        if name in empty and row["type"] == ParameterType.STRING and not row["default"]:
            parameters[name]["default"] = ""
    parts = {"headers": _headers(typed["headers"]), "parameters": parameters}
    plain = _said({name: value for name, value in typed.items() if name not in ("name", *parts)})
    return plain | {name: part for name, part in parts.items() if part}


def _headers(text: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        name, colon, value = line.partition(":")
        name = name.strip()
        if not colon or not name:
            raise InvalidInput(f"'headers' of the connector: {line[:100]!r} is no header; write Name: value on a line.")
        if name in headers:
            raise InvalidInput(f"'headers' of the connector: {name[:100]!r} is there twice; keep one of the two.")
        headers[name] = value.strip()
    return headers


def _said(values: Mapping[str, Any]) -> Values:
    """What was filled in, in parts of parts too."""
    said = {name: _said(value) if isinstance(value, dict) else value for name, value in values.items()}
    return {name: value for name, value in said.items() if value not in ("", {})}


def typed_inputs(form: Form, typed: Mapping[str, Any]) -> dict[str, str]:
    """What a test is given, by the names of the parameters."""
    return {row["name"]: form.raw(f"input.{row['name']}") for row in typed["parameters"]}


def inputs_asked(typed: Mapping[str, Any], inputs: Mapping[str, str]) -> Values:
    """The inputs that were filled in, those of the type json read; raises `InvalidInput` where one is none."""
    kinds = {row["name"]: row["type"] for row in typed["parameters"]}
    return {name: _input(name, kinds[name], text) for name, text in inputs.items() if text.strip()}


def _input(name: str, kind: str, text: str) -> Any:
    if kind != ParameterType.JSON:
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        raise InvalidInput(f"The input {name!r} is no JSON: {fault}.") from None
