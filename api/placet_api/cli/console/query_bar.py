"""The query bar: what is typed is completed from the language and from what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from placet.query.query import Completion
from placet_api.cli.console.troubles import TROUBLES
from placet_api.cli.output import plain
from placet_api.cli.query_desk import QueryDesk

_MOST_SHOWN = 50
_WIDEST = 40  # characters of a value in the list


class QueryBar(Vertical):
    """A line to type in, and below it the ways to go on while there are some."""

    class Asked(Message):
        """Somebody wants to see what the query finds."""

    class _Line(Input):
        BINDINGS: ClassVar = [
            ("tab", "screen.complete", "Complete"),
            ("down", "screen.light(1)", ""),
            ("up", "screen.light(-1)", ""),
        ]

    def __init__(self, queries: QueryDesk, text: str) -> None:
        super().__init__()
        self._queries, self._text = queries, text
        self._found: Sequence[Completion] = ()
        self._is_chosen = False  # somebody went through the list: Enter takes what is lit
        self.resource = "processes"

    def compose(self) -> ComposeResult:
        yield self._Line(self._text, placeholder="a query, such as ProcessStatus = Running", compact=True, id="line")
        yield OptionList(compact=True, id="ways")

    def on_mount(self) -> None:
        self._ways.display = False
        self._ways.can_focus = False

    @property
    def line(self) -> Input:
        return self.query_one("#line", Input)

    @property
    def _ways(self) -> OptionList:
        return self.query_one("#ways", OptionList)

    @property
    def text(self) -> str:
        return self.line.value

    def put(self, text: str) -> None:
        """Put another query in, without offering how it goes on."""
        with self.line.prevent(Input.Changed):
            self.line.value = text
        self.line.cursor_position = len(text)
        self.close()

    # -- ways to go on ---------------------------------------------------------------------------

    @on(Input.Changed, "#line")
    def _look(self) -> None:
        if self.line.has_focus:
            self._read(self.text, self.line.cursor_position)

    @work(exclusive=True, group="complete")
    async def _read(self, text: str, at: int) -> None:
        """Offer how the query can go on; without an answer there is nothing to offer."""
        try:
            found = await self._queries.complete(text, at, self.resource)
        except TROUBLES:
            found = ()
        typed = text[:at]
        self._found = [each for each in found if typed[each.start :] != each.text][:_MOST_SHOWN]
        self._is_chosen = False
        self._ways.clear_options()
        self._ways.add_options([Option(_shown(each)) for each in self._found])
        self._ways.display = bool(self._found) and self.line.has_focus
        if self._found:
            self._ways.highlighted = 0

    def close(self) -> bool:
        """Offer nothing more; whether something was offered."""
        was_open = self._ways.display
        self._ways.display = False
        return was_open

    def offer(self) -> None:
        """Offer again how the query can go on."""
        self._read(self.text, self.line.cursor_position)

    def light(self, step: int) -> bool:
        """Go on in the list; whether there is one."""
        if not self._ways.display:
            return False
        self._ways.highlighted = ((self._ways.highlighted or 0) + step) % len(self._found)
        self._is_chosen = True
        return True

    def take(self) -> bool:
        """Put what is lit into the query; whether something was."""
        lit = self._ways.highlighted
        if not self._ways.display or lit is None:
            return False
        line, chosen = self.line, self._found[lit]
        after = line.value[line.cursor_position :]
        put = chosen.text if after.startswith(" ") or chosen.text.endswith((".", "(")) else chosen.text + " "
        before = line.value[: chosen.start] + put
        self.close()
        line.value = before + after  # which looks how it goes on from here
        line.cursor_position = len(before)
        return True

    @on(OptionList.OptionSelected, "#ways")
    def _click(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._ways.highlighted = event.option_index
        self.take()

    @on(Input.Submitted, "#line")
    def _enter(self, event: Input.Submitted) -> None:
        event.stop()
        if not (self._is_chosen and self.take()):
            self.close()
            self.post_message(self.Asked())


def _shown(found: Completion) -> Content:
    text = plain(found.text)
    text = text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
    return Content.assemble(text, "  ", Content.styled(plain(found.hint or found.kind), "dim"))
