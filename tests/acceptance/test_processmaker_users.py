"""The users service: the list, one user, and changing users."""

from __future__ import annotations

import json

import pytest

from placet.core.names import dn_guid
from placet.store import audit

BASE = "/api/1.0/workflow"
ADMIN, OPERATOR, MANAGER = f"{2:032}", f"{3:032}", f"{4:032}"
NOWHERE = "f" * 32
NEW = {
    "usr_firstname": "Éva",
    "usr_lastname": "Zoë",
    "usr_username": "eva",
    "usr_email": "eva@example.org",
    "usr_due_date": "2030-12-31",
    "usr_status": "ACTIVE",
    "usr_role": "PROCESSMAKER_OPERATOR",
    "usr_new_pass": "long enough",
}
PROFILE = ["usr_country", "usr_city", "usr_location", "usr_address", "usr_phone", "usr_fax", "usr_cellular"]

pytestmark = pytest.mark.usefixtures("without_jobs")
PROFILE += ["usr_zip_code", "dep_uid", "usr_position", "usr_resume", "usr_birthday", "usr_replaced_by", "usr_ux"]
PROFILE += ["usr_calendar_uid", "usr_calendar_name", "usr_cost_by_hour", "usr_unit_cost", "usr_photo_path"]
PROFILE += ["usr_time_zone"]
EVERYBODY = ["admin", "anna", "ben", "clara", "dora", "gone"]
FIELDS = [
    "usr_uid",
    "usr_username",
    "usr_firstname",
    "usr_lastname",
    "usr_email",
    "usr_due_date",
    "usr_create_date",
    "usr_update_date",
    "usr_status",
    "usr_country",
    "usr_city",
    "usr_location",
    "usr_address",
    "usr_phone",
    "usr_fax",
    "usr_cellular",
    "usr_zip_code",
    "dep_uid",
    "usr_position",
    "usr_resume",
    "usr_birthday",
    "usr_role",
    "usr_reports_to",
    "usr_replaced_by",
    "usr_calendar_uid",
    "usr_calendar_name",
    "usr_ux",
    "usr_cost_by_hour",
    "usr_unit_cost",
    "usr_photo_path",
    "usr_time_zone",
]


def told(answer):
    return answer.status_code, answer.json()["error"]["message"]


def bad(message):
    return 400, f"Bad Request: {message}"


def uid(server, user):
    return server.engine.directory.person(user).id


async def a_user(server, **members):
    answer = await server("admin").post(f"{BASE}/user", json=NEW | members)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def names(server, query=""):
    return [user["usr_username"] for user in (await server("admin").get(f"{BASE}/users{query}")).json()]


async def set_role(server, user, role):
    answer = await server("admin").post(f"{BASE}/role/{role}/user", json={"usr_uid": uid(server, user)})
    assert answer.status_code == 201, answer.text


# -- reading ---------------------------------------------------------------------------------------


async def test_users_have_all_their_fields(server):
    await a_user(server, usr_reports_to=uid(server, "ben"), usr_city="Graz")
    users = (await server("admin").get(f"{BASE}/users")).json()

    assert [list(user) for user in users] == [FIELDS] * 7
    eva = users[-1]
    assert (eva["usr_reports_to"], eva["usr_city"], eva["usr_role"]) == (
        uid(server, "ben"),
        "Graz",
        "PROCESSMAKER_OPERATOR",
    )
    assert (await server("admin").get(f"{BASE}/user/{eva['usr_uid']}")).json() == eva


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "admin anna ben clara dora gone eva"),
        ("?filter=AN", "anna"),
        ("?filter=é", "eva"),
        ("?filter=ZO%C3%8B", "eva"),
        ("?lfilter=b", "admin anna ben clara dora gone"),  # all are called Berg
        ("?lfilter=be", "admin anna ben clara dora gone"),
        ("?rfilter=en", "ben"),
        ("?lfilter=an&rfilter=a", "anna"),
        ("?lfilter=cl&rfilter=rg", "clara"),  # each may hold of another name
        ("?filter=_", ""),
        ("?filter=%25", ""),
        ("?filter=/", ""),
        ("?filter=berg%1fanna", ""),
        ("?status=ACTIVE", "admin anna ben clara dora eva"),
        ("?status=inactive", "gone"),
        ("?status=all", "admin anna ben clara dora gone eva"),
        ("?status=VACATION", ""),
        ("?start=2&limit=2", "ben clara"),
        ("?limit=0", ""),
        ("?start=50", ""),
        ("?sort=USR_USERNAME&dir=DESC", "gone eva dora clara ben anna admin"),
        ("?sort=USR_STATUS&dir=desc&limit=1", "gone"),
        ("?sort=USR_EMAIL&dir=DESC&limit=1", "eva"),
    ],
)
async def test_users_are_found(server, query, found):
    await a_user(server)
    assert await names(server, query) == found.split()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("start=b&limit=b", 'Invalid value for "$start". Expecting positive integer value.'),
        ("limit=", 'Invalid value for "$limit". Expecting positive integer value.'),
        ("sort=usr_username", "Invalid value specified for: $sortField"),
        ("sort=USR_PASSWORD", "Invalid value specified for: $sortField"),
        ("dir=UP", "Invalid value specified for: $sortDir"),
        ("status=GONE", "Invalid value specified for: $status"),
    ],
)
async def test_what_cannot_be_asked_of_the_list(server, query, message):
    assert told(await server("admin").get(f"{BASE}/users?{query}")) == bad(message)


