"""Services and connectors between their records, the keys and values of a file, and what is stored of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from placet.connectors.records import (
    Connector,
    Limits,
    Pagination,
    Parameter,
    ParameterType,
    Place,
    Retry,
    Service,
)
from placet.connectors.shape import ConnectorShape, PaginationShape, ServiceShape
from placet.core.expressions import Expression
from placet.loader.faults import Place as At
from placet.loader.yaml_tree import Mapping as Tree
from placet.loader.yaml_tree import Node, Scalar, Sequence

_NOWHERE = At()
_UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def tree_of(value: Any) -> Node:
    """A JSON value as the tree of a file, whose scalars are all texts."""
    match value:
        case dict():
            keys = {str(key): _NOWHERE for key in value}
            return Tree(_NOWHERE, {str(key): tree_of(each) for key, each in value.items()}, keys)
        case list():
            return Sequence([tree_of(each) for each in value], _NOWHERE)
        case None:
            return Scalar("", _NOWHERE, is_null=True)
        case str():
            return Scalar(value, _NOWHERE)
        case _:
            return Scalar(json.dumps(value), _NOWHERE)


# -- from a file ---------------------------------------------------------------------------------


def service_from(name: str, shape: ServiceShape) -> Service:
    """A service that is not stored, and not yet with its configuration."""
    limits = shape.limits
    return Service(
        id="",
        name=name,
        product_name=shape.product_name,
        product_version=shape.product_version,
        api_version=shape.api_version,
        limits=Limits(limits.concurrency, limits.breaker_failures, limits.breaker_seconds),
    )


def connector_from(name: str, shape: ConnectorShape, defaults: Mapping[str, Any], **stored: Any) -> Connector:
    """A connector with these defaults of its parameters; not stored, and not yet of a service, unless that is given."""
    retry = shape.retry
    return Connector(
        **{"id": "", "service_id": "", **stored},
        name=name,
        description=shape.description,
        method=shape.method,
        url=shape.url,
        parameters=tuple(
            Parameter(each, given.place, given.type, given.required, defaults.get(each), given.description)
            for each, given in shape.parameters.items()
        ),
        body_type=shape.body,
        headers=dict(shape.headers),
        timeout=shape.timeout,
        retry=Retry(retry.attempts, retry.first, retry.factor, retry.longest, retry.jitter),
        success=shape.success,
        output=shape.output,
        pagination=_pagination(shape.pagination),
    )


def _pagination(shape: PaginationShape | None) -> Pagination:
    if shape is None:
        return Pagination()
    return Pagination(shape.kind, shape.parameter, shape.first, shape.next, shape.items, shape.pages)


def read_default(kind: ParameterType, text: str) -> Any:
    """The default of a parameter from its text; raises `ValueError` with what would work."""
    match kind:
        case ParameterType.STRING:
            return text
        case ParameterType.BOOLEAN:
            if text in ("true", "false"):
                return text == "true"
            raise ValueError("give true or false")
        case ParameterType.FILE:
            raise ValueError("a file has no default")
        case _:
            wanted, types = _JSON_TYPES[kind]
    try:
        value = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ValueError(wanted) from None
    if types and (isinstance(value, bool) or not isinstance(value, types)):
        raise ValueError(wanted)
    if kind is ParameterType.DECIMAL and not abs(value) <= sys.float_info.max:
        raise ValueError(f"{wanted}; this one is too large")
    return float(value) if kind is ParameterType.DECIMAL else value


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


_JSON_TYPES: Mapping[ParameterType, tuple[str, tuple[type, ...]]] = {
    ParameterType.INTEGER: ("give a whole number such as 50", (int,)),
    ParameterType.DECIMAL: ("give a number such as 2.5", (int, float)),
    ParameterType.JSON: ("""write it as JSON in quotes, such as '["a", "b"]'""", ()),
}


# -- to a file -----------------------------------------------------------------------------------


def service_values(service: Service) -> dict[str, Any]:
    """A service but its configuration, by the keys of a file."""
    texts = {name: getattr(service, name) for name in ("product_name", "product_version", "api_version")}
    return {**texts, "limits": limits_of(service.limits)}


def limits_of(limits: Limits) -> dict[str, Any]:
    """Limits by the keys of a file."""
    return {name: getattr(limits, name) for name in ("concurrency", "breaker_failures", "breaker_seconds")}


def connector_values(connector: Connector) -> dict[str, Any]:
    """A connector but its service, by the keys of a file."""
    return {
        "description": connector.description,
        "method": connector.method,
        "url": connector.url,
        "parameters": {each.name: _parameter(each) for each in connector.parameters},
        "body": connector.body_type.value,
        "headers": dict(connector.headers),
        "timeout": duration_text(connector.timeout),
        "retry": _retry(connector.retry),
        "success": _source(connector.success),
        "output": _source(connector.output),
        "pagination": _pagination_values(connector.pagination),
    }


def content_of_service(service: Service) -> dict[str, Any]:
    """What a file says of a service but its configuration; what is as it would be without saying is left out."""
    return _said(service_values(service), _PLAIN_SERVICE)


def content_of_connector(connector: Connector) -> dict[str, Any]:
    """What a file says of a connector but its service; what is as it would be without saying is left out."""
    values = connector_values(connector)
    parameters = {
        name: {"in": each["in"], **_said(each, _PLAIN_PARAMETER)} for name, each in values["parameters"].items()
    }
    kind = {"kind": values["pagination"]["kind"]} if connector.pagination != Pagination() else {}
    said = {"url": values["url"], **_said(values, _PLAIN_CONNECTOR)}
    said |= {"parameters": parameters} if parameters else {}
    return said | ({"pagination": {**kind, **said.get("pagination", {})}} if kind else {})


def _parameter(parameter: Parameter) -> dict[str, Any]:
    default = parameter.default
    if parameter.type is ParameterType.JSON and default is not None:
        default = json.dumps(default, ensure_ascii=False)
    return {
        "in": parameter.place.value,
        "type": parameter.type.value,
        "required": parameter.required,
        "default": default,
        "description": parameter.description,
    }


def _retry(retry: Retry) -> dict[str, Any]:
    return {
        "attempts": retry.attempts,
        "first": duration_text(retry.first),
        "factor": retry.factor,
        "longest": duration_text(retry.longest),
        "jitter": retry.jitter,
    }


def _pagination_values(pagination: Pagination) -> dict[str, Any]:
    return {
        "kind": pagination.kind.value,
        "parameter": pagination.parameter,
        "first": pagination.first,
        "next": _source(pagination.next),
        "items": _source(pagination.items),
        "pages": pagination.pages,
    }


def duration_text(duration: timedelta) -> str:
    """A duration as a file has it: `1m30s`."""
    left, parts = int(duration.total_seconds()), []
    for unit, seconds in _UNITS:
        count, left = divmod(left, seconds)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"


def _source(expression: Expression | None) -> str | None:
    return None if expression is None else expression.source


def _said(given: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from the usual, in parts of parts too."""
    said = {}
    for name, value in given.items():
        if isinstance(value, dict) and isinstance(usual.get(name), dict):
            value = _said(value, usual[name])
            if not value:
                continue
        if name not in usual or value != usual[name]:
            said[name] = value
    return said


_PLAIN_SERVICE = service_values(Service(id="", name=""))
_PLAIN_CONNECTOR = connector_values(Connector(id="", name="", service_id=""))
_PLAIN_PARAMETER = _parameter(Parameter("", Place.QUERY))
