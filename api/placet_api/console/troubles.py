"""Errors as pages: a title, words and a way back; to a script only the words, which it shows in passing."""

from __future__ import annotations

from collections.abc import Sequence

from placet.errors import NotAuthenticated, PlacetError, TooManyAttempts
from placet_api.answers import Answer, Headers
from placet_api.console.page import SAFE, Page
from placet_api.errors import status_of, text_of
from placet_api.sessions import require_own_page

_TITLES = {
    400: "This does not work",
    401: "You are not signed in",
    403: "You may not do this",
    404: "There is no such page",
    405: "This does not work",
    409: "This does not fit any more",
    412: "Somebody was quicker",
    413: "This is too large",
    422: "This does not work",
    429: "Too many attempts",
    503: "Not available right now",
}
_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_ENDED = "Your session has ended, and nothing was changed."
_ENDED_FOR_A_SCRIPT = f"{_ENDED} Sign in in another tab, then go on here: what you have typed stays."
_ENDED_WITH_WORDS = f"{_ENDED} Sign in in another tab, come back to this one, and send it again: it is all still here."
_ENDED_WITHOUT = f"{_ENDED} Sign in, go back, and fill it in again: passwords and files are not kept."


async def answer_of(page: Page, failure: Exception) -> Answer:
    """What a reader is shown of a failure."""
    if isinstance(failure, NotAuthenticated) and not isinstance(failure, TooManyAttempts):
        return await _signed_out(page)
    status = _status(failure)
    headers: Headers = ((b"retry-after", b"1"),) if status == 503 else ()
    return _told(page, status, page.told(text_of(failure)), headers)


async def _signed_out(page: Page) -> Answer:
    """The way to sign in that loses nothing: a script stays where it is, and a form that was sent can be sent again."""
    if page.is_partial:
        return _told(page, 401, _ENDED_FOR_A_SCRIPT)
    if page.scope["method"] in ("GET", "HEAD"):
        return page.redirect(page.url("/sign-in", next=None if page.path == "/" else page.here))
    sent = await _sent(page)
    return _told(page, 401, _ENDED_WITHOUT if sent is None else _ENDED_WITH_WORDS, sent=sent)


async def _sent(page: Page) -> Sequence[tuple[str, str]] | None:
    """What a form of a page of ours has sent; None for one with secrets, or with files that are no text."""
    if page.keeps_secret or page.was_read:
        return None
    try:
        require_own_page(page.scope, page.headers)
        return (await page.form()).pairs
    except PlacetError:
        return None


def _told(
    page: Page, status: int, text: str, headers: Headers = (), sent: Sequence[tuple[str, str]] | None = None
) -> Answer:
    if page.is_partial:
        return Answer(status, text.encode(), (_TEXT, *SAFE, *headers))
    title = _TITLES.get(status, "Something went wrong")
    return page.render("trouble.html", status=status, headers=headers, title=title, code=status, text=text, sent=sent)


def _status(failure: Exception) -> int:
    return status_of(failure) if isinstance(failure, PlacetError) else 500
