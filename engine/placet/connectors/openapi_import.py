"""Connectors from the OpenAPI document of a service (3.0 or 3.1, JSON or YAML): one for each operation that is picked.

Only the document itself is looked at: what it refers to elsewhere is refused.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from placet.connectors.checks import fold_name, name_fault, unknown
from placet.connectors.content import tree_of
from placet.connectors.kinds import url_fault
from placet.connectors.openapi_nodes import line_of, mapping_of
from placet.connectors.openapi_operations import Offer, Operations
from placet.connectors.reading import Contents, Given, Reader
from placet.connectors.records import Connector
from placet.errors import InvalidConnectors
from placet.loader.faults import Faults

MAX_BYTES = 8_388_608
MAX_YAML_BYTES = 524_288  # it is read a hundred times slower than JSON
_MOST_BITS = 1_024  # of a whole number


@dataclass(frozen=True, slots=True)
class Document:
    """What a document offers, and what it says of its service."""

    title: str
    version: str
    offers: list[Offer]


def read_file(path: Path) -> str:
    """The text of a document; raises `InvalidConnectors` where it cannot be read, or is too large to be looked at."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InvalidConnectors([f"{path} has more than {MAX_BYTES:,} bytes, which is the most that is read."])
        return path.read_text("utf-8-sig")
    except OSError as failure:
        raise InvalidConnectors([f"{path} cannot be read: {failure.strerror}."]) from None
    except UnicodeDecodeError:
        raise InvalidConnectors([f"{path} is not UTF-8; save it as UTF-8."]) from None


def read_document(text: str, url: str | None = None) -> Document:
    """What a document offers; with a `url` that takes the place of its first server.

    Raises `InvalidConnectors` for what is no OpenAPI document, or one that is too large.
    """
    root = _parsed(text)
    version, paths = root.get("openapi"), root.get("paths")
    if not isinstance(version, str) or not version.startswith(("3.0", "3.1")):
        given = f"it says openapi: {str(version)[:20]!r}" if version else "it has no openapi: 3.1.0 or the like"
        raise InvalidConnectors([f"This is no OpenAPI document of the versions 3.0 and 3.1: {given}."])
    if url is not None and (fault := url_fault(url)):
        raise InvalidConnectors([f"The url {url[:200]!r} {fault}."])
    if url is not None and "?" in url:
        raise InvalidConnectors(
            [f"The url {url[:200]!r} has a query, and paths go behind it; leave ? and the rest out."]
        )
    reader = Operations(root, url)
    offers = list(reader.offers(paths if isinstance(paths, dict) else {}))
    info = mapping_of(root.get("info"))
    return Document(line_of(info.get("title")), line_of(info.get("version")), offers)


def picked(document: Document, service: str, names: Sequence[str]) -> Contents:
    """The connectors of operations, by name or as in `GET /users`; raises `InvalidConnectors` with all faults."""
    contents = Contents()
    faults: list[object] = []
    known: dict[str, list[Offer]] = defaultdict(list)
    for offer in document.offers:
        for key in {f"{offer.method} {offer.path}", offer.name}:
            known[key].append(offer)
    made: dict[str, Offer] = {}
    for name in dict.fromkeys(names):
        found = known.get(name, [])
        if not found:
            faults.append(unknown("operation", name, [each.name for each in document.offers]))
        elif len(found) > 1:
            ways = " or ".join(f"{each.method} {each.path[:200]}" for each in found[:5])
            faults.append(f"The document has {len(found)} operations {name!r}; say which one is meant: {ways}.")
        elif (other := made.setdefault(fold_name(found[0].name), found[0])) is not found[0]:
            both = " and ".join(f"{each.method} {each.path[:200]}" for each in (other, found[0]))
            faults.append(f"{both} would both become the connector {other.name!r}; import one of the two.")
        else:
            try:
                contents.connectors.append(_connector(found[0], service))
            except InvalidConnectors as failure:
                faults += failure.faults
    if faults:
        raise InvalidConnectors(faults)
    return contents


def _connector(offer: Offer, service: str) -> Given[Connector]:
    faults = Faults("")
    if not offer.refused:
        fault = name_fault(offer.name)
        content = {"service": service, **offer.content}
        given = Reader(faults).connector(offer.name, tree_of(content)) if fault is None else None
        if given is not None and not faults:
            return given
        reasons = [fault.message for fault in faults.sorted()] if fault is None else [f"its name {fault}."]
    else:
        reasons = [offer.refused]
    raise InvalidConnectors([f"The operation {offer.name!r} cannot be a connector: {reason}" for reason in reasons])


def _parsed(text: str) -> Mapping[str, Any]:
    size = len(text.encode(errors="replace"))
    is_json = text.lstrip("\ufeff \t\r\n").startswith("{")
    most = MAX_BYTES if is_json else MAX_YAML_BYTES
    if size > most:
        kind = "JSON" if is_json else "YAML; as JSON it may be larger"
        raise InvalidConnectors([f"The document has {size:,} bytes; at most {most:,} are read of {kind}."])
    try:
        text = text.lstrip("\ufeff")
        root = json.loads(text) if is_json else YAML(typ="safe", pure=True).load(text)
        _check_size(root)
    except (ValueError, YAMLError, RecursionError, TypeError, AttributeError, OverflowError) as failure:
        reason = " ".join(str(failure).split())[:200]
        raise InvalidConnectors([f"The document is not readable as JSON or YAML: {reason}"]) from None
    if not isinstance(root, dict):
        raise InvalidConnectors(["The document is no object; give an OpenAPI document."])
    return root


def _check_size(root: Any) -> None:
    """Refuse a document that gets large only by what its aliases repeat; raises `ValueError`."""
    sizes: dict[int, int | None] = {}  # None while it is being measured

    def size_of(node: Any) -> int:
        if isinstance(node, str):
            return 1 + len(node)
        if isinstance(node, int) and node.bit_length() > _MOST_BITS:
            raise ValueError("it has a number that is too long to be one")
        if not isinstance(node, dict | list):
            return 1
        if id(node) in sizes:
            known = sizes[id(node)]
            if known is None:
                raise ValueError("an alias in it stands within what it stands for")
            return known
        sizes[id(node)] = None
        parts = [*node, *node.values()] if isinstance(node, dict) else node
        sizes[id(node)] = size = 1 + sum(map(size_of, parts))
        if size > 2 * MAX_BYTES:
            raise ValueError("its aliases stand for too much")
        return size

    size_of(root)
