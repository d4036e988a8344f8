"""Users, groups and roles, for who administers people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from placet.core.access import Act
from placet.core.names import fold_dn
from placet.directory import groups, role_members, role_permissions, roles, users
from placet.directory.records import Cut, UserFilter
from placet.directory.user_checks import check_new_password
from placet.directory.users import UserValues
from placet.errors import InvalidInput, NotFound
from placet_api.answers import Answer
from placet_api.console.page import Page
from placet_api.console.routes import get, post
from placet_api.console.trying import Again, caller, given, tried

_TABS = {"users": "Users", "groups": "Groups", "roles": "Roles"}
_STATUSES = ("ACTIVE", "INACTIVE", "VACATION")
_AT_ONCE = 50
_MOST = 1000
_PLAIN = ("user_name", "first_name", "last_name", "email", "status")


async def every(page: Page, trouble: str = "", status: int = 200, tab: str = "") -> Answer:
    """Users, groups or roles, as `tab` says; `q` is part of a name, `start` how many of them are skipped."""
    tab = tab or page.asked("tab", "users")
    tab = tab if tab in _TABS else "users"
    store, words, start = page.engine.store, page.asked("q"), start_of(page)
    cut = Cut(start=start, limit=_AT_ONCE + 1)
    found: Sequence[Any]
    match tab:
        case "groups":
            found = (await groups.page(store, words, cut)).rows
        case "roles":
            found = (await roles.page(store, words, cut)).rows
        case _:
            found = (await users.page(store, UserFilter(has=words), cut, "words", descending=False)).rows
    return page.render(
        f"people/{tab}.html",
        status=status,
        tabs=_TABS,
        tab=tab,
        rows=found[:_AT_ONCE],
        roles=page.engine.directory.roles,
        words=words,
        start=start,
        more=start + _AT_ONCE if len(found) > _AT_ONCE else None,
        at_once=_AT_ONCE,
        trouble=trouble,
    )


def start_of(page: Page) -> int:
    """How many rows of a list are skipped; raises `InvalidInput`."""
    text = page.asked("start", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise InvalidInput(f"start: {text[:20]!r} is not a number; begin again at the first page.")
    return int(text)


# -- users -----------------------------------------------------------------------------------------


async def new_user(page: Page) -> Answer:
    return await _user_form(page, None, {})


async def _user_form(
    page: Page, row: Any, typed: dict[str, str], trouble: str = "", status: int = 200, role: str = ""
) -> Answer:
    known = await roles.page(page.engine.store, "", Cut(limit=_MOST))
    return page.render(
        "people/user.html",
        status=status,
        row=row,
        role=role,
        typed=typed,
        trouble=trouble,
        roles=[each.role for each in known.rows],
        statuses=_STATUSES,
        member_of=page.engine.directory.groups_of(row.dn) if row is not None else [],
    )


async def one_user(page: Page, typed: dict[str, str] | None = None, trouble: str = "", status: int = 200) -> Answer:
    """One user with his names, role, manager and groups."""
    row, role = await users.read(page.engine.store, page.parameters["id"])
    return await _user_form(page, row, typed or {}, trouble, status, role)


async def add_user(page: Page) -> Answer:
    typed = given(await page.form(), *_PLAIN, "role", "manager", "due_on", "password")

    async def again(trouble: str, status: int) -> Answer:
        return await _user_form(page, None, typed, trouble, status)

    async def work() -> None:
        values = _values(page, typed)
        await users.add(page.engine.store, caller(page), values)

    said = f"{typed.get('user_name', '')} is added."
    return await tried(page, work(), again, page.url("/people", q=typed.get("user_name")), said)


async def change_user(page: Page) -> Answer:
    typed = given(await page.form(), *_PLAIN, "role", "manager", "due_on", "password")
    uid = page.parameters["id"]

    async def again(trouble: str, status: int) -> Answer:
        return await one_user(page, typed, trouble, status)

    async def work() -> None:
        row, role = await users.read(page.engine.store, uid)
        stored = {name: getattr(row, name) for name in _PLAIN} | {"role": role, "due_on": row.due_on or ""}
        stored["manager"] = _user_name(page, row.manager)
        changed = {name: value for name, value in typed.items() if value != stored.get(name, "")}
        if changed:
            await users.change(page.engine.store, caller(page), uid, _values(page, changed))

    return await tried(page, work(), again, page.url("/people/users", uid), "The changes are kept.")


def _user_name(page: Page, dn: str | None) -> str:
    person = page.engine.directory.people.get(fold_dn(dn)) if dn else None
    return person.user_name if person is not None else ""


def _values(page: Page, typed: dict[str, str]) -> UserValues:
    """What was filled in, as it is stored: passwords checked, the manager by his uid."""
    settings, directory = page.engine.settings, page.engine.directory
    if password := typed.get("password", ""):
        check_new_password(password, settings.password_shortest, settings.password_longest)
    manager = typed.get("manager")
    if manager:
        person = directory.person(manager)
        if person is None:
            raise InvalidInput(f"The manager {manager[:60]!r} is nobody who is known; give a user name or a DN.")
        manager = person.id
    plain: dict[str, Any] = {name: typed[name] for name in _PLAIN if name in typed}
    return UserValues(
        **plain,
        role=typed.get("role") or None,
        due_on=typed.get("due_on") or None,
        manager=manager,
        password=password or None,
    )


async def remove_user(page: Page) -> Answer:
    async def again(trouble: str, status: int) -> Answer:
        return await one_user(page, None, trouble, status)

    work = users.remove(page.engine.store, caller(page), page.parameters["id"])
    return await tried(page, work, again, page.url("/people"), "The user is removed; what he did stays as it is.")


# -- groups ----------------------------------------------------------------------------------------


async def add_group(page: Page) -> Answer:
    form = await page.form()
    work = groups.add(page.engine.store, caller(page), form.get("title"))
    said = f"The group {form.get('title')} is added."
    return await tried(page, work, _list(page, "groups"), page.url("/people", tab="groups"), said)


def _list(page: Page, tab: str) -> Again:
    async def again(trouble: str, status: int) -> Answer:
        return await every(page, trouble, status, tab)

    return again


async def one_group(page: Page, trouble: str = "", status: int = 200) -> Answer:
    """One group and who is in it."""
    store, uid = page.engine.store, page.parameters["id"]
    found = await groups.read(store, uid)
    start = start_of(page)
    members = await groups.page_of_members(store, uid, page.asked("q"), Cut(start=start, limit=_AT_ONCE + 1))
    return page.render(
        "people/group.html",
        status=status,
        group=found.group,
        count=found.users,
        members=members.rows[:_AT_ONCE],
        more=start + _AT_ONCE if len(members.rows) > _AT_ONCE else None,
        start=start,
        words=page.asked("q"),
        trouble=trouble,
    )


def _group(page: Page) -> Again:
    async def again(trouble: str, status: int) -> Answer:
        return await one_group(page, trouble, status)

    return again


async def change_group(page: Page) -> Answer:
    form, uid = await page.form(), page.parameters["id"]
    changed = given(form, "title", "status")
    work = groups.change(page.engine.store, caller(page), uid, **changed)
    return await tried(page, work, _group(page), page.url("/people/groups", uid), "The changes are kept.")


async def remove_group(page: Page) -> Answer:
    work = groups.remove(page.engine.store, caller(page), page.parameters["id"])
    return await tried(page, work, _group(page), page.url("/people", tab="groups"), "The group is removed.")


async def join(page: Page) -> Answer:
    """Put a user, by user name or DN, into the group."""
    form, uid = await page.form(), page.parameters["id"]

    async def work() -> None:
        await groups.join(page.engine.store, caller(page), uid, _uid(page, form.get("user")))

    return await tried(page, work(), _group(page), page.url("/people/groups", uid), "He is in the group.")


async def leave(page: Page) -> Answer:
    form, uid = await page.form(), page.parameters["id"]
    work = groups.leave(page.engine.store, caller(page), uid, form.get("user"))
    return await tried(page, work, _group(page), page.url("/people/groups", uid), "He is out of the group.")


def _uid(page: Page, name: str) -> str:
    person = page.engine.directory.person(name)
    if person is None:
        raise InvalidInput(f"There is no user {name[:60]!r}; give a user name or a DN.")
    return person.id


# -- roles -----------------------------------------------------------------------------------------


async def add_role(page: Page) -> Answer:
    form = await page.form()
    work = roles.add(page.engine.store, caller(page), form.get("code"), form.get("name"))
    said = f"The role {form.get('code')} is added; it holds nothing yet."
    return await tried(page, work, _list(page, "roles"), page.url("/people", tab="roles"), said)


async def one_role(page: Page, trouble: str = "", status: int = 200) -> Answer:
    """One role, the permissions that it holds and that it could, and who has it."""
    store, uid = page.engine.store, page.parameters["id"]
    found = await roles.read(store, uid)
    held = await role_permissions.page(store, uid, "", Cut(limit=_MOST))
    others = await role_permissions.page_of_others(store, uid, "", Cut(limit=_MOST))
    members = await role_members.page(store, uid, "", Cut(limit=_AT_ONCE))
    return page.render(
        "people/role.html",
        status=status,
        role=found.role,
        count=found.users,
        permissions=sorted(
            [(each, True) for each in held.rows] + [(each, False) for each in others.rows],
            key=lambda each: each[0].code,
        ),
        members=members.rows,
        trouble=trouble,
    )


def _role(page: Page) -> Again:
    async def again(trouble: str, status: int) -> Answer:
        return await one_role(page, trouble, status)

    return again


async def change_role(page: Page) -> Answer:
    form, uid = await page.form(), page.parameters["id"]
    stored = (await roles.read(page.engine.store, uid)).role
    changed = {
        name: value for name, value in given(form, "code", "name", "status").items() if value != getattr(stored, name)
    }

    async def work() -> None:
        roles.require_changeable(stored)
        await roles.change(page.engine.store, caller(page), uid, **changed)

    return await tried(page, work(), _role(page), page.url("/people/roles", uid), "The changes are kept.")


async def remove_role(page: Page) -> Answer:
    work = roles.remove(page.engine.store, caller(page), page.parameters["id"])
    return await tried(page, work, _role(page), page.url("/people", tab="roles"), "The role is removed.")


async def change_permission(page: Page) -> Answer:
    """Give a permission to the role, or take it."""
    form, uid = await page.form(), page.parameters["id"]
    do = {"give": role_permissions.give, "take": role_permissions.take}.get(form.get("do"))
    if do is None:
        raise NotFound("A permission is given or taken; nothing else is done with one.")
    work = do(page.engine.store, caller(page), uid, form.get("permission"))
    return await tried(page, work, _role(page), page.url("/people/roles", uid), "The role is changed.")


_PEOPLE = Act.MANAGE_PEOPLE
ROUTES = (
    get("/people", every, act=_PEOPLE),
    get("/people/users/new", new_user, act=_PEOPLE),
    post("/people/users", add_user, act=_PEOPLE, secret=True),
    get("/people/users/{id}", one_user, act=_PEOPLE),
    post("/people/users/{id}", change_user, act=_PEOPLE, secret=True),
    post("/people/users/{id}/remove", remove_user, act=_PEOPLE),
    post("/people/groups", add_group, act=_PEOPLE),
    get("/people/groups/{id}", one_group, act=_PEOPLE),
    post("/people/groups/{id}", change_group, act=_PEOPLE),
    post("/people/groups/{id}/remove", remove_group, act=_PEOPLE),
    post("/people/groups/{id}/join", join, act=_PEOPLE),
    post("/people/groups/{id}/leave", leave, act=_PEOPLE),
    post("/people/roles", add_role, act=_PEOPLE),
    get("/people/roles/{id}", one_role, act=_PEOPLE),
    post("/people/roles/{id}", change_role, act=_PEOPLE),
    post("/people/roles/{id}/remove", remove_role, act=_PEOPLE),
    post("/people/roles/{id}/permissions", change_permission, act=_PEOPLE),
)
