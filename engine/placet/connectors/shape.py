"""The shape of connector files: services and connectors with their keys; configurations differ by kind (`kinds`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from placet.connectors.records import BodyType, PaginationKind, ParameterType, Place
from placet.core.expressions import Expression
from placet.loader.fields import Cel, Duration, Flag, Words, fault
from placet.loader.shape import Shape

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
LONGEST = 4_000
LONGEST_TIMEOUT = timedelta(hours=1)


def _number(least: int, most: int) -> Callable[[Any], int]:
    def read(given: Any) -> int:
        if not isinstance(given, str) or not re.fullmatch("[0-9]{1,9}", given) or not least <= int(given) <= most:
            raise fault(f"{given!r} does not work; give a number from {least} to {most}")
        return int(given)

    return read


def _factor(given: Any) -> float:
    if (
        not isinstance(given, str)
        or not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", given)
        or not 1 <= float(given) <= 10
    ):
        raise fault(f"{given!r} is no factor; give a number from 1 to 10, such as 2 or 1.5")
    return float(given)


def _method(given: Any) -> str:
    method = str(given).upper()
    if method not in METHODS:
        raise fault(f"{given!r} is no method; give one of {', '.join(METHODS)}")
    return method


def _long(given: Any) -> str:
    """A text of one or several lines, which may be empty."""
    if given is None:
        return ""
    if not isinstance(given, str):
        raise fault("has to be one text")
    if len(given) > LONGEST:
        raise fault(f"has {len(given):,} characters; at most {LONGEST:,} are kept")
    if "\0" in given or any("\ud800" <= letter <= "\udfff" for letter in given):
        raise fault("holds a character that cannot be stored; leave it out")
    return given.strip()


def _of_response(given: Any) -> Any:
    if isinstance(given, Expression) and (others := given.variables - {"response"}):
        raise fault(f"it looks at {', '.join(sorted(others))}; of a connector only response can be looked at")
    return given


def _condition(given: Any) -> Any:
    if isinstance(given, Expression) and given.gives not in ("bool", "dyn"):
        raise fault(f"it gives {given.gives}; a condition gives true or false")
    return given


def _timeout(given: timedelta) -> timedelta:
    if given > LONGEST_TIMEOUT:
        raise fault("a call is waited for an hour at most; give 1h or less")
    return given


def _whole(least: int, most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most}


Text: TypeAlias = Annotated[str, BeforeValidator(_long), WithJsonSchema({"type": "string"})]
OverResponse: TypeAlias = Annotated[Cel, AfterValidator(_of_response)]
Condition: TypeAlias = Annotated[OverResponse, AfterValidator(_condition)]
Method: TypeAlias = Annotated[str, BeforeValidator(_method), WithJsonSchema({"enum": list(METHODS)})]
Factor: TypeAlias = Annotated[float, BeforeValidator(_factor), WithJsonSchema({"minimum": 1, "maximum": 10})]
Attempts: TypeAlias = Annotated[int, BeforeValidator(_number(1, 20)), WithJsonSchema(_whole(1, 20))]
Timeout: TypeAlias = Annotated[Duration, AfterValidator(_timeout)]
Pages: TypeAlias = Annotated[int, BeforeValidator(_number(1, 100)), WithJsonSchema(_whole(1, 100))]
Number: TypeAlias = Annotated[int, BeforeValidator(_number(0, 1_000_000)), WithJsonSchema(_whole(0, 1_000_000))]
Concurrency: TypeAlias = Annotated[int, BeforeValidator(_number(1, 1_000)), WithJsonSchema(_whole(1, 1_000))]
Seconds: TypeAlias = Annotated[int, BeforeValidator(_number(1, 86_400)), WithJsonSchema(_whole(1, 86_400))]


class LimitsShape(Shape):
    concurrency: Concurrency = 20
    breaker_failures: Concurrency = 10
    breaker_seconds: Seconds = 30


class ServiceShape(Shape):
    product_name: Text = ""
    product_version: Text = ""
    api_version: Text = ""
    configuration: Words | None = None
    limits: LimitsShape = LimitsShape()


class ParameterShape(Shape):
    place: Place = Field(default=Place.QUERY, alias="in")
    type: ParameterType = ParameterType.STRING
    required: Flag = False
    default: Any = None
    description: Text = ""


class RetryShape(Shape):
    attempts: Attempts = 5
    first: Duration = timedelta(seconds=1)
    factor: Factor = 2.0
    longest: Duration = timedelta(minutes=5)
    jitter: Flag = True


class PaginationShape(Shape):
    kind: PaginationKind
    parameter: Text = ""
    first: Number = 1
    next: OverResponse = None
    items: OverResponse = None
    pages: Pages = 10


class ConnectorShape(Shape):
    service: Words
    description: Text = ""
    method: Method = "GET"
    url: Words
    parameters: dict[str, ParameterShape] = Field(default_factory=dict)
    body: BodyType = BodyType.JSON
    headers: dict[str, Text] = Field(default_factory=dict)
    timeout: Timeout = timedelta(seconds=30)
    retry: RetryShape = RetryShape()
    success: Condition = None
    output: OverResponse = None
    pagination: PaginationShape | None = None


class FileShape(Shape):
    """Connectors, and what they call and sign in by."""

    configurations: dict[str, dict[str, Any]] = Field(default_factory=dict)
    services: dict[str, ServiceShape] = Field(default_factory=dict)
    connectors: dict[str, ConnectorShape] = Field(default_factory=dict)
