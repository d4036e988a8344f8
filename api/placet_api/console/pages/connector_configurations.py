"""Authentication configurations: how calls prove who makes them; secrets go in, and are never shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placet.connectors.kinds import FIELDS
from placet.connectors.records import AuthKind, Configuration
from placet.core.access import Act
from placet.errors import InvalidInput, Unavailable
from placet_api.admin.connectors.rendering import trial
from placet_api.answers import Answer
from placet_api.console import connector_forms as forms
from placet_api.console.page import Page
from placet_api.console.pages.connectors import revision_in
from placet_api.console.routes import get, post
from placet_api.console.trying import REFUSALS, Again, caller, tried
from placet_api.errors import status_of

#: What each kind is called, and what it is for.
KINDS: Mapping[AuthKind, tuple[str, str]] = {
    AuthKind.OAUTH2_PASSWORD: (
        "OAuth 2.0: password",
        "A token for a user whose name and password are kept here, as ProcessMaker takes one.",
    ),
    AuthKind.OAUTH2_CLIENT_CREDENTIALS: (
        "OAuth 2.0: client credentials",
        "A token for an application of its own, without any user.",
    ),
    AuthKind.OAUTH2_AUTHORIZATION_CODE: (
        "OAuth 2.0: authorization code",
        "An operator agrees at the service once, and tokens are renewed from then on.",
    ),
    AuthKind.OAUTH2_SERVICE_ACCOUNT: (
        "OAuth 2.0: service account",
        "A key file signs for an account, as that of a cloud service does.",
    ),
    AuthKind.BASIC: ("User and password", "They go along with every call."),
    AuthKind.API_KEY: ("Key", "A header or a parameter of the query goes along with every call."),
    AuthKind.NONE: ("Nothing", "Nothing has to be proven: the service is open to all."),
}
_LIST = "configurations"


async def new(page: Page) -> Answer:
    """The kinds to choose from, or with `kind` the form of one."""
    if not page.asked("kind"):
        return page.render("connectors/kinds.html", kinds=KINDS, stored=None)
    kind = _kind(page.asked("kind"))
    return await _show(page, None, kind, "", _usual(kind), 0)


async def one(page: Page) -> Answer:
    """One configuration; with `kind` as it would be of another."""
    stored = await _stored(page)
    kind = _kind(page.asked("kind")) if page.asked("kind") else stored.kind
    fields = {name: stored.fields.get(name, usual) for name, usual in _usual(kind).items() if name != "grant_type"}
    return await _show(page, stored, kind, stored.name, {**_usual(kind), **fields}, stored.revision)


async def kinds(page: Page) -> Answer:
    """The kinds that a configuration may become."""
    return page.render("connectors/kinds.html", kinds=KINDS, stored=await _stored(page))


def _usual(kind: AuthKind) -> dict[str, str]:
    return {name: field.default for name, field in FIELDS[kind].items() if not field.secret}


def _kind(text: str) -> AuthKind:
    try:
        return AuthKind(text)
    except ValueError:
        raise InvalidInput(f"{text[:60]!r} is no kind of a configuration; there are: {', '.join(AuthKind)}.") from None


async def _stored(page: Page) -> Configuration:
    return await page.engine.connectors.configurations.one(caller(page), page.parameters["id"])


async def _show(
    page: Page,
    stored: Configuration | None,
    kind: AuthKind,
    name: str,
    typed: Mapping[str, Any],
    revision: int,
    trouble: str = "",
    status: int = 200,
    shown: Mapping[str, Any] | None = None,
) -> Answer:
    on_top, at = forms.sorted_out(trouble, FIELDS[kind])
    secrets, sealed = _secrets(page, stored if stored is not None and stored.kind is kind else None)
    catalog = await page.engine.connectors.catalog.now()
    return page.render(
        "connectors/configuration.html",
        status=status,
        stored=stored,
        kind=kind,
        title=KINDS[kind][0],
        fields=FIELDS[kind],
        name=name,
        typed=typed,
        revision=revision,
        trouble="\n".join(filter(None, (on_top, sealed))),
        at=at,
        shown=shown,
        secrets=secrets,
        services=[each for each in catalog.services.all() if stored is not None and each.configuration_id == stored.id],
    )


def _secrets(page: Page, stored: Configuration | None) -> tuple[list[str], str]:
    """The names of the secrets that are kept; in words where no key opens them."""
    if stored is None:
        return [], ""
    try:
        return page.engine.connectors.configurations.secrets_kept(stored), ""
    except Unavailable as failure:
        return [], failure.message


async def add(page: Page) -> Answer:
    form = await page.form()
    kind, name = _kind(form.get("kind")), form.get("name")

    async def again(trouble: str, status: int) -> Answer:
        return await _show(page, None, kind, name, forms.typed_fields(form, kind), 0, trouble, status)

    work = page.engine.connectors.configurations.add(caller(page), name, forms.configuration_asked(form, kind))
    return await tried(page, work, again, page.url("/connectors", tab=_LIST), f"{name} is kept.")


async def change(page: Page) -> Answer:
    """Put what was typed in the place of what is stored; secrets that were left empty stay."""
    form, stored = await page.form(), await _stored(page)
    kind, name, revision = _kind(form.get("kind")), form.get("name"), revision_in(form)

    async def again(trouble: str, status: int) -> Answer:
        return await _show(page, stored, kind, name, forms.typed_fields(form, kind), revision, trouble, status)

    asked = forms.configuration_asked(form, kind)
    work = page.engine.connectors.configurations.change(caller(page), stored.id, name, asked, revision=revision)
    return await tried(page, work, again, page.url("/connectors/configurations", stored.id), "The changes are kept.")


async def remove(page: Page) -> Answer:
    form, stored = await page.form(), await _stored(page)
    revision = revision_in(form)
    work = page.engine.connectors.configurations.remove(caller(page), stored.id, revision=revision)
    to = page.url("/connectors", tab=_LIST)
    return await tried(page, work, _as_stored(page, stored), to, f"{stored.name} is removed.")


def _as_stored(page: Page, stored: Configuration) -> Again:
    async def again(trouble: str, status: int) -> Answer:
        return await _show(page, stored, stored.kind, stored.name, stored.fields, stored.revision, trouble, status)

    return again


async def test(page: Page) -> Answer:
    """Ask for a token by what was typed, kept or not; a script gets the outcome alone, so that secrets stay typed."""
    form = await page.form()
    stored = await _stored(page) if "id" in page.parameters else None
    kind, revision = _kind(form.get("kind")), revision_in(form)
    shown, trouble, status = None, "", 200
    try:
        asked = forms.configuration_asked(form, kind)
        found = await page.engine.connectors.test_configuration(
            caller(page), None if stored is None else stored.id, asked
        )
        shown = trial(found)
    except REFUSALS as refusal:
        trouble, status = refusal.message, status_of(refusal)
    if page.is_partial:  # htmx puts in what succeeds
        return page.fragment("connectors/outcome.html", shown=shown, trouble=trouble)
    typed = forms.typed_fields(form, kind)
    return await _show(page, stored, kind, form.get("name"), typed, revision, trouble, status, shown)


async def authorize(page: Page) -> Answer:
    """The way to the service where an operator agrees: a form may not lead there by itself."""
    stored = await _stored(page)
    try:
        url = await page.engine.connectors.authorize(caller(page), stored.id)
    except REFUSALS as refusal:
        return await _as_stored(page, stored)(refusal.message, status_of(refusal))
    return page.render("connectors/authorize.html", stored=stored, url=url)


_ACT = Act.OPERATE
ROUTES = (
    get("/connectors/configurations/new", new, act=_ACT),
    post("/connectors/configurations/new", add, act=_ACT, secret=True),
    post("/connectors/configurations/new/test", test, act=_ACT, secret=True),
    get("/connectors/configurations/{id}", one, act=_ACT),
    get("/connectors/configurations/{id}/kinds", kinds, act=_ACT),
    post("/connectors/configurations/{id}", change, act=_ACT, secret=True),
    post("/connectors/configurations/{id}/test", test, act=_ACT, secret=True),
    post("/connectors/configurations/{id}/remove", remove, act=_ACT),
    post("/connectors/configurations/{id}/authorize", authorize, act=_ACT),
)
