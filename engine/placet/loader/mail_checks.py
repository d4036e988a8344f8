"""Whether the templates of mails can work: those of email activities and of notifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from placet.core.mail_words import KINDS, names_of
from placet.core.templates import TemplateFault, check
from placet.loader.faults import Faults, Place
from placet.loader.yaml_tree import Mapping as MappingNode
from placet.loader.yaml_tree import Node, Scalar

_TEMPLATES = ("subject", "text", "html")


def check_mails(root: MappingNode, source: str, faults: Faults) -> None:
    """Check all templates of a file against what they will be given; `source` is its text."""
    declared = frozenset(_parts(root.values.get("data")))
    lines = source.removeprefix("\ufeff").split("\n")
    for owner, kind, node in _with_templates(root):
        names = {**names_of(kind), "data": declared}
        for key in _TEMPLATES:
            scalar = node.values.get(key)
            if isinstance(scalar, Scalar) and not scalar.is_null:
                _check(f"{key!r} of {owner}", scalar, names, lines, faults, html=key == "html")
        if kind is not None and "html" in node.values and "text" not in node.values:
            place = node.keys["html"]
            faults.add(place, f"There is html and no text in {owner}; add text: for those who read no HTML.")


def _with_templates(root: MappingNode) -> Iterator[tuple[str, str | None, MappingNode]]:
    """What has templates: what it is called, its kind of notification (None of an activity), and its node."""
    for name, node in _parts(root.values.get("activities")).items():
        kind = _parts(node).get("kind")
        if isinstance(node, MappingNode) and isinstance(kind, Scalar) and kind.text == "email":
            yield f"activity {name!r}", None, node
    for name, node in _parts(root.values.get("notifications")).items():
        if isinstance(node, MappingNode) and name in KINDS:
            yield f"notification {name!r}", name, node


def _parts(node: Node | None) -> Mapping[str, Node]:
    return node.values if isinstance(node, MappingNode) else {}


def _check(
    what: str,
    scalar: Scalar,
    names: Mapping[str, frozenset[str] | None],
    lines: list[str],
    faults: Faults,
    *,
    html: bool,
) -> None:
    for fault in check(scalar.text, names, html=html):
        faults.add(_place(scalar, fault, lines), f"The template {what} cannot be used: {fault.message}.")


def _place(scalar: Scalar, fault: TemplateFault, lines: list[str]) -> Place:
    """Where in the file a fault is: of a text under `|` its own line, of any other as nearly as can be told."""
    begins = scalar.place.line
    if lines[begins - 1][scalar.place.column - 1 :].startswith("|") and begins + fault.line <= len(lines):
        written = scalar.text.split("\n")[fault.line - 1]
        indent = lines[begins + fault.line - 1].find(written) if written else 0
        return Place(begins + fault.line, max(indent, 0) + fault.column)
    return scalar.place_of(fault.line, fault.column)
