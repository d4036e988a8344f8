"""Groups and who is in them."""

from __future__ import annotations

from placet.directory import groups
from placet.directory.records import GroupRow
from placet_api.answers import Answer
from placet_api.processmaker import names
from placet_api.processmaker.answers import answer, empty
from placet_api.processmaker.fields import Field, read_fields, require_something
from placet_api.processmaker.lists import answer_list, parse_cut
from placet_api.processmaker.request import Request

GROUP_FIELDS = (
    Field("grp_title", required=True),
    Field("grp_status", choices=("ACTIVE", "INACTIVE")),
)
USER_FIELD = (Field("usr_uid", required=True),)


async def every_group(request: Request) -> Answer:
    """The groups, those with a text in their title."""
    cut, text = parse_cut(request.query), request.text()
    return await answer_list(cut, lambda part: groups.page(request.database, text, part), names.group)


async def one_group(request: Request) -> Answer:
    return answer(names.group(await groups.read(request.database, request.path["grp_uid"])))


async def add_group(request: Request) -> Answer:
    require_something(request.body)
    given = read_fields(request.body, GROUP_FIELDS, new=True)
    status = given.get("grp_status", "ACTIVE")
    return answer(names.group(await groups.add(request.database, request.caller, given["grp_title"], status)), 201)


async def change_group(request: Request) -> Answer:
    require_something(request.body)
    group = await _group(request)
    given = read_fields(request.body, GROUP_FIELDS, new=False)
    title, status = given.get("grp_title"), given.get("grp_status")
    await groups.change(request.database, request.caller, group.id, title=title, status=status)
    return empty()


async def remove_group(request: Request) -> Answer:
    await groups.remove(request.database, request.caller, request.path["grp_uid"])
    return empty()


async def _group(request: Request) -> GroupRow:
    return await groups.named(request.database, request.path["grp_uid"])


# -- users of a group ------------------------------------------------------------------------------


async def users_of_group(request: Request) -> Answer:
    """Who is in the group, by last name."""
    group = await _group(request)
    cut, text = parse_cut(request.query), request.text()
    return await answer_list(
        cut, lambda part: groups.page_of_members(request.database, group.id, text, part), names.member
    )


async def users_outside(request: Request) -> Answer:
    """Who is active and not in the group, by last name."""
    group = await _group(request)
    cut, text = parse_cut(request.query), request.text()
    return await answer_list(
        cut, lambda part: groups.page_of_others(request.database, group.id, text, part), names.member
    )


async def assign_user(request: Request) -> Answer:
    require_something(request.body)
    group = await _group(request)
    given = read_fields(request.body, USER_FIELD, new=True)
    await groups.join(request.database, request.caller, group.id, given["usr_uid"])
    return empty(201)


async def unassign_user(request: Request) -> Answer:
    path = request.path
    await groups.leave(request.database, request.caller, path["grp_uid"], path["usr_uid"])
    return empty()
