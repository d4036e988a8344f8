"""Forms: what is asked at a start or with a work item, its choices, and a JSON Schema of what may be submitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placet.core.form import Field, Option, in_english
from placet.core.forms import FieldState
from placet.forms import FormView
from placet_api.answers import Answer
from placet_api.negotiation import ENGLISH, language
from placet_api.ris.data_items import read_data_items
from placet_api.ris.render import activity_name, data_item
from placet_api.ris.request import Request

#: Members that a field has where it is declared with them, and what they are called here.
_LIMITS = {"MinLength": "min_length", "MaxLength": "max_length", "Minimum": "minimum", "Maximum": "maximum"}


async def of_definition(request: Request) -> Answer:
    """The form by which a process is started; by POST as it is with the data of the body filled in."""
    request.query()
    data = await _filled_in(request)
    view = await request.engine.form(request.id("definition"), actor=request.actor.dn, data=data)
    return request.answer(_form(request, view))


async def of_work_item(request: Request) -> Answer:
    """The form of a work item that whoever asks may answer; by POST as it is with the data of the body filled in."""
    request.query()
    data = await _filled_in(request)
    view = await request.engine.work_item_form(request.id("work item"), actor=request.actor.dn, data=data)
    return request.answer(_form(request, view))


async def _filled_in(request: Request) -> dict[str, Any]:
    return read_data_items(await request.body()) if request.method == "POST" else {}


def _form(request: Request, view: FormView) -> dict[str, Any]:
    item, definition = view.item, view.definition
    spoken = _spoken(request.accept_language, view)
    return {
        "Definition": request.render.definition_of(definition, request.accept_language),
        "Activity": item.activity if item else "",
        "ActivityName": activity_name(definition, item.activity) if item else "",
        "Sections": [{"Name": name, "Value": _in(titles, spoken)} for name, titles in view.form.sections.items()],
        "Fields": [_field(state, spoken) for state in view.fields],
        "Data": view.data,
        "Schema": view.schema,
    }


def _field(state: FieldState, spoken: str) -> dict[str, Any]:
    field = state.field
    value = data_item(state.item, state.value) | {
        "Label": _in(field.labels, spoken) or field.item,
        "Help": _in(field.helps, spoken),
        "Section": field.section,
        "Required": state.required,
        "Visible": state.visible,
        "ReadOnly": state.read_only,
    }
    if field.pattern is not None:
        value["Pattern"] = field.pattern.source
    limits = {name: getattr(field, attribute) for name, attribute in _LIMITS.items()}
    value |= {name: limit for name, limit in limits.items() if limit is not None}
    if state.choices is not None:
        value["Choices"] = [_choice(option, spoken) for option in state.choices.options]
        value |= {"Fault": state.choices.fault} if state.choices.fault else {}
    return value


def _choice(option: Option, spoken: str) -> dict[str, Any]:
    return {"Value": option.value, "Label": _in(option.labels, spoken)}


def _in(texts: Mapping[str, str], spoken: str) -> str:
    """A text in a language, else in English, else as it is in any."""
    return texts.get(spoken) or in_english(texts)


def _spoken(accepted: str, view: FormView) -> str:
    """The language of those that the form's texts are in which a client likes best."""
    offered = dict.fromkeys(name for texts in _texts(view) for name in texts if name)
    return language(accepted, tuple(offered)) if accepted and offered else ENGLISH


def _texts(view: FormView) -> list[Mapping[str, str]]:
    fields: list[Field] = [state.field for state in view.fields]
    shown = [option.labels for state in view.fields if state.choices for option in state.choices.options[:1]]
    return [
        *view.form.sections.values(),
        *(field.labels for field in fields),
        *(field.helps for field in fields),
        *shown,
    ]
