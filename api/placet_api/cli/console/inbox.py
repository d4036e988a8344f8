"""What waits for whoever sits before the console; one work item or several are answered by a letter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.widgets import DataTable, Footer, Static

from placet.errors import Conflict
from placet_api.actions import ACTIONS, Action, Offer, Subject
from placet_api.cli.console.actions import ActionDialog, PeopleSuggester
from placet_api.cli.console.frame import Page
from placet_api.cli.console.row_table import RowTable
from placet_api.cli.console.troubles import TROUBLES, in_words
from placet_api.cli.output import Cell, day, plain, status
from placet_api.cli.views import WorkItemView

_PAGE = 50
_AHEAD = 10  # rows below the cursor from which on the next page is read
_COLUMNS = (" ", "Asks for", "Initiator", "Since", "Due", "Status", "Addressee")
#: What is done with several at once: each asks for no more than a comment.
_TOGETHER = ("approve", "deny", "refuse", "claim", "release")
_ACTIONS = [each for each in ACTIONS if each.of is Subject.WORK_ITEM]


class Inbox(Page):
    """Open work items, the oldest first."""

    BINDINGS: ClassVar = [
        ("space", "tick", "Tick"),
        ("o", "open", "Open"),
        *((each.key, f"answer('{each.name}')", each.title) for each in _ACTIONS if each.name in ("approve", "deny")),
        *((each.key, f"answer('{each.name}')", "") for each in _ACTIONS if each.name not in ("approve", "deny")),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._items: dict[str, WorkItemView] = {}
        self._ticked: set[str] = set()
        self._rest: AsyncIterator[WorkItemView] | None = None

    def compose(self) -> ComposeResult:
        yield self.head("Inbox")
        yield RowTable()
        yield Static("", id="state", markup=False)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self.at = self.console_app.happened
        self.table.begin(_COLUMNS)
        self.table.focus()
        self.run_worker(self.console_app.attempt(self.read()), exclusive=True, group="read")

    @property
    def table(self) -> RowTable:
        return self.query_one(RowTable)

    # -- rows ------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Read as many as there were, and stay with the one that is lit."""
        lit, wanted = self.table.lit(), max(_PAGE, len(self._items))
        rest = self.sources.backend.inbox(None, None)
        items = await _next(rest, wanted)
        row = self.table.cursor_row
        self._rest, self._items = rest, {}
        self.table.clear()
        self._ticked &= {item.id for item in items}
        self._add(items)
        self.table.light(lit, otherwise=row)

    def _add(self, items: Sequence[WorkItemView]) -> None:
        self._items |= {item.id: item for item in items}
        self.table.put((item.id, self._cells(item)) for item in items)
        many = f"{len(self._items)} shown" if self._items else "Nothing waits for you."
        ticked = f" · {len(self._ticked)} ticked" if self._ticked else ""
        self.query_one("#state", Static).update(Text(f"{many}{ticked}", style="dim"))

    def _cells(self, item: WorkItemView) -> list[Cell]:
        return [
            "✓" if item.id in self._ticked else "",
            f"{item.definition.name}: {item.activity_name}",
            item.initiator.name,
            day(item.created_at),
            day(item.expires_at),
            status(item.status),
            item.addressee.name,
        ]

    @on(DataTable.RowHighlighted)
    @work(exclusive=True, group="page")
    async def _near_the_end(self, event: DataTable.RowHighlighted) -> None:
        rest = self._rest
        if rest is None or event.cursor_row < self.table.row_count - _AHEAD:
            return
        try:
            items = await _next(rest, _PAGE)
        except TROUBLES as failure:
            self.warn(failure)
            return
        if rest is self._rest and items:
            self._add(items)

    async def look_again(self, processes: Collection[str]) -> None:
        await self.read()

    def _lit(self) -> WorkItemView | None:
        return self._items.get(self.table.lit() or "")

    # -- keys ------------------------------------------------------------------------------------

    def action_tick(self) -> None:
        item = self._lit()
        if item is None:
            return
        self._ticked ^= {item.id}
        self._add([item])
        self.table.action_cursor_down()

    def action_open(self) -> None:
        item = self._lit()
        if item is not None:
            self.console_app.show_process(item.process_id)

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        self.action_act()

    @work(exclusive=True, group="act")
    async def action_act(self) -> None:
        """Choose what to do with the work item that is lit."""
        item = self._lit()
        if item is None:
            return
        try:
            offers = await self._offers(item)
        except TROUBLES as failure:
            self.warn(failure)
            return
        chosen = await self.choose([(_about(item), offers)])
        if chosen is not None:
            await self._carry_out(chosen, item)

    @work(exclusive=True, group="act")
    async def action_answer(self, name: str) -> None:
        """Do one thing with the work item that is lit, or with all that are ticked."""
        wanted = next(each for each in _ACTIONS if each.name == name)
        ticked = [each for each in self._items.values() if each.id in self._ticked]
        if ticked:
            await self._together(wanted, ticked)
            return
        item = self._lit()
        if item is None:
            return
        try:
            offer = await self._offer(wanted, item)
        except TROUBLES as failure:
            self.warn(failure)
            return
        await self._carry_out(offer, item)

    async def _offers(self, item: WorkItemView) -> list[Offer]:
        return [each for each in await self.sources.processes.offers(item.process_id) if each.id == item.id]

    async def _offer(self, wanted: Action, item: WorkItemView) -> Offer:
        offers = await self._offers(item)
        found = next((each for each in offers if each.action is wanted), None)
        if found is None:
            open_to = ", ".join(each.action.title for each in offers) or "nothing"
            raise Conflict(f"{wanted.title} is not possible here; what you can do now: {open_to}.")
        return found

    async def _carry_out(self, offer: Offer, item: WorkItemView) -> None:
        if await self.act(offer, item.process_id, _about(item)):
            await self.console_app.attempt(self.read())

    async def _together(self, wanted: Action, items: Sequence[WorkItemView]) -> None:
        """Answer several, each by itself, so that one that cannot be done keeps none of the others."""
        if wanted.name not in _TOGETHER:
            self.notify(f"{wanted.title} works for one work item at a time; untick the others with Space.")
            return
        failed: list[str] = []

        async def each(values: object) -> None:
            failed[:] = [said for item in items if (said := await self._answer(wanted, item, values))]

        about = f"{len(items)} work items, each with the same comment."
        fieldless = Action(
            wanted.name, wanted.title, wanted.of, wanted.key, wanted.available, wanted.carry_out, wanted.done,
            tuple(ask for ask in wanted.asks if ask.name == "comment"), wanted.grave,
        )  # fmt: skip
        if not await self.app.push_screen_wait(
            ActionDialog(fieldless, about, each, PeopleSuggester(self.sources.queries))
        ):
            return
        self._ticked.clear()
        self.say(f"{len(items) - len(failed)} done.")
        for said in failed:
            self.notify(plain(said), severity="error", markup=False)
        await self.console_app.attempt(self.read())

    async def _answer(self, wanted: Action, item: WorkItemView, values: object) -> str:
        """Answer one of several; what is wrong, where it is refused."""
        assert isinstance(values, dict)
        try:
            await wanted.carry_out(self.sources.processes.hands, item.id, values)
        except TROUBLES as failure:
            return f"{_about(item)}: {in_words(failure)}"
        return ""


async def _next(items: AsyncIterator[WorkItemView], most: int) -> list[WorkItemView]:
    found: list[WorkItemView] = []
    while len(found) < most:
        item = await anext(items, None)
        if item is None:
            break
        found.append(item)
    return found


def _about(item: WorkItemView) -> str:
    return f"{item.definition.name}: {item.activity_name}, for {item.initiator.name}"
