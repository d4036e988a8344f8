"""The fields of a form on the screen: a widget for each, and what was filled in as data."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Label, Select, SelectionList, TextArea

from placet.errors import InvalidData
from placet_api.cli.console.fault import Fault
from placet_api.cli.console.troubles import TROUBLES
from placet_api.cli.output import plain
from placet_api.cli.views import DataItemView, FieldView

_YES_AND_NO = [(Text("Yes"), "true"), (Text("No"), "false")]
_LONG = 60  # characters from which on a text gets several lines


Ask = Callable[[Mapping[str, Any]], Awaitable[Sequence[FieldView]]]


class FormFields(Vertical):
    """Fields below each other, each with its label and what is wrong with it.

    `ask` gives the fields as they are with what is filled in so far: all of it where `whole`, else what changed.
    """

    def __init__(self, fields: Sequence[FieldView], ask: Ask | None = None, *, whole: bool = False) -> None:
        super().__init__(classes="form-fields")
        self._fields = fields
        self._ask, self._whole = ask, whole
        self._is_asking = self._is_stale = False
        self._stored = {each.name: _texts(each) for each in fields}
        self._before = dict(self._stored)

    def compose(self) -> ComposeResult:
        for field in self._fields:
            with Vertical(id=f"block-{_id(field)}", classes="field") as block:
                block.display = field.visible
                yield Label(_label(field), classes="field-label", markup=False)
                yield _control(field)
                if field.help:
                    yield Label(plain(field.help), classes="field-help", markup=False)
                yield Fault(field.fault, id=f"fault-{_id(field)}")

    def on_mount(self) -> None:
        """Note what the widgets make of the values: what nobody touches is no change."""
        self._before |= {each.name: _typed(self.query_one(f"#{_id(each)}")) for each in self._fields}

    def _shown(self) -> Iterator[FieldView]:
        return (each for each in self._fields if each.visible)

    def texts(self, name: str) -> list[str]:
        """What a field has on the screen; of one that is not there what it had."""
        field = next(each for each in self._fields if each.name == name)
        found = list(self.query(f"#{_id(field)}")) if field.visible and not field.read_only else []
        return _typed(found[0]) if found else self._before[name]

    def changed(self) -> dict[str, Any]:
        """The values that are not as they were, None for what was emptied; raises `InvalidData` for what is no JSON."""
        now = {field.name: (field, self.texts(field.name)) for field in self._fields}
        return {name: _value(field, texts) for name, (field, texts) in now.items() if self._is_new(field, texts)}

    def _is_new(self, field: FieldView, texts: list[str]) -> bool:
        before = self._before[field.name]
        if field.choices and field.multi_valued:  # the order is that in which somebody has ticked them
            return sorted(texts) != sorted(before)
        return texts != before

    def filled(self) -> dict[str, Any]:
        """All values that are not empty, as a start takes them; raises as `changed` does."""
        values = {each.name: _value(each, self.texts(each.name)) for each in self._shown() if not each.read_only}
        return {name: value for name, value in values.items() if value is not None}

    def show_faults(self, faults: Mapping[str, str]) -> None:
        """Say below each field what is wrong with it."""
        for field in self._shown():
            self.query_one(f"#fault-{_id(field)}", Fault).say(faults.get(field.name, field.fault))

    # -- fields that depend on others ------------------------------------------------------------

    @on(Input.Submitted)
    @on(Input.Blurred)
    @on(Select.Changed)
    @on(SelectionList.SelectedChanged)
    def _look(self) -> None:
        self._is_stale = True
        if self._ask is not None and not self._is_asking:
            self._is_asking = True
            self.run_worker(self._renew(self._ask))

    async def _renew(self, ask: Ask) -> None:
        """Show what is asked by now, until nothing was filled in meanwhile; what cannot be read is said on sending."""
        try:
            while self._is_stale and self.is_attached:
                self._is_stale = False
                with suppress(*TROUBLES):
                    self._show(await ask(self.filled() if self._whole else self.changed()))
        finally:
            self._is_asking = False

    def _show(self, fields: Sequence[FieldView]) -> None:
        """Alter those fields that are not as they were; what was typed stays."""
        before = {each.name: each for each in self._fields}
        self._fields = fields
        for field in fields:
            if _shape(field) != _shape(before[field.name]):
                self._alter(field)

    def _alter(self, field: FieldView) -> None:
        block, control = self.query_one(f"#block-{_id(field)}"), self.query_one(f"#{_id(field)}")
        block.display, control.disabled = field.visible, field.read_only
        block.query_one(".field-label", Label).update(_label(field))
        self.query_one(f"#fault-{_id(field)}", Fault).say(field.fault)
        _choose_from(control, field, self._stored[field.name])


def field_of(item: DataItemView, value: Any) -> FieldView:
    """A data item as a field without conditions."""
    return FieldView(item.name, item.type, item.multi_valued, item.name, item.type, False, True, False, value=value)


def _id(field: FieldView) -> str:
    return "field-" + "".join(each if each.isalnum() and each.isascii() else f"-{ord(each):x}-" for each in field.name)


def _shape(field: FieldView) -> tuple[Any, ...]:
    return (field.name, field.visible, field.read_only, field.required, field.choices, field.fault)


# -- widgets ---------------------------------------------------------------------------------------


def _label(field: FieldView) -> str:
    return plain(f"{field.label} *" if field.required else field.label)


def _control(field: FieldView) -> Widget:
    control = _new_control(field)
    control.disabled = field.read_only
    return control


def _new_control(field: FieldView) -> Widget:
    texts = _texts(field)
    if field.choices and field.multi_valued:
        options = [(Content(label.plain), value, value in texts) for label, value in _choices(field, texts)]
        return SelectionList[str](*options, id=_id(field), compact=True)
    if field.choices or (field.type == "boolean" and not field.multi_valued):
        choices = _choices(field, texts) if field.choices else _YES_AND_NO
        return Select(choices, value=texts[0] if texts else Select.NULL, prompt="Choose", id=_id(field), compact=True)
    if field.multi_valued or field.type == "json" or any("\n" in text or len(text) > _LONG for text in texts):
        return TextArea("\n".join(texts), id=_id(field), compact=True, tab_behavior="focus")
    return Input(texts[0] if texts else "", id=_id(field), compact=True)


def _choices(field: FieldView, stored: Sequence[str]) -> list[tuple[Text, str]]:
    """What can be chosen, and behind it what is stored and is no choice any more: nobody loses it without seeing."""
    offered = [(Text(plain(each.label or str(each.value))), _text(each.value)) for each in field.choices]
    known = {value for _, value in offered}
    gone = [text for text in dict.fromkeys(stored) if text not in known]
    return offered + [(Text(plain(f"{text} (no longer offered)")), text) for text in gone]


def _typed(control: Widget) -> list[str]:
    match control:
        case Input(value=text):
            return [text] if text.strip() else []
        case TextArea(text=text):
            return text.split("\n") if text.strip() else []
        case SelectionList():
            return [str(each) for each in control.selected]
        case Select(value=chosen):
            return [] if chosen is Select.NULL else [str(chosen)]
    return []


def _choose_from(control: Widget, field: FieldView, stored: Sequence[str]) -> None:
    """Offer other choices, where there are any; what was chosen and is none of them stays only if it is stored."""
    chosen = _typed(control)
    match control:
        case SelectionList() if field.choices:
            options = [(Content(label.plain), value, value in chosen) for label, value in _choices(field, stored)]
            control.clear_options().add_options(options)
        case Select() if field.choices:
            choices = _choices(field, stored)
            control.set_options(choices)
            control.value = next((value for _, value in choices if value in chosen), Select.NULL)


# -- values ----------------------------------------------------------------------------------------


def _texts(field: FieldView) -> list[str]:
    """The value of a field as it is typed, a text for each line."""
    if field.value is None:
        return []
    if field.type == "json":
        return json.dumps(field.value, ensure_ascii=False, indent=2).splitlines()
    values = field.value if isinstance(field.value, list) else [field.value]
    return [_text(each) for each in values]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).removesuffix("T00:00:00.000Z")  # the beginning of a day is the day


def _value(field: FieldView, texts: list[str]) -> Any:
    if not texts:
        return None
    if field.type == "json":
        try:
            return json.loads("\n".join(texts))
        except (ValueError, RecursionError) as fault:
            raise InvalidData(field.name, f"{field.label} is no JSON: {fault}.") from None
    return [text for text in texts if text.strip()] if field.multi_valued else "\n".join(texts)
