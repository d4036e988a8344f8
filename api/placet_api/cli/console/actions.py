"""What can be done, on the screen: a list to choose from, and a dialog that asks what goes along."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Button, Input, Label, OptionList, TextArea
from textual.widgets.option_list import Option

from placet.errors import InvalidData, PlacetError
from placet_api.actions import Action, Ask, Kind, Offer, value_of, values_of
from placet_api.cli.console.fault import Fault
from placet_api.cli.console.form_fields import Ask as AskFields
from placet_api.cli.console.form_fields import FormFields
from placet_api.cli.console.troubles import TROUBLES, in_words
from placet_api.cli.output import plain
from placet_api.cli.query_desk import QueryDesk
from placet_api.cli.views import FieldView

#: What is asked for in several lines.
_LONG = (Kind.OBJECT, Kind.JSON)


class ActionMenu(ModalScreen[Offer]):
    """Offers under what each is about; Enter takes the one that is lit, its letter one of the same thing."""

    BINDINGS: ClassVar = [("escape", "dismiss", "Close")]

    def __init__(self, groups: Sequence[tuple[str, Sequence[Offer]]]) -> None:
        super().__init__()
        self._groups = groups
        self._offers: list[tuple[int, Offer]] = []

    def compose(self) -> ComposeResult:
        options: list[Option] = []
        for number, (title, offers) in enumerate(self._groups):
            options.append(Option(Content.styled(plain(title), "bold"), disabled=True))
            for each in offers:
                options.append(Option(f"{each.action.key}  {each.action.title}", id=str(len(self._offers))))
                self._offers.append((number, each))
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Label("What to do", classes="dialog-title")
            yield OptionList(*options, compact=True)

    def on_mount(self) -> None:
        self.query_one(OptionList).action_first()

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._offers[int(event.option.id or 0)][1])

    def on_key(self, event: Key) -> None:
        lit = self.query_one(OptionList).highlighted_option
        here = self._offers[int(lit.id)][0] if lit is not None and lit.id else 0
        for number, each in self._offers:
            if number == here and each.action.key == event.character:
                event.stop()
                self.dismiss(each)
                return


class ActionDialog(ModalScreen[bool]):
    """Asks what goes along with an action and carries it out; it stays open while it is refused.

    `fields` gives those for the data of the process as they are with something filled in.
    """

    BINDINGS: ClassVar = [("escape", "dismiss(False)", "Cancel"), ("ctrl+s", "send", "Send")]

    def __init__(
        self,
        action: Action,
        about: str,
        carry_out: Callable[[Mapping[str, Any]], Awaitable[None]],
        people: PeopleSuggester,
        *,
        fields: AskFields | None = None,
        shown: Sequence[FieldView] = (),
    ) -> None:
        super().__init__()
        self._action, self._about, self._people = action, about, people
        self._carry_out, self._fields, self._shown = carry_out, fields, shown

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Label(self._action.title, classes="dialog-title")
            yield Label(plain(self._about), classes="dialog-about", markup=False)
            if self._action.grave:
                yield Label("This cannot be undone.", classes="dialog-grave")
            if self._shown:
                yield FormFields(self._shown, self._fields)
            for ask in self._action.asks:
                if ask.kind is not Kind.DATA:
                    yield Label(f"{ask.title}{' *' if ask.required else ''}", classes="field-label")
                    yield _control(ask, self._people)
                    if ask.help:
                        yield Label(ask.help, classes="field-help", markup=False)
            yield Fault(id="trouble")
            with Horizontal(classes="dialog-buttons"):
                yield Button(self._action.title, variant=self._variant, id="send", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    @property
    def _variant(self) -> Literal["error", "primary"]:
        return "error" if self._action.grave else "primary"

    @on(Button.Pressed, "#send")
    def _press(self) -> None:
        self.action_send()

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(False)

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        if event.input.id and event.input.id.startswith("ask-"):
            self.action_send()

    @work(exclusive=True, group="send")
    async def action_send(self) -> None:
        """Carry it out with what was filled in, and say what is wrong with that."""
        trouble = self.query_one("#trouble", Fault)
        trouble.say("")
        try:
            await self._carry_out(self._values())
        except InvalidData as refusal:
            faults = dict(refusal.faults)
            for form in self.query(FormFields):
                form.show_faults(faults)
            trouble.say("\n".join(faults.values()))
        except TROUBLES as failure:
            trouble.say(in_words(failure))
        else:
            self.dismiss(True)

    def _values(self) -> dict[str, Any]:
        """What was filled in, by the names of the asks; what was left empty is not there."""

        def read(ask: Ask) -> Any:
            if ask.kind is Kind.DATA:
                return next((form.changed() for form in self.query(FormFields)), {})
            return value_of(ask, _text(self.query_one(f"#ask-{ask.name}")))

        return values_of(self._action, read)


def _control(ask: Ask, people: PeopleSuggester) -> Input | TextArea:
    if ask.kind in _LONG:
        return TextArea(id=f"ask-{ask.name}", compact=True, tab_behavior="focus")
    suggester = people if ask.kind is Kind.PERSON else None
    return Input(id=f"ask-{ask.name}", compact=True, suggester=suggester)


def _text(control: Widget) -> str:
    match control:
        case Input(value=text) | TextArea(text=text):
            return text.strip()
    return ""


class PeopleSuggester(Suggester):
    """Goes on with what was typed as the query bar does for people."""

    _BEFORE = "Addressee = "

    def __init__(self, queries: QueryDesk) -> None:
        super().__init__(use_cache=False)
        self._queries = queries

    async def get_suggestion(self, value: str) -> str | None:
        """The first user name that begins so."""
        text = self._BEFORE + value
        try:
            found = await self._queries.complete(text, len(text), "workitems")
        except (PlacetError, OSError):
            return None
        words = (each.text for each in found if each.kind == "person")
        return next((word for word in words if word.casefold().startswith(value.casefold())), None)
