"""The roles service: its thirteen operations, their texts and the order of their checks, and who may do what."""

from __future__ import annotations

import re

import pytest

from placet.store import audit

BASE = "/api/1.0/workflow"
ADMIN, OPERATOR, MANAGER = f"{2:032}", f"{3:032}", f"{4:032}"
LOGIN, SETUP, FACTORY, CASES, REPORTS = f"{1:032}", f"{2:032}", f"{4:032}", f"{5:032}", f"{8:032}"
NOWHERE = "f" * 32
DEFAULTS = ["PROCESSMAKER_ADMIN", "PROCESSMAKER_MANAGER", "PROCESSMAKER_OPERATOR"]
FIELDS = [
    "rol_uid",
    "rol_code",
    "rol_name",
    "rol_status",
    "rol_system",
    "rol_create_date",
    "rol_update_date",
    "rol_total_users",
]

pytestmark = pytest.mark.usefixtures("without_jobs")


def told(answer):
    return answer.status_code, answer.json()["error"]["message"]


def uid(server, user):
    return server.engine.directory.person(user).id


async def a_role(server, code="Checker", name=None, **members):
    answer = await server("admin").post(
        f"{BASE}/role", json={"rol_code": code, "rol_name": name or f"Named {code}", **members}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def set_role(server, user, role):
    answer = await server("admin").post(f"{BASE}/role/{role}/user", json={"usr_uid": uid(server, user)})
    assert answer.status_code == 201, answer.text


# -- reading ---------------------------------------------------------------------------------------


async def test_the_default_roles_are_listed_by_code(server):
    roles = (await server("admin").get(f"{BASE}/roles")).json()

    assert [list(role) for role in roles] == [FIELDS] * 3
    assert [(role["rol_uid"], role["rol_code"], role["rol_name"], role["rol_total_users"]) for role in roles] == [
        (ADMIN, "PROCESSMAKER_ADMIN", "System Administrator", 1),
        (MANAGER, "PROCESSMAKER_MANAGER", "Manager", 0),
        (OPERATOR, "PROCESSMAKER_OPERATOR", "Operator", 5),
    ]
    assert {role["rol_system"] for role in roles} == {ADMIN}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", role["rol_create_date"]) for role in roles)


async def test_one_role_is_read_as_it_is_listed(server):
    listed = (await server("admin").get(f"{BASE}/roles")).json()

    assert (await server("admin").get(f"{BASE}/role/{OPERATOR}")).json() == listed[2]


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("filter=manager", ["PROCESSMAKER_MANAGER"]),
        ("filter=_", [*DEFAULTS, "ab_c"]),
        ("filter=b_c", ["ab_c"]),
        ("filter=%25", []),
        ("filter=%20", [*DEFAULTS, "Zebra", "ab_c", "abc"]),
        ("start=1&limit=1", ["abc"]),
        ("start=5", ["Zebra"]),
        ("start=99", []),
        ("limit=0", []),
        ("limit=-0&start=%2B0", []),
    ],
)
async def test_a_part_of_the_list_is_asked_for(server, query, codes):
    for code in ("abc", "ab_c", "Zebra"):
        await a_role(server, code)
    roles = (await server("admin").get(f"{BASE}/roles?{query}")).json()

    assert sorted(role["rol_code"] for role in roles) == codes


@pytest.mark.parametrize("value", ["b", "1.5", "0.0", "01", "-1", "", "1 ", "9" * 30, "²"])
@pytest.mark.parametrize(
    "path", ["roles", f"role/{OPERATOR}/users", f"role/{OPERATOR}/available-users", f"role/{OPERATOR}/permissions"]
)
async def test_start_and_limit_are_numbers(server, path, value):
    text = 'Bad Request: Invalid value for "{}". Expecting positive integer value.'
    admin = server("admin")

    assert told(await admin.get(f"{BASE}/{path}", params={"limit": value})) == (400, text.format("limit"))
    assert told(await admin.get(f"{BASE}/{path}", params={"limit": value, "start": value})) == (
        400,
        text.format("start"),
    )


async def test_the_role_is_looked_for_before_the_page(server):
    answer = await server("admin").get(f"{BASE}/role/{NOWHERE}/users?start=b")

    assert told(answer) == (400, f"Bad Request: The role with rol_uid: {NOWHERE} does not exist.")


