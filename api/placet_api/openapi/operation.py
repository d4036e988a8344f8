"""What a service says of its operations, beside its routes; `document` puts all services together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

JsonSchema: TypeAlias = Mapping[str, Any]

JSON_ONLY = ("application/json",)
STRING: JsonSchema = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a path, a query string or a header; one of a path is always there."""

    name: str
    text: str
    schema: JsonSchema = field(default_factory=lambda: STRING)
    place: str = "query"
    required: bool = False
    example: Any = None
    style: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """What a request brings."""

    schema: JsonSchema
    example: Any
    kinds: Sequence[str] = JSON_ONLY
    required: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of an operation; without a schema it has no body.

    `headers` are names of `HEADERS`; `links` lead to other operations, by the name of the link: the name of the
    operation, and for each of its parameters where in this answer the value is.
    """

    text: str
    schema: JsonSchema | None = None
    example: Any = None
    headers: Sequence[str] = ()
    kinds: Sequence[str] = JSON_ONLY
    links: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; `faults` are the statuses of its refusals beside those of every operation.

    `security` names the ways to sign in where they are not those of the service; empty is open to everybody. An
    operation that is another with more parameters in its path is a variant of it, and goes without a part of the page.
    """

    name: str
    method: str
    path: str
    summary: str
    replies: Mapping[int, Reply]
    text: str = ""
    faults: Sequence[int] = ()
    parameters: Sequence[Parameter] = ()
    body: Body | None = None
    also_at: Sequence[str] = ()
    security: Sequence[str] | None = None
    variant_of: str = ""


@dataclass(frozen=True, slots=True)
class ServiceOperations:
    """A service: its operations, below each of its prefixes, and what they have in common.

    `refusals` are the answers to what goes wrong, by status; those of `always` belong to every operation.
    """

    name: str
    text: str
    operations: Sequence[Operation]
    refusals: Mapping[int, Reply]
    always: Sequence[int] = ()
    schemas: Mapping[str, JsonSchema] = field(default_factory=dict)
    prefixes: Sequence[str] = ("",)
    security: Sequence[str] = ()


#: The headers of answers.
HEADERS: Mapping[str, tuple[str, JsonSchema]] = {
    "Allow": ("The methods that the resource takes.", STRING),
    "ETag": ("The revision that was answered, for If-Match and If-None-Match.", STRING),
    "Link": ("Leads to the next page; a page without it is the last.", STRING),
    "Location": ("Where the new thing is.", STRING),
    "Preference-Applied": ("The preference that was followed.", STRING),
    "Retry-After": ("In how many seconds it is worth trying again.", {"type": "string", "pattern": "^[0-9]+$"}),
    "Set-Cookie": ("The session, for a browser.", STRING),
    "WWW-Authenticate": ("How to sign in.", STRING),
}

#: The ways to say who is asking.
SIGN_IN: Mapping[str, Mapping[str, str]] = {
    "RESTAuthorization": {
        "type": "apiKey",
        "in": "header",
        "name": "RESTAuthorization",
        "description": "The base64 of `user:password`.",
    },
    "Basic": {"type": "http", "scheme": "basic", "description": "User and password."},
    "Bearer": {"type": "http", "scheme": "bearer", "description": "An access token of the token endpoint."},
    "RESTSessionSecret": {
        "type": "apiKey",
        "in": "header",
        "name": "RESTSessionSecret",
        "description": "The secret of a session, as `POST /v1/session` tells it.",
    },
    "Session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "placet_session",
        "description": "The same secret in a cookie; what changes something has to come from a page of this server.",
    },
}


def reference(name: str) -> JsonSchema:
    """The schema of that name among those of its service."""
    return {"$ref": f"#/components/schemas/{name}"}
