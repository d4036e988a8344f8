"""Every operation of the token service for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placet_api.openapi.operation import (
    STRING,
    Body,
    JsonSchema,
    Operation,
    Parameter,
    Reply,
    ServiceOperations,
    reference,
)
from placet_api.processmaker import examples
from placet_api.processmaker.operations import BASE, SCHEMAS, WORKSPACE

_KINDS = ("application/x-www-form-urlencoded", "application/json", "multipart/form-data")
_GRANTS = ("password", "client_credentials", "refresh_token", "authorization_code")
_CLIENT = {"client_id": "x" * 32, "client_secret": "the-secret-of-the-application"}

_TOKENS: JsonSchema = {
    "type": "object",
    "properties": {
        "access_token": STRING,
        "expires_in": {"type": "integer"},
        "token_type": {"type": "string", "const": "bearer"},
        "scope": {"type": ["string", "null"]},
        "refresh_token": STRING,
    },
    "required": ["access_token", "expires_in", "token_type", "scope"],
    "additionalProperties": False,
}
_ERROR: JsonSchema = {
    "type": "object",
    "properties": {"error": STRING, "error_description": STRING, "error_uri": STRING},
    "required": ["error", "error_description"],
    "additionalProperties": False,
}


def _members(required: str, texts: Mapping[str, str]) -> JsonSchema:
    members = {name: {"type": "string", "description": text} for name, text in texts.items()}
    return {"type": "object", "properties": members, "required": [required]}


_ASKED = _members(
    "grant_type",
    {
        "grant_type": f"What is shown for the tokens: {', '.join(_GRANTS)}.",
        "client_id": "The application; here, or as the user of Authorization: Basic.",
        "client_secret": "Its secret; here, or as the password of Authorization: Basic.",
        "username": "For password: a user name or DN.",
        "password": "For password: his password.",
        "refresh_token": "For refresh_token: the one that came with the access token.",
        "code": "For authorization_code: what the application was sent.",
        "redirect_uri": "For authorization_code: where it was sent, if that was asked for.",
        "code_verifier": "For authorization_code: the text that the challenge was made of.",
        "scope": "What the token may do: view_processes, edit_processes or *, which is what it is without.",
    },
)
_REVOKED = _members(
    "token",
    {
        "token": "The access token or refresh token to end.",
        "token_type_hint": "Which of both it is; without effect.",
        "client_id": "The application; here, or as the user of Authorization: Basic.",
        "client_secret": "Its secret; here, or as the password of Authorization: Basic.",
    },
)


def _refusal(text: str, error: str, *headers: str) -> Reply:
    """What an application is told; of a workspace that is none it is the error of the other services."""
    schema = {"anyOf": [reference("TokenError"), reference("Error")]}
    return Reply(text, schema, {"error": error, "error_description": text}, headers)


_REFUSALS: Mapping[int, Reply] = {
    400: _refusal("No token is given for this.", "invalid_grant"),
    408: _refusal("The request did not arrive in time.", "invalid_request"),
    413: _refusal("The body is too large.", "invalid_request"),
    415: _refusal("The body is compressed.", "invalid_request"),
    429: _refusal("Too many sign-ins have failed.", "temporarily_unavailable", "Retry-After"),
    431: _refusal("The request line and the headers are too large.", "invalid_request"),
    500: _refusal("The server failed; its log has the reason.", "server_error"),
    503: _refusal("The engine is away for the moment.", "temporarily_unavailable", "Retry-After"),
}


def _parameter(name: str, text: str, example: Any = None, **schema: Any) -> Parameter:
    return Parameter(name, text, {"type": "string", **schema}, required=name == "client_id", example=example)


_ASKS = (
    _parameter("client_id", "The application.", _CLIENT["client_id"]),
    _parameter("response_type", "code.", "code", enum=["code"]),
    _parameter(
        "redirect_uri", "Where the user is sent back to; one of those that the application was registered with."
    ),
    _parameter("scope", "What the token may do.", "view_processes"),
    _parameter("state", "Comes back as it is, so that the application knows its own request.", "a-random-text"),
    _parameter("code_challenge", "The base64url of the SHA-256 of a code_verifier; public applications need it."),
    _parameter("code_challenge_method", "S256.", enum=["S256"]),
)
_TOKEN = Parameter(
    "token", "An access token: 40 hex digits.", {"type": "string", "pattern": "^[0-9a-f]{40}$"}, "path",
    required=True, example=examples.TOKEN,
)  # fmt: skip


def _page(text: str, *headers: str) -> Reply:
    return Reply(text, STRING, headers=headers, kinds=("text/html",))


_SENT_BACK = Reply("The way back to the application, with a code or an error.", headers=("Location",))
_PAGES: Mapping[int, Reply] = {
    302: _SENT_BACK,
    400: Reply(
        "The request cannot be used, and nobody is sent anywhere; of a workspace that is none it is an error in JSON.",
        {"anyOf": [STRING, reference("Error")]},
        kinds=("text/html", "application/json"),
    ),
    401: _page("Nobody known has signed in; the page asks again.", "Set-Cookie"),
    403: _page("The form was not one of this server's, or came too late.", "Set-Cookie"),
    429: _page("Too many sign-ins have failed.", "Retry-After"),
    500: _page("The server failed; its log has the reason."),
    503: _page("The engine is away for the moment.", "Retry-After"),
}
_OF_BODIES: Mapping[int, Reply] = {413: _page("The form is too large."), 415: _page("The form is compressed.")}
_ANSWERED = {"type": "object", "properties": dict.fromkeys(("ticket", "user", "password", "allow"), STRING)}


def _at(path: str) -> dict[str, Any]:
    return {"path": f"/{{workspace}}/oauth2/{path}", "also_at": [f"{BASE}/oauth2/{path}"]}


_OPERATIONS = (
    Operation(
        "getToken",
        "POST",
        summary="Get an access token",
        replies={200: Reply("The tokens.", reference("Tokens"), examples.TOKENS)},
        text="The application may say what it is in the body or as Authorization: Basic.",
        faults=(413, 415, 429),
        parameters=(WORKSPACE,),
        body=Body(_ASKED, {"grant_type": "password", **_CLIENT, "username": "anna", "password": "demo"}, _KINDS),
        security=(),
        **_at("token"),
    ),
    Operation(
        "revokeToken",
        "POST",
        summary="Give a token back",
        replies={200: Reply("It does not count, whether it ever did or not.")},
        faults=(413, 415, 429),
        parameters=(WORKSPACE,),
        body=Body(_REVOKED, {"token": examples.TOKEN, **_CLIENT}, _KINDS),
        security=(),
        **_at("revoke"),
    ),
    Operation(
        "askForAccess",
        "GET",
        summary="The page that asks a user",
        replies={200: _page("It asks to sign in, or what to allow.", "Set-Cookie"), **_PAGES},
        text="An application sends a user's browser here; he signs in, and allows it to act for him or does not.",
        parameters=(WORKSPACE, *_ASKS),
        security=(),
        **_at("authorize"),
    ),
    Operation(
        "answerForAccess",
        "POST",
        summary="What the user answers",
        replies={200: _page("The next page.", "Set-Cookie"), **_PAGES, **_OF_BODIES},
        text="Sent by the page's own form; a program that says in a header who is asking sends allow alone.",
        parameters=(WORKSPACE, *_ASKS),
        body=Body(_ANSWERED, {"allow": "yes"}, _KINDS[:1]),
        security=(),
        **_at("authorize"),
    ),
    Operation(
        "removeToken",
        "DELETE",
        summary="End an access token",
        replies={200: Reply("It does not count any more; there is no body.")},
        parameters=(WORKSPACE, _TOKEN),
        security=(),
        **_at("{token}"),
    ),
    Operation(
        "expireToken",
        "POST",
        summary="Let an access token expire",
        replies={200: Reply("It does not count any more; there is no body.")},
        parameters=(WORKSPACE, _TOKEN),
        security=(),
        **_at("{token}/expire"),
    ),
)

OPERATIONS = ServiceOperations(
    "Tokens",
    "OAuth 2.0: an application gets tokens with which it acts for a user, or for its owner.",
    _OPERATIONS,
    _REFUSALS,
    (400, 408, 431, 500, 503),
    {"Tokens": _TOKENS, "TokenError": _ERROR, "Error": SCHEMAS["Error"]},
)