# -- changing roles --------------------------------------------------------------------------------


async def test_a_new_role_is_active_and_empty(server):
    made = await a_role(server, "Case_Reviewer", "Case Reviewer", rol_uid=NOWHERE, rol_system=NOWHERE)

    assert list(made) == FIELDS
    assert len(made["rol_uid"]) == 32
    assert made["rol_uid"] != NOWHERE
    assert made | {"rol_uid": ""} == {
        "rol_uid": "",
        "rol_code": "Case_Reviewer",
        "rol_name": "Case Reviewer",
        "rol_status": "ACTIVE",
        "rol_system": ADMIN,
        "rol_create_date": "2026-03-02 09:00:00",
        "rol_update_date": "2026-03-02 09:00:00",
        "rol_total_users": 0,
    }
    assert (await server("admin").get(f"{BASE}/role/{made['rol_uid']}/permissions")).json() == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, 'Invalid value for "$arrayData". It can not be empty.'),
        ({"rol_status": "?"}, 'Undefined value for "rol_code", it is required.'),
        ({"rol_code": None, "rol_name": ""}, 'Undefined value for "rol_code", it is required.'),
        ({"rol_code": ""}, 'Undefined value for "rol_name", it is required.'),
        ({"rol_name": " ", "rol_code": ""}, 'Invalid value for "rol_name". It can not be empty.'),
        ({"rol_code": "", "rol_name": ""}, 'Invalid value for "rol_code". It can not be empty.'),
        (
            {"rol_status": "active", "rol_code": "", "rol_name": ""},
            'Invalid value for "rol_status". It only accepts values: "ACTIVE|INACTIVE".',
        ),
        (
            {"rol_code": "a b", "rol_name": "Operator"},
            'The "rol_code" field cannot contain special characters or spaces.',
        ),
        ({"rol_code": "é", "rol_name": "x"}, 'The "rol_code" field cannot contain special characters or spaces.'),
        (
            {"rol_code": "processmaker_Operator", "rol_name": "Operator"},
            'The role code with rol_code: "processmaker_Operator" already exists.',
        ),
        ({"rol_code": "x", "rol_name": "Operator"}, 'The role name with rol_name: "Operator" already exists.'),
        (
            {"rol_code": "x" * 101, "rol_name": "x"},
            'Invalid value for "rol_code". It has 101 characters; at most 100 are kept.',
        ),
        ({"rol_code": "x", "rol_name": "a\0b"}, 'Invalid value for "rol_name". It has a control character in it.'),
        ({"rol_code": "x", "rol_name": ["a"]}, 'Invalid value for "rol_name". It only accepts a text.'),
    ],
)
async def test_what_is_wrong_with_a_new_role_is_told_in_order(server, body, message):
    assert told(await server("admin").post(f"{BASE}/role", json=body)) == (400, f"Bad Request: {message}")


async def test_names_are_compared_with_case(server):
    assert (await a_role(server, "x", "operator"))["rol_name"] == "operator"


async def test_a_role_is_changed_in_part(server):
    made, admin = await a_role(server), server("admin")
    path = f"{BASE}/role/{made['rol_uid']}"
    server.clock.move(seconds=90)

    answer = await admin.put(path, json={"rol_name": "Other"})

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert (await admin.get(path)).json() == made | {"rol_name": "Other", "rol_update_date": "2026-03-02 09:01:30"}
    assert (await admin.put(path, json={"rol_code": "CHECKER", "rol_name": "Other"})).status_code == 200


async def test_the_checks_of_a_change_come_in_their_order(server):
    admin, made = server("admin"), await a_role(server)
    path = f"{BASE}/role/{made['rol_uid']}"

    assert told(await admin.put(f"{BASE}/role/{NOWHERE}", json={}))[1].endswith('"$arrayData". It can not be empty.')
    assert told(await admin.put(f"{BASE}/role/{NOWHERE}", json={"rol_status": "?"}))[1].endswith("does not exist.")
    for body in ({"rol_name": "x"}, {"rol_status": "?"}):
        answer = await admin.put(f"{BASE}/role/{ADMIN}", json=body)
        assert told(answer) == (400, "Bad Request: You cannot modify this role.")
    assert told(await admin.put(path, json={"rol_status": "?"}))[1].startswith('Bad Request: Invalid value for "rol_st')
    assert told(await admin.put(path, json={"rol_name": "Operator"}))[1].endswith("already exists.")


