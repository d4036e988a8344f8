"""A line that says what is wrong, and takes no room while nothing is."""

from __future__ import annotations

from textual.widgets import Static

from placet_api.cli.output import plain


class Fault(Static):
    """What is wrong; of several lines each is a fault of its own."""

    def __init__(self, text: str = "", id: str | None = None) -> None:  # noqa: A002  # the name that widgets give it
        super().__init__(plain(text), classes="fault", markup=False, id=id)
        self.display = bool(text)

    def say(self, text: str) -> None:
        """Say this from now on, and bring it into sight."""
        self.update("\n".join(map(plain, text.splitlines())))
        self.display = bool(text)
        if text:
            self.call_after_refresh(self.scroll_visible)
