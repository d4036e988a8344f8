"""Saved views on the screen: one is run, or forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from placet_api.cli.console.fault import Fault
from placet_api.cli.console.frame import sources_of
from placet_api.cli.console.troubles import TROUBLES, in_words
from placet_api.cli.output import plain
from placet_api.cli.query_desk import ViewView


class Views(ModalScreen[ViewView]):
    """One's own views by name, then those that others share."""

    BINDINGS: ClassVar = [("escape", "dismiss", "Close"), ("delete", "forget", "Remove")]

    def __init__(self) -> None:
        super().__init__()
        self._views: Sequence[ViewView] = ()

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog wide", can_focus=False):
            yield Label("Saved views   (Enter opens, Del removes one of yours)", classes="dialog-title")
            yield OptionList(compact=True)
            yield Fault(id="trouble")

    def on_mount(self) -> None:
        self._read()

    @work(exclusive=True)
    async def _read(self) -> None:
        try:
            self._views = await sources_of(self).queries.views()
        except TROUBLES as failure:
            self._say(in_words(failure))
            return
        options = self.query_one(OptionList)
        shown = [Option(_shown(each)) for each in self._views]
        none = Option("There are none yet; Ctrl-S on the query page keeps a query.", disabled=True)
        options.clear_options().add_options(shown or [none])
        options.action_first()
        self._say("")

    def _say(self, text: str) -> None:
        self.query_one(Fault).say(text)

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._views[event.option_index])

    @work(exclusive=True)
    async def action_forget(self) -> None:
        """Remove the view that is lit."""
        lit = self.query_one(OptionList).highlighted
        if lit is None:
            return
        try:
            await sources_of(self).queries.forget(self._views[lit].id)
        except TROUBLES as failure:
            self._say(in_words(failure))
        else:
            self._read()


def _shown(view: ViewView) -> Content:
    whose = f"  of {view.owner}" if view.shared else ""
    query = f"  {view.resource}: {view.query or 'all'}"
    return Content.assemble(Content.styled(plain(view.name), "bold"), plain(whose), Content.styled(plain(query), "dim"))