async def test_the_default_roles_stay(server):
    admin = server("admin")

    assert told(await admin.delete(f"{BASE}/role/{OPERATOR}")) == (
        400,
        "Bad Request: This role cannot be deleted while it still has some assigned users.",
    )
    assert told(await admin.delete(f"{BASE}/role/{MANAGER}")) == (
        400,
        "Bad Request: This role cannot be deleted, because it is one of the default roles.",
    )
    assert told(await admin.put(f"{BASE}/role/{MANAGER}", json={"rol_code": "x"})) == (
        400,
        "Bad Request: You cannot modify this role.",
    )
    assert (await admin.put(f"{BASE}/role/{MANAGER}", json={"rol_name": "Head"})).status_code == 200


async def test_a_deleted_role_is_gone(server):
    made, admin = await a_role(server), server("admin")
    path = f"{BASE}/role/{made['rol_uid']}"

    answer = await admin.delete(path)

    assert (answer.status_code, answer.content) == (200, b"")
    assert told(await admin.delete(path)) == (
        400,
        f"Bad Request: The role with rol_uid: {made['rol_uid']} does not exist.",
    )
    assert (await a_role(server))["rol_code"] == "Checker"


# -- users of a role -------------------------------------------------------------------------------


async def test_users_of_a_role_are_listed_by_last_name(server):
    admin = server("admin")
    users = (await admin.get(f"{BASE}/role/{OPERATOR}/users")).json()

    assert [list(user) for user in users] == [
        ["usr_uid", "usr_username", "usr_firstname", "usr_lastname", "usr_status"]
    ] * 5
    assert [user["usr_username"] for user in users] == ["anna", "ben", "clara", "dora", "gone"]
    assert [user["usr_status"] for user in users] == ["ACTIVE"] * 4 + ["INACTIVE"]
    found = (await admin.get(f"{BASE}/role/{OPERATOR}/users?filter=AN")).json()
    assert [user["usr_username"] for user in found] == ["anna"]


async def test_a_user_has_one_role(server):
    admin, made = server("admin"), await a_role(server)
    path, anna = f"{BASE}/role/{made['rol_uid']}", uid(server, "anna")

    answer = await admin.post(f"{path}/user", json={"usr_uid": anna})

    assert (answer.status_code, answer.content) == (201, b"")
    assert [user["usr_uid"] for user in (await admin.get(f"{path}/users")).json()] == [anna]
    assert (await admin.get(path)).json()["rol_total_users"] == 1
    others = (await admin.get(f"{BASE}/role/{OPERATOR}/available-users")).json()
    assert [user["usr_username"] for user in others] == ["admin", "anna"]
    assert (await admin.delete(f"{path}/user/{anna}")).content == b""
    for role in (OPERATOR, made["rol_uid"]):  # who has no role is in no list
        for kind in ("users", "available-users"):
            listed = (await admin.get(f"{BASE}/role/{role}/{kind}")).json()
            assert anna not in [user["usr_uid"] for user in listed]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, 'Invalid value for "$arrayData". It can not be empty.'),
        ({"other": 1}, 'Undefined value for "usr_uid", it is required.'),
        ({"usr_uid": " "}, 'Invalid value for "usr_uid". It can not be empty.'),
        ({"usr_uid": "nobody"}, "The User with usr_uid: nobody does not exist."),
        ({"usr_uid": "ANNA"}, "The user with usr_uid: ANNA is already assigned to the role."),
        ({"usr_uid": "ADMIN"}, "The role of the administrator can not be changed!"),
    ],
)
async def test_what_keeps_a_user_from_a_role(server, body, message):
    ids = {"ANNA": uid(server, "anna"), "ADMIN": uid(server, "admin")}
    body = {name: ids.get(value, value) for name, value in body.items()}
    for name, value in ids.items():
        message = message.replace(name, value)

    answer = await server("admin").post(f"{BASE}/role/{OPERATOR}/user", json=body)

    assert told(answer) == (400, f"Bad Request: {message}")


