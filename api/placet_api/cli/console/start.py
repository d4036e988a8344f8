"""Starting a request: the list of what there is, and the form of each."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Button, Footer, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from placet.errors import InvalidData
from placet_api.cli.backend import Start
from placet_api.cli.console.actions import PeopleSuggester
from placet_api.cli.console.fault import Fault
from placet_api.cli.console.form_fields import FormFields
from placet_api.cli.console.frame import Page
from placet_api.cli.console.troubles import TROUBLES, in_words
from placet_api.cli.output import plain
from placet_api.cli.views import DefinitionView


class StartPage(Page):
    """The definitions that start processes, by category."""

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[str, DefinitionView] = {}

    def compose(self) -> ComposeResult:
        yield self.head("Start a request")
        yield OptionList(compact=True)
        yield Static("", id="state", markup=False)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self.at = self.console_app.happened
        self.run_worker(self.console_app.attempt(self.read()), exclusive=True, group="read")

    async def read(self) -> None:
        """Read what can be started."""
        found = [each for each in await self.sources.backend.definitions() if not each.retired]
        found.sort(key=lambda each: (each.category.casefold(), each.name.casefold()))
        self._found = {each.guid: each for each in found}
        options = self.query_one(OptionList)
        lit = options.highlighted
        options.clear_options().add_options([Option(_shown(each), id=each.guid) for each in found])
        options.highlighted = lit if lit is not None and lit < len(found) else 0 if found else None
        said = "Enter shows its form." if found else "There is nothing to start yet: no definition is deployed."
        self.query_one("#state", Static).update(said)

    async def look_again(self, processes: Collection[str]) -> None:
        """What happens to processes changes nothing here."""

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.app.push_screen(StartForm(self._found[event.option.id or ""]))


def _shown(definition: DefinitionView) -> Content:
    more = " · ".join(each for each in (definition.category, definition.description) if each)
    return Content.assemble(Content.styled(plain(definition.name), "bold"), "  ", Content.styled(plain(more), "dim"))


class StartForm(Page):
    """The form of one definition."""

    BINDINGS: ClassVar = [("escape", "app.pop_screen", "Back"), ("ctrl+s", "send", "Start")]

    def __init__(self, definition: DefinitionView) -> None:
        super().__init__()
        self.definition = definition

    def compose(self) -> ComposeResult:
        people = PeopleSuggester(self.sources.queries)
        yield self.head(self.definition.name)
        with VerticalScroll(can_focus=False):
            yield Label(plain(self.definition.description), classes="dialog-about", markup=False)
            yield VerticalScroll(id="form", can_focus=False)
            yield Label("For whom", classes="field-label")
            yield Input(id="recipient", compact=True, suggester=people)
            yield Label("A user name or DN; left empty it is for yourself.", classes="field-help")
            yield Fault(id="trouble")
            yield Button("Start", variant="primary", id="send", compact=True)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self.at = self.console_app.happened
        self._read_form()

    async def read(self) -> None:
        """What is filled in stays as it is."""

    @work(exclusive=True, group="fields")
    async def _read_form(self) -> None:
        try:
            ask = partial(self.sources.processes.form, self.definition.guid)
            form = FormFields(await ask({}), ask, whole=True)
        except TROUBLES as failure:
            self._say(in_words(failure))
            return
        await self.query_one("#form").mount(form)
        for control in form.query("Input, TextArea, Select, SelectionList").results():
            control.focus()
            break

    @on(Button.Pressed, "#send")
    def _press(self) -> None:
        self.action_send()

    @work(exclusive=True, group="send")
    async def action_send(self) -> None:
        """Start it with what was filled in, and show the process; or say what is wrong."""
        self._say("")
        recipient = self.query_one("#recipient", Input).value.strip() or None
        forms = list(self.query(FormFields))
        if not forms:
            return
        try:
            wanted = Start(self.definition, recipient, data=forms[0].filled())
            started = await self.sources.backend.start(wanted)
        except InvalidData as refusal:
            forms[0].show_faults(dict(refusal.faults))
            self._say("\n".join(dict(refusal.faults).values()))
        except TROUBLES as failure:
            self._say(in_words(failure))
        else:
            self.say(f"{self.definition.name} is started.")
            self.app.run_worker(self.console_app.turn_to_process(started.id))  # a page cannot wait for its own end

    def _say(self, text: str) -> None:
        self.query_one("#trouble", Fault).say(text)
