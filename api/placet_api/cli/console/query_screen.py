"""The query page: the bar, the table of what it finds, and how many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.widgets import DataTable, Footer, Static, Tab, Tabs

from placet.errors import InvalidFilter
from placet_api.cli.console.frame import Page
from placet_api.cli.console.listing import Listing, Row
from placet_api.cli.console.query_bar import QueryBar
from placet_api.cli.console.row_table import RowTable
from placet_api.cli.console.save_view import SaveView
from placet_api.cli.console.text_screen import TextDialog
from placet_api.cli.console.troubles import TROUBLES, in_words
from placet_api.cli.output import plain
from placet_api.cli.query_desk import Question
from placet_api.cli.questions import read_question

_RESOURCES = {
    "processes": "Processes", "workitems": "Work items", "events": "Events", "incidents": "Incidents",
    "definitions": "Definitions", "users": "Users",
}  # fmt: skip
_AHEAD = 20  # rows below the cursor from which on the next page is read


class QueryPage(Page):
    """Whatever can be searched, in the words of the query language."""

    BINDINGS: ClassVar = [
        ("slash", "bar", "Query"),
        ("escape", "table", ""),
        ("ctrl+s", "save", "Save view"),
        ("x", "explain", "Explain"),
        *((str(number), f"resource('{name}')", "") for number, name in enumerate(_RESOURCES, 1)),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._listing: Listing | None = None
        self._asked: Question | None = None
        self._count = ""
        self._elsewhere = 0
        self.resource = "processes"

    def compose(self) -> ComposeResult:
        yield self.head("Query")
        yield Tabs(*(Tab(title, id=name) for name, title in _RESOURCES.items()))
        yield QueryBar(self.sources.queries, "")
        yield RowTable()
        yield Static("", id="state", markup=False)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self.query_one(Tabs).can_focus = False
        self.table.focus()

    @property
    def table(self) -> RowTable:
        return self.query_one(RowTable)

    @property
    def bar(self) -> QueryBar:
        return self.query_one(QueryBar)

    # -- asking ----------------------------------------------------------------------------------

    async def ask(self, text: str, resource: str) -> None:
        """Show what a query finds."""
        self.bar.put(text)
        self._turn_to(resource)
        await self.console_app.attempt(self.read())
        self.table.focus()

    def _turn_to(self, resource: str) -> None:
        self.resource = self.bar.resource = resource
        tabs = self.query_one(Tabs)
        with tabs.prevent(Tabs.TabActivated):
            tabs.active = resource

    @on(Tabs.TabActivated)
    @work(exclusive=True, group="read")
    async def _turned(self, event: Tabs.TabActivated) -> None:
        """Of something else everything is shown first."""
        name = event.tab.id or "processes"
        if name != self.resource:
            self.bar.put("")
        self.resource = self.bar.resource = name
        await self.console_app.attempt(self.read())

    @on(QueryBar.Asked)
    @work(exclusive=True, group="read")
    async def _run(self) -> None:
        if await self.console_app.attempt(self.read()) and self._asked is not None:
            self.table.focus()

    async def read(self) -> None:
        """Ask afresh, and stay with the row that is lit."""
        lit, text = self.table.lit(), self.bar.text
        try:
            self._asked = read_question([text], self.resource)
            listing = Listing(self.sources.queries, self._asked)
            rows = await listing.more()
        except InvalidFilter as fault:
            self._asked = None
            self._tell_fault(fault)
            return
        self.at = self.console_app.happened
        self._listing, self._count, self._elsewhere = listing, "", 0
        self._show(rows, lit)
        self._count_all(self._asked)

    def _tell_fault(self, fault: InvalidFilter) -> None:
        """What is wrong with the query; the cursor goes where."""
        hint = f" Did you mean {fault.suggestion}?" if fault.suggestion and fault.suggestion not in str(fault) else ""
        self.query_one("#state", Static).update(Text(plain(f"{fault}{hint}"), style="bold red"))
        if fault.position is not None:
            self.bar.line.cursor_position = fault.position
        self.bar.line.focus()

    @work(exclusive=True, group="count")
    async def _count_all(self, asked: Question) -> None:
        if asked.query.group:
            return
        try:
            count = await self.sources.queries.count(asked)
        except TROUBLES as failure:
            self._count = plain(in_words(failure))
        else:
            self._count = f"{'' if count.exact else 'about '}{count.value:,} in all"
        self._tell_state()

    # -- rows ------------------------------------------------------------------------------------

    def _show(self, rows: list[Row], lit: str | None) -> None:
        assert self._listing is not None
        self.table.begin([column.title for column in self._listing.columns])
        self._put(rows)
        self.table.light(lit)
        self._tell_state()

    def _put(self, rows: Iterable[Row]) -> None:
        self.table.put((row.key, row.cells) for row in rows)

    @on(DataTable.RowHighlighted)
    def _near_the_end(self, event: DataTable.RowHighlighted) -> None:
        if self._listing is not None and event.cursor_row >= self.table.row_count - _AHEAD:
            self._read_on(self._listing)

    @work(exclusive=True, group="page")
    async def _read_on(self, listing: Listing) -> None:
        """Read the next page before somebody comes to the end of this one."""
        try:
            rows = await listing.more()
        except TROUBLES as failure:
            self.warn(failure)
            return
        if listing is self._listing and rows:
            self._put(rows)
            self._tell_state()

    async def look_again(self, processes: Collection[str]) -> None:
        """Rows that are on the screen change in their places; of others it is said that there are some."""
        listing = self._listing
        if listing is None or self._asked is None:
            return
        if self.resource == "events":
            self._elsewhere += len(processes)
        changes = await listing.again(processes)
        if listing is not self._listing:
            return
        if changes.new and self.table.cursor_row == 0 and not self.table.scroll_offset.y:
            await self.read()  # who stands at the beginning sees what comes
            return
        self._put(changes.changed)
        for key in changes.gone:
            self.table.remove_row(key)
        self._elsewhere = changes.new or self._elsewhere
        self._tell_state()

    def _tell_state(self) -> None:
        listing = self._listing
        if listing is None:
            return
        shown = f"{len(listing.rows):,} shown" if listing.rows else "There are none."
        said = [shown, "" if listing.is_whole and not listing.rows else self._count]
        said.append(f"{self._elsewhere} new or changed: F5 shows them" if self._elsewhere else "")
        said.append("live" if self.console_app.is_live else "")
        self.query_one("#state", Static).update(Text(" · ".join(each for each in said if each), style="dim"))

    def tell_live(self) -> None:
        self._tell_state()

    def _lit(self) -> Row | None:
        key = self.table.lit()
        return None if key is None or self._listing is None else self._listing.rows.get(key)

    @on(DataTable.RowSelected)
    @work(exclusive=True, group="open")
    async def _open(self) -> None:
        row = self._lit()
        if row is None:
            return
        if row.process:
            self.console_app.show_process(row.process)
        elif self.resource == "definitions" and row.lead:
            await self.console_app.attempt(self.console_app.show_form(row.lead))

    # -- keys ------------------------------------------------------------------------------------

    def action_bar(self) -> None:
        self.bar.line.focus()

    def action_table(self) -> None:
        if not self.bar.close():
            self.table.focus()

    def action_resource(self, name: str) -> None:
        self.query_one(Tabs).active = name

    def action_complete(self) -> None:
        if not self.bar.take():
            self.bar.offer()

    def action_light(self, step: int) -> None:
        if not self.bar.light(step) and step > 0:
            self.table.focus()

    @work
    async def action_save(self) -> None:
        """Keep the query under a name."""
        name = await self.app.push_screen_wait(SaveView(self.bar.text, self.resource))
        if name is not None:
            self.say(f"Saved as {name}.")

    @work
    async def action_explain(self) -> None:
        """How the query is run."""
        if self._asked is None:
            return
        try:
            found = await self.sources.queries.explain(self._asked)
        except TROUBLES as failure:
            self.warn(failure)
            return
        warning = (f"\n{found.warning}\n", "yellow") if found.warning else ""
        indexes = f"\nIndexes: {', '.join(found.indexes) or 'none'}\n\n"
        text = Text.assemble(plain(found.text), "\n", warning, indexes, found.sql, "\n\n", "\n".join(found.plan))
        await self.app.push_screen_wait(TextDialog("How the query is run", text))
