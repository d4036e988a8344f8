"""The page on the service: each request in it is sent, and answered as the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from placet_api.errors import STATUSES, symbol_of
from placet_api.ris.resources import RESOURCES
from tests.acceptance.conftest import LEAVE, RunningServer, rest_authorization

PAGE = (Path(__file__).parents[2] / "docs/reference/rest.md").read_text()
BLOCKS = re.findall(r"```http\n(.*?)```", PAGE, re.DOTALL)

pytestmark = pytest.mark.usefixtures("without_jobs")


class Names:
    """What the words in braces stand for; one that is new in an answer takes its value from there."""

    def __init__(self, **values: str) -> None:
        self.values = values

    def fill(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda word: self.values[word[1]], text)

    def match(self, expected: Any, given: Any) -> None:
        """Check that an answer has at least what is expected."""
        if isinstance(expected, dict):
            for name, value in expected.items():
                self.match(value, given[name])
        elif isinstance(expected, list):
            assert len(given) == len(expected)
            for one, other in zip(expected, given, strict=True):
                self.match(one, other)
        elif isinstance(expected, str):
            self._match_text(expected, given)
        else:
            assert given == expected

    def match_lines(self, expected: str, given: str) -> None:
        """Check a text line by line; of what is JSON behind a name, what is expected."""
        for line, other in zip(expected.strip().splitlines(), given.strip().splitlines(), strict=True):
            name, _, value = line.partition(": ")
            if value.startswith("{") and value.endswith("}}"):
                self.match(json.loads(value), json.loads(other.removeprefix(f"{name}: ")))
            else:
                self._match_text(line, other)

    def _match_text(self, expected: str, given: str) -> None:
        parts = re.split(r"\{(\w+)\}", expected)
        pattern = ""
        for place, part in enumerate(parts):
            known = self.values.get(part) if place % 2 else part
            pattern += f"(?P<{part}>.+)" if known is None else re.escape(known)
        found = re.fullmatch(pattern, given)
        assert found, f"{given!r} is not {expected!r}"
        self.values |= found.groupdict()


def parse(block: str) -> tuple[str, dict[str, str], str]:
    """First line, headers and body of a request or an answer."""
    head, _, body = block.partition("\n\n")
    first, *lines = head.splitlines()
    return first, dict(line.split(": ", 1) for line in lines), body


async def ask(
    client: httpx2.AsyncClient, method: str, path: str, headers: dict[str, str], body: str, wanted: str
) -> httpx2.Response:
    """The answer to a request; of one that goes on as many lines as are wanted."""
    async with client.stream(method, path, headers=headers, content=body) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            lines, given = answer.aiter_lines(), list[str]()
            while len(given) < len(wanted.strip().splitlines()):
                given.append(await anext(lines))
            return httpx2.Response(answer.status_code, headers=answer.headers, text="\n".join(given))
        await answer.aread()
        return answer


async def test_every_example_does_what_the_page_says(server: RunningServer):
    names = Names(definition=LEAVE, **{user: rest_authorization(user) for user in ("anna", "ben")})
    assert len(BLOCKS) >= 20

    for request, expected in zip(BLOCKS[::2], BLOCKS[1::2], strict=True):
        first, headers, body = parse(request)
        method, path, _ = names.fill(first).split()
        headers = {name: names.fill(value) for name, value in headers.items()}
        body = names.fill(body) if "{item}" in body else body
        status, wanted_headers, wanted = parse(expected)
        answer = await ask(server(""), method, path, headers, body, wanted)
        assert str(answer.status_code) == status.split()[1], (first, answer.text)
        for name, value in wanted_headers.items():
            names.match(value, answer.headers[name])
        if answer.headers.get("content-type", "").startswith("text/"):
            names.match_lines(wanted, answer.text)
        elif wanted.strip():
            names.match(json.loads(wanted), answer.json())
        else:
            assert answer.content == b""


def test_the_page_names_every_resource_and_every_fault():
    for shape in RESOURCES:
        path = "/v1/" + shape.replace("*", "{id}") if shape else "/v1"
        assert path in PAGE or f"…/{path.rpartition('/')[2]}" in PAGE, path
    for kind, status in STATUSES.items():
        assert f"| {status} |" in PAGE
        assert f"`{symbol_of(kind.code)}`" in PAGE, kind
