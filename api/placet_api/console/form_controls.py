"""Forms of definitions as controls of a page: how each field is drawn, and what was filled in as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from placet.core.data_items import to_texts
from placet.core.definition import DataItem, DataType
from placet.core.form import in_english
from placet.core.form_choices import Found
from placet.core.forms import FieldState
from placet.errors import InvalidData
from placet.forms import FormView
from placet_api.answers import to_json
from placet_api.console.data_words import in_words
from placet_api.console.form import Form

#: In front of the name of a field, and of what it had when the form was made.
PREFIX, _BEFORE = "data.", "was."
_LONG = 200  # characters from which on a text gets several lines
_INPUTS = {DataType.DATE: "date"}


@dataclass(frozen=True, slots=True)
class Control:
    """A field as it is drawn; `kind` is one of input, text, choice, choices, flag and shown.

    `before` is what is stored, which goes along so that a field that nobody has touched changes nothing. `value` of a
    data `item` is for one that is shown only.
    """

    name: str
    label: str
    help: str
    kind: str
    text: str
    required: bool
    type: str = "text"
    options: Sequence[tuple[str, str]] = ()
    chosen: tuple[str, ...] = ()
    code: bool = False
    fault: str = ""
    before: str = ""
    item: DataItem | None = None
    value: Any = None


@dataclass(frozen=True, slots=True)
class Section:
    """Controls under a title; the first one may have none."""

    title: str
    controls: Sequence[Control]


def sections(view: FormView, typed: Form | None = None, faults: Mapping[str, str] | None = None) -> list[Section]:
    """The visible fields by section, with what was typed before where that is at hand, and what is wrong with it."""
    by_title: dict[str, list[Control]] = {}
    for state in view.fields:
        if state.visible:
            title = in_english(view.form.sections.get(state.field.section, {}))
            by_title.setdefault(title, []).append(_control(state, typed, (faults or {}).get(state.name, "")))
    return [Section(title, controls) for title, controls in by_title.items()]


def _control(state: FieldState, typed: Form | None, fault: str) -> Control:
    item, field = state.item, state.field
    name = PREFIX + state.name
    texts, before = _texts(item, state.value), "\n".join(_texts(item, state.stored))
    if typed is not None and _BEFORE + name in typed:
        before = typed.raw(_BEFORE + name)
    if typed is not None and name in typed and state.editable:
        texts = tuple(text for text in typed.all(name) if text)
    kind, options = _kind(state, [text for text in texts if text in before.splitlines()])
    if state.choices is not None and state.choices.fault:
        fault = fault or state.choices.fault
    text = "\n".join(texts)
    return Control(
        name=name,
        label=in_english(field.labels) or in_words(state.name),
        help=in_english(field.helps) or _help(state),
        kind="text" if kind == "input" and ("\n" in text or len(text) > _LONG) else kind,
        text=text,
        required=state.required and state.editable,
        type=_INPUTS.get(item.type, "text") if not text or len(text) == len("2026-11-22") else "text",
        options=options,
        chosen=texts,
        code=item.type in (DataType.JSON, DataType.BINARY),
        fault=fault,
        before=before if state.editable else "",
        item=item,
        value=state.value,
    )


def _texts(item: DataItem, value: Any) -> tuple[str, ...]:
    """The values of an item as texts, days without their time."""
    if item.type is DataType.JSON:
        return () if value is None else (to_json(value).decode(),)
    texts = to_texts(item, value)
    return tuple(_day(text) if item.type is DataType.DATE else text for text in texts)


def _day(text: str) -> str:
    """A stored time as a day, where it is the beginning of one in UTC: `2026-11-22T00:00:00.000Z` is `2026-11-22`."""
    return text.removesuffix("T00:00:00.000Z")


def _kind(state: FieldState, stored: Sequence[str]) -> tuple[str, Sequence[tuple[str, str]]]:
    if not state.editable:
        return "shown", ()
    if state.choices is not None:
        return ("choices" if state.item.multi_valued else "choice"), _options(state, state.choices, stored)
    if state.item.type is DataType.BOOLEAN and not state.item.multi_valued:
        return "flag", (("true", "Yes"), ("false", "No"))
    is_long = state.field.max_length is not None and state.field.max_length > _LONG
    if is_long or state.item.multi_valued or state.item.type in (DataType.JSON, DataType.BINARY):
        return "text", ()
    return "input", ()


def _options(state: FieldState, choices: Found, stored: Sequence[str]) -> Sequence[tuple[str, str]]:
    """What can be chosen, with what is stored and is no choice any more: it stays until another one is chosen."""
    options = {}
    for option in choices.options:
        text = "\n".join(_texts(state.item, option.value))
        options[text] = in_english(option.labels) or text
    gone = {text: f"{text} (no choice any more)" for text in stored if text not in options}
    return [*gone.items(), *options.items()]


def _help(state: FieldState) -> str:
    """What a field takes, where its definition does not say it."""
    kind = {
        DataType.INTEGER: "A whole number",
        DataType.DECIMAL: "A number, such as 1250.50",
        DataType.DN: "A user name or a DN",
        DataType.JSON: "JSON",
        DataType.BINARY: "In base64",
    }.get(state.item.type, "")
    if state.item.multi_valued and state.choices is None:
        return f"{kind}; one on each line" if kind else "One on each line"
    return kind


def read(form: Form, fields: Iterable[FieldState]) -> dict[str, Any]:
    """The data that was filled in, None for what was emptied; fields that were not shown or not touched are not in it.

    Raises `InvalidData` for a text that is no JSON.
    """
    data: dict[str, Any] = {}
    for state in fields:
        name = PREFIX + state.name
        if name not in form or not state.editable:
            continue
        texts = [text for text in form.all(name) if text.strip()]
        if not _is_untouched(state, texts, form.raw(_BEFORE + name)):
            data[state.name] = _value(state, texts)
    return data


def _is_untouched(state: FieldState, texts: Sequence[str], before: str) -> bool:
    """Whether a field says what it said when the form was made; boxes that are ticked have no order of their own."""
    if state.item.multi_valued and state.choices is not None:
        return sorted(texts) == sorted(before.splitlines())
    return "\n".join(texts) == before


def _value(state: FieldState, texts: list[str]) -> Any:
    if not texts:
        return None
    if state.item.type is DataType.JSON:
        try:
            return orjson.loads(texts[0])
        except orjson.JSONDecodeError as fault:
            raise InvalidData(state.name, f"{state.name} is no JSON: {fault}.") from None
    if not state.item.multi_valued:
        return texts[0]
    return texts if state.choices is not None else [line for line in texts[0].splitlines() if line.strip()]
