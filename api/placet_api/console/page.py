"""What the handler of a page is given, and the ways in which it answers."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit
from zoneinfo import ZoneInfo

import orjson
from jinja2 import Environment
from starlette.types import Receive, Scope

from placet.core.access import Act, permits
from placet.core.people import Person
from placet.engine import Engine
from placet_api.answers import Answer, Headers, to_json
from placet_api.auth import address_of
from placet_api.console import times
from placet_api.console.form import Form, parse_pairs, read_form
from placet_api.console.navigation import ENTRIES, LISTS, Entry, current
from placet_api.console.routes import Table
from placet_api.console.static_files import StaticFiles
from placet_api.params import Query

PREFIX = "/console"
ZONE, THEME, KEYS, SAID = "placet_zone", "placet_theme", "placet_keys", "placet_said"
_HTML = (b"content-type", b"text/html; charset=utf-8")
_SAID_SECONDS = 30
_LONGEST_SAID = 300

#: What a page may load and do, whatever should get into it.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
SAFE: Headers = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"vary", b"Cookie, HX-Request"),
)


class Shell:
    """What all pages share: templates, files and routes."""

    def __init__(self, templates: Environment, static: StaticFiles, table: Table) -> None:
        self.templates, self.static, self.table = templates, static, table


class Page:
    """One request of a page: who asks (`person`), what for, and how to answer; `parameters` are those of its path.

    `person` is nobody (an empty DN) only on pages that are open to all. What was sent is not shown again where it
    `keeps_secret`, and can be read once: `was_read` says whether it has been.
    """

    def __init__(
        self,
        engine: Engine,
        shell: Shell,
        scope: Scope,
        receive: Receive,
        path: str,
        parameters: Mapping[str, str],
        person: Person,
    ) -> None:
        self.engine, self.person, self.path, self.parameters = engine, person, path, parameters
        self.scope, self._receive, self._shell = scope, receive, shell
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.now: datetime = engine.clock.now()
        self.keeps_secret, self.was_read = True, False

    # -- what was asked --------------------------------------------------------------------------

    @cached_property
    def query(self) -> Query:
        """The parameters of the address."""
        return Query(parse_pairs(self.scope["query_string"]))

    def asked(self, name: str, default: str = "") -> str:
        """One parameter of the address, without spaces round it."""
        return self.asked_raw(name, default).strip()

    def asked_raw(self, name: str, default: str = "") -> str:
        """One parameter of the address, to the letter."""
        values = self.query.all(name)
        return values[0] if values else default

    async def form(self, *as_bytes: str) -> Form:
        """What the page's form has sent, files of these names as bytes; raises `InvalidInput` or `TooLarge`."""
        self.was_read = True
        return await read_form(self._receive, self.headers, self.engine.settings.body_limit, as_bytes)

    @property
    def is_partial(self) -> bool:
        """Whether only a part of the page is wanted, by a script of the page that is open already."""
        return b"hx-request" in self.headers and b"hx-history-restore-request" not in self.headers

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return address_of(self.scope)

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        try:
            parsed = SimpleCookie(self.headers.get(b"cookie", b"").decode("latin-1"))
        except CookieError:
            return {}
        return {name: morsel.value for name, morsel in parsed.items()}

    @cached_property
    def zone(self) -> ZoneInfo:
        """The reader's time zone."""
        return times.zone_of(self.cookies.get(ZONE, "UTC"))

    @property
    def theme(self) -> str:
        """`light` or `dark` where the reader has chosen one; else empty, and the system's holds."""
        chosen = self.cookies.get(THEME, "")
        return chosen if chosen in ("light", "dark") else ""

    @property
    def has_keys(self) -> bool:
        """Whether single keys do something."""
        return self.cookies.get(KEYS) != "off"

    @property
    def here(self) -> str:
        """This page as its address has it, below the console."""
        parameters = self.scope["query_string"].decode("latin-1")
        return f"{self.path}?{parameters}" if parameters else self.path

    @cached_property
    def came_from(self) -> str:
        """The page that has led here, as `here` has it; empty where that was none of the console."""
        if self.is_partial:
            return self.asked("back")  # a part of a page that knows it
        with suppress(ValueError):
            place = urlsplit(self.headers.get(b"referer", b"").decode("latin-1"))
            path, below = unquote(place.path), unquote(self.root) + PREFIX
            if place.netloc.encode("latin-1") == self.headers.get(b"host") and path.startswith(f"{below}/"):
                return f"{path.removeprefix(below)}?{place.query}" if place.query else path.removeprefix(below)
        return ""

    def back(self, usual: str) -> tuple[str, str]:
        """The list that the reader came by, as title and address, or else the usual one."""
        here = self.came_from if self.came_from.partition("?")[0] in LISTS else usual
        return LISTS[here.partition("?")[0]], self.url_of(here)

    def may(self, act: Act) -> bool:
        """Whether the person's role allows something."""
        return bool(self.person.dn) and permits(self.engine.directory, self.person.dn, act)

    @property
    def may_register(self) -> bool:
        """Whether the person deals with applications, which have a page but no entry of their own."""
        return self.may(Act.REGISTER_APPLICATIONS)

    # -- words -----------------------------------------------------------------------------------

    def name(self, dn: str | None) -> str:
        """The name by which people know a person, group or definition."""
        if not dn:
            return ""
        group = self.engine.directory.group(dn)
        return group.title if group is not None else self.engine.directory.display_name(dn)

    def short_time(self, moment: datetime) -> str:
        return times.short_time(moment, self.now, self.zone)

    def exact_time(self, moment: datetime) -> str:
        return times.exact_time(moment, self.zone)

    def distance(self, moment: datetime) -> str:
        return times.distance(moment, self.now)

    def told(self, message: str) -> str:
        """A message of the engine with times of the reader's zone, and with his name in place of his DN."""
        dn = self.person.dn
        return times.in_zone(message.replace(dn, self.name(dn)) if dn else message, self.now, self.zone)

    duration = staticmethod(times.duration)

    # -- addresses -------------------------------------------------------------------------------

    @property
    def root(self) -> str:
        """Where the application is mounted, as addresses have it; empty at the top."""
        return quote(str(self.scope.get("root_path", "")).rstrip("/"))

    def url(self, *parts: str, **parameters: Any) -> str:
        """The address of a page below the console: `url("/processes", id)`, `url("/query", q="…")`.

        A parameter that is None is left out; a list is given once for each of its entries.
        """
        first, *others = parts
        path = "".join([f"{self.root}{quote(PREFIX + first)}", *(f"/{quote(part, safe='')}" for part in others)])
        given = {name: value for name, value in parameters.items() if value is not None}
        return f"{path}?{urlencode(given, doseq=True)}" if given else path

    def url_of(self, here: str) -> str:
        """The address of a page given as `here` has it: a path below the console, with its parameters as they were."""
        path, _, parameters = here.partition("?")
        return f"{self.url(path)}?{quote(parameters, safe='=&%+')}" if parameters else self.url(path)

    def static(self, name: str) -> str:
        """The address of a file of the folder `static`."""
        return f"{self.root}{PREFIX}/static/{self._shell.static.address(name)}"

    def entries(self) -> list[Entry]:
        """The main pages that the person may use."""
        there = self._shell.table.paths
        return [each for each in ENTRIES if each.path in there and (each.act is None or self.may(each.act))]

    @property
    def entry(self) -> Entry | None:
        """The main page under which this one is."""
        return current(self.path)

    # -- answers ---------------------------------------------------------------------------------

    def render(self, template: str, *, status: int = 200, headers: Headers = (), **values: Any) -> Answer:
        """A page, from a template that extends `base.html`; templates also know the page, as `page`."""
        said = self.cookies.get(SAID)
        if said is not None:
            headers = (*headers, self.cookie(SAID, "", 0))
        text = self._shell.templates.get_template(template).render(page=self, said=_said(said), **values)
        return Answer(status, text.encode(), (_HTML, *SAFE, *headers))

    def fragment(
        self,
        template: str,
        *,
        status: int = 200,
        said: str | None = None,
        tone: str = "good",
        headers: Headers = (),
        **values: Any,
    ) -> Answer:
        """A piece of a page for a script to put in; `said` is shown in passing."""
        if said is not None:  # a header takes ASCII only
            told = json.dumps({"toast": {"text": said[:_LONGEST_SAID], "tone": tone}})
            headers = (*headers, (b"hx-trigger", told.encode("ascii")))
        text = self._shell.templates.get_template(template).render(page=self, **values)
        return Answer(status, text.encode(), (_HTML, *SAFE, *headers))

    def redirect(self, url: str, *, said: str | None = None, tone: str = "good", headers: Headers = ()) -> Answer:
        """The way to another page (as made by `url`), which then says something in passing."""
        if said is not None:
            text = urlsafe_b64encode(to_json([tone, said[:_LONGEST_SAID]])).decode()
            headers = (*headers, self.cookie(SAID, text, _SAID_SECONDS))
        if self.is_partial:
            return Answer(204, headers=((b"hx-redirect", url.encode("ascii")), *SAFE, *headers))
        return Answer(303, headers=((b"location", url.encode("ascii")), *SAFE, *headers))

    def cookie(self, name: str, value: str, seconds: int, *, for_scripts: bool = False) -> tuple[bytes, bytes]:
        """The header that keeps a value in the browser for so long; no time forgets it."""
        secure = "; Secure" if self.scope.get("scheme") == "https" else ""
        only = "" if for_scripts else "; HttpOnly"
        text = f"{name}={value}; Path={self.root}{PREFIX}; Max-Age={seconds}{only}; SameSite=Strict{secure}"
        return b"set-cookie", text.encode("ascii")


def _said(cookie: str | None) -> tuple[str, str] | None:
    """What is to be shown in passing, as tone and text."""
    if not cookie:
        return None
    try:
        tone, text = orjson.loads(urlsafe_b64decode(cookie))
    except (TypeError, ValueError):
        return None
    return (str(tone), str(text)[:_LONGEST_SAID])
