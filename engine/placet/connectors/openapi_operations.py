"""The operations of an OpenAPI document as what connectors ask for, each with the reason where it cannot be one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from placet.connectors.checks import LONGEST_NAME, MOST_PARAMETERS, PARAMETER_NAME, header_fault
from placet.connectors.openapi_media import media_of
from placet.connectors.openapi_nodes import is_short, line_of, list_of, mapping_of
from placet.connectors.shape import METHODS
from placet.errors import InvalidConnectors
from placet.query.storable import storable

MAX_OPERATIONS = 2_000
_MOST_STEPS = 20  # from reference to reference
_MOST_LISTED = 1_000  # members of a list that are looked at
_LONGEST_URL = 2_000  # characters
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_WHOLE = "body"  # the parameter that is all of a body
_Body: TypeAlias = "tuple[dict[str, Any], dict[str, dict[str, Any]]]"
_TYPES = {"string": "string", "integer": "integer", "number": "decimal", "boolean": "boolean"}
_OF_HTTP = ("accept", "content-type", "authorization")  # which the specification has ignored as parameters


class _Refused(Exception):
    """An operation cannot be a connector; says why."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An operation of a document; `refused` says why it cannot be a connector, or nothing."""

    name: str
    method: str
    path: str
    summary: str
    refused: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)


