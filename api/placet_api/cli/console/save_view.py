"""The dialog that keeps a query under a name."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Checkbox, Input, Label

from placet_api.cli.console.fault import Fault
from placet_api.cli.console.frame import sources_of
from placet_api.cli.console.troubles import TROUBLES, in_words
from placet_api.cli.output import plain


class SaveView(ModalScreen[str]):
    """Asks for a name, and whether everybody may use the view."""

    BINDINGS: ClassVar = [("escape", "dismiss", "Cancel"), ("ctrl+s", "keep", "Save")]

    def __init__(self, text: str, resource: str) -> None:
        super().__init__()
        self._text, self._resource = text, resource

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Label("Save the query as a view", classes="dialog-title")
            yield Label(plain(self._text) or f"all {self._resource}", classes="dialog-about", markup=False)
            yield Label("Name *", classes="field-label")
            yield Input(id="name", compact=True)
            yield Checkbox("for everybody, each with what he may see", id="shared", compact=True)
            yield Fault(id="trouble")

    @on(Input.Submitted)
    def _submit(self) -> None:
        self.action_keep()

    @work(exclusive=True)
    async def action_keep(self) -> None:
        """Keep it, and say what is wrong with its name."""
        name, shared = self.query_one("#name", Input).value.strip(), self.query_one("#shared", Checkbox).value
        try:
            kept = await sources_of(self).queries.save(name, self._resource, self._text, shared)
        except TROUBLES as failure:
            self.query_one(Fault).say(in_words(failure))
        else:
            self.dismiss(kept.name)
