"""Authentication configurations, services and connectors as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from placet.core.expressions import Expression


class AuthKind(StrEnum):
    """How a call proves who makes it."""

    NONE = "none"
    BASIC = "basic"
    API_KEY = "api_key"
    OAUTH2_PASSWORD = "oauth2_password"  # noqa: S105  # the name of a grant
    OAUTH2_CLIENT_CREDENTIALS = "oauth2_client_credentials"
    OAUTH2_AUTHORIZATION_CODE = "oauth2_authorization_code"
    OAUTH2_SERVICE_ACCOUNT = "oauth2_service_account"


class Place(StrEnum):
    """Where in a request a parameter goes."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    BODY = "body"


class ParameterType(StrEnum):
    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    JSON = "json"
    FILE = "file"  # a part of a body in parts


class BodyType(StrEnum):
    """How the parameters of the body are written."""

    JSON = "json"
    FORM = "form"
    MULTIPART = "multipart"
    TEXT = "text"


class PaginationKind(StrEnum):
    """How the pages of an answer follow each other."""

    NONE = "none"
    LINK = "link"  # by the header Link with rel="next"
    CURSOR = "cursor"  # what `next` gives becomes `parameter`, or is a URL where there is none; nothing ends it
    PAGE = "page"  # `parameter` counts up from `first`; a page without items, or with those of the last, ends it


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """An authentication configuration.

    `fields` are all that its kind takes, with their defaults (`kinds.FIELDS`), but for the secret ones: those are
    `sealed`, and in `secrets` only once `sealing.opened` has put them there for a call. `id` is "" where it is not
    stored, but being tested: nothing of such a one may be kept.
    """

    id: str
    name: str
    kind: AuthKind
    fields: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    sealed: bytes | None = field(default=None, repr=False)
    revision: int = 1
    created_at: datetime | None = None  # None where it is not stored
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is asked of a service at once, and after how many failures in a row it is left alone for how long."""

    concurrency: int = 20
    breaker_failures: int = 10
    breaker_seconds: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Somebody's service; without `configuration_id` it is called without proof of who calls."""

    id: str
    name: str
    product_name: str = ""
    product_version: str = ""
    api_version: str = ""
    image_type: str | None = None  # a media type; None where there is no image
    configuration_id: str | None = None
    limits: Limits = Limits()
    revision: int = 1
    created_at: datetime | None = None  # None where it is not stored
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a call is given by name; `default` is sent where nothing is given, of its type or None."""

    name: str
    place: Place
    type: ParameterType = ParameterType.STRING
    required: bool = False
    default: Any = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a call is tried, the first time included; waits grow by `factor` up to `longest`, with jitter."""

    attempts: int = 5
    first: timedelta = timedelta(seconds=1)
    factor: float = 2.0
    longest: timedelta = timedelta(minutes=5)
    jitter: bool = True


@dataclass(frozen=True, slots=True)
class Pagination:
    """How to get all of an answer; `items` gives the list of one page, which is its message where there is none."""

    kind: PaginationKind = PaginationKind.NONE
    parameter: str = ""  # of the connector, or else of the query
    first: int = 1
    next: Expression | None = None  # over `response`
    items: Expression | None = None  # over `response`
    pages: int = 10  # at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """One thing that may be asked of a service.

    `success` and `output` are expressions over `response`: whether a call went well (without: a code from 200 to
    299), and what it gives (without: the message).
    """

    id: str
    name: str
    service_id: str
    description: str = ""
    method: str = "GET"
    url: str = ""
    parameters: tuple[Parameter, ...] = ()
    body_type: BodyType = BodyType.JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: timedelta = timedelta(seconds=30)
    retry: Retry = Retry()
    success: Expression | None = None
    output: Expression | None = None
    pagination: Pagination = Pagination()
    revision: int = 1
    created_at: datetime | None = None  # None where it is not stored
    updated_at: datetime | None = None
