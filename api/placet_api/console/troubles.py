"""Errors as pages: a title, words and a way back; to a script only the words, which it shows in passing."""

from __future__ import annotations

from placet.errors import NotAuthenticated, PlacetError, TooManyAttempts
from placet_api.answers import Answer, Headers
from placet_api.console.page import SAFE, Page
from placet_api.errors import status_of, text_of

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


def answer_of(page: Page, failure: Exception) -> Answer:
    """What a reader is shown of a failure."""
    status, text = _status(failure), text_of(failure)
    if isinstance(failure, NotAuthenticated) and not isinstance(failure, TooManyAttempts):
        if page.is_partial or page.scope["method"] in ("GET", "HEAD"):
            return page.redirect(page.url("/sign-in", next=None if page.is_partial or page.path == "/" else page.here))
        text = "Your session has ended. Nothing was changed: sign in, go back, and send it again."
    headers: Headers = ((b"retry-after", b"1"),) if status == 503 else ()
    if page.is_partial:
        return Answer(status, text.encode(), (_TEXT, *SAFE, *headers))
    title = _TITLES.get(status, "Something went wrong")
    return page.render("trouble.html", status=status, headers=headers, title=title, code=status, text=text)


def _status(failure: Exception) -> int:
    return status_of(failure) if isinstance(failure, PlacetError) else 500
