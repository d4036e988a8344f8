"""`/docs`: every operation with a request that works, and nothing that would have to come from elsewhere."""

from __future__ import annotations

import asyncio
import base64
import re
from hashlib import sha256
from html.parser import HTMLParser

from placet_api.openapi.document import document
from placet_api.openapi.operation import Body, Operation, Parameter, Reply, ServiceOperations
from placet_api.openapi.page import page
from placet_api.openapi.services import SERVICES
from tests.acceptance.conftest import PASSWORD, RunningServer

DOCUMENT = document(SERVICES)
PAGE = page(DOCUMENT)
VOID = {"meta", "link"}
UNUSABLE = {400, 405, 406, 415, 500}


class Outline(HTMLParser):
    """The ids and links of a page whose elements are closed in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.blocks: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "pre":
            self.blocks.append("")
        for name, value in attributes:
            if name == "id":
                self.ids.append(value or "")
            elif name in ("href", "src"):
                self.links.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "pre" in self.open:
            self.blocks[-1] += data


def shown() -> set[str]:
    """The names of the operations that have a part of their own."""
    every = [operation for item in DOCUMENT["paths"].values() for operation in item.values()]
    return {each["operationId"] for each in every if not {"x-same-as", "x-variant-of"} & set(each)}


def test_every_operation_has_its_part_and_every_link_its_place():
    outline = Outline(PAGE)

    assert shown() <= set(outline.ids)
    assert len(set(outline.ids)) == len(outline.ids)
    for link in outline.links:
        assert link in ("data:,", "/openapi.json") or (link[0] == "#" and link[1:] in outline.ids), link
    for path, item in DOCUMENT["paths"].items():
        told = [each for each in item.values() if not {"x-same-as", "x-variant-of"} <= set(each)]
        assert f"<code>{path}</code>" in PAGE or not told, path


async def test_nothing_is_loaded_from_anywhere(server: RunningServer):
    answer = await server("").get("/docs")
    policy = answer.headers["content-security-policy"]

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    [style] = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
    assert f"'sha256-{base64.b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert Outline(answer.text).tags.isdisjoint({"script", "iframe", "img", "form", "object", "base"})
    assert re.findall(r'(?:src|href)="[a-z]+:/', answer.text) == []
    assert " style=" not in answer.text
    assert "@import" not in answer.text
    assert "url(" not in answer.text


async def test_every_request_of_the_page_can_be_sent(server: RunningServer):
    lines = [block for block in Outline(PAGE).blocks if block.startswith("curl")]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PLACET": server.url, "SIGN_IN": f"admin:{PASSWORD}"}

    assert len(lines) == len(shown())
    for line in lines:
        command = f"{line} --silent --output /dev/null --write-out '%{{http_code}}'"
        program = await asyncio.create_subprocess_shell(command, env=environment, stdout=asyncio.subprocess.PIPE)
        status, _ = await program.communicate()
        unknown = {400} if re.search(r"/api/1\.0/|/oauth2/|/authorized", line) else set()  # a uid or state of nobody
        assert int(status) not in UNUSABLE - unknown, line


def test_what_a_document_says_stays_text():
    """No text of a document becomes an element or an attribute."""
    evil = "<script>alert(1)</script>\"'`</code>`"
    operation = Operation(
        evil,
        "POST",
        f"/{evil}",
        evil,
        {200: Reply(evil, {"type": "string", "enum": [evil]}, evil)},
        evil,
        parameters=(Parameter(evil, evil, {"type": "string", "pattern": evil}, example=evil),),
        body=Body({"type": "object", "properties": {evil: {"description": evil}}}, {evil: evil}),
    )
    text = page(document([ServiceOperations(evil, evil, [operation], {}, schemas={evil: {"description": evil}})]))

    assert "script" not in Outline(text).tags
