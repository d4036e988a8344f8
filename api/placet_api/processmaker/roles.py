"""Roles, who has them and what they hold."""

from __future__ import annotations

from placet.directory import role_members, role_permissions, roles
from placet.directory.records import RoleRow
from placet_api.answers import Answer
from placet_api.processmaker import names
from placet_api.processmaker.answers import answer, empty
from placet_api.processmaker.fields import Field, read_fields, require_something
from placet_api.processmaker.lists import answer_list, parse_cut
from placet_api.processmaker.request import Request

ROLE_FIELDS = (
    Field("rol_code", required=True, longest=100),
    Field("rol_name", required=True),
    Field("rol_status", choices=("ACTIVE", "INACTIVE")),
)
USER_FIELD = (Field("usr_uid", required=True),)
PERMISSION_FIELD = (Field("per_uid", required=True),)


# -- roles -----------------------------------------------------------------------------------------


async def every_role(request: Request) -> Answer:
    """The roles by code, those with a text in their code."""
    cut, text = parse_cut(request.query), request.text()
    return await answer_list(cut, lambda part: roles.page(request.database, text, part), names.role)


async def one_role(request: Request) -> Answer:
    return answer(names.role(await roles.read(request.database, request.path["rol_uid"])))


async def add_role(request: Request) -> Answer:
    require_something(request.body)
    given = read_fields(request.body, ROLE_FIELDS, new=True)
    status = given.get("rol_status", "ACTIVE")
    made = await roles.add(request.database, request.caller, given["rol_code"], given["rol_name"], status)
    return answer(names.role(made), 201)


async def change_role(request: Request) -> Answer:
    require_something(request.body)
    role = await _role(request)
    roles.require_changeable(role)
    given = read_fields(request.body, ROLE_FIELDS, new=False)
    await roles.change(
        request.database,
        request.caller,
        role.id,
        code=given.get("rol_code"),
        name=given.get("rol_name"),
        status=given.get("rol_status"),
    )
    return empty()


async def remove_role(request: Request) -> Answer:
    await roles.remove(request.database, request.caller, request.path["rol_uid"])
    return empty()


async def _role(request: Request) -> RoleRow:
    return await roles.named(request.database, request.path["rol_uid"])


# -- users of a role -------------------------------------------------------------------------------


async def users_of_role(request: Request) -> Answer:
    """Who has the role, by last name."""
    role = await _role(request)
    cut, text = parse_cut(request.query), request.text()
    return await answer_list(cut, lambda part: role_members.page(request.database, role.id, text, part), names.member)


async def users_of_other_roles(request: Request) -> Answer:
    """Who has another role, by last name."""
    role = await _role(request)
    cut, text = parse_cut(request.query), request.text()
    return await answer_list(
        cut, lambda part: role_members.page_of_others(request.database, role.id, text, part), names.member
    )


async def assign_user(request: Request) -> Answer:
    require_something(request.body)
    role = await _role(request)
    given = read_fields(request.body, USER_FIELD, new=True)
    await role_members.assign(request.database, request.caller, role.id, given["usr_uid"])
    return empty(201)


async def unassign_user(request: Request) -> Answer:
    path = request.path
    await role_members.unassign(request.database, request.caller, path["rol_uid"], path["usr_uid"])
    return empty()


# -- permissions of a role -------------------------------------------------------------------------


async def permissions_of_role(request: Request) -> Answer:
    """The active permissions that the role holds, by code."""
    role = await _role(request)
    cut, text = parse_cut(request.query), request.text()
    return await answer_list(
        cut, lambda part: role_permissions.page(request.database, role.id, text, part), names.permission
    )


async def other_permissions(request: Request) -> Answer:
    """The active permissions that the role does not hold, by code."""
    role = await _role(request)
    cut, text = parse_cut(request.query), request.text()
    return await answer_list(
        cut, lambda part: role_permissions.page_of_others(request.database, role.id, text, part), names.permission
    )


async def assign_permission(request: Request) -> Answer:
    require_something(request.body)
    role = await _role(request)
    given = read_fields(request.body, PERMISSION_FIELD, new=True)
    await role_permissions.give(request.database, request.caller, role.id, given["per_uid"])
    return empty(201)


async def unassign_permission(request: Request) -> Answer:
    path = request.path
    await role_permissions.take(request.database, request.caller, path["rol_uid"], path["per_uid"])
    return empty()
