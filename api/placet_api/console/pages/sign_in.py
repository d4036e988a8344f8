"""Signing in and out, and what a reader may set for himself: light or dark, and the zone of his times."""

from __future__ import annotations

from contextlib import suppress

from placet.directory.sign_in import REFUSAL
from placet.errors import NotAuthenticated
from placet_api.answers import Answer
from placet_api.auth import admit, authenticate, sign_in
from placet_api.console import times
from placet_api.console.page import KEYS, THEME, ZONE, Page
from placet_api.console.routes import get, post
from placet_api.known import STAMP
from placet_api.sessions import SessionScheme, cookie, session_of

_A_YEAR = 365 * 24 * 3600
_NEAR = (b"same-origin", b"none")


async def show(page: Page) -> Answer:
    """The form; who has signed in already is sent on.

    A browser leaves the cookie out when another site has led here, as a mail's link does. Then the page loads itself
    once more, and that time it is this one that leads here.
    """
    try:
        await authenticate(page.engine, page.scope, page.headers, (SessionScheme(),))
    except NotAuthenticated:
        if not page.asked("again") and page.headers.get(b"sec-fetch-site") not in _NEAR:
            return page.render("sign_in/again.html", again=page.url("/sign-in", next=_next(page), again="1"))
        return _form(page, _next(page))
    return page.redirect(_way_on(page, _next(page)))


async def begin(page: Page) -> Answer:
    """Begin a session with a user name and a password."""
    form = await page.form()
    user, password, wanted = form.get("user"), form.raw("password"), form.get("next")
    if not user or not password:
        return _form(page, wanted, user, "Give your user name and your password.", 400)
    try:
        secret = await _begun(page, user, password)
    except NotAuthenticated as failure:
        status = 429 if failure.code == "too-many-attempts" else 401
        return _form(page, wanted, user, failure.message, status)
    await _end(page)
    hours = page.engine.settings.session_hours
    return page.redirect(_way_on(page, wanted), headers=(cookie(page.scope, secret, hours * 3600),))


async def _begun(page: Page, user: str, password: str) -> str:
    """The secret of a new session."""
    for _ in range(2):  # the second time where his password was changed, or hashed anew, since it was verified
        person = await admit(page.engine, page.scope, await sign_in(page.engine, page.scope, user, password))
        begun = await page.engine.sessions.begin(person, page.scope[STAMP], page.address)
        if begun is not None:
            return begun[0]
    raise NotAuthenticated(REFUSAL)


async def end(page: Page) -> Answer:
    """End the session that the page is in."""
    await _end(page)
    return page.redirect(page.url("/sign-in", again="1"), headers=(cookie(page.scope, "", 0),))


async def _end(page: Page) -> None:
    """End the session whose cookie the request has, if it goes on."""
    with suppress(NotAuthenticated):
        session = await session_of(page.engine, page.headers)
        if session is not None:
            await page.engine.sessions.end(session, page.address)


async def prefer(page: Page) -> Answer:
    """Keep what the reader has chosen."""
    form = await page.form()
    to = _way_on(page, form.get("next"))
    headers = []
    if "theme" in form:
        chosen = form.get("theme") if form.get("theme") in ("light", "dark") else ""
        headers.append(page.cookie(THEME, chosen, _A_YEAR if chosen else 0))
    if "zone" in form:
        name = form.get("zone")
        if (zone := times.zone_of(name)).key != name:
            said = f"{name[:64]!r} is no time zone; choose one by its name, such as Europe/Berlin or UTC."
            return page.redirect(to, said=said, tone="bad")
        headers.append(page.cookie(ZONE, zone.key, _A_YEAR, for_scripts=True))
    if "keys" in form:
        off = form.get("keys") == "off"
        headers.append(page.cookie(KEYS, "off", _A_YEAR if off else 0))
    return page.redirect(to, headers=headers)


def _form(page: Page, wanted: str, user: str = "", trouble: str = "", status: int = 200) -> Answer:
    return page.render("sign_in/sign_in.html", status=status, wanted=wanted, user=user, trouble=trouble)


def _next(page: Page) -> str:
    return page.asked("next")


def _way_on(page: Page, wanted: str) -> str:
    """The page of the console that was wanted first; what is none of its paths leads to its start."""
    path = wanted.partition("?")[0]
    if not path.startswith("/") or path == "/sign-in" or not {".", ".."}.isdisjoint(path.split("/")):
        return page.url("/")
    return page.url_of(wanted)


ROUTES = (
    get("/sign-in", show, open_to_all=True),
    post("/sign-in", begin, open_to_all=True, secret=True),
    post("/sign-out", end, open_to_all=True),
    post("/preferences", prefer),
)
