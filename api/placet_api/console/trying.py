"""Doing what a form asks for: on to the next page where it is done, back to the form with the reason where not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from placet.directory.caller import Caller
from placet.errors import Conflict, InvalidInput, NotAllowed, RevisionMismatch, TooLarge
from placet_api.answers import Answer
from placet_api.console.form import Form
from placet_api.console.page import Page
from placet_api.errors import status_of


def caller(page: Page) -> Caller:
    """Who asks, as functions of `placet.directory` want to know it."""
    return Caller(page.person, page.engine.directory, page.now, page.address)


#: What a form is shown again for.
REFUSALS = (InvalidInput, Conflict, NotAllowed, RevisionMismatch, TooLarge)

#: Makes the page of a form again, with the words of a refusal and its status.
Again: TypeAlias = "Callable[[str, int], Awaitable[Answer]]"


async def tried(page: Page, work: Awaitable[Any], again: Again, to: str, said: str) -> Answer:
    """Do it and lead on, with something to be said there; where it is refused, make the page again."""
    try:
        await work
    except REFUSALS as refusal:
        return await again(refusal.message, status_of(refusal))
    await page.engine.refresh()
    return page.redirect(to, said=said)


def given(form: Form, *names: str) -> dict[str, str]:
    """The members of a form that are there, by name."""
    return {name: form.get(name) for name in names if name in form}
