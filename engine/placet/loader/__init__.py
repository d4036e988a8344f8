"""Definition files: YAML text to `placet.core.definition.Definition`, every fault with file, line and column."""

from __future__ import annotations

import re
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from placet.core.definition import Definition
from placet.core.names import fold_dn, is_dn
from placet.errors import InvalidDefinition
from placet.loader import content_checks, shape_checks
from placet.loader.build import build_definition, head_dn
from placet.loader.child_checks import check_children
from placet.loader.connector_checks import Takes, check_connectors
from placet.loader.faults import Fault, Faults, Place, did_you_mean
from placet.loader.fields import ID
from placet.loader.file_text import fits, read_text
from placet.loader.flow_checks import check_flow, read_graph
from placet.loader.form_checks import check_forms
from placet.loader.mail_checks import check_mails
from placet.loader.shape import ActivityShape, DataItemShape, FileShape
from placet.loader.yaml_tree import Mapping, Scalar, Unreadable, place_of_key, read_tree

__all__ = ["Fault", "Takes", "json_schema", "load_directory", "parse_definition"]

MAX_ACTIVITIES = 500
MAX_DATA_ITEMS = 500


@dataclass(frozen=True, slots=True)
class _Read:
    """What one file gave: a definition or faults, and where it says its name."""

    definition: Definition | None
    faults: list[Fault]
    dn_place: Place
    root: Mapping = field(default_factory=lambda: Mapping(Place()))


def parse_definition(text: str, file: str = "<text>") -> Definition:
    """The definition that a text describes; raises InvalidDefinition with all of its faults."""
    return _parse(text, file)


@lru_cache(maxsize=128)  # every engine of a program reads the same texts back from its database
def _parse(text: str, file: str) -> Definition:
    found = _read(text, file)
    if found.definition is None:
        raise InvalidDefinition(found.faults)
    return found.definition


def load_directory(path: str | Path, connectors: Mapping_[str, Takes] | None = None) -> list[Definition]:
    """The definitions of every `*.yaml` and `*.yml` file directly in a directory, in order of file names.

    Calls of `connectors`, by folded name, are checked against what those take.

    Raises InvalidDefinition with the faults of all files together.
    """
    directory = Path(path)
    if not directory.is_dir():
        raise InvalidDefinition(
            [Fault(str(directory), 1, 1, "This is no directory; name one that holds *.yaml files.")]
        )
    files = sorted(file for file in directory.iterdir() if file.suffix in (".yaml", ".yml") and file.is_file())
    reads = {file: _read_file(file) for file in files}
    faults = [fault for read in reads.values() for fault in read.faults]
    definitions: dict[str, tuple[Definition, Path]] = {}
    for file, read in reads.items():
        if read.definition is None:
            continue
        _, first = definitions.setdefault(fold_dn(read.definition.dn), (read.definition, file))
        if first is not file:
            message = (
                f"The definition {read.definition.dn!r} is in {first.name} already; give one of them another name."
            )
            faults.append(Fault(str(file), read.dn_place.line, read.dn_place.column, message))
    known = {dn: definition for dn, (definition, _) in definitions.items()}
    for definition, file in definitions.values():
        of_children = Faults(str(file))
        check_children(definition, reads[file].root, known, of_children)
        check_connectors(definition, reads[file].root, connectors or {}, of_children)
        faults += of_children.sorted()
    if faults:
        raise InvalidDefinition(sorted(faults))
    return list(known.values())


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a definition file, for editors."""
    schema = FileShape.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Placet definition"}


def _read_file(file: Path) -> _Read:
    faults = Faults(str(file))
    text = read_text(file, faults)
    return _Read(None, faults.sorted(), Place()) if text is None else _read(text, str(file))


def _read(text: str, file: str) -> _Read:
    faults = Faults(file)
    if not fits(text, faults):
        return _Read(None, faults.sorted(), Place())
    try:
        root = read_tree(text.removeprefix("\ufeff"), faults)
    except Unreadable:
        return _Read(None, faults.sorted(), Place())
    head = shape_checks.check_head(root, faults)
    if head is not None and not is_dn(head_dn(head)):
        faults.add(
            root.values["name"].place, f"No DN can be made of the name {head.name['en']!r}; add one with dn: cn=…."
        )
    items = _check_data(root, faults)
    activities = _check_activities(root, items, faults)
    check_forms(root, head, activities, items, faults)
    check_mails(root, text, faults)
    dn_place = place_of_key(root, ("dn" if "dn" in root.keys else "name",))
    if faults or head is None:
        return _Read(None, faults.sorted(), dn_place)
    return _Read(build_definition(head, items, activities, text), [], dn_place, root)


def _check_data(root: Mapping, faults: Faults) -> dict[str, DataItemShape]:
    section = _section(root, "data", faults)
    if len(section.values) > MAX_DATA_ITEMS:
        place = place_of_key(root, ("data",))
        faults.add(place, f"There are {len(section.values)} data items; at most {MAX_DATA_ITEMS} work.")
        return {}
    items = {}
    for name, node in section.values.items():
        _check_name("a data item", name, section.keys[name], faults)
        item = shape_checks.check_data_item(name, node, faults)
        if item is not None:
            content_checks.check_data_item(name, item, node, faults)
            items[name] = item
    return items


def _check_activities(root: Mapping, items: dict[str, DataItemShape], faults: Faults) -> dict[str, ActivityShape]:
    section = _section(root, "activities", faults)
    place = place_of_key(root, ("activities",))
    if not section.values:
        faults.add(place, "There are no activities; a definition has at least done: {kind: finish}.")
    if len(section.values) > MAX_ACTIVITIES:
        faults.add(place, f"There are {len(section.values)} activities; at most {MAX_ACTIVITIES} work.")
        return {}
    data = root.values.get("data")
    declared = data.values if isinstance(data, Mapping) else {}
    checks = content_checks.ContentChecks(declared, items, faults)
    shapes = {}
    for name, node in section.values.items():
        _check_name("an activity", name, section.keys[name], faults)
        checks.check_names(name, node)
        shape = shape_checks.check_activity(name, node, faults)
        if shape is not None:
            checks.check_values(name, shape, node)
            shapes[name] = shape
    if isinstance(data, Mapping):
        checks.check_internal(data)
    if section.values:
        _check_graph(root, section, place, faults)
    return shapes


def _check_graph(root: Mapping, section: Mapping, place: Place, faults: Faults) -> None:
    graph = read_graph(section, faults)
    start = root.values.get("start")
    first = start.text if isinstance(start, Scalar) and not start.is_null else None
    if isinstance(start, Scalar) and first is not None and first not in graph:
        faults.add(start.place, f"The start {first!r} is no activity: {did_you_mean(first, section.values)}")
    check_flow(graph, first, place, faults)


def _section(root: Mapping, key: str, faults: Faults) -> Mapping:
    section = root.values.get(key)
    if isinstance(section, Mapping):
        return section
    if section is not None and not (isinstance(section, Scalar) and section.is_null):
        faults.add(section.place, f"{key!r} has to be a mapping of names to their descriptions.")
    return Mapping(root.place)


def _check_name(what: str, name: str, place: Place, faults: Faults) -> None:
    if re.fullmatch(ID, name) is None:
        faults.add(place, f"{name!r} cannot name {what}; use up to 64 letters, digits, - and _, a letter first.")
