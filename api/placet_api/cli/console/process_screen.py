"""The page of one process: why it waits, its data, what happened, its diagram, what was said, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Footer, Static, TabbedContent, TabPane

from placet_api.actions import Offer, Subject, action
from placet_api.cli.console import process_text as texts
from placet_api.cli.console.frame import Page
from placet_api.cli.console.troubles import TROUBLES
from placet_api.cli.views import ProcessDetails

_PARTS: dict[str, tuple[str, Callable[[ProcessDetails, str], Text]]] = {
    "now": ("Why it waits", lambda found, diagram: texts.now(found)),
    "data": ("Data", lambda found, diagram: texts.data(found.data)),
    "timeline": ("Timeline", lambda found, diagram: texts.timeline(found.timeline)),
    "diagram": ("Diagram", lambda found, diagram: texts.diagram(diagram)),
    "comments": ("Comments", lambda found, diagram: texts.comments(found.comments)),
}


class ProcessPage(Page):
    """All of one process."""

    BINDINGS: ClassVar = [
        ("escape", "app.pop_screen", "Back"),
        ("a", "act", "Act"),
        ("c", "comment", "Comment"),
        ("o", "related", "Related"),
        *((str(number), f"part('{name}')", "") for number, name in enumerate(_PARTS, 1)),
    ]

    def __init__(self, process: str) -> None:
        super().__init__()
        self.process = process
        self.details: ProcessDetails | None = None

    def compose(self) -> ComposeResult:
        yield self.head("Process")
        yield Static("", id="about")
        with TabbedContent():
            for name, (title, _) in _PARTS.items():
                with TabPane(title, id=name), VerticalScroll():
                    yield Static("", id=f"text-{name}")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self.at = self.console_app.happened
        self.run_worker(self.console_app.attempt(self.read()), exclusive=True, group="read")
        self._part_shown().focus()

    def _part_shown(self) -> VerticalScroll:
        return self.query_one(f"#{self.query_one(TabbedContent).active or 'now'}", TabPane).query_one(VerticalScroll)

    async def read(self) -> None:
        """Read the process, and write every part of the page anew."""
        found = await self.sources.backend.process(self.process)
        diagram = await self.sources.processes.diagram(self.process)
        self.details = found
        self.query_one("#about", Static).update(texts.head(found.process))
        for name, (_, write) in _PARTS.items():
            self.query_one(f"#text-{name}", Static).update(write(found, diagram))

    async def look_again(self, processes: Collection[str]) -> None:
        if self.process in processes:
            await self.read()

    # -- keys ------------------------------------------------------------------------------------

    def action_part(self, name: str) -> None:
        self.query_one(TabbedContent).active = name
        self.call_after_refresh(lambda: self._part_shown().focus())

    @work(exclusive=True, group="act")
    async def action_act(self) -> None:
        """Choose what to do with the process or with what is open of it."""
        try:
            offers = await self.sources.processes.offers(self.process)
        except TROUBLES as failure:
            self.warn(failure)
            return
        if not offers:
            self.notify("There is nothing that you can do with it now.")
            return
        chosen = await self.choose(self._groups(offers))
        if chosen is not None:
            await self._carry_out(chosen)

    @work(exclusive=True, group="act")
    async def action_comment(self) -> None:
        """Say something about the process."""
        wanted = action(Subject.PROCESS, "comment")
        assert wanted is not None
        await self._carry_out(Offer(wanted, self.process))

    async def _carry_out(self, offer: Offer) -> None:
        if await self.act(offer, self.process, self._title(offer)):
            await self.console_app.attempt(self.read())

    def _groups(self, offers: Sequence[Offer]) -> list[tuple[str, list[Offer]]]:
        """Offers by what they are about: what waits for an answer first, the process last."""
        order = (Subject.WORK_ITEM, Subject.INCIDENT, Subject.PROCESS)
        groups: dict[str, list[Offer]] = {}
        for each in sorted(offers, key=lambda each: order.index(each.action.of)):
            groups.setdefault(each.id, []).append(each)
        return [(self._title(found[0]), found) for found in groups.values()]

    def _title(self, offer: Offer) -> str:
        found = self.details
        if found is None or offer.action.of is Subject.PROCESS:
            return "The process" if found is None else f"The process: {found.process.definition.name}"
        if offer.action.of is Subject.WORK_ITEM:
            items = (each for each in found.work_items if each.id == offer.id)
            return next((f"{each.activity_name}: asks {each.addressee.name}" for each in items), "A work item")
        failed = (each for each in found.incidents if each.id == offer.id)
        return next((f"{each.activity_name or each.kind} failed: {each.reason}" for each in failed), "An incident")

    def action_related(self) -> None:
        """Show the processes that another system knows by the same id."""
        known = self.details.process.correlation_id if self.details else None
        if not known:
            self.notify("It has no correlation id, by which others would belong to it.")
            return
        quoted = known.replace("'", "''")
        self.app.run_worker(self.console_app.show_query(f"CorrelationId = '{quoted}'", "processes"))
