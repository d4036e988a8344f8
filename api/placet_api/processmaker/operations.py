"""Every operation on roles, users and groups for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from placet_api.openapi.operation import JsonSchema, Operation, Parameter, Reply, ServiceOperations, reference
from placet_api.processmaker import examples, texts
from placet_api.processmaker.bodies import body_of, object_like
from placet_api.processmaker.groups import GROUP_FIELDS
from placet_api.processmaker.groups import USER_FIELD as USER_OF_GROUP
from placet_api.processmaker.resources import RESOURCES
from placet_api.processmaker.roles import PERMISSION_FIELD, ROLE_FIELDS
from placet_api.processmaker.roles import USER_FIELD as USER_OF_ROLE
from placet_api.processmaker.users import ORDERS, STATUSES, USER_FIELDS

BASE = "/api/1.0/{workspace}"
WORKSPACE = Parameter(
    "workspace", "The name of a workspace that the server has.", {"type": "string", "minLength": 1}, "path",
    required=True, example="workflow",
)  # fmt: skip
_COUNT: JsonSchema = {"type": "integer", "minimum": 0, "maximum": 2**31}
_ACTIVITY: JsonSchema = {"type": "string", "enum": ["ACTIVE", "INACTIVE"]}
_UID: JsonSchema = {"type": "string", "minLength": 32, "maxLength": 32}

_UIDS = {
    "rol_uid": ("role", examples.ROLE_UID),
    "usr_uid": ("user", examples.USER_UID),
    "grp_uid": ("group", examples.GROUP_UID),
    "per_uid": ("permission", examples.PERMISSION_UID),
}
_FILTER = Parameter("filter", "Only those with this text, in whatever case.")
_CUT = (
    Parameter("start", "How many to leave out.", _COUNT),
    Parameter("limit", "How many at most; without it all.", _COUNT, example=25),
)
_OF_USERS = (
    Parameter("q", "Those that a query finds, in the query language; goes with start and limit alone."),
    Parameter("lfilter", "Only those of whose names one begins with this text."),
    Parameter("rfilter", "Only those of whose names one ends with this text."),
    Parameter("status", "Only those of this status.", {"type": "string", "enum": [*STATUSES, "all"]}, example="ACTIVE"),
    Parameter("sort", "What to sort by; last name where it is not given.", {"type": "string", "enum": list(ORDERS)}),
    Parameter("dir", "Which way.", {"type": "string", "enum": ["ASC", "DESC"]}),
)

SCHEMAS: Mapping[str, JsonSchema] = {
    "Role": object_like(examples.ROLE, rol_uid=_UID, rol_status=_ACTIVITY),
    "Permission": object_like(examples.PERMISSION, per_uid=_UID),
    "Member": object_like(examples.MEMBER, usr_uid=_UID, usr_status=_ACTIVITY),
    "Group": object_like(examples.GROUP, grp_uid=_UID, grp_status=_ACTIVITY),
    "User": object_like(examples.USER, usr_uid=_UID),
    "Error": {
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
                "required": ["code", "message"],
                "additionalProperties": False,
            }
        },
        "required": ["error"],
        "additionalProperties": False,
    },
}
_CREATED_USER = object_like({name.upper(): value for name, value in examples.USER.items()})


def _refusal(status: int, text: str, message: str, headers: Sequence[str] = ()) -> Reply:
    return Reply(text, reference("Error"), {"error": {"code": status, "message": message}}, headers)


REFUSALS: Mapping[int, Reply] = {
    400: _refusal(400, "What was given cannot be used.", f"Bad Request: {texts.WORKSPACE}"),
    401: _refusal(401, "Nobody known is asking, or a right is missing.", "Unauthorized", ("WWW-Authenticate",)),
    403: _refusal(403, "The body is neither JSON nor a form.", "Forbidden: " + texts.CONTENT_TYPE.format("text/xml")),
    406: _refusal(406, "JSON is not accepted.", f"Not Acceptable: {texts.ACCEPT}"),
    408: _refusal(408, "The request did not arrive in time.", "Request Timeout"),
    413: _refusal(413, "The body is too large.", "Request Entity Too Large"),
    429: _refusal(429, "Too many sign-ins have failed.", "Too Many Requests", ("Retry-After",)),
    431: _refusal(431, "The request line and the headers are too large.", "Request Header Fields Too Large"),
    500: _refusal(500, "The server failed; its log has the reason.", "Internal Server Error"),
    503: _refusal(503, "The engine is away for the moment.", "Service Unavailable", ("Retry-After",)),
}
ALWAYS = (400, 401, 406, 408, 429, 431, 500, 503)
OF_BODIES = (403, 413)


def _uids(path: str) -> list[Parameter]:
    return [
        Parameter(name, f"The uid of the {what}: 32 characters.", _UID, "path", required=True, example=example)
        for name, (what, example) in _UIDS.items()
        if f"{{{name}}}" in path
    ]


def _needs(path: str, method: str) -> str:
    needed = RESOURCES[path].methods[method].needs
    return f"Takes {' or '.join(needed)}." if needed else "Whoever has signed in may."


def _operation(name: str, method: str, paths: str, summary: str, reply: Reply, **more: Any) -> Operation:
    """An operation, by the paths that lead to it."""
    first, *others = [f"{BASE}/{path}" for path in paths.split()]
    writes = method in ("POST", "PUT")
    return Operation(
        name,
        method,
        first,
        summary,
        {201 if method == "POST" else 200: reply},
        _needs(paths.split()[0], method),
        faults=OF_BODIES if writes else (),
        parameters=(WORKSPACE, *_uids(first), *more.pop("parameters", ())),
        also_at=others,
        **more,
    )


def _list(name: str, paths: str, summary: str, schema: str, example: Any, *filters: Parameter) -> Operation:
    reply = Reply("The list.", {"type": "array", "items": reference(schema)}, [example])
    return _operation(name, "GET", paths, summary, reply, parameters=(*filters, _FILTER, *_CUT))


def _one(name: str, paths: str, summary: str, schema: str, example: Any) -> Operation:
    return _operation(name, "GET", paths, summary, Reply("Found.", reference(schema), example))


def _links_to(what: str, uid: str, member: str = "") -> dict[str, tuple[str, Mapping[str, str]]]:
    """The links from something new to what can be done with it."""
    found = {"workspace": "$request.path.workspace", uid: f"$response.body#/{member or uid}"}
    return {verb: (f"{verb}{what}", found) for verb in ("get", "change", "remove")}


_DONE = Reply("It is done; there is no body.")
_CHANGED_ROLE = {"rol_name": "Clerk of the court", "rol_status": "ACTIVE"}

_ROLES = (
    _list("getRoles", "roles role", "Roles by code", "Role", examples.ROLE),
    _operation(
        "addRole",
        "POST",
        "role roles",
        "Add a role",
        Reply("The new role.", reference("Role"), examples.ROLE, links=_links_to("Role", "rol_uid")),
        body=body_of(ROLE_FIELDS, {"rol_code": "CLERK", "rol_name": "Clerk"}),
    ),
    _one("getRole", "role/{rol_uid} roles/{rol_uid}", "One role", "Role", examples.ROLE),
    _operation(
        "changeRole",
        "PUT",
        "role/{rol_uid} roles/{rol_uid}",
        "Change a role",
        _DONE,
        body=body_of(ROLE_FIELDS, _CHANGED_ROLE, new=False),
    ),
    _operation("removeRole", "DELETE", "role/{rol_uid} roles/{rol_uid}", "Remove a role", _DONE),
    _list("getUsersOfRole", "role/{rol_uid}/users", "Who has a role", "Member", examples.MEMBER),
    _list("getUsersOfOtherRoles", "role/{rol_uid}/available-users", "Who has another role", "Member", examples.MEMBER),
    _operation(
        "assignUser",
        "POST",
        "role/{rol_uid}/user",
        "Give a user a role",
        _DONE,
        body=body_of(USER_OF_ROLE, {"usr_uid": examples.USER_UID}),
    ),
    _operation("unassignUser", "DELETE", "role/{rol_uid}/user/{usr_uid}", "Take a role from a user", _DONE),
    _list(
        "getPermissionsOfRole",
        "role/{rol_uid}/permissions",
        "The permissions of a role",
        "Permission",
        examples.PERMISSION,
    ),
    _list(
        "getOtherPermissions",
        "role/{rol_uid}/available-permissions",
        "The permissions that a role lacks",
        "Permission",
        examples.PERMISSION,
    ),
    _operation(
        "assignPermission",
        "POST",
        "role/{rol_uid}/permission",
        "Give a role a permission",
        _DONE,
        body=body_of(PERMISSION_FIELD, {"per_uid": examples.PERMISSION_UID}),
    ),
    _operation(
        "unassignPermission",
        "DELETE",
        "role/{rol_uid}/permission/{per_uid}",
        "Take a permission from a role",
        _DONE,
    ),
)

_USERS = (
    _list("getUsers", "users user", "Users by last name", "User", examples.USER, *_OF_USERS),
    _operation(
        "addUser",
        "POST",
        "user users",
        "Add a user",
        Reply(
            "The new user, with the names of the members in upper case.",
            _CREATED_USER,
            {name.upper(): value for name, value in examples.USER.items()},
            links=_links_to("User", "usr_uid", "USR_UID"),
        ),
        body=body_of(USER_FIELDS, examples.NEW_USER),
    ),
    _one("getUser", "user/{usr_uid} users/{usr_uid}", "One user", "User", examples.USER),
    _operation(
        "changeUser",
        "PUT",
        "user/{usr_uid} users/{usr_uid}",
        "Change a user",
        _DONE,
        body=body_of(USER_FIELDS, {"usr_phone": "+31 20 555 0100"}, new=False),
    ),
    _operation("removeUser", "DELETE", "user/{usr_uid} users/{usr_uid}", "Close a user's account", _DONE),
)

_GROUPS = (
    _list("getGroups", "groups group", "Groups by title", "Group", examples.GROUP),
    _operation(
        "addGroup",
        "POST",
        "group groups",
        "Add a group",
        Reply("The new group.", reference("Group"), examples.GROUP, links=_links_to("Group", "grp_uid")),
        body=body_of(GROUP_FIELDS, {"grp_title": "Board"}),
    ),
    _one("getGroup", "group/{grp_uid} groups/{grp_uid}", "One group", "Group", examples.GROUP),
    _operation(
        "changeGroup",
        "PUT",
        "group/{grp_uid} groups/{grp_uid}",
        "Change a group",
        _DONE,
        body=body_of(GROUP_FIELDS, {"grp_title": "The board"}, new=False),
    ),
    _operation("removeGroup", "DELETE", "group/{grp_uid} groups/{grp_uid}", "Remove a group", _DONE),
    _list("getUsersOfGroup", "group/{grp_uid}/users", "Who is in a group", "Member", examples.MEMBER),
    _list("getUsersOutside", "group/{grp_uid}/available-users", "Who is not in a group", "Member", examples.MEMBER),
    _operation(
        "joinGroup",
        "POST",
        "group/{grp_uid}/user",
        "Put a user into a group",
        _DONE,
        body=body_of(USER_OF_GROUP, {"usr_uid": examples.USER_UID}),
    ),
    _operation("leaveGroup", "DELETE", "group/{grp_uid}/user/{usr_uid}", "Take a user out of a group", _DONE),
)

OPERATIONS = ServiceOperations(
    "People",
    "Roles, users and groups in the manner of ProcessMaker. A slash at the end of a path does not count. A client that "
    "sends nothing but GET and POST names the method in `X-HTTP-Method-Override` or `http_method`. One that reads no "
    "body but that of a 200 sends `suppress_response_codes=true`; then every status is 200.",
    (*_ROLES, *_USERS, *_GROUPS),
    REFUSALS,
    ALWAYS,
    SCHEMAS,
    security=("Bearer", "Basic", "RESTAuthorization", "RESTSessionSecret", "Session"),
)
