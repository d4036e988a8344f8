"""What the shape of a form cannot tell: fields of items that there are not, choices that do not fit, and the like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from placet.core.definition import DataType
from placet.core.expressions import ExpressionSyntax, compile_expression
from placet.core.form_choices import one_value
from placet.errors import InvalidData
from placet.loader.build import data_item
from placet.loader.content_checks import SETTING, ContentChecks, Steps
from placet.loader.faults import Faults, Place, did_you_mean
from placet.loader.form_shape import ChoicesShape, FieldShape, FormShape
from placet.loader.shape import ActivityShape, ApprovalShape, DataItemShape, HeadShape
from placet.loader.yaml_tree import Mapping as MappingNode
from placet.loader.yaml_tree import Node, Scalar, find, place_of_key

_TEXTS = (DataType.STRING, DataType.DN)
_SIZES = (DataType.INTEGER, DataType.DECIMAL, DataType.DATE)
_OF_TEXTS = ("pattern", "min_length", "max_length")
_OF_SIZES = ("minimum", "maximum")
_OF_CONNECTORS = ("inputs", "rows", "cache")
_UNCHOSEN = (DataType.JSON, DataType.BINARY)


def check_forms(
    root: MappingNode,
    head: HeadShape | None,
    activities: Mapping[str, ActivityShape],
    items: Mapping[str, DataItemShape],
    faults: Faults,
) -> None:
    """Check the form of the request and those of all approvals."""
    data = root.values.get("data")
    checks = ContentChecks(data.values if isinstance(data, MappingNode) else (), items, faults)
    computed = set(_computed(root))
    request = _FormChecks("the request form", root.values.get("form"), checks, items, computed)
    request.check_names()
    if head is not None and head.form is not None:
        request.check_values(head.form, writes=None)
    section = root.values.get("activities")
    for name, node in section.values.items() if isinstance(section, MappingNode) else ():
        if not isinstance(node, MappingNode) or "form" not in node.values:
            continue
        form = _FormChecks(f"the form of approval {name!r}", node.values["form"], checks, items, computed)
        form.check_names()
        shape = activities.get(name)
        if isinstance(shape, ApprovalShape) and shape.form is not None:
            form.check_values(shape.form, writes=shape.writes)


def _computed(root: MappingNode) -> Iterator[str]:
    """The data items that an activity sets."""
    section = root.values.get("activities")
    for node in section.values.values() if isinstance(section, MappingNode) else ():
        for key in SETTING:
            if isinstance(sets := find(node, (key,)), MappingNode) and sets is not node:
                yield from sets.keys


class _FormChecks:
    """The checks of one form; `owner` is what it is called, `computed` are the items that activities set."""

    def __init__(
        self,
        owner: str,
        node: Node | None,
        checks: ContentChecks,
        items: Mapping[str, DataItemShape],
        computed: set[str],
    ) -> None:
        self.owner, self.node, self.checks, self.items, self.computed = owner, node, checks, items, computed
        self.is_request = owner == "the request form"

    # -- names and expressions, also of a form whose shape has faults --------------------------------

    def check_names(self) -> None:
        fields = find(self.node, ("fields",)) if isinstance(self.node, MappingNode) else None
        if not isinstance(fields, MappingNode) or fields is self.node:
            return
        for name, field in fields.values.items():
            self.checks.check_item(self.owner, name, fields.keys[name])
            owner = f"field {name!r} of {self.owner}"
            for path, scalar in _expressions(field):
                try:
                    expression = compile_expression(scalar.text)
                except ExpressionSyntax:
                    continue  # told with the shape
                self.checks.check_expression(owner, path, expression, scalar)
            rows = find(field, ("choices", "data"))
            if isinstance(rows, Scalar) and isinstance(find(field, ("choices",)), MappingNode):
                self.checks.check_item(owner, rows.text, rows.place)

    # -- values ------------------------------------------------------------------------------------

    def check_values(self, form: FormShape, writes: list[str] | None) -> None:
        """Check fields against their data items; `writes` are those that an approval lets be changed."""
        for name, field in form.fields.items():
            item = self.items.get(name)
            if item is None:
                continue
            self._check_item(name, field, item, writes)
            self._check_kind(name, field, item)
            self._check_bounds(name, field, item)
            if field.choices is not None:
                self._check_choices(name, field.choices, item)
            if field.section is not None and field.section not in form.sections:
                reason = did_you_mean(field.section, form.sections)
                self._add((name, "section"), f"is in the section {field.section!r}, which is not declared: {reason}")
        missing = self._unasked(form, writes)
        if missing:
            self._add_to_form(missing)

    def _unasked(self, form: FormShape, writes: list[str] | None) -> str:
        """What is wrong with items that ought to have a field and have none."""
        if writes is not None:
            left = [name for name in writes if name not in form.fields and name in self.items]
            reason = "which the approval writes; add fields for them, or take them out of writes"
        else:
            left = [name for name, item in self.items.items() if item.required and name not in form.fields]
            reason = "which are required, so that nobody could start it; add fields for them"
        return f"does not ask for {', '.join(map(repr, left))}, {reason}." if left else ""

    def _check_item(self, name: str, field: FieldShape, item: DataItemShape, writes: list[str] | None) -> None:
        if writes is None and item.internal:
            self._add((name,), "is of an internal data item, which nobody can give; take the field out")
        if writes is None and item.required and field.visible is not None:
            message = "is of a required data item, so it cannot be hidden; take visible out, or require the field only"
            self._add((name, "visible"), message)
        is_always = field.read_only is not None and field.read_only.source.strip() == "true"
        if writes is None and is_always and (item.required or field.required):
            self._add((name, "read_only"), "is required and always read-only, so nobody could fill it in")
        if writes is not None and field.required and name not in writes:
            self._add((name, "required"), "is required and not among what the approval writes; add it there")

    def _check_kind(self, name: str, field: FieldShape, item: DataItemShape) -> None:
        """Check that what narrows a field fits the type of its item."""
        for keys, types in ((_OF_TEXTS, _TEXTS), (_OF_SIZES, _SIZES)):
            for key in keys:
                if getattr(field, key) is None:
                    continue
                if item.type not in types:
                    those = " and ".join(kind.value for kind in types)
                    self._add((name, key), f"has {key} and is of type {item.type.value}; {key} is for {those}")
                elif field.choices is not None:
                    self._add((name, key), f"has {key} and choices; keep one of the two")

    def _check_bounds(self, name: str, field: FieldShape, item: DataItemShape) -> None:
        if field.min_length is not None and field.max_length is not None and field.min_length > field.max_length:
            self._add((name, "min_length"), "has a min_length above its max_length; exchange them")
        if item.type not in _SIZES:
            return
        bounds = {key: text for key in _OF_SIZES if (text := getattr(field, key)) is not None}
        known = {key: self._value(name, (key,), item, text) for key, text in bounds.items()}
        if None not in known.values() and len(known) == len(_OF_SIZES) and known["minimum"] > known["maximum"]:
            self._add((name, "minimum"), "has a minimum above its maximum; exchange them")

    def _check_choices(self, name: str, choices: ChoicesShape, item: DataItemShape) -> None:
        if item.type in _UNCHOSEN:
            self._add((name, "choices"), f"is of type {item.type.value}, of which nothing can be chosen")
            return
        sources = (choices.listed, choices.data, choices.connector)
        if sum(source is not None for source in sources) != 1:
            self._add((name, "choices"), "needs one source of choices: a list, data: … or connector: …")
            return
        extra = [key for key in _OF_CONNECTORS if key in choices.model_fields_set]
        if extra and choices.connector is None:
            self._add((name, "choices", extra[0]), f"has {extra[0]}, which only choices of a connector have")
        if choices.listed is not None:
            for place, (value, _) in enumerate(choices.listed):
                self._value(name, ("choices", place), item, value)
        if choices.data is not None:
            self._check_rows(name, choices.data)

    def _check_rows(self, name: str, rows: str) -> None:
        """Check that a data item holds rows by the time that the form is shown."""
        item = self.items.get(rows)
        path: Steps = (name, "choices", "data")
        if item is None:
            return
        if item.type is not DataType.JSON:
            self._add(path, f"has the rows of {rows!r}, which is of type {item.type.value}; rows are of type json")
        elif rows not in self.computed:
            self._add(path, f"has the rows of {rows!r}, which no activity sets; set it before")
        elif self.is_request:
            message = f"has the rows of {rows!r}, which no activity can have set at a start; name a connector"
            self._add(path, message)

    def _value(self, name: str, path: tuple[str | int, ...], item: DataItemShape, text: str) -> Any:
        """The stored form of a value that the file gives for an item; None once its fault is noted."""
        try:
            return one_value(data_item(name, item), text)
        except InvalidData as fault:
            place = find(self.node, ("fields", name, *path)).place if self.node is not None else Place()
            self.checks.faults.add(place, f"Field {name!r} of {self.owner}: {fault.message}")
            return None

    def _add(self, path: tuple[str, ...], message: str) -> None:
        assert self.node is not None
        text = f"Field {path[0]!r} of {self.owner} {message}"
        self.checks.faults.add(place_of_key(self.node, ("fields", *path)), text if text[-1] in ".?" else f"{text}.")

    def _add_to_form(self, message: str) -> None:
        assert self.node is not None
        self.checks.faults.add(self.node.place, f"{self.owner[0].upper()}{self.owner[1:]} {message}")


def _expressions(field: Node) -> Iterator[tuple[Steps, Scalar]]:
    """The expressions of a field, each with a path that tells what it has to give."""
    for key in ("visible", "read_only"):
        if isinstance(field, MappingNode) and isinstance(scalar := field.values.get(key), Scalar):
            yield (key,), scalar
    choices = field.values.get("choices") if isinstance(field, MappingNode) else None
    if not isinstance(choices, MappingNode):
        return
    if isinstance(rows := choices.values.get("rows"), Scalar):
        yield ("rows",), rows
    if isinstance(inputs := choices.values.get("inputs"), MappingNode):
        yield from ((("inputs", name), each) for name, each in inputs.values.items() if isinstance(each, Scalar))
