"""Connector files: YAML or JSON text to what it asks for, every fault with file, line and column."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from placet.connectors.checks import fold_name
from placet.connectors.content import tree_of
from placet.connectors.kinds import FIELDS, Field
from placet.connectors.reading import SECTIONS, Contents, Given, Reader
from placet.connectors.records import AuthKind
from placet.connectors.shape import FileShape
from placet.errors import InvalidConnectors
from placet.loader.faults import Faults
from placet.loader.file_text import fits, read_text
from placet.loader.yaml_tree import Mapping as Tree
from placet.loader.yaml_tree import Unreadable, read_tree

_WANTED = "A connector file is a mapping with any of configurations, services and connectors."


def parse_connectors(text: str, file: str, environment: Mapping[str, str]) -> Contents:
    """What a file asks for; raises `InvalidConnectors` with all of its faults."""
    faults = Faults(file)
    contents = _read(text, faults, environment)
    if faults:
        raise InvalidConnectors(faults.sorted())
    return contents


def read_file(path: Path) -> str:
    """The text of a connector file; raises `InvalidConnectors` where it cannot be read."""
    faults = Faults(str(path))
    text = read_text(path, faults)
    if text is None:
        raise InvalidConnectors(faults.sorted())
    return text


def load_folder(folder: Path, environment: Mapping[str, str]) -> Contents:
    """What the `*.yaml` and `*.yml` files of a folder ask for together; nothing where it is not there.

    Raises `InvalidConnectors` with the faults of all files together.
    """
    files = sorted(file for file in folder.glob("*.y*ml") if file.suffix in (".yaml", ".yml") and file.is_file())
    found, faults = Contents(), []
    for file in files:
        of_file = Faults(str(file))
        text = read_text(file, of_file)
        if text is not None:
            _join(found, _read(text, of_file, environment), of_file)
        faults += of_file.sorted()
    if faults:
        raise InvalidConnectors(faults)
    return found


def _join(found: Contents, more: Contents, faults: Faults) -> None:
    """Add what another file asks for; what two of them ask for is a fault of the later one."""
    for section in SECTIONS:
        before: dict[str, Given[Any]] = {fold_name(each.record.name): each for each in getattr(found, section)}
        for given in getattr(more, section):
            first = before.get(fold_name(given.record.name))
            if first is not None:
                where = f"{section} of {Path(first.file).name}"
                faults.add(given.place, f"{given.record.name!r} is among the {where} already; keep one of the two.")
        getattr(found, section).extend(getattr(more, section))
    found.notes += more.notes


def contents_of(value: Mapping[str, Any]) -> Contents:
    """What a file asks for that came as a JSON object from elsewhere, where no variable of this machine is read."""
    faults = Faults("")
    tree = tree_of(dict(value))
    assert isinstance(tree, Tree)
    contents = Reader(faults).contents(tree)
    if faults:
        raise InvalidConnectors([each.message for each in faults.sorted()])
    return contents


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a connector file, for editors."""
    schema = FileShape.model_json_schema(by_alias=True)
    kinds = {"anyOf": [_schema_of(kind, known) for kind, known in FIELDS.items()]}
    schema["properties"]["configurations"] = {"type": "object", "additionalProperties": kinds}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Placet connectors"}


def _schema_of(kind: AuthKind, known: Mapping[str, Field]) -> dict[str, Any]:
    variable = {"type": "object", "properties": {"env": {"type": "string"}}, "required": ["env"]}
    fields = {
        name: {**(variable if field.secret else {"type": "string"}), "description": field.about}
        for name, field in known.items()
    }
    return {
        "type": "object",
        "properties": {"kind": {"const": kind.value}, **fields},
        "required": ["kind", *(name for name, field in known.items() if field.required)],
        "additionalProperties": False,
    }


def _read(text: str, faults: Faults, environment: Mapping[str, str]) -> Contents:
    """What a text asks for, as far as it can be read; faults are noted."""
    if not fits(text, faults):
        return Contents()
    try:
        root = read_tree(text.removeprefix("\ufeff"), faults, _WANTED)
    except Unreadable:
        return Contents()
    return Reader(faults, environment).contents(root)
