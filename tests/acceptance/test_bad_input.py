"""Input that nobody means well with, at every edge of the application: a refusal of the right kind, and never a 500."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

import pytest

from placet_api.openapi.document import document
from placet_api.openapi.services import SERVICES
from tests.acceptance.conftest import LEAVE, RunningServer, rest_authorization
from tests.acceptance.test_openapi import filled

OPERATIONS = [
    (path, method.upper(), operation)
    for path, item in document(SERVICES)["paths"].items()
    for method, operation in item.items()
    if "x-same-as" not in operation and "x-variant-of" not in operation
]

#: Texts that end up in statements, paths, headers, pages and logs.
TEXTS = {
    "nul": "a\0b",
    "control": "a\x1b[2J\rb",
    "newline": "a\r\nSet-Cookie: x=y",
    "long": "x" * 5000,
    "quote": "'; DROP TABLE user_account; --",
    "markup": "<script>alert(1)</script>",
    "surrogate": "\\ud800",
    "direction": "\u202egnp.exe",
    "look-alike": "\uff41\uff44\uff4d\uff49\uff4e",
    "emoji": "\U0001f600" * 300,
    "percent": "%00%ff%2e%2e%2f",
}
PATHS = ["%00", "..%2f..%2fetc", "%ff%fe", "x" * 5000, "%0d%0a", "a%3bb", "%F0%9F%98%80", "'", "*", "%20"]

ANNA = rest_authorization("anna")
CREDENTIALS: Mapping[str, Mapping[str, str]] = {
    "not base64": {"Authorization": "Basic %%%"},
    "cut base64": {"Authorization": f"Basic {ANNA[:-3]}"},
    "no colon": {"Authorization": f"Basic {base64.b64encode(b'anna').decode()}"},
    "nul": {"Authorization": f"Basic {base64.b64encode(b'an' + bytes(1) + b'na:x').decode()}"},
    "not UTF-8": {"RESTAuthorization": base64.b64encode(b"\xff\xfe:\xff").decode()},
    "long": {"RESTAuthorization": base64.b64encode(b"x" * 20_000 + b":y").decode()},
    "foreign token": {"Authorization": f"Bearer {'0' * 40}"},
    "no token": {"Authorization": "Bearer"},
    "token of another kind": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},
    "foreign session": {"RESTSessionSecret": "0" * 43},
    "foreign cookie": {"Cookie": "placet_session=0000"},
    "broken cookie": {"Cookie": 'placet_session="; ;=;placet_session'},
    "another scheme": {"Authorization": "Digest username=anna"},
}

pytestmark = pytest.mark.usefixtures("without_jobs")


def body_of(operation: Mapping[str, Any]) -> dict[str, Any] | None:
    """The example of a JSON body."""
    content = operation.get("requestBody", {}).get("content", {})
    return content["application/json"]["example"] if "application/json" in content else None


def everywhere(value: Any, text: str) -> Any:
    """The same value with a text instead of each text in it."""
    if isinstance(value, dict):
        return {name: everywhere(member, text) for name, member in value.items()}
    if isinstance(value, list):
        return [everywhere(each, text) for each in value]
    return text if isinstance(value, str) else value


async def test_hostile_text_in_every_place(server: RunningServer) -> None:
    for path, method, operation in OPERATIONS:
        query = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
        body = body_of(operation)
        for name, text in TEXTS.items():
            place = filled(path, operation)
            answers = [await server("admin").request(method, place, params=dict.fromkeys(query, text))]
            if body is not None:
                answers.append(await server("admin").request(method, place, json=everywhere(body, text)))
            for answer in answers:
                assert str(answer.status_code) in operation["responses"], (method, path, name, answer.text)
                assert answer.status_code < 500, (method, path, name, answer.text)
                assert "x=y" not in answer.headers.get("set-cookie", "")


async def test_hostile_text_in_paths(server: RunningServer) -> None:
    for path, method, _ in OPERATIONS:
        for text in PATHS if "{" in path else ():
            answer = await server("admin").request(method, re.sub(r"\{\w+\}", text, path))
            assert answer.status_code < 500, (method, path, text, answer.text)


@pytest.mark.parametrize(
    "raw", [b'{"DataItems": [{"Name": "a\\ud800"}]}', b"\xff", b"[" * 100_000, b'{"a": 1e999}', b'{"a": NaN}', b"\0"]
)
async def test_bodies_that_are_no_json(server: RunningServer, raw: bytes) -> None:
    for path, method, operation in OPERATIONS:
        if body_of(operation) is None or not operation["requestBody"]["required"]:
            continue
        headers = {"Content-Type": "application/json"}
        answer = await server("admin").request(method, filled(path, operation), content=raw, headers=headers)

        assert 400 <= answer.status_code < 500, (method, path, answer.text)
        assert str(answer.status_code) in operation["responses"], (method, path, answer.text)


@pytest.mark.parametrize("headers", CREDENTIALS.values(), ids=CREDENTIALS)
async def test_credentials_that_do_not_count(server: RunningServer, headers: dict[str, str]) -> None:
    for path, method, operation in OPERATIONS:
        if not operation["security"]:
            continue
        answer = await server("").request(method, filled(path, operation), headers=headers)

        assert answer.status_code in (401, 429), (method, path, answer.text)
        for value in headers.values():
            assert len(value) < 20 or value.split()[-1][:40] not in answer.text, (method, path)  # none is repeated


@pytest.mark.parametrize(
    "given",
    [
        [("Authorization", "Bearer abc"), ("Authorization", f"Basic {ANNA}")],
        [("Authorization", f"Basic {ANNA}"), ("RESTSessionSecret", "0" * 43)],
        [("RESTAuthorization", ANNA), ("RESTSessionSecret", "0" * 43)],
    ],
)
async def test_two_ways_to_say_who_one_is(server: RunningServer, given: list[tuple[str, str]]) -> None:
    answer = await server("").get(f"/v1/wf/definitions/{LEAVE}", headers=given)

    assert answer.status_code in (400, 401), answer.text