async def test_a_long_list_comes_whole(server, monkeypatch):
    monkeypatch.setattr("placet_api.processmaker.lists.AT_ONCE", 2)
    assert await names(server) == EVERYBODY
    assert await names(server, "?start=1") == EVERYBODY[1:]
    assert await names(server, "?limit=5") == EVERYBODY[:5]
    assert await names(server, "?limit=4&start=1") == EVERYBODY[1:5]
    assert await names(server, "?sort=USR_USERNAME&dir=DESC") == EVERYBODY[::-1]
    assert await names(server, "?sort=USR_DUE_DATE") == sorted(EVERYBODY, key=lambda name: uid(server, name))
    roles = (await server("admin").get(f"{BASE}/roles")).json()
    assert [role["rol_uid"] for role in roles] == [ADMIN, MANAGER, OPERATOR]


# -- adding ----------------------------------------------------------------------------------------


async def test_a_new_user_can_sign_in(server):
    made = await a_user(server)

    assert list(made) == [name.upper() for name in FIELDS]
    assert (made["USR_USERNAME"], made["USR_DUE_DATE"], made["USR_CREATE_DATE"]) == (
        "eva",
        "2030-12-31",
        "2026-03-02 09:00:00",
    )
    assert "long enough" not in str(made)
    assert (await server("").get("/v1", auth=("eva", "long enough"))).status_code == 200
    assert server.engine.directory.person("eva").dn == "cn=eva,ou=users,o=placet"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"usr_firstname": None}, 'Undefined value for "USR_FIRSTNAME", it is required.'),
        ({"usr_new_pass": None}, 'Undefined value for "USR_NEW_PASS", it is required.'),
        ({"usr_lastname": " "}, 'Invalid value for "USR_LASTNAME". It can not be empty.'),
        ({"usr_username": "ANNA"}, "The User Name 'ANNA' already exists."),
        ({"usr_username": "ａdmin"}, "The User Name 'ａdmin' already exists."),
        ({"usr_username": "a:b"}, 'Invalid value for "USR_USERNAME". It has : in it.'),
        ({"usr_username": "x" * 101}, 'Invalid value for "USR_USERNAME". It has 101 characters.'),
        ({"usr_username": "a\0"}, 'Invalid value for "USR_USERNAME". It has a control character in it.'),
        ({"usr_username": "adm\u200bin"}, 'Invalid value for "USR_USERNAME". It has U+200B in it, which nobody sees.'),
        ({"usr_email": "nowhere"}, "USR_EMAIL: Your E-mail address is not valid."),
        ({"usr_due_date": ""}, "USR_DUE_DATE: Due date required!"),
        ({"usr_due_date": "2030-02-30"}, 'Invalid value for "USR_DUE_DATE".'),
        ({"usr_due_date": "9999-12-31"}, 'Invalid value for "USR_DUE_DATE".'),
        (
            {"usr_status": "active"},
            'Invalid value for "USR_STATUS". It only accepts values: "ACTIVE|INACTIVE|VACATION".',
        ),
        ({"usr_role": "NONE"}, "Invalid value specified for: USR_ROLE"),
        ({"usr_reports_to": NOWHERE}, "Invalid value specified for: USR_REPORTS_TO"),
        ({"usr_new_pass": "1234567"}, "USR_NEW_PASS: A password has 8 to 128 characters; this one has 7."),
        ({"usr_new_pass": "x" * 129}, "USR_NEW_PASS: A password has 8 to 128 characters; this one has 129."),
        ({"usr_new_pass": "x" * 7 + "\0"}, None),
        ({"usr_city": "x" * 2001}, 'Invalid value for "USR_CITY". It has 2001 characters; at most 2000 are kept.'),
    ],
)
async def test_what_cannot_be_a_user(server, members, message):
    answer = await server("admin").post(f"{BASE}/user", json=NEW | members)

    status, text = told(answer)
    assert status == 400
    if message is None:
        assert text.startswith("Bad Request: USR_NEW_PASS: ")
    elif "USR_USERNAME" in message:
        assert text.startswith(f"Bad Request: {message}"[:-1])
    else:
        assert text == f"Bad Request: {message}"
    assert (await names(server)) == EVERYBODY


