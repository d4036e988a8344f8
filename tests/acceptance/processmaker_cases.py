"""Runs the cases of `tests/data/processmaker_basic.json`: requests in order, what each has to show, what it leaves."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

FILE = Path(__file__).parents[1] / "data/processmaker_basic.json"
DOCUMENT: Mapping[str, Any] = json.loads(FILE.read_text("utf-8"))
SUITES: Mapping[str, Mapping[str, Any]] = {suite["id"]: suite for suite in DOCUMENT["suites"]}
ADMIN_PASSWORD = "sample123*"

_TYPES: Mapping[str, tuple[type, ...]] = {
    "array": (list, dict, type(None)),
    "object": (dict, type(None)),
    "object or empty": (dict, type(None)),
    "any": (object,),
}


def write_fixture(path: Path) -> Path:
    """The people of the cases as a file for `placet directory load`, with the passwords that the token suite uses."""
    passwords = {"admin": ADMIN_PASSWORD, "amy": "sample"}
    fixture = {name: DOCUMENT["fixture"][name] for name in ("roles", "permissions", "role_permissions")}
    users = [
        user | ({"password": passwords[user["usr_username"]]} if user["usr_username"] in passwords else {})
        for user in DOCUMENT["fixture"]["users"]
    ]
    path.write_text(json.dumps(fixture | {"users": users}), "utf-8")
    return path


@dataclass
class Runner:
    """One suite on its way: `caller` are the headers of the administrator, `known` the values of placeholders."""

    client: httpx2.Client
    caller: Mapping[str, str]
    known: dict[str, str] = field(default_factory=dict)
    base: str = "/api/1.0/workflow"
    faults: list[str] = field(default_factory=list)

    def run_suite(self, name: str, but: frozenset[str] = frozenset()) -> list[str]:
        """Run the cases of a suite in order, all `but` some; returns what was not as it had to be."""
        for case in SUITES[name]["cases"]:
            if case["id"] not in but:
                self.run(case, asserts_headers=name == "RB")
        return self.faults

    def run(self, case: Mapping[str, Any], *, asserts_headers: bool = False) -> httpx2.Response:
        """Run one case and note what was not as it had to be."""
        answer = self._send(case)
        expected = dict(case["expect"])
        if asserts_headers and answer.status_code in (200, 201):
            kind = answer.headers.get("content-type", "").lower()
            self._check(case, kind == "application/json; charset=utf-8", f"content type {kind!r}")
        self._compare(case, answer, expected)
        self._save(case, answer)
        if "then" in case:
            self.run({"id": f"{case['id']} then", **case["then"]})
        return answer

    # -- the request -----------------------------------------------------------------------------

    def _send(self, case: Mapping[str, Any]) -> httpx2.Response:
        headers = dict(self._token(case)) | {name: self._filled(text) for name, text in case.get("headers", {}).items()}
        return self.client.request(
            case["method"],
            self.base + self._filled(case["path"]),
            headers=headers,
            params=self._filled(case.get("query")),
            json=self._filled(case["body"]) if "body" in case else None,
            data=self._filled(case.get("form")),
            follow_redirects=False,
        )

    def _token(self, case: Mapping[str, Any]) -> Mapping[str, str]:
        token = case.get("token")
        if token == "none":
            return {}
        return self.caller if token is None else {"Authorization": f"Bearer {self._filled(token)}"}

    def _filled(self, value: Any) -> Any:
        """A value with what stands for its placeholders."""
        if isinstance(value, dict):
            return {name: self._filled(each) for name, each in value.items()}
        if not isinstance(value, str):
            return value
        if value == "Basic base64(client_id:client_secret)":
            pair = f"{self.known['client_id']}:{self.known['client_secret']}"
            return f"Basic {base64.b64encode(pair.encode()).decode()}"
        return re.sub(r"\{\{(\w+)\}\}", lambda found: self.known[found[1]], value)

    # -- the answer ------------------------------------------------------------------------------

    def _check(self, case: Mapping[str, Any], holds: bool, fault: str) -> None:
        if not holds:
            self.faults.append(f"{case['id']} ({case.get('what', 'then')}): {fault}")

    def _compare(self, case: Mapping[str, Any], answer: httpx2.Response, expected: dict[str, Any]) -> None:
        body = answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else None
        found = f"{answer.status_code} {answer.text[:300]}"
        for name, wanted in expected.items():
            self._check(case, _holds(name, self._filled(wanted), answer, body), f"{name} is not {wanted!r}: {found}")

    def _save(self, case: Mapping[str, Any], answer: httpx2.Response) -> None:
        for source, name in case.get("save", {}).items():
            if source.startswith("location "):
                given = parse_qs(urlsplit(answer.headers.get("location", "")).query)
                self.known[name] = given.get(source.removeprefix("location "), [""])[0]
            else:
                value = answer.json().get(source) if answer.content else None
                self._check(case, value is not None, f"there is no {source} to keep")
                self.known[name] = str(value)


def _holds(name: str, wanted: Any, answer: httpx2.Response, body: Any) -> bool:
    """Whether an answer is as one expectation says; an expectation that nobody knows is an error of the test."""
    match name:
        case "status":
            return answer.status_code == wanted
        case "json_type":
            return isinstance(body, _TYPES[wanted])
        case "records":
            return len(body) == wanted if isinstance(body, list) else wanted == 0
        case "fields_intended":
            return isinstance(body, dict) and {key: body.get(key) for key in wanted} == wanted
        case "keys_present":
            return isinstance(body, dict) and set(wanted) <= body.keys()
        case "error_message_contains":
            return isinstance(body, dict) and wanted in body["error"]["message"]
        case "error":
            return body == {"error": wanted}
        case "body":
            return answer.text == wanted
        case "location_contains":
            return wanted in answer.headers.get("location", "")
        case "location_fragment_keys":
            return set(wanted) <= parse_qs(urlsplit(answer.headers.get("location", "")).fragment).keys()
        case _:
            raise AssertionError(f"{name} is no expectation that the conventions of the file know")
