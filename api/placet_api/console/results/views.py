"""The saved views that somebody has before him, and which of them he looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from placet.core.access import is_same
from placet.saved_views import SavedView
from placet_api.console.page import Page
from placet_api.console.trying import caller


@dataclass(frozen=True, slots=True)
class Views:
    """One's own views and those that others share; `shown` is the one that the page was opened by."""

    own: Sequence[SavedView]
    others: Sequence[SavedView]
    shown: SavedView | None

    @property
    def may_change(self) -> bool:
        """Whether the view that is shown is one's own."""
        return self.shown is not None and self.shown in self.own


async def views_of(page: Page) -> Views:
    """The views that the person of a page may choose from."""
    every = await page.engine.saved_views.every(caller(page))
    own = [each for each in every if is_same(each.dn, page.person.dn)]
    others = [each for each in every if each not in own]
    shown = next((each for each in every if each.id == page.asked("view")), None)
    return Views(own, others, shown)


def view_url(page: Page, view: SavedView) -> str:
    """The address of the query page with what a view has, which stays in it while one goes on from there."""
    return page.url("/query", of=view.resource, q=view.text or None, view=view.id)