async def test_nothing_at_all_is_no_user(server):
    assert told(await server("admin").post(f"{BASE}/user", json={}))[1].endswith('"$arrayData". It can not be empty.')


# -- changing --------------------------------------------------------------------------------------


async def test_a_user_is_changed_in_part(server):
    eva = (await a_user(server, usr_city="Graz"))["USR_UID"]
    path = f"{BASE}/user/{eva}"
    before = (await server("admin").get(path)).json()
    server.clock.move(seconds=1)

    answer = await server("admin").put(
        path, json={"USR_PHONE": "1", "usr_username": "evi", "usr_new_pass": "another 1"}
    )

    assert (answer.status_code, answer.content) == (200, b"")
    assert (await server("admin").get(path)).json() == before | {
        "usr_phone": "1",
        "usr_username": "evi",
        "usr_update_date": "2026-03-02 09:00:01",
    }
    assert (await server("").get("/v1", auth=("evi", "another 1"))).status_code == 200
    assert (await server("").get("/v1", auth=("evi", "long enough"))).status_code == 401
    assert server.engine.directory.person("evi").dn == "cn=eva,ou=users,o=placet"
    taken = await server("admin").post(f"{BASE}/user", json=NEW)  # the DN is still somebody's
    assert told(taken) == bad("The User Name 'eva' already exists.")


@pytest.mark.parametrize("members", [{"usr_new_pass": "another 1"}, {"usr_status": "INACTIVE"}])
async def test_another_password_or_status_ends_sessions(server, members):
    await a_user(server)
    begun = await server("").post("/v1/session", json={"User": "eva", "Password": "long enough"})
    assert begun.is_success, begun.text
    [cookie] = [each.split(";")[0] for each in begun.headers.get_list("set-cookie")]
    assert (await server("").get("/v1", headers={"cookie": cookie})).status_code == 200

    answer = await server("admin").put(f"{BASE}/user/{uid(server, 'eva')}", json=members)

    assert answer.status_code == 200
    assert (await server("").get("/v1", headers={"cookie": cookie})).status_code == 401


async def test_an_inactive_user_is_out_at_the_next_request(server):
    assert (await server("anna").get("/v1")).status_code == 200

    await server("admin").put(f"{BASE}/user/{uid(server, 'anna')}", json={"usr_status": "VACATION"})

    assert (await server("anna").get("/v1")).status_code == 401


async def test_the_administrator_stays_who_he_is(server):
    admin = server("admin")
    path = f"{BASE}/user/{uid(server, 'admin')}"

    for members in ({"usr_username": "root"}, {"usr_status": "INACTIVE"}, {"usr_due_date": "2030-01-01"}):
        assert told(await admin.put(path, json=members)) == bad(
            "The administrator can neither be renamed nor made inactive."
        )
    assert told(await admin.put(path, json={"usr_role": "PROCESSMAKER_MANAGER"})) == bad(
        "The role of the administrator can not be changed!"
    )
    assert told(await admin.delete(path)) == bad(
        "The user cannot be deleted since it is referenced in a process design and/or has assigned cases."
    )
    assert (await admin.put(path, json={"usr_firstname": "Ada", "usr_role": "PROCESSMAKER_ADMIN"})).status_code == 200


async def test_with_pm_editpersonalinfo_one_changes_oneself(server):
    await server("admin").post(f"{BASE}/role/{OPERATOR}/permission", json={"per_uid": f"{14:032}"})
    anna, own = uid(server, "anna"), f"{BASE}/user/{uid(server, 'anna')}"
    refused = bad(f"This user: {anna}, can not update the data.")

    assert (await server("anna").put(own, json={"usr_firstname": "Annika", "usr_city": "Graz"})).status_code == 200
    for members in (
        {"usr_role": "PROCESSMAKER_OPERATOR"},
        {"usr_status": "ACTIVE"},
        {"usr_username": "anna2"},
        {"usr_due_date": "2030-01-01"},
        {"usr_reports_to": ""},
    ):
        assert told(await server("anna").put(own, json=members)) == refused
    dora = uid(server, "dora")
    assert told(await server("anna").put(f"{BASE}/user/{dora}", json={"usr_city": "x"})) == bad(
        f"This user: {dora}, can not update the data."
    )


@pytest.mark.parametrize(("method", "path"), [("GET", "users"), ("POST", "user"), ("DELETE", f"user/{NOWHERE}")])
async def test_without_pm_users_there_are_no_users(server, method, path):
    assert told(await server("anna").request(method, f"{BASE}/{path}")) == (401, "Unauthorized")


