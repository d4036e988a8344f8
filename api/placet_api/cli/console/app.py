"""The terminal console itself: its pages, the keys that lead to them, and what brings them news."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import aclosing
from typing import ClassVar, cast

from textual import work
from textual.app import App
from textual.binding import Binding
from textual.css.query import NoMatches

from placet_api.cli.console.frame import Page
from placet_api.cli.console.help_screen import Help
from placet_api.cli.console.inbox import Inbox
from placet_api.cli.console.process_screen import ProcessPage
from placet_api.cli.console.query_screen import QueryPage
from placet_api.cli.console.sources import Sources
from placet_api.cli.console.start import StartForm, StartPage
from placet_api.cli.console.troubles import TROUBLES, in_words
from placet_api.cli.console.views import Views
from placet_api.cli.output import plain
from placet_api.cli.views import Named


class Console(App[None]):
    """One page at a time; each of the three kinds remembers where one was."""

    CSS_PATH = "console.tcss"
    TITLE = "Placet"
    ENABLE_COMMAND_PALETTE = False
    MODES: ClassVar = {"query": QueryPage, "inbox": Inbox, "start": StartPage}
    BINDINGS: ClassVar = [
        ("f1", "help", "Help"),
        ("f2", "go('query')", "Query"),
        ("f3", "go('inbox')", "Inbox"),
        ("f4", "go('start')", "Start"),
        Binding("f5", "again", "Refresh", show=False),
        ("f6", "views", "Views"),
    ]

    def __init__(self, sources: Sources) -> None:
        super().__init__()
        self.sources = sources
        self.me = Named("", "")
        self.who = sources.place
        self.happened = 0
        self.is_live = False

    async def on_mount(self) -> None:
        self.theme = "textual-dark"
        await self.attempt(self._sign_in())
        await self.switch_mode("query")
        self._follow()

    async def _sign_in(self) -> None:
        self.me = await self.sources.processes.me()
        self.who = f"{self.me.name} · {self.sources.place}"

    async def attempt(self, asked: Awaitable[None]) -> bool:
        """Say what goes wrong while something is done; whether all went well."""
        try:
            await asked
        except TROUBLES as failure:
            self.notify(plain(in_words(failure)), severity="error", markup=False)
            return False
        except NoMatches:  # the page was closed while it was read
            return False
        return True

    # -- what happens ----------------------------------------------------------------------------

    @work
    async def _follow(self) -> None:
        """Bring what happens on the page that is open, as it happens."""
        try:
            async with aclosing(self.sources.queries.events("", None)) as pages:
                async for page in pages:
                    self._set_live(True)
                    if page.events:
                        self.happened += 1
                        await self.attempt(self._tell({str(event["ProcessId"]) for _, event in page.events}))
        except TROUBLES as failure:
            self._set_live(False)
            said = f"What happens is not followed any more: {in_words(failure)} F5 reads a page again."
            self.notify(plain(said), severity="warning", markup=False)

    def _set_live(self, is_live: bool) -> None:
        if is_live != self.is_live:
            self.is_live = is_live
            if self.page is not None:
                self.page.tell_live()

    async def _tell(self, processes: set[str]) -> None:
        page = self.page
        if page is not None:
            page.at = self.happened
            await page.look_again(processes)

    @property
    def page(self) -> Page | None:
        """The page that is open, also below a dialog."""
        return next((each for each in reversed(self.screen_stack) if isinstance(each, Page)), None)

    # -- where to go -----------------------------------------------------------------------------

    async def action_go(self, mode: str) -> None:
        if not isinstance(self.screen, Page):
            return  # a dialog is to be closed first
        if mode == self.current_mode:
            while len(self.screen_stack) > 1:
                await self.pop_screen()
        else:
            await self.switch_mode(mode)

    async def turn_to_process(self, process: str) -> None:
        """Show a process in place of the page that is open."""
        await self.pop_screen()
        self.show_process(process)

    def show_process(self, process: str) -> None:
        self.push_screen(ProcessPage(process))

    async def show_query(self, text: str, resource: str) -> None:
        """Show on the query page what a query finds."""
        await self.action_go("query")
        await cast(QueryPage, self.screen).ask(text, resource)

    async def show_form(self, guid: str) -> None:
        """Show the form by which a definition is started."""
        for each in await self.sources.backend.definitions():
            if each.guid == guid:
                self.push_screen(StartForm(each))

    def action_help(self) -> None:
        if not isinstance(self.screen, Help):
            self.push_screen(Help())

    def action_again(self) -> None:
        page = self.page
        if page is not None:
            self.run_worker(self.attempt(page.read()), exclusive=True, group="again")

    @work
    async def action_views(self) -> None:
        """Choose a saved view, and see what it finds."""
        if not isinstance(self.screen, Page):
            return
        chosen = await self.push_screen_wait(Views())
        if chosen is not None:
            await self.show_query(chosen.query, chosen.resource)
