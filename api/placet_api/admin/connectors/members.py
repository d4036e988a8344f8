"""The members of bodies and answers, which are the keys of a connector file in the spelling of this service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placet.errors import InvalidInput
from placet_api.body import list_of, name_of, text_of

Keys = Mapping[str, str]

_LIMITS = {
    "Concurrency": "concurrency",
    "BreakerFailures": "breaker_failures",
    "BreakerSeconds": "breaker_seconds",
}
_SERVICE = {"ProductName": "product_name", "ProductVersion": "product_version", "APIVersion": "api_version"}
_CONNECTOR = {
    "Description": "description",
    "Method": "method",
    "URL": "url",
    "BodyType": "body",
    "Headers": "headers",
    "Timeout": "timeout",
    "Success": "success",
    "Output": "output",
}
_PARAMETER = {
    "In": "in",
    "Type": "type",
    "Required": "required",
    "Default": "default",
    "Description": "description",
}
_RETRY = {"Attempts": "attempts", "First": "first", "Factor": "factor", "Longest": "longest", "Jitter": "jitter"}
_PAGINATION = {
    "Kind": "kind",
    "Parameter": "parameter",
    "First": "first",
    "Next": "next",
    "Items": "items",
    "Pages": "pages",
}

Content = dict[str, Any]


# -- what a body asks for, with the keys of a file ---------------------------------------------------


def configuration_in(body: Mapping[str, Any]) -> Content:
    """A configuration; its fields have the names that they have everywhere."""
    return {**_object(body, "Fields"), **_renamed(body, {"Kind": "kind"})}


def service_in(body: Mapping[str, Any]) -> Content:
    content = _renamed(body, _SERVICE) | _referred(body, "Configuration", "configuration")
    limits = _renamed(_object(body, "Limits"), _LIMITS)
    return content | ({"limits": limits} if limits else {})


def connector_in(body: Mapping[str, Any]) -> Content:
    content = _renamed(body, _CONNECTOR) | _referred(body, "Service", "service")
    parameters: Content = {}
    for each in list_of(body, "Parameters"):
        name = text_of(each, "Name") or ""
        if name in parameters:
            raise InvalidInput(f"Parameters: {name[:100]!r} is there twice; keep one of the two.")
        parameters[name] = _renamed(each, _PARAMETER)
    for member, key, keys in (("Retry", "retry", _RETRY), ("Pagination", "pagination", _PAGINATION)):
        part = _renamed(_object(body, member), keys)
        content |= {key: part} if part else {}
    return content | ({"parameters": parameters} if parameters else {})


def inputs_in(body: Mapping[str, Any]) -> Content:
    """What a call is given by the names of its parameters."""
    return dict(_object(body, "Inputs"))


def _renamed(body: Mapping[str, Any], keys: Keys) -> Content:
    """Members by the keys of a file; an empty text says nothing, except as a default."""
    given = {key: body.get(member) for member, key in keys.items()}
    return {key: value for key, value in given.items() if value is not None and (value != "" or key == "default")}


def _referred(body: Mapping[str, Any], member: str, key: str) -> Content:
    """The name of something else, given as a text or as an answer has it."""
    value = body.get(member)
    name = text_of(value, "Value") if isinstance(value, dict) else text_of(body, member)
    return {} if name is None else {key: name}


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    if value is None or isinstance(value, dict):
        return value or {}
    raise InvalidInput(f"{name} is {name_of(value)}; give an object.")


# -- what an answer says, from the keys of a file ----------------------------------------------------


def service_out(content: Content) -> dict[str, Any]:
    return _members(content, _SERVICE, "") | {"Limits": _members(content["limits"], _LIMITS, 0)}


def connector_out(content: Content) -> dict[str, Any]:
    parameters = [{"Name": name, **_members(each, _PARAMETER, None)} for name, each in content["parameters"].items()]
    return {
        **_members(content, _CONNECTOR, ""),
        "Parameters": parameters,
        "Retry": _members(content["retry"], _RETRY, None),
        "Pagination": _members(content["pagination"], _PAGINATION, ""),
    }


def _members(content: Mapping[str, Any], keys: Keys, otherwise: Any) -> dict[str, Any]:
    values = {member: content.get(key) for member, key in keys.items()}
    return {member: otherwise if value is None else value for member, value in values.items()}
