"""The trees of connector files read as what they ask for; every fault is noted at its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from placet.connectors.checks import check_connector, fold_name, name_fault
from placet.connectors.content import connector_from, service_from
from placet.connectors.kinds import FIELDS, OURS, Field, credential_fault, text_fault
from placet.connectors.records import AuthKind, Configuration, Connector, Service
from placet.connectors.shape import ConnectorShape, ServiceShape
from placet.loader.faults import Faults, Place, did_you_mean
from placet.loader.shape_checks import check_shape
from placet.loader.yaml_tree import Mapping as Tree
from placet.loader.yaml_tree import Node, Scalar

Record = TypeVar("Record", bound=Configuration | Service | Connector)

SECTIONS = ("configurations", "services", "connectors")
MOST = 1_000  # of each section


@dataclass(frozen=True, slots=True)
class Given(Generic[Record]):
    """What a file or a request asks for: a record that is not stored.

    `refers_to` names the service of a connector, or the configuration of a service.
    """

    record: Record
    refers_to: str | None = None
    file: str = field(default="", compare=False)
    place: Place = field(default=Place(), compare=False)


@dataclass(slots=True)
class Contents:
    """Everything that files ask for; `notes` say what was passed over."""

    configurations: list[Given[Configuration]] = field(default_factory=list)
    services: list[Given[Service]] = field(default_factory=list)
    connectors: list[Given[Connector]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.configurations or self.services or self.connectors)


class Reader:
    """Reads the trees of one file.

    A secret stands for a variable of the `environment`; without one it stands there itself, as in a request.
    """

    def __init__(self, faults: Faults, environment: Mapping[str, str] | None = None) -> None:
        self.faults, self._environment = faults, environment
        self.notes: list[str] = []

    def contents(self, root: Tree) -> Contents:
        """What a whole file asks for; faults are noted."""
        made = Contents()
        for key, place in root.keys.items():
            if key not in SECTIONS:
                self.faults.add(place, f"There is no section {key!r}: {did_you_mean(key, SECTIONS)}")
        for section, found, read in (
            ("configurations", made.configurations, self.configuration),
            ("services", made.services, self.service),
            ("connectors", made.connectors, self.connector),
        ):
            self._section(root, section, found, read)
        made.notes = self.notes
        return made

    def _section(
        self, root: Tree, section: str, found: list[Any], read: Callable[[str, Node], Given[Any] | None]
    ) -> None:
        node = root.values.get(section)
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return
        if not isinstance(node, Tree):
            self.faults.add(node.place, f"{section!r} has to be a mapping of names to their descriptions.")
            return
        if len(node.values) > MOST:
            self.faults.add(node.place, f"There are {len(node.values)} {section}; at most {MOST} work.")
            return
        seen: dict[str, str] = {}
        for name, each in node.values.items():
            if (fault := name_fault(name)) is not None:
                self.faults.add(node.keys[name], f"{name[:100]!r} {fault}.")
            elif (first := seen.setdefault(fold_name(name), name)) != name:
                self.faults.add(node.keys[name], f"{name!r} and {first!r} differ in case only; keep one of the two.")
            elif (given := read(name, each)) is not None:
                place = _place_of_reference(each, node.keys[name])
                found.append(Given(given.record, given.refers_to, self.faults.file, place))

    def service(self, name: str, node: Node) -> Given[Service] | None:
        shape = check_shape(ServiceShape, node, f"service {name!r}", self.faults)
        return None if shape is None else Given(service_from(name, shape), shape.configuration)

    def connector(self, name: str, node: Node) -> Given[Connector] | None:
        owner = f"connector {name!r}"
        shape = check_shape(ConnectorShape, node, owner, self.faults)
        if shape is None:
            return None
        defaults = check_connector(owner, shape, node, self.faults)
        return Given(connector_from(name, shape, defaults), shape.service)

    # -- configurations, whose keys differ by kind -----------------------------------------------

    def configuration(self, name: str, node: Node) -> Given[Configuration] | None:
        owner = f"configuration {name!r}"
        kind = self._kind(owner, node)
        if kind is None:
            return None
        assert isinstance(node, Tree)
        known = FIELDS[kind]
        for key, place in node.keys.items():
            if key != "kind" and key not in known:
                ways = did_you_mean(key, ["kind", *known])
                self.faults.add(place, f"There is no key {key!r} of {owner} ({kind}): {ways}")
        fields: dict[str, str] = {}
        secrets: dict[str, str] = {}
        for key, each in known.items():
            given = node.values.get(key)
            if given is not None and isinstance(given, Scalar) and given.is_null:
                given = None
            if each.secret:
                text = None if given is None else self._secret(owner, key, given, each)
                secrets |= {} if text is None else {key: text}
            else:
                place = node.place if given is None else given.place
                fields[key] = self._field(owner, key, given, each, place)
        if fields.get("place") == "header" and fields["key"].lower() in OURS:
            fault = credential_fault(fields["key"])
            self.faults.add(node.values["key"].place, f"'key' of {owner}: {fields['key']!r} {fault}.")
        return Given(Configuration(id="", name=name, kind=kind, fields=fields, secrets=secrets))

    def _kind(self, owner: str, node: Node) -> AuthKind | None:
        if not isinstance(node, Tree):
            self.faults.add(node.place, f"The {owner} has to be a mapping such as {{kind: none}}.")
            return None
        kind = node.values.get("kind")
        kinds = [each.value for each in AuthKind]
        if not isinstance(kind, Scalar) or kind.is_null:
            self.faults.add(node.place, f"The {owner} has no kind; kinds are: {', '.join(kinds)}.")
        elif kind.text not in kinds:
            ways = did_you_mean(kind.text, kinds)
            self.faults.add(kind.place, f"The {owner} cannot be used: {kind.text[:100]!r} is no kind: {ways}")
        else:
            return AuthKind(kind.text)
        return None

    def _field(self, owner: str, key: str, given: Node | None, known: Field, place: Place) -> str:
        if given is not None and not isinstance(given, Scalar):
            self.faults.add(place, f"{key!r} of {owner} has to be one text.")
            return ""
        text = known.default if given is None else given.text.strip()
        if not text and known.required:
            self.faults.add(place, f"{key!r} of {owner} is missing; add {key}: with {known.about}.")
        elif text and (fault := text_fault(text) or known.fault(text)):
            self.faults.add(place, f"{key!r} of {owner}: {text[:100]!r} {fault}.")
        return text

    def _secret(self, owner: str, key: str, given: Node, known: Field) -> str | None:
        """A secret's text, None where the one that is stored stays; nothing of it is quoted."""
        text = (
            self._from_environment(owner, key, given)
            if self._environment is not None
            else self._plain(owner, key, given)
        )
        if text and (fault := known.fault(text)):
            self.faults.add(given.place, f"{key!r} of {owner} {fault}.")
        return text

    def _plain(self, owner: str, key: str, given: Node) -> str | None:
        if isinstance(given, Scalar):
            return given.text
        self.faults.add(given.place, f"{key!r} of {owner} has to be one text.")
        return None

    def _from_environment(self, owner: str, key: str, given: Node) -> str | None:
        assert self._environment is not None
        variable = given.values.get("env") if isinstance(given, Tree) and list(given.values) == ["env"] else None
        if not isinstance(variable, Scalar) or variable.is_null:
            remedy = f"give the name of a variable, {key}: {{env: NAME}}, or set it with placet connectors set-secret"
            self.faults.add(given.place, f"{key!r} of {owner} is secret, and no secret belongs in a file; {remedy}.")
            return None
        text = self._environment.get(variable.text)
        if not text:
            self.notes.append(
                f"The variable {variable.text} is not set; {key!r} of {owner} stays as it is, and of a new one unset."
            )
        return text or None


def _place_of_reference(node: Node, otherwise: Place) -> Place:
    """Where a name of something else stands."""
    found = [key for key in ("service", "configuration") if isinstance(node, Tree) and key in node.values]
    return node.values[found[0]].place if isinstance(node, Tree) and found else otherwise
