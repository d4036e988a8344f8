"""Fields of forms in the terminal: what nobody touches stays as it is, and what is chosen is what is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Input, Select, SelectionList

from placet_api.cli.console.form_fields import Ask, FormFields
from placet_api.cli.views import ChoiceView, FieldView

DAY = "2026-03-02T00:00:00.000Z"


def a_field(type_: str, value: Any, *choices: Any, several: bool = False) -> FieldView:
    offered = tuple(ChoiceView(each, "") for each in choices)
    return FieldView("it", type_, several, "It", "", False, True, False, choices=offered, value=value)


class _Screen(App[None]):
    def __init__(self, fields: Sequence[FieldView], ask: Ask | None = None) -> None:
        super().__init__()
        self.fields = FormFields(fields, ask)

    def compose(self) -> ComposeResult:
        yield self.fields


@asynccontextmanager
async def shown(*fields: FieldView, ask: Ask | None = None) -> AsyncIterator[tuple[FormFields, Any]]:
    """The fields on a screen, and who sits before it."""
    app = _Screen(fields, ask)
    async with app.run_test() as pilot:
        await pilot.pause()
        yield app.fields, pilot


@pytest.mark.parametrize(
    "field",
    [
        a_field("boolean", False, True, False),
        a_field("boolean", True),
        a_field("date", DAY, DAY),
        a_field("date", DAY),
        a_field("decimal", 1.0, 1.0, 1_000_000.0),
        a_field("integer", 5, 5),
        a_field("string", "s2", "s1", "s3"),  # is no choice any more
        a_field("string", ["s1", "s2"], "s1", "s3", several=True),
        a_field("string", ["b", "a"], "a", "b", several=True),
        a_field("boolean", [True, False], False, several=True),
        a_field("string", "a\r\nb"),
        a_field("string", "a\nb\n"),
        a_field("string", ["a", "b"], several=True),
        a_field("json", {"a": [1]}),
    ],
)
async def test_what_nobody_touches_is_no_change(field: FieldView):
    async with shown(field) as (fields, _):
        assert fields.changed() == {}


@pytest.mark.parametrize(
    ("field", "chosen", "sent"),
    [
        (a_field("boolean", None, True, False), "false", "false"),
        (a_field("date", None, DAY), "2026-03-02", "2026-03-02"),
        (a_field("string", "s2", "s1"), "s1", "s1"),
        (a_field("string", "s2", "s1"), Select.NULL, None),
    ],
)
async def test_what_is_chosen_is_sent(field: FieldView, chosen: Any, sent: str | None):
    async with shown(field) as (fields, _):
        fields.query_one(Select).value = chosen
        assert fields.changed() == {"it": sent}


async def test_who_ticks_one_more_sends_all_of_them():
    async with shown(a_field("string", ["s9", "s1"], "s1", "s2", several=True)) as (fields, _):
        ticks = fields.query_one(SelectionList)
        assert [str(option.prompt) for option in ticks.options] == ["s1", "s2", "s9 (no longer offered)"]
        ticks.select("s2")
        assert sorted(fields.changed()["it"]) == ["s1", "s2", "s9"]


@pytest.mark.parametrize("left", [("s2", "s3"), ()])
@pytest.mark.parametrize("several", [False, True])
async def test_choices_that_go_away_empty_nothing(several: bool, left: tuple[str, ...]):
    before = a_field("string", ["s1"] if several else "s1", "s1", "s2", several=several)
    other = replace(a_field("string", ""), name="other")
    asked = []

    async def ask(changed: Mapping[str, Any]) -> Sequence[FieldView]:
        asked.append(changed)
        return [replace(before, choices=tuple(ChoiceView(each, "") for each in left)), other]

    async with shown(before, other, ask=ask) as (fields, pilot):
        fields.query_one(Input).post_message(Input.Submitted(fields.query_one(Input), ""))
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        assert fields.changed() == {}
    assert asked
    assert all(changed == {} for changed in asked)
