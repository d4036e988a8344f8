"""What a shape alone cannot tell: names of data items, types of expressions, and values that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from placet.core.definition import DataType, SettleKind
from placet.core.expression_text import unknown_fields
from placet.core.expressions import Expression, ExpressionSyntax, check_types, compile_expression, data_references
from placet.loader.faults import Faults, Place, did_you_mean
from placet.loader.shape import (
    ActivityShape,
    ApprovalShape,
    ConnectorShape,
    DataItemShape,
    ProcessShape,
    WaitShape,
)
from placet.loader.yaml_tree import Mapping as MappingNode
from placet.loader.yaml_tree import Node, Scalar, Sequence, place_of_key

Steps: TypeAlias = tuple[str, ...]

_PEOPLE = (
    "a person, a DN, a user name or a list of them",
    ("map", "string", "list<map", "list<string", "list<dyn"),
)
#: What the expression under a key has to give, in words and as the beginnings of CEL's types.
_WANTED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "when": ("true or false", ("bool",)),
    "until": ("a time, see timestamp(…)", ("timestamp",)),
    "comment": ("a text, see string(…)", ("string",)),
    "visible": ("true or false", ("bool",)),
    "read_only": ("true or false", ("bool",)),
    "rows": ("a list of [value, label] rows", ("list",)),
    "addressees": _PEOPLE,
    "fallback": _PEOPLE,
    "to": _PEOPLE,
    "cc": _PEOPLE,
    "recipient": _PEOPLE,
}
#: The keys under which names map to expressions that may give anything.
_MAPPINGS = ("set", "data", "inputs", "outputs", "fault_outputs")
#: Those whose names are of data items that the activity sets.
SETTING = ("set", "outputs", "fault_outputs")


def check_data_item(name: str, item: DataItemShape, node: Node, faults: Faults) -> None:
    if item.indexed and item.type in (DataType.JSON, DataType.BINARY):
        place = place_of_key(node, ("indexed",))
        faults.add(
            place, f"Data item {name!r} of type {item.type.value} cannot be indexed; index items of other types."
        )
    if item.internal and item.required:
        reason = "it is asked of nobody, so it cannot be required; drop one of the two"
        faults.add(place_of_key(node, ("required",)), f"Data item {name!r} is internal: {reason}.")


class ContentChecks:
    """The checks of one activity against the data items that its file declares."""

    def __init__(self, declared: Iterable[str], items: Mapping[str, DataItemShape], faults: Faults) -> None:
        self.declared = list(declared)
        self.internal = {name for name, item in items.items() if item.internal}
        self.set_by_activities: set[str] = set()
        self.types = {name: (item.type.value, item.multi_valued) for name, item in items.items()}
        self.faults = faults

    def check_names(self, name: str, node: Node) -> None:
        """Check what an activity names and computes, also of one whose shape has faults."""
        for path, scalar in _expressions(node):
            try:
                expression = compile_expression(scalar.text)
            except ExpressionSyntax:
                continue  # told with the shape, or no expression but a DN
            self.check_expression(f"activity {name!r}", path, expression, scalar)
        parts = node.values if isinstance(node, MappingNode) else {}
        for setting in SETTING:
            if isinstance(sets := parts.get(setting), MappingNode):
                self.set_by_activities.update(sets.keys)
                for key, place in sets.keys.items():
                    self.check_item(f"activity {name!r}", key, place)
        if isinstance(writes := parts.get("writes"), Sequence):
            for item in writes.items:
                if isinstance(item, Scalar):
                    self.check_item(f"activity {name!r}", item.text, item.place)
                    self._check_writable(name, item)

    def check_values(self, name: str, shape: ActivityShape, node: Node) -> None:
        """Check the values of an activity against each other."""
        match shape:
            case ApprovalShape():
                self._check_approval(name, shape, node)
            case WaitShape() if (shape.for_ is None) == (shape.until is None):
                self.faults.add(node.place, f"Wait {name!r} needs one of for: 2d and until: timestamp(…).")
            case ProcessShape():
                self._check_process(name, shape, node)
            case ConnectorShape() if shape.fault_outputs and not (shape.paths.fault or shape.paths.timedout):
                reason = "draws neither fault nor timedout, and without one a failure is an incident; draw fault"
                self.faults.add(
                    place_of_key(node, ("fault_outputs",)), f"Activity {name!r} has fault_outputs and {reason}."
                )

    def check_internal(self, data: MappingNode) -> None:
        """Check, after all activities, that something sets what nobody can give."""
        for item in sorted(self.internal - self.set_by_activities):
            place = place_of_key(data, (item, "internal"))
            reason = "set it in a mapping, or take internal out so that it can be given"
            self.faults.add(place, f"Data item {item!r} is internal and no activity sets it; {reason}.")

    def _check_writable(self, name: str, item: Scalar) -> None:
        if item.text in self.internal:
            message = f"Approval {name!r} writes the data item {item.text!r}, which is internal: only mappings set it."
            self.faults.add(item.place, message)

    def check_expression(self, owner: str, path: Steps, expression: Expression, scalar: Scalar) -> None:
        """Check what an expression of `owner` names and gives; `path` are the keys that lead to it from there."""
        for item in sorted(data_references(expression.source)):
            self.check_item(owner, item, scalar.place_of(*_place_of_reference(item, expression.source)))
        for field in unknown_fields(expression.source):
            place = scalar.place_of(*_line_and_column(expression.source, field.start))
            reason = did_you_mean(field.name, field.known)
            self.faults.add(
                place, f"{_first(owner)} asks for {field.name!r} of {field.owner!r}, which it does not have: {reason}"
            )
        gives, faults = check_types(expression.source, self.types)
        for fault in faults:
            place = scalar.place_of(fault.line, fault.column)
            self.faults.add(place, f"{'.'.join(path)!r} of {owner} cannot work: {fault.message}.")
        if path[0] not in _MAPPINGS:
            self._check_result(owner, path[-1], expression, gives, scalar)

    def _check_result(self, owner: str, key: str, expression: Expression, gives: str, scalar: Scalar) -> None:
        """Check what an expression gives against what its key takes; `gives` knows the types of data items."""
        words, types = _WANTED.get(key, ("", ()))
        known = expression.gives if gives == "dyn" else gives
        if types and not known.startswith((*types, "dyn")):
            message = f"{key!r} of {owner} has to give {words}; {expression.source!r} gives another type."
            self.faults.add(scalar.place, message)

    def check_item(self, owner: str, item: str, place: Place) -> None:
        """Check that a data item which `owner` names is declared."""
        if item not in self.declared:
            reason = did_you_mean(item, self.declared)
            self.faults.add(place, f"{_first(owner)} names the data item {item!r}, which is not declared: {reason}")

    def _check_approval(self, name: str, shape: ApprovalShape, node: Node) -> None:
        def add(path: Steps, message: str) -> None:
            self.faults.add(place_of_key(node, path), f"Approval {name!r} {message}.")

        if shape.writes and shape.settle.kind is not SettleKind.ANY:
            add(
                ("writes",),
                "asks several voters, so none of them may write data items; drop writes, or use settle: any",
            )
        if shape.paths.timedout is not None and shape.timeout is None:
            add(("paths", "timedout"), "draws timedout and has no timeout; add timeout: 3d, or take the path out")
        if shape.timeout is None:
            return
        if shape.remind is not None and shape.remind.after >= shape.timeout:
            add(("remind", "after"), "reminds only after its timeout; remind earlier, or time out later")
        if shape.escalate is not None and shape.escalate.after >= shape.timeout:
            add(("escalate", "after"), "escalates only after its timeout; escalate earlier, or time out later")
        if shape.due is not None and shape.due > shape.timeout:
            add(("due",), "is due only after its timeout; make it due earlier, or time out later")

    def _check_process(self, name: str, shape: ProcessShape, node: Node) -> None:
        paths = shape.paths
        drawn = {"next"} if paths is None else {path for path, target in paths if target is not None}
        wanted = {"approved", "denied"} if shape.wait else {"next"}
        if drawn - {"error"} != wanted:
            way = "paths approved and denied" if shape.wait else "path next"
            place = place_of_key(node, ("paths",)) if paths is not None else node.place
            wait = "true" if shape.wait else "false"
            message = f"Process {name!r} with wait: {wait} draws the {way}, and error where wanted."
            self.faults.add(place, message)


def _expressions(node: Node) -> Iterator[tuple[Steps, Scalar]]:
    """The texts of an activity that are expressions, with the keys that lead to them."""
    if not isinstance(node, MappingNode):
        return
    for key, value in node.values.items():
        if key in _WANTED and isinstance(value, Scalar):
            yield (key,), value
        elif key in (*_MAPPINGS, "escalate") and isinstance(value, MappingNode):
            inner = {name: each for name, each in value.values.items() if key != "escalate" or name == "to"}
            yield from (((key, name), each) for name, each in inner.items() if isinstance(each, Scalar))


def _first(owner: str) -> str:
    """The word for an owner as a sentence begins with it."""
    return owner[:1].upper() + owner[1:]


def _place_of_reference(item: str, source: str) -> tuple[int, int]:
    """Line and column of a data item's name within an expression."""
    found = re.search(rf"data\s*(?:\.\s*`?|\[\s*['\"]){re.escape(item)}(?!\w)", source)
    return _line_and_column(source, found.end() - len(item) if found is not None else 0)


def _line_and_column(source: str, at: int) -> tuple[int, int]:
    return source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at)
