"""Groups: in the style of the roles service, and whom approvals ask."""

from __future__ import annotations

import pytest

from placet.core.names import dn_guid

BASE = "/api/1.0/workflow"
NOWHERE = "f" * 32

pytestmark = pytest.mark.usefixtures("without_jobs")


def told(answer):
    return answer.status_code, answer.json()["error"]["message"]


def bad(message):
    return 400, f"Bad Request: {message}"


def uid(server, user):
    return server.engine.directory.person(user).id


def board():
    return dn_guid("cn=Board,ou=groups,o=placet")


async def test_groups_are_listed(server):
    admin = server("admin")
    groups = (await admin.get(f"{BASE}/groups")).json()

    assert groups == [
        {"grp_uid": board(), "grp_title": "Board", "grp_status": "ACTIVE", "grp_users": 2},
        {"grp_uid": groups[1]["grp_uid"], "grp_title": "HR", "grp_status": "ACTIVE", "grp_users": 0},
    ]
    assert (await admin.get(f"{BASE}/group?filter=boa")).json() == groups[:1]
    assert (await admin.get(f"{BASE}/groups?start=1&limit=5")).json() == groups[1:]
    assert (await admin.get(f"{BASE}/group/{board()}")).json() == groups[0]
    assert told(await admin.get(f"{BASE}/groups?start=x"))[0] == 400


async def test_a_group_lives(server):
    admin = server("admin")
    made = await admin.post(f"{BASE}/group", json={"grp_title": "Auditors"})
    path = f"{BASE}/group/{made.json()['grp_uid']}"

    assert made.status_code == 201
    assert server.engine.directory.group("cn=Auditors,ou=groups,o=placet") is not None
    changed = await admin.put(path, json={"grp_title": "Watchers", "grp_status": "INACTIVE"})
    assert (changed.status_code, changed.content) == (200, b"")
    assert (await admin.get(path)).json() == made.json() | {"grp_title": "Watchers", "grp_status": "INACTIVE"}
    gone = await admin.delete(path)
    assert (gone.status_code, gone.content) == (200, b"")
    assert told(await admin.get(path))[1].endswith("does not exist.")
    assert server.engine.directory.group("cn=Auditors,ou=groups,o=placet") is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, 'Invalid value for "$arrayData". It can not be empty.'),
        ({"grp_status": "ACTIVE"}, 'Undefined value for "grp_title", it is required.'),
        ({"grp_title": ""}, 'Invalid value for "grp_title". It can not be empty.'),
        ({"grp_title": "Board"}, 'The group name with grp_title: "Board" already exists.'),
        ({"grp_title": "board"}, 'The group name with grp_title: "board" already exists.'),
        ({"grp_title": "a,b"}, 'Invalid value for "grp_title". It has , in it.'),
        (
            {"grp_title": "x", "grp_status": "active"},
            'Invalid value for "grp_status". It only accepts values: "ACTIVE|INACTIVE".',
        ),
    ],
)
async def test_what_cannot_be_a_group(server, body, message):
    assert told(await server("admin").post(f"{BASE}/group", json=body)) == bad(message)


async def test_users_join_and_leave(server):
    admin, anna, path = server("admin"), uid(server, "anna"), f"{BASE}/group/{board()}"

    joined = await admin.post(f"{path}/user", json={"usr_uid": anna})
    assert (joined.status_code, joined.content) == (201, b"")
    assert [user["usr_username"] for user in (await admin.get(f"{path}/users")).json()] == ["anna", "ben", "clara"]
    outside = (await admin.get(f"{path}/available-users")).json()
    assert [user["usr_username"] for user in outside] == ["admin", "dora"]
    assert told(await admin.post(f"{path}/user", json={"usr_uid": anna})) == bad(
        f"The user with usr_uid: {anna} is already assigned to the group."
    )
    left = await admin.delete(f"{path}/user/{anna}")
    assert (left.status_code, left.content) == (200, b"")
    assert told(await admin.delete(f"{path}/user/{anna}")) == bad(
        f"The user with usr_uid: {anna} is not assigned to the group."
    )
    assert told(await admin.post(f"{path}/user", json={"usr_uid": NOWHERE})) == bad(
        f"The User with usr_uid: {NOWHERE} does not exist."
    )


async def test_who_joins_a_group_gets_its_work(server):
    """The group is the one that approvals ask."""
    definitions = (await server("admin").get("/v1/wf/definitions")).json()
    parcel = next(each for each in definitions if each["Value"] == "Parcel")
    assert (await server("anna").post(parcel["Link"], json={})).status_code == 204
    assert (await server("dora").get("/v1/wf/workitems")).json() == []

    await server("admin").post(f"{BASE}/group/{board()}/user", json={"usr_uid": uid(server, "dora")})

    assert len((await server("dora").get("/v1/wf/workitems")).json()) == 1
    assert told(await server("admin").delete(f"{BASE}/group/{board()}")) == bad(
        f"The group with grp_uid: {board()}, cannot be deleted while it has cases assigned."
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "groups"),
        ("POST", "group"),
        ("PUT", f"group/{NOWHERE}"),
        ("DELETE", f"group/{NOWHERE}"),
        ("GET", f"group/{NOWHERE}/users"),
        ("POST", f"group/{NOWHERE}/user"),
        ("DELETE", f"group/{NOWHERE}/user/{NOWHERE}"),
    ],
)
async def test_groups_take_pm_users(server, method, path):
    assert told(await server("anna").request(method, f"{BASE}/{path}")) == (401, "Unauthorized")
    assert (await server("admin").request(method, f"{BASE}/{path}")).status_code in (200, 400)
