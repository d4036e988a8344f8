"""Users: the list, one, and changing them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from placet.core.people import Directory
from placet.directory import users
from placet.directory.profile import LONGEST, PROFILE
from placet.directory.records import UserFilter, UserRow
from placet.directory.user_checks import check_new_password
from placet.directory.users import UserValues
from placet.errors import InvalidInput
from placet_api.answers import Answer
from placet_api.processmaker import names, texts
from placet_api.processmaker.answers import answer, empty
from placet_api.processmaker.fields import Field, read_fields, require_something
from placet_api.processmaker.lists import answer_list, parse_cut
from placet_api.processmaker.request import Request
from placet_api.processmaker.user_search import answer_query

STATUSES = ("ACTIVE", "INACTIVE", "VACATION")

#: What a list may be sorted by, and how it is stored.
ORDERS = {
    "USR_UID": "id",
    "USR_USERNAME": "user_name",
    "USR_FIRSTNAME": "first_name",
    "USR_LASTNAME": "last_name",
    "USR_EMAIL": "email",
    "USR_STATUS": "status",
    "USR_DUE_DATE": "due_on",
    "USR_CREATE_DATE": "created_at",
    "USR_UPDATE_DATE": "updated_at",
}


def _field(name: str, **what: Any) -> Field:
    return Field(name, told=name.upper(), **what)


# A user's fields are told in upper case.
USER_FIELDS = (
    _field("usr_firstname", required=True),
    _field("usr_lastname", required=True),
    _field("usr_username", required=True),
    _field("usr_email", required=True),
    _field("usr_due_date", required=True, may_be_empty=True),
    _field("usr_status", required=True, choices=STATUSES),
    _field("usr_role", required=True, longest=100),
    _field("usr_new_pass", required=True, may_be_empty=True, secret=True),
    _field("usr_reports_to", may_be_empty=True),
    *(_field(name, may_be_empty=True, may_have_lines=True, longest=LONGEST) for name in PROFILE.values()),
)


async def every_user(request: Request) -> Answer:
    """The users by last name, or by what is asked; those of whose names one has, begins or ends with a text.

    With `q` those that a query finds.
    """
    query = request.query
    cut = parse_cut(query, "$start", "$limit")
    if "q" in query:
        return await answer_query(request, query["q"], cut, partial(_rendered, request.engine.directory))
    wanted = UserFilter(
        has=request.text(),
        begins=request.text("lfilter"),
        ends=request.text("rfilter"),
        status=_status(query),
    )
    order, descending = _order(query)
    return await answer_list(
        cut,
        lambda part: users.page(request.database, wanted, part, order, descending=descending),
        partial(_rendered, request.engine.directory),
    )


def _rendered(directory: Directory, row: UserRow) -> dict[str, Any]:
    role = directory.roles.get(row.role or "")
    return names.user(row, "" if role is None else role.code, directory)


def _status(query: Mapping[str, str]) -> str | None:
    """The status that is asked for; none and `all` leave every one."""
    status = query.get("status", "").strip().upper()
    if status in ("", "ALL"):
        return None
    if status not in STATUSES:
        raise InvalidInput(texts.STATUS)
    return status


def _order(query: Mapping[str, str]) -> tuple[str, bool]:
    sort, direction = query.get("sort", "").strip(), query.get("dir", "").strip().upper()
    if sort and sort not in ORDERS:
        raise InvalidInput(texts.SORT)
    if direction not in ("", "ASC", "DESC"):
        raise InvalidInput(texts.SORT_DIRECTION)
    return ORDERS.get(sort, "words"), direction == "DESC"


async def one_user(request: Request) -> Answer:
    row, role_code = await users.read(request.database, request.path["usr_uid"])
    return answer(names.user(row, role_code, request.engine.directory))


async def add_user(request: Request) -> Answer:
    """Add a user; he comes back with the names of his fields in upper case."""
    require_something(request.body)
    row, role_code = await users.add(request.database, request.caller, _values(request, new=True))
    made = names.user(row, role_code, request.engine.directory)
    return answer({name.upper(): value for name, value in made.items()}, 201)


async def change_user(request: Request) -> Answer:
    require_something(request.body)
    values = _values(request, new=False)
    await users.change(request.database, request.caller, request.path["usr_uid"], values)
    return empty()


async def remove_user(request: Request) -> Answer:
    await users.remove(request.database, request.caller, request.path["usr_uid"])
    return empty()


def _values(request: Request, *, new: bool) -> UserValues:
    given = read_fields(request.body, USER_FIELDS, new=new)
    if "usr_due_date" in given and not given["usr_due_date"].strip():
        raise InvalidInput(texts.DUE_DATE.format("USR_DUE_DATE"))
    settings = request.engine.settings
    if "usr_new_pass" in given:
        check_new_password(given["usr_new_pass"], settings.password_shortest, settings.password_longest)
    return UserValues(
        user_name=given.get("usr_username"),
        first_name=given.get("usr_firstname"),
        last_name=given.get("usr_lastname"),
        email=given.get("usr_email"),
        status=given.get("usr_status"),
        due_on=given.get("usr_due_date"),
        role=given.get("usr_role"),
        manager=given.get("usr_reports_to"),
        password=given.get("usr_new_pass"),
        profile={inside: given[name] for inside, name in PROFILE.items() if name in given},
    )
