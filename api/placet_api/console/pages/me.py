"""The reader himself: his names and password, who stands in for him, and which mails he wants."""

from __future__ import annotations

from typing import Any

from placet.core.access import Act
from placet.core.mail_words import KINDS
from placet.core.permissions import Permission
from placet.directory import absences, proxies, users
from placet.directory.absences import NewAbsence
from placet.directory.proxies import NewProxy
from placet.directory.user_checks import check_new_password
from placet.directory.users import UserValues
from placet.errors import InvalidInput, NotAllowed, NotAuthenticated
from placet.mail import choices
from placet_api.answers import Answer
from placet_api.console.page import Page
from placet_api.console.routes import get, post
from placet_api.console.times import day_of
from placet_api.console.trying import Again, caller, given, tried

_TABS = {"profile": "Profile", "absences": "Absences", "mail": "Mail"}
_MOST = 200


async def show(page: Page, trouble: str = "", status: int = 200, tab: str = "") -> Answer:
    """One of the parts; `tab` says which."""
    tab = tab or page.asked("tab", "profile")
    by, store = caller(page), page.engine.store
    row, role = await users.read(store, page.person.id)
    values: dict[str, Any] = {
        "tabs": _TABS,
        "tab": tab if tab in _TABS else "profile",
        "row": row,
        "role": role,
        "trouble": trouble,
        "may_edit": page.engine.directory.allows(page.person.dn, Permission.EDIT_ONESELF),
        "may_supervise": page.may(Act.ACT_FOR_OTHERS),
        "absences": await absences.page(store, by, after=None, limit=_MOST) if tab == "absences" else [],
        "proxies": await proxies.page(store, by, after=None, limit=_MOST) if tab == "absences" else [],
        "kinds": KINDS,
        "wanted": await choices.choices(store, by) if tab == "mail" else {},
        "definitions": await page.engine.definitions(actor=page.person.dn) if tab == "absences" else [],
    }
    return page.render("me/me.html", status=status, **values)


async def change(page: Page) -> Answer:
    """Change names and address of oneself."""
    form = await page.form()
    named: dict[str, Any] = given(form, "first_name", "last_name", "email")
    values = UserValues(**named)
    work = users.change(page.engine.store, caller(page), page.person.id, values)
    return await tried(page, work, _at(page, "profile"), page.url("/me"), "Your profile is changed.")


async def change_password(page: Page) -> Answer:
    """Set a new password; every session ends, this one too."""
    form = await page.form()
    new, again, settings = form.raw("new"), form.raw("again"), page.engine.settings

    async def work() -> None:
        if new != again:
            raise InvalidInput("The two new passwords are not the same; write the new one twice.")
        try:
            await page.engine.sign_in.person(page.person.user_name, form.raw("old"), page.address)
        except NotAuthenticated:
            raise NotAllowed("The password that you have is another one; nothing was changed.") from None
        check_new_password(new, settings.password_shortest, settings.password_longest)
        await users.change(page.engine.store, caller(page), page.person.id, UserValues(password=new))

    said = "Your password is changed; sign in with the new one."
    return await tried(page, work(), _at(page, "profile"), page.url("/sign-in"), said)


async def add_absence(page: Page) -> Answer:
    """Let work go to a delegate."""
    form = await page.form()

    async def work() -> None:
        wanted = NewAbsence(
            delegate=form.get("delegate"),
            person=form.get("person") or None,
            category=None,
            definition=form.get("definition") or None,
            from_at=day_of("From", form.get("from"), page.zone),
            to_at=day_of("To", form.get("to"), page.zone, later=1),
        )
        definitions = await page.engine.definitions(actor=page.person.dn)
        await absences.add(page.engine.store, caller(page), wanted, definitions)

    to = page.url("/me", tab="absences")
    return await tried(page, work(), _at(page, "absences"), to, "The absence is kept.")


async def remove_absence(page: Page) -> Answer:
    work = absences.remove(page.engine.store, caller(page), page.parameters["id"])
    return await tried(
        page, work, _at(page, "absences"), page.url("/me", tab="absences"), "The absence is removed: work comes back."
    )


async def add_proxy(page: Page) -> Answer:
    """Let somebody start requests in the reader's name."""
    form = await page.form()
    wanted = NewProxy(proxy=form.get("proxy"), person=form.get("person") or None)
    work = proxies.add(page.engine.store, caller(page), wanted)
    to = page.url("/me", tab="absences")
    return await tried(page, work, _at(page, "absences"), to, "The grant is kept.")


async def remove_proxy(page: Page) -> Answer:
    work = proxies.remove(page.engine.store, caller(page), page.parameters["id"])
    to = page.url("/me", tab="absences")
    return await tried(page, work, _at(page, "absences"), to, "The grant is removed.")


async def choose_mail(page: Page) -> Answer:
    """Say which notifications are wanted."""
    form = await page.form()
    chosen = {kind: kind in form.all("kind") for kind in KINDS}
    work = choices.choose(page.engine.store, caller(page), chosen)
    return await tried(page, work, _at(page, "mail"), page.url("/me", tab="mail"), "Your choice is kept.")


def _at(page: Page, tab: str) -> Again:
    """The page again, at one of its parts."""

    async def again(trouble: str, status: int) -> Answer:
        return await show(page, trouble, status, tab)

    return again


ROUTES = (
    get("/me", show),
    post("/me", change),
    post("/me/password", change_password, secret=True),
    post("/me/absences", add_absence),
    post("/me/absences/{id}/remove", remove_absence),
    post("/me/proxies", add_proxy),
    post("/me/proxies/{id}/remove", remove_proxy),
    post("/me/mail", choose_mail),
)