class Operations:
    """The operations of one document, whose `url` takes the place of its servers if it is given."""

    def __init__(self, root: Mapping[str, Any], url: str | None) -> None:
        self._root, self._url = root, url

    def offers(self, paths: Mapping[str, Any]) -> Iterator[Offer]:
        """All of them, in the order of the document; raises `InvalidConnectors` where there are too many."""
        count = 0
        for path, item in paths.items():
            try:
                item = self._resolved(item)
            except _Refused as refusal:
                yield Offer(_name(None, "", str(path)), "", storable(str(path)), "", storable(str(refusal)))
                continue
            for method, operation in item.items():
                if str(method).upper() not in METHODS or not isinstance(operation, dict):
                    continue
                count += 1
                if count > MAX_OPERATIONS:
                    raise InvalidConnectors([f"The document has more than {MAX_OPERATIONS:,} operations."])
                yield self._offer(str(path), str(method).upper(), item, operation)

    def _offer(self, path: str, method: str, item: Mapping[str, Any], operation: Mapping[str, Any]) -> Offer:
        name = _name(operation.get("operationId"), method, path)
        summary = line_of(operation.get("summary")) or line_of(operation.get("description"))
        try:
            content = self._content(path, method, item, operation)
        except _Refused as refusal:
            return Offer(name, method, storable(path), summary, storable(str(refusal)))
        said = {"description": summary} if summary else {}
        return Offer(name, method, storable(path), summary, "", {**said, "method": method, **content})

    def _content(self, path: str, method: str, item: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
        if not path.startswith("/"):  # behind the server's address it would be a part of the host
            raise _Refused(f"its path is {path[:200]!r}, and a path begins with a slash.")
        parameters: dict[str, dict[str, Any]] = {}
        for each in self._parameters(item, operation):
            name, made = str(each.get("name")), self._parameter(each)
            if made is not None and name in parameters:
                raise _Refused(f"it has two parameters {name!r}, and a connector's are known by name.")
            parameters |= {} if made is None else {name: made}
        body = self._body(operation, set(parameters))
        if body is not None and method in ("GET", "HEAD"):
            raise _Refused(f"it has a body, and {method} sends none.")
        said, inside = body or ({}, {})
        return {
            "url": self._server(item, operation) + path,
            **({"parameters": parameters | inside} if parameters or inside else {}),
            **(said if inside else {}),
        }

    # -- parameters ------------------------------------------------------------------------------

    def _parameters(self, item: Mapping[str, Any], operation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Those of the path and of the operation, which come before them."""
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        declared = [*list_of(item.get("parameters")), *list_of(operation.get("parameters"))]
        if len(declared) > _MOST_LISTED:
            raise _Refused(f"it has {len(declared):,} parameters; a connector has at most {MOST_PARAMETERS}.")
        for given in declared:
            parameter = self._resolved(given)
            found[str(parameter.get("name")), str(parameter.get("in"))] = parameter
        return list(found.values())

    def _parameter(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """A parameter with the keys of a file; None for what is not sent."""
        name, place, required = str(given.get("name")), given.get("in"), given.get("required") is True
        if place == "cookie":
            if required:
                raise _Refused(f"it needs the cookie {name[:100]!r}, and no cookies are sent.")
            return None
        if place == "header" and (name.lower() in _OF_HTTP or (header_fault(name) and not required)):
            return None
        if place not in ("path", "query", "header"):
            raise _Refused(f"its parameter {name[:100]!r} is in {str(place)[:20]!r}, which is no place.")
        schema = self._resolved(given.get("schema") or {})
        kind = "json" if "content" in given else self._type(schema)
        if kind == "json" and place != "query":
            kind = "string"
        return _described(place, kind, required, schema, given.get("description"))

    def _type(self, schema: Mapping[str, Any]) -> str:
        """The type of a parameter, as nearly as a connector's types tell it."""
        given = schema.get("type")
        kinds = [each for each in (given if isinstance(given, list) else [given]) if each not in (None, "null")]
        if (
            not kinds
            and "enum" in schema
            and all(isinstance(each, str) for each in list_of(schema["enum"])[:_MOST_LISTED])
        ):
            return "string"
        for several in ("allOf", "oneOf", "anyOf"):
            parts = [self._resolved(each) for each in list_of(schema.get(several))[:_MOST_STEPS]]
            inner = {str(each.get("type")) for each in parts} - {"null", "None"}
            if not kinds and len(inner) == 1:
                kinds = list(inner)
        return _TYPES.get(str(kinds[0]), "json") if len(kinds) == 1 else "json"

    # -- the body --------------------------------------------------------------------------------

    def _body(self, operation: Mapping[str, Any], taken: set[str]) -> _Body | None:
        """What is said of the body, its type and maybe a header, and the parameters in it by name."""
        body = self._resolved(operation.get("requestBody") or {})
        content = mapping_of(body.get("content"))
        if not content:
            return None
        found = media_of(content)
        if found is None:
            raise _Refused(f"its body is {', '.join(map(str, content))[:200]}; JSON, forms, XML and text can be sent.")
        media, said = found
        kind = said["body"]
        schema = self._whole(self._resolved(mapping_of(content[media]).get("schema") or {}))
        required, about = body.get("required") is True, body.get("description")
        members = mapping_of(schema.get("properties"))
        properties = {
            str(name): self._resolved(each)
            for name, each in (members.items() if len(members) <= MOST_PARAMETERS else ())
            if not (isinstance(each, dict) and each.get("readOnly") is True)
        }
        fits = properties and not taken & set(properties) and all(map(PARAMETER_NAME.fullmatch, properties))
        if kind == "text" or (kind == "json" and not fits):
            if _WHOLE in taken:
                raise _Refused(f"its body and a parameter are both called {_WHOLE!r}.")
            type_ = "string" if kind == "text" else "json"
            return said, {_WHOLE: _described("body", type_, required, {}, about)}
        if not fits:
            raise _Refused(
                f"the parts of its body are more than {MOST_PARAMETERS}, or have names that cannot be told from those "
                "of its parameters."
            )
        needed = {str(each) for each in list_of(schema.get("required"))} if required else set()
        return said, {
            name: _described("body", self._part(kind, each), name in needed, each, each.get("description"))
            for name, each in properties.items()
        }

    def _part(self, body: str, schema: Mapping[str, Any]) -> str:
        """The type of a member of a body: in one of parts those that are binary, or lists of such, are files."""
        if body != "multipart":
            return self._type(schema)
        items = schema.get("items")
        one = self._resolved(items) if isinstance(items, dict) else schema
        return "file" if one.get("format") == "binary" or "contentMediaType" in one else self._type(schema)

    def _whole(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """A schema with what it says by `allOf`, one level of it."""
        parts = [self._resolved(each) for each in list_of(schema.get("allOf"))[:_MOST_STEPS]]
        properties: dict[str, Any] = {}
        required: list[Any] = []
        for part in (*parts, schema):
            properties |= mapping_of(part.get("properties"))
            required += list_of(part.get("required"))[:_MOST_LISTED]
        return {**schema, "properties": properties, "required": required}

    # -- servers and references ------------------------------------------------------------------

    def _server(self, item: Mapping[str, Any], operation: Mapping[str, Any]) -> str:
        if self._url is not None:
            return self._url.rstrip("/")
        nearest = (list_of(part.get("servers")) for part in (operation, item, self._root))
        servers = next(filter(None, nearest), [])
        server = mapping_of(servers[0]) if servers else {}
        url, variables = str(server.get("url", ""))[: _LONGEST_URL + 1], mapping_of(server.get("variables"))

        def filled(found: re.Match[str]) -> str:
            variable = variables.get(found[1])
            return found[0] if variable is None else str(mapping_of(variable).get("default", ""))[:_LONGEST_URL]

        url = _VARIABLE.sub(filled, url)
        if len(url) > _LONGEST_URL:
            raise _Refused(f"its server's address has more than {_LONGEST_URL:,} characters.")
        if not url.startswith(("http://", "https://")) or "?" in url:
            what = "which has a query" if "?" in url else "which is no full address"
            raise _Refused(f"its server is {url[:200]!r}, {what}; give the url to use instead.")
        return url.rstrip("/")

    def _resolved(self, node: Any) -> Mapping[str, Any]:
        """A node with its references followed."""
        for _ in range(_MOST_STEPS):
            if not isinstance(node, dict):
                raise _Refused("it has something else where there has to be an object.")
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node
            node = self._target(reference)
        raise _Refused(f"its references lead on and on, more than {_MOST_STEPS} times.")

    def _target(self, reference: str) -> Any:
        if not reference.startswith("#"):
            raise _Refused(f"it refers to {reference[:200]!r}, and nothing but the document itself is read.")
        node: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            node = node.get(step) if isinstance(node, dict) else None
        if node is None:
            raise _Refused(f"it refers to {reference[:200]!r}, which the document does not have.")
        return node


def _described(place: str, kind: str, required: bool, schema: Mapping[str, Any], about: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"in": place, "type": kind}
    made |= {"required": True} if required else {}
    default = schema.get("default")
    if _fits(kind, default):
        made["default"] = json.dumps(default, ensure_ascii=False) if kind == "json" else default
    text = line_of(about) or line_of(schema.get("description"))
    return made | ({"description": text} if text else {})


def _fits(kind: str, default: Any) -> bool:
    """Whether a default can be one of a connector; what is no JSON, or a long one, is left out."""
    if default is None or kind == "json":
        return default is not None and is_short(default)
    if isinstance(default, bool):
        return kind == "boolean"
    wanted = {"string": str, "integer": int, "decimal": int | float}.get(kind)
    return wanted is not None and isinstance(default, wanted) and is_short(default)


def _name(operation_id: Any, method: str, path: str) -> str:
    text = operation_id if isinstance(operation_id, str) and operation_id.strip() else f"{method} {path}"
    text = text[: 10 * LONGEST_NAME]
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:LONGEST_NAME].strip()