async def test_what_keeps_a_user_in_a_role(server):
    admin, anna, administrator = server("admin"), uid(server, "anna"), uid(server, "admin")

    assert told(await admin.delete(f"{BASE}/role/{MANAGER}/user/{anna}")) == (
        400,
        f"Bad Request: The user with usr_uid: {anna} is not assigned to the role.",
    )
    assert told(await admin.delete(f"{BASE}/role/{ADMIN}/user/{administrator}")) == (
        400,
        "Bad Request: The role of the administrator can not be changed!",
    )
    assert told(await admin.delete(f"{BASE}/role/{ADMIN}/user/{NOWHERE}")) == (
        400,
        f"Bad Request: The User with usr_uid: {NOWHERE} does not exist.",
    )


async def test_an_inactive_role_locks_its_users_out_at_once(server):
    made = await a_role(server)
    path = f"{BASE}/role/{made['rol_uid']}"
    assert (await server("admin").post(f"{path}/permission", json={"per_uid": LOGIN})).status_code == 201
    await set_role(server, "anna", made["rol_uid"])
    assert (await server("anna").get("/v1")).status_code == 200

    assert (await server("admin").put(path, json={"rol_status": "INACTIVE"})).status_code == 200

    assert (await server("anna").get("/v1")).status_code == 401
    assert (await server("anna").get(f"{BASE}/role/{OPERATOR}/permissions")).status_code == 401


# -- permissions of a role -------------------------------------------------------------------------


async def test_permissions_are_listed_by_code(server):
    held = (await server("anna").get(f"{BASE}/role/{OPERATOR}/permissions")).json()
    others = (await server("anna").get(f"{BASE}/role/{OPERATOR}/available-permissions?filter=setup_l")).json()

    assert [list(each) for each in held] == [["per_uid", "per_code", "per_name"]] * 17
    codes = [each["per_code"] for each in held]
    assert codes == sorted(codes)
    assert held[0] == {"per_uid": CASES, "per_code": "PM_CASES", "per_name": "Create cases"}
    assert [each["per_code"] for each in others] == [
        "PM_SETUP_LANGUAGE",
        "PM_SETUP_LOGIN",
        "PM_SETUP_LOGO",
        "PM_SETUP_LOGS",
        "PM_SETUP_LOG_FILES",
    ]


async def test_an_inactive_permission_is_in_no_list(server):
    for role in (OPERATOR, MANAGER):
        for kind in ("permissions", "available-permissions"):
            listed = (await server("admin").get(f"{BASE}/role/{role}/{kind}")).json()
            assert REPORTS not in [each["per_uid"] for each in listed]


async def test_a_permission_is_given_and_taken(server):
    admin, path = server("admin"), f"{BASE}/role/{OPERATOR}/permission"

    given = await admin.post(path, json={"per_uid": FACTORY})
    assert (given.status_code, given.content) == (201, b"")
    assert told(await admin.post(path, json={"per_uid": FACTORY})) == (
        400,
        f"Bad Request: The permission with per_uid: {FACTORY} is already assigned to the role.",
    )
    taken = await admin.delete(f"{path}/{FACTORY}")
    assert (taken.status_code, taken.content) == (200, b"")
    assert told(await admin.delete(f"{path}/{FACTORY}")) == (
        400,
        f"Bad Request: The permission with per_uid: {FACTORY} is not assigned to the role.",
    )
    assert told(await admin.delete(f"{path}/{NOWHERE}")) == (
        400,
        f"Bad Request: The permission with per_uid: {NOWHERE} does not exist.",
    )


async def test_the_administrators_role_keeps_its_permissions(server):
    path = f"{BASE}/role/{ADMIN}/permission"
    fixed = (400, 'Bad Request: The permissions of the "PROCESSMAKER_ADMIN" role can not be changed.')

    assert told(await server("admin").delete(f"{path}/{LOGIN}")) == fixed
    assert "already assigned" in told(await server("admin").post(path, json={"per_uid": LOGIN}))[1]


# -- who may ---------------------------------------------------------------------------------------

ONLY_PM_USERS = [
    ("GET", "roles"),
    ("GET", f"role/{OPERATOR}"),
    ("POST", "role"),
    ("PUT", f"role/{OPERATOR}"),
    ("DELETE", f"role/{OPERATOR}"),
    ("GET", f"role/{OPERATOR}/users"),
    ("GET", f"role/{OPERATOR}/available-users"),
    ("POST", f"role/{OPERATOR}/user"),
    ("DELETE", f"role/{OPERATOR}/user/{NOWHERE}"),
    ("POST", f"role/{OPERATOR}/permission"),
    ("DELETE", f"role/{OPERATOR}/permission/{LOGIN}"),
]


