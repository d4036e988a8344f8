"""What all pages of the console have: a line that says where one is, the keys, and how they ask and fail."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from rich.text import Text
from textual.screen import Screen
from textual.widgets import Static

from placet_api.actions import Kind, Offer, Subject
from placet_api.cli.console.actions import ActionDialog, ActionMenu, PeopleSuggester
from placet_api.cli.console.form_fields import field_of
from placet_api.cli.console.troubles import TROUBLES, in_words
from placet_api.cli.output import plain

if TYPE_CHECKING:
    from placet_api.cli.console.app import Console
    from placet_api.cli.console.sources import Sources
    from placet_api.cli.views import FieldView


def sources_of(screen: Screen[Any]) -> Sources:
    """What a page or a dialog asks."""
    return cast("Console", screen.app).sources


class Head(Static):
    """The first line: where one is, and who looks at what."""

    def __init__(self, title: str, right: str) -> None:
        super().__init__(classes="head")
        self.title, self._right = title, right

    def render(self) -> Text:
        """Both ends of the line, the right one cut short where there is no room."""
        left, room = Text.assemble((" Placet ", "bold reverse"), " ", (plain(self.title), "bold")), self.size.width
        right = Text(plain(self._right), style="dim")
        right.truncate(max(0, room - left.cell_len - 2), overflow="ellipsis")
        gap = max(1, room - left.cell_len - right.cell_len)
        return Text.assemble(left, " " * gap, right)


class Page(Screen[None]):
    """A page of the console; `at` counts what had happened when it was last read."""

    TITLE = ""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0

    @property
    def console_app(self) -> Console:
        return cast("Console", self.app)

    @property
    def sources(self) -> Sources:
        return sources_of(self)

    def head(self, title: str) -> Head:
        return Head(title, self.console_app.who)

    def say(self, text: str) -> None:
        """What has been done."""
        self.notify(plain(text), markup=False)

    def warn(self, failure: Exception) -> None:
        """What could not be done; raises what is a bug."""
        self.notify(plain(in_words(failure)), severity="error", markup=False)

    async def read(self) -> None:
        """Read everything again that is on the page."""

    async def look_again(self, processes: Collection[str]) -> None:
        """Bring on the page what has happened to these processes."""

    def tell_live(self) -> None:
        """Show whether what happens comes by itself."""

    def on_screen_resume(self) -> None:
        """Whoever comes back sees what has happened meanwhile."""
        if self.at != self.console_app.happened:
            self.run_worker(self.catch_up(), exclusive=True, group="catch-up")

    async def catch_up(self) -> None:
        """Read again, unless this is the page as it is."""
        self.at = self.console_app.happened
        await self.console_app.attempt(self.read())

    # -- actions ---------------------------------------------------------------------------------

    async def choose(self, groups: list[tuple[str, list[Offer]]]) -> Offer | None:
        """What somebody picks of what can be done."""
        return await self.app.push_screen_wait(ActionMenu(groups))

    async def act(self, offer: Offer, process: str, about: str) -> bool:
        """Ask what goes along with an action and carry it out; whether it was."""
        try:
            shown = await self._fields(offer, process)
        except TROUBLES as failure:
            self.warn(failure)
            return False
        desk, is_form = self.sources.processes, offer.action.of is Subject.WORK_ITEM and bool(shown)
        dialog = ActionDialog(
            offer.action,
            about,
            lambda values: offer.action.carry_out(desk.hands, offer.id, values),
            PeopleSuggester(self.sources.queries),
            fields=partial(desk.item_form, offer.id) if is_form else None,
            shown=shown,
        )
        done = await self.app.push_screen_wait(dialog)
        if done:
            self.say(offer.action.done)
        return done

    async def _fields(self, offer: Offer, process: str) -> Sequence[FieldView]:
        """Those in which the data that an action takes is changed."""
        if all(ask.kind is not Kind.DATA for ask in offer.action.asks):
            return ()
        if offer.action.of is Subject.WORK_ITEM:
            return await self.sources.processes.item_form(offer.id, {})
        data = (await self.sources.backend.process(process)).data
        return [field_of(item, data.get(item.name)) for item in await self.sources.processes.data_items(process)]