async def test_who_defines_processes_finds_people(server):
    await server("admin").post(f"{BASE}/role/{OPERATOR}/permission", json={"per_uid": f"{4:032}"})

    assert (await server("anna").get(f"{BASE}/users")).status_code == 200
    assert (await server("anna").get(f"{BASE}/user/{uid(server, 'anna')}")).status_code == 200
    assert (await server("anna").post(f"{BASE}/user", json=NEW)).status_code == 401


async def test_nobody_raises_himself_through_users(server):
    """Neither by a role, nor by the account of who has more."""
    await set_role(server, "ben", MANAGER)
    ben, admin = uid(server, "ben"), uid(server, "admin")
    attempts = [
        server("ben").put(f"{BASE}/user/{ben}", json={"usr_role": "PROCESSMAKER_ADMIN"}),
        server("ben").put(f"{BASE}/user/{ben}", json={"usr_role": "PROCESSMAKER_OPERATOR"}),
        server("ben").post(f"{BASE}/user", json=NEW | {"usr_role": "PROCESSMAKER_ADMIN"}),
        server("ben").put(f"{BASE}/user/{admin}", json={"usr_new_pass": "taken over"}),
        server("ben").put(f"{BASE}/user/{admin}", json={"usr_email": "ben@example.org"}),
    ]
    for attempt in attempts:
        status, message = told(await attempt)
        assert status == 401
        assert message.startswith("Unauthorized: ")
    assert (await server("admin").get("/v1")).status_code == 200
    assert (await server("ben").post(f"{BASE}/user", json=NEW)).status_code == 201


# -- deleting --------------------------------------------------------------------------------------


async def test_a_deleted_user_keeps_his_names_and_his_dn(server):
    eva, admin = (await a_user(server, usr_username="ev"))["USR_UID"], server("admin")
    await admin.put(f"{BASE}/user/{eva}", json={"usr_username": "eve"})
    await server.start("anna")
    board = dn_guid("cn=Board,ou=groups,o=placet")
    await admin.post(f"{BASE}/group/{board}/user", json={"usr_uid": eva})

    answer = await admin.delete(f"{BASE}/user/{eva}")

    assert (answer.status_code, answer.content) == (200, b"")
    assert "eve" not in await names(server)
    assert told(await admin.get(f"{BASE}/user/{eva}")) == bad(f"The User with usr_uid: {eva} does not exist.")
    assert (await server("").get("/v1", auth=("eve", "long enough"))).status_code == 401
    assert (await admin.get(f"{BASE}/role/{OPERATOR}")).json()["rol_total_users"] == 5
    assert (await admin.get(f"{BASE}/group/{board}")).json()["grp_users"] == 2
    for name in ("eve", "ev"):
        answer = await admin.post(f"{BASE}/user", json=NEW | {"usr_username": name})
        assert told(answer) == bad(f"The User Name '{name}' already exists.")
    second = (await a_user(server, usr_username="adam"))["USR_UID"]
    assert (await admin.delete(f"{BASE}/user/{second}")).status_code == 200  # two may be without a name


async def test_who_has_work_to_do_is_not_deleted(server):
    await server.start("anna")
    ben = uid(server, "ben")

    assert told(await server("admin").delete(f"{BASE}/user/{ben}")) == bad(
        f"The user with usr_uid: {ben}, cannot be deleted while it has cases assigned."
    )
    assert (await server("admin").delete(f"{BASE}/user/{uid(server, 'dora')}")).status_code == 200


async def test_no_secret_is_in_the_audit_trail(server):
    eva = (await a_user(server))["USR_UID"]
    await server("admin").put(f"{BASE}/user/{eva}", json={"usr_new_pass": "another 1", "usr_city": "Graz"})
    await server("admin").delete(f"{BASE}/user/{eva}")

    entries = [each for each in await server.engine.store.read(audit.page) if "eva" in each.target]
    assert [each.kind for each in entries] == [
        "user.closed",
        "password.changed",
        "user.changed",
        "role.assigned",
        "user.created",
    ]
    assert entries[2].after["profile"] == {"city": "Graz"}
    for secret in ("long enough", "another 1", "argon2"):
        assert secret not in repr(entries)


async def test_a_profile_of_a_file_is_shown_as_one_that_was_posted(server, tmp_path):
    profile = {name: f"what {name} is" for name in PROFILE}
    path = tmp_path / "people.json"
    path.write_text(json.dumps({"users": [{"usr_username": "anna"} | profile]}))

    await server.engine.as_system().load_people(path)
    posted = await server("admin").post(f"{BASE}/user", json=NEW | profile)
    loaded = await server("admin").get(f"{BASE}/user/{dn_guid('cn=anna,ou=users,o=placet')}")

    assert {name: loaded.json()[name] for name in profile} == profile
    assert {name: posted.json()[name.upper()] for name in profile} == profile