@pytest.mark.parametrize(("method", "path"), ONLY_PM_USERS)
async def test_what_takes_pm_users(server, method, path):
    await set_role(server, "ben", MANAGER)

    body = {"json": {"rol_status": "?"}} if method in ("POST", "PUT") else {}
    assert told(await server("anna").request(method, f"{BASE}/{path}", **body)) == (401, "Unauthorized")
    assert (await server("ben").request(method, f"{BASE}/{path}", **body)).status_code in (200, 400)


async def test_nobody_gives_more_than_he_has(server):
    await set_role(server, "ben", MANAGER)
    made = await a_role(server)
    path = f"{BASE}/role/{made['rol_uid']}"
    beyond = "Unauthorized: Nobody may give what he does not hold himself: PM_FACTORY."

    assert told(await server("ben").post(f"{path}/permission", json={"per_uid": FACTORY})) == (401, beyond)
    assert (await server("ben").post(f"{path}/permission", json={"per_uid": CASES})).status_code == 201
    await server("admin").post(f"{path}/permission", json={"per_uid": FACTORY})
    assert told(await server("ben").post(f"{path}/user", json={"usr_uid": uid(server, "dora")})) == (401, beyond)
    status, message = told(await server("ben").post(f"{BASE}/role/{ADMIN}/user", json={"usr_uid": uid(server, "dora")}))
    assert (status, "PM_SETUP_ADVANCE" in message) == (401, True)
    assert (await server("ben").post(f"{BASE}/role/{MANAGER}/user", json={"usr_uid": uid(server, "dora")})).is_success


async def test_nobody_changes_his_own_role(server):
    await set_role(server, "ben", MANAGER)
    own = f"{BASE}/role/{MANAGER}"
    refused = (401, "Unauthorized: Nobody may change his own role or what it holds; ask another administrator.")

    assert (
        told(await server("ben").post(f"{BASE}/role/{OPERATOR}/user", json={"usr_uid": uid(server, "ben")})) == refused
    )
    assert told(await server("ben").delete(f"{own}/user/{uid(server, 'ben')}")) == refused
    assert told(await server("ben").delete(f"{own}/permission/{CASES}")) == refused
    assert told(await server("ben").put(own, json={"rol_name": "Boss"})) == refused


async def test_who_is_above_is_out_of_reach(server):
    await set_role(server, "ben", MANAGER)
    await set_role(server, "clara", ADMIN)
    clara = uid(server, "clara")

    status, message = told(await server("ben").post(f"{BASE}/role/{OPERATOR}/user", json={"usr_uid": clara}))

    assert status == 401
    assert message.startswith("Unauthorized: The role of this user holds PM_FACTORY, ")
    assert (await server("ben").delete(f"{BASE}/role/{ADMIN}/user/{clara}")).status_code == 401


async def test_every_change_is_in_the_audit_trail(server):
    admin, made = server("admin"), await a_role(server)
    path, anna = f"{BASE}/role/{made['rol_uid']}", uid(server, "anna")
    await admin.put(path, json={"rol_name": "Other"})
    await admin.post(f"{path}/permission", json={"per_uid": LOGIN})
    await admin.delete(f"{path}/permission/{LOGIN}")
    await admin.post(f"{path}/user", json={"usr_uid": anna})
    await admin.delete(f"{path}/user/{anna}")
    await admin.delete(path)

    entries = [each for each in await server.engine.store.read(audit.page) if each.kind != "directory.loaded"]
    assert [entry.kind for entry in entries][:7] == [
        "role.removed",
        "role.unassigned",
        "role.assigned",
        "permission.taken",
        "permission.given",
        "role.changed",
        "role.created",
    ]
    changed = entries[5]
    assert (changed.actor, changed.address, changed.target) == (
        "cn=admin,ou=users,o=placet",
        "127.0.0.1",
        made["rol_uid"],
    )
    assert (changed.before["name"], changed.after["name"]) == ("Named Checker", "Other")
