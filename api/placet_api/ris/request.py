"""One request to the service, as its handlers see it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Receive, Scope

from placet import Definition, FoundProcess, FoundWorkItem
from placet.arguments import id_of
from placet.core.people import Person
from placet.directory.caller import Caller
from placet.engine import Engine
from placet.errors import RevisionMismatch
from placet_api.answers import JSON, Answer, Headers, json_answer
from placet_api.auth import address_of
from placet_api.body import read_object
from placet_api.negotiation import LONGEST_ACCEPT
from placet_api.params import Query, parse_query, parse_tags, tag_is_among
from placet_api.ris.render import Renderer

_KEEP = (b"cache-control", b"private, no-cache")
_VARY = (b"vary", b"Accept, Accept-Language, Authorization, RESTAuthorization, RESTSessionSecret, Cookie")


@dataclass(slots=True)
class Target:
    """What a path leads to: `shape` is the resource, such as `wf/processes/*`, and `id` what stands for the star.

    `matrix` has the parameters of the path as they were given; `debug` and `schema` are read from it later, where a
    fault in them has somebody to be told.
    """

    prefix: str
    shape: str
    id: str = ""
    matrix: Sequence[str] = ()
    debug: bool = False
    schema: bool = False


@dataclass(slots=True)
class Request:
    """Who asks for what; `render` makes the JSON values of the answer."""

    engine: Engine
    target: Target
    method: str
    headers: Mapping[bytes, bytes]
    query_string: bytes
    receive: Receive
    render: Renderer
    actor: Person
    scope: Scope

    @property
    def caller(self) -> Caller:
        """Who asks, for functions of `placet.directory`."""
        return Caller(self.actor, self.engine.directory, self.engine.clock.now(), self.address)

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return address_of(self.scope)

    @property
    def accept_language(self) -> str:
        return self.header(b"accept-language")[:LONGEST_ACCEPT]

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1")

    def id(self, what: str) -> str:
        """The id in the path, in its stored form; raises `NotFound` for what cannot be one."""
        return id_of(self.target.id, what)

    def query(self, known: Collection[str] = ()) -> Query:
        """The query parameters; one that is not `known` is refused."""
        return parse_query(self.query_string, known)

    async def body(self) -> dict[str, Any]:
        return await read_object(self.receive, self.headers, self.engine.settings.body_limit)

    async def body_if_any(self) -> dict[str, Any]:
        """The body, or an empty object where none was sent."""
        is_there = self.header(b"content-length") not in ("", "0") or b"transfer-encoding" in self.headers
        return await self.body() if is_there else {}

    # -- revisions -------------------------------------------------------------------------------

    def tag(self, revision: int, definition: Definition) -> str:
        """The entity tag of a revision. Names of people and languages are part of an answer, so they are part of it."""
        spoken = self.render.spoken(definition, self.accept_language)
        return f"{revision}.{self.engine.directory.version}.{spoken}"

    async def expected_revision(self, process_id: str) -> int | None:
        """The revision that a command has to find, from `If-Match`; None where any will do.

        Raises `RevisionMismatch` where none of its tags is of the present one.
        """
        if b"if-match" not in self.headers:
            return None
        found = await self.engine.process(process_id, actor=self.actor.dn)  # a stranger learns no revision
        return self.matching_revision(found.process.revision, "the process")

    def matching_revision(self, revision: int, what: str) -> int | None:
        """The present revision of something if `If-Match` has its tag, None without such a header.

        Raises `RevisionMismatch` where none of its tags is of that revision.
        """
        header = self.headers.get(b"if-match")
        if header is None:
            return None
        text = header.decode("latin-1")
        if text.strip() == "*" or str(revision) in {tag.partition(".")[0] for tag in parse_tags(text)}:
            return revision
        raise RevisionMismatch(
            f"If-Match {text[:60]} is not what is stored: {what} is at revision {revision}; "
            "read it again and decide anew."
        )

    # -- answers ---------------------------------------------------------------------------------

    def answer(self, value: Any, *, status: int = 200, headers: Headers = ()) -> Answer:
        return json_answer(value, status=status, headers=(_KEEP, _VARY, *headers), indented=self.target.debug)

    def answer_text(self, text: bytes, *, headers: Headers = ()) -> Answer:
        """As `answer`, of a value that is JSON already."""
        if self.target.debug:
            return self.answer(orjson.loads(text), headers=headers)
        return Answer(200, text, (JSON, _KEEP, _VARY, *headers))

    def answer_found(self, value: Any, found: FoundProcess | FoundWorkItem) -> Answer:
        """A value with its entity tag; 304 without it where the client has it already."""
        return self.answer_tagged(value, self.tag(found.process.revision, found.definition))

    def answer_tagged(self, value: Any, tag: str) -> Answer:
        """A value with an entity tag; 304 without it where the client has it already."""
        headers = ((b"etag", f'"{tag}"'.encode()),)
        known = self.headers.get(b"if-none-match")
        if known is not None and self.method in ("GET", "HEAD") and tag_is_among(tag, known.decode("latin-1")):
            return Answer(304, headers=(_KEEP, _VARY, *headers))
        return self.answer(value, headers=headers)


#: Who asks where nobody has to say who he is.
NOBODY = Person("", "", active=False, permissions=frozenset())
NO_CONTENT = Answer(204)
