import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import placet
from placet.core.defaults import ADMINISTRATOR_ROLE, MANAGER_ROLE, OPERATOR_ROLE
from placet.core.names import user_dn
from placet.core.permissions import SYSTEM_ROLES
from placet.directory.administrator import USER_NAME
from placet.directory.file import FileUser, read_directory_file
from placet.directory.merge import Rows, Stored, merge
from placet.directory.merge_roles import Coded, Roles
from placet.errors import InvalidDirectory, InvalidInput
from placet.store.groups import GroupRow
from placet.store.people import UserRow
from placet.store.roles import PermissionRow, RoleRow

PEOPLE = Path(next(iter(placet.__path__))) / "demo" / "people.yaml"
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
UIDS = [f"{number:032x}" for number in range(10)]

FULL = {
    "usr_uid": UIDS[7].upper(),
    "usr_username": "anna",
    "usr_firstname": "Anna",
    "usr_lastname": "Berg",
    "usr_email": "anna@example.org",
    "usr_status": "ACTIVE",
    "dn": "CN=Anna, OU=medical, O=example",
    "manager": "ben",
    "groups": ["HR"],
    "password": "demo",
    "role": UIDS[2],
}


def written(folder, document, name="people.json"):
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def faults_of(path):
    with pytest.raises(InvalidDirectory) as caught:
        read_directory_file(path)
    assert caught.value.message == "\n".join(caught.value.faults)
    return caught.value.faults


def fault_of_user(folder, **members):
    [fault] = faults_of(written(folder, {"users": [{"usr_username": "anna"} | members]}))
    return fault


def merged(folder, document, users=(), groups=()):
    return merge(read_directory_file(written(folder, document)), stored(users, groups), {}, NINE)


def stored(users=(), groups=()):
    """These users and groups, and the roles that are there from the start."""
    roles = [
        RoleRow(id=uid, code=code, name=code, created_at=NINE)
        for uid, code in zip((ADMINISTRATOR_ROLE, OPERATOR_ROLE, MANAGER_ROLE), SYSTEM_ROLES, strict=True)
    ]
    permissions = [PermissionRow(id=UIDS[1], code="PM_LOGIN", name="Login")]
    return Stored(Rows(users), Rows(groups), Roles(Coded(roles), Coded(permissions)))


def a_user(name, number, **values):
    return UserRow(id=UIDS[number], dn=user_dn(name), user_name=name, **values)


def test_a_user_needs_no_more_than_a_name(tmp_path):
    [user] = read_directory_file(written(tmp_path, {"users": [{"usr_username": "anna"}]})).users

    assert user == FileUser(usr_username="anna")
    assert user.password is None
    assert user.groups is None


def test_json_and_yaml_say_the_same(tmp_path):
    document = {"users": [FULL], "groups": [{"grp_title": "HR", "grp_uid": UIDS[1]}]}
    from_json = read_directory_file(written(tmp_path, "\ufeff" + json.dumps(document)))
    from_yaml = read_directory_file(written(tmp_path, json.dumps(document), "people.yaml"))

    assert from_json.users == from_yaml.users
    assert from_json.groups == from_yaml.groups
    assert from_json.users[0].uid == UIDS[7]


def test_roles_permissions_and_remarks_are_accepted(tmp_path):
    file = read_directory_file(
        written(
            tmp_path,
            {
                "id": "F1",
                "inferred": ["one remark", "another"],
                "roles": [{"rol_uid": UIDS[5], "rol_code": "ADMIN", "rol_name": "Admin", "rol_status": "ACTIVE"}],
                "permissions": [{"per_uid": UIDS[3], "per_code": "LOGIN", "per_name": "Login", "per_status": 1}],
                "role_permissions": {UIDS[5]: [UIDS[3]]},
                "users": [{"usr_username": "wendy", "role": None}],
            },
        )
    )

    assert [role.name for role in file.roles] == ["ADMIN"]
    assert file.role_permissions == {UIDS[5]: [UIDS[3]]}
    made = merge(file, stored(), {}, NINE)
    assert made.roles.roles.by_id[UIDS[5]] == RoleRow(id=UIDS[5], code="ADMIN", name="Admin", created_at=NINE)
    assert made.roles.permissions.by_id == {UIDS[3]: PermissionRow(id=UIDS[3], code="LOGIN", name="Login")}
    assert made.roles.grants == {(UIDS[5], UIDS[3]), (ADMINISTRATOR_ROLE, UIDS[3])}
    assert made.users[0].role is None


@pytest.mark.parametrize(
    ("user", "role"),
    [
        ({}, OPERATOR_ROLE),
        ({"role": None}, None),
        ({"usr_role": None}, None),
        ({"role": MANAGER_ROLE}, MANAGER_ROLE),
        ({"role": "PROCESSMAKER_MANAGER"}, MANAGER_ROLE),
        ({"usr_role": "processmaker_manager"}, MANAGER_ROLE),
        ({"usr_username": "admin"}, ADMINISTRATOR_ROLE),
    ],
)
def test_a_new_user_has_the_role_that_a_file_says_else_the_operators(tmp_path, user, role):
    [made] = merged(tmp_path, {"users": [{"usr_username": "anna"} | user]}).users

    assert made.role == role


def test_a_stored_user_keeps_his_role_where_a_file_says_nothing_of_it(tmp_path):
    known = [a_user("anna", 1, role=MANAGER_ROLE), a_user("ben", 2, role=None)]

    made = merged(tmp_path, {"users": [{"usr_username": "anna"}, {"usr_username": "ben"}]}, users=known).users

    assert [user.role for user in made] == [MANAGER_ROLE, None]


def test_the_administrators_role_holds_every_permission_whatever_a_file_says(tmp_path):
    made = merged(tmp_path, {"role_permissions": {"PROCESSMAKER_ADMIN": []}})

    assert made.roles.grants == {(ADMINISTRATOR_ROLE, UIDS[1])}
    assert made.notes == ["people.json: the administrator's role holds every permission, whatever is said of it"]


def test_permissions_that_a_file_leaves_out_are_gone_also_from_roles(tmp_path):
    before = stored()
    held = replace(before.roles, grants=frozenset({(OPERATOR_ROLE, UIDS[1])}))
    file = read_directory_file(written(tmp_path, {"permissions": [{"per_uid": UIDS[3], "per_code": "LOGIN"}]}))

    made = merge(file, replace(before, roles=held), {}, NINE).roles

    assert list(made.permissions.by_id) == [UIDS[3]]
    assert made.grants == {(ADMINISTRATOR_ROLE, UIDS[3])}


def test_look_alikes_of_a_user_name_are_the_same_name(tmp_path):
    with pytest.raises(InvalidDirectory, match="kept for the administrator"):
        merged(tmp_path, {"users": [{"usr_username": "ａdmin"}]})
    with pytest.raises(InvalidDirectory, match=r"anna.* has that name or dn; choose another"):
        merged(tmp_path, {"users": [{"usr_username": "anna"}, {"usr_username": "Ａnna"}]})
    [found] = merged(tmp_path, {"users": [{"usr_username": "ｂen"}]}, users=[a_user("ben", 1)]).users
    assert found.id == UIDS[1]


def test_all_faults_are_told_at_once_each_with_its_place(tmp_path):
    document = """
    users:
      - {usr_username: anna, usr_uid: 00000000000000000000000000000001, usr_emial: a@example.org}
      - seventeen
      - {usr_firstname: Ben}
    groups: HR
    people: [{usr_username: carl}]
    """

    assert faults_of(written(tmp_path, document, "people.yaml")) == [
        "people.yaml, users, entry 1 (anna), usr_uid: 1 is not text; put it in quotes",
        "people.yaml, users, entry 1 (anna), usr_emial: is not known here; did you mean usr_email?",
        "people.yaml, users, entry 2: 'seventeen' is not a mapping",
        "people.yaml, users, entry 3, usr_username: is missing",
        "people.yaml, groups: 'HR' is not a list",
        "people.yaml, people: is not known here; known are users, groups, roles, permissions, role_permissions",
    ]


@pytest.mark.parametrize(
    "name",
    ["", " anna", "an,na", "an=na", "an:na", "an\\na", 'an"na', "an\0na", "an\nna", "a" * 101, "\ud800", "an\x9bna"],
)
def test_a_name_that_would_break_a_dn_or_a_sign_in_is_refused(tmp_path, name):
    assert "usr_username: " in fault_of_user(tmp_path, usr_username=name)


@pytest.mark.parametrize("name", ["anna", "Anna Berg", "anna.berg@example.org", "Ünal", "o'neil", "007", "a" * 100])
def test_other_names_are_taken(tmp_path, name):
    assert read_directory_file(written(tmp_path, {"users": [{"usr_username": name}]})).users[0].name == name


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"usr_uid": "abc"}, "usr_uid: 'abc' is not a uid; give 32 hex digits or leave it out"),
        ({"dn": "anna"}, "dn: 'anna' is not a distinguished name; give one such as cn=anna,ou=users,o=placet"),
        ({"usr_status": "GONE"}, "usr_status: 'GONE' does not fit; give 'ACTIVE', 'INACTIVE' or 'VACATION'"),
        ({"usr_firstname": "A\x1b[2J"}, "usr_firstname: 'A\\x1b[2J' has '\\x1b' in it; leave control characters out"),
        ({"usr_lastname": "x" * 256}, "has 256 characters; at most 255 are kept"),
        ({"groups": [""]}, "groups, 0: '' is neither a name nor a DN"),
        ({"usr_due_date": "31.12.2027"}, "usr_due_date: '31.12.2027' is not a date; give one such as 2027-12-31"),
        ({"usr_due_date": "2027-02-30"}, "usr_due_date: '2027-02-30' is not a date; give one such as 2027-12-31"),
        ({"role": UIDS[2], "usr_role": "X"}, "has a role and a usr_role; give one of them"),
        ({"password": "demo", "password_hash": "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"}, "give one of them"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_would(tmp_path, members, reason):
    assert reason in fault_of_user(tmp_path, **members)


@pytest.mark.parametrize("member", [{"password": ""}, {"password_hash": "hunter2"}, {"password": ["hunter2"]}])
def test_no_message_repeats_a_password(tmp_path, member):
    fault = fault_of_user(tmp_path, **member)

    assert "(anna), password" in fault
    assert "hunter2" not in fault


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("people.json", '{"users": [', "is not readable as JSON or YAML"),
        ("people.json", '{"users": [{"usr_username": "a", "usr_username": "b"}]}', "'usr_username' is there twice"),
        ("people.yaml", "users: []\nusers: []", "duplicate key"),
        ("people.yaml", "users: [!!python/object:os.system {}]", "is not readable as JSON or YAML"),
        ("people.json", "[" * 100_000, "is not readable as JSON or YAML"),
        ("people.json", "17", "has none of the lists users, groups"),
        ("people.yaml", "", "has none of the lists users, groups"),
        ("people.yaml", "suites: []", "has none of the lists users, groups"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_fault(tmp_path, name, text, reason):
    [fault] = faults_of(written(tmp_path, text, name))

    assert fault.startswith(f"{name}: ")
    assert reason in fault


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidInput, match=r"nobody\.yaml: No such file or directory; name a JSON or YAML file"):
        read_directory_file(tmp_path / "nobody.yaml")


def test_names_and_uids_are_made_where_none_are_given(tmp_path):
    made = merged(tmp_path, {"users": [{"usr_username": "anna", "groups": ["HR"]}], "groups": [{"grp_title": "HR"}]})

    assert made.users[0].dn == "cn=anna,ou=users,o=placet"
    assert made.groups[0].dn == "cn=HR,ou=groups,o=placet"
    assert made.groups_of == {made.users[0].id: [made.groups[0].id]}
    again = merged(tmp_path, {"users": [{"usr_username": "anna", "groups": ["HR"]}], "groups": [{"grp_title": "HR"}]})
    assert (again.users, again.groups, again.groups_of) == (made.users, made.groups, made.groups_of)


@pytest.mark.parametrize("manager", ["ben", "BEN", "cn=ben,ou=users,o=placet", "CN=Ben, OU=users, O=placet"])
def test_a_manager_is_found_by_name_or_dn_in_the_file_or_among_the_stored(tmp_path, manager):
    anna, ben = {"usr_username": "anna", "manager": manager}, {"usr_username": "ben"}

    assert merged(tmp_path, {"users": [anna, ben]}).users[0].manager == user_dn("ben")
    assert merged(tmp_path, {"users": [anna]}, users=[a_user("ben", 1)]).users[0].manager == user_dn("ben")


def test_a_manager_by_dn_may_come_later(tmp_path):
    made = merged(tmp_path, {"users": [{"usr_username": "anna", "manager": "cn=carl,o=x"}]})

    assert made.users[0].manager == "cn=carl,o=x"
    assert made.notes == ["people.json, users, entry 1 (anna): the manager cn=carl,o=x is not known yet"]


def test_what_a_file_leaves_out_stays_as_it_is(tmp_path):
    stored = a_user("anna", 1, first_name="Anna", email="anna@example.org", manager="cn=x", status="INACTIVE")

    [user] = merged(tmp_path, {"users": [{"usr_username": "ANNA", "usr_lastname": "Berg"}]}, users=[stored]).users

    assert user == replace(stored, user_name="ANNA", last_name="Berg")


def test_a_uid_renames_a_user_whose_dn_stays(tmp_path):
    [user] = merged(
        tmp_path, {"users": [{"usr_uid": UIDS[1], "usr_username": "anne"}]}, users=[a_user("anna", 1)]
    ).users

    assert (user.id, user.user_name, user.dn) == (UIDS[1], "anne", user_dn("anna"))


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"users": [{"usr_username": "anna"}, {"usr_username": "ANNA"}]}, "entry 2 (ANNA): is the same as entry 1"),
        ({"users": [{"usr_username": "ben", "usr_uid": UIDS[5]}]}, f"has the uid {UIDS[1]} already, not {UIDS[5]}"),
        ({"users": [{"usr_username": "ben", "dn": "cn=b,o=x"}]}, f"has the dn {user_dn('ben')} already, not cn=b,o=x"),
        ({"users": [{"usr_username": "ben", "usr_uid": UIDS[2]}]}, f"ben ({user_dn('ben')}, uid {UIDS[1]}) has that"),
        ({"users": [{"usr_username": "x", "dn": "cn=1"}, {"usr_username": "y", "dn": "CN = 1"}]}, "is the same as"),
        ({"users": [{"usr_username": "anna", "manager": "nobody"}]}, "manager: 'nobody' is nobody; add that user name"),
        (
            {"users": [{"usr_username": "anna", "groups": ["HR"]}]},
            "groups: there is no group 'HR'; add it to the groups",
        ),
        ({"users": [{"usr_username": "Admin", "dn": "cn=root,o=x"}]}, "this user name is kept for the administrator"),
        (
            {"users": [{"usr_username": "x", "role": "BOSS"}]},
            "(x), role: there is no role 'BOSS'; give the uid",
        ),
        ({"users": [{"usr_username": "admin", "role": None}]}, "the administrator always has PROCESSMAKER_ADMIN"),
        ({"users": [{"usr_username": "admin", "usr_role": "PROCESSMAKER_MANAGER"}]}, "always has PROCESSMAKER_ADMIN"),
        ({"roles": [{"rol_code": "A"}, {"rol_code": "a"}]}, "roles, entry 2 (a): is the same as entry 1"),
        ({"roles": [{"rol_code": "A B"}]}, "rol_code: 'A B' is not a code; give letters, digits and _"),
        ({"roles": [{"rol_uid": UIDS[5], "rol_code": "PROCESSMAKER_MANAGER"}]}, "has the uid"),
        ({"roles": [{"rol_uid": MANAGER_ROLE, "rol_code": "PROCESSMAKER_OPERATOR"}]}, "has that code; choose another"),
        ({"roles": [{"rol_code": "PROCESSMAKER_ADMIN", "rol_status": 0}]}, "keeps its code and stays active"),
        ({"permissions": [{"per_code": "A"}, {"per_code": "A"}]}, "permissions, entry 2 (A): is the same as entry 1"),
        ({"role_permissions": {"BOSS": []}}, "role_permissions, BOSS: there is no such role; give the uid or code"),
        ({"role_permissions": {MANAGER_ROLE: ["X"]}}, "there is no permission 'X'; give the uid or code of one"),
        ({"groups": [{"grp_title": "A, B"}]}, "makes no distinguished name of the title 'A, B'; give its dn"),
        ({"groups": [{"grp_title": "A", "dn": "cn=1"}, {"grp_title": "a", "dn": "cn=2"}]}, "A (cn=1, uid "),
    ],
)
def test_a_file_may_not_contradict_itself_or_what_is_stored(tmp_path, document, reason):
    with pytest.raises(InvalidDirectory) as caught:
        merged(tmp_path, document, users=[a_user("ben", 1), a_user("carl", 2)])

    assert reason in caught.value.message


def test_the_people_of_the_demonstration_are_a_believable_company():
    made = merge(read_directory_file(PEOPLE), stored(), {}, NINE)
    by_dn = {user.dn: user for user in made.users}

    def managers_above(user):
        return 0 if user.manager is None else 1 + managers_above(by_dn[user.manager])

    assert [group.title for group in made.groups] == ["Board", "Finance", "HR", "Procurement"]
    assert len(made.users) == 12
    assert max(map(managers_above, made.users)) == 3
    assert {group for groups in made.groups_of.values() for group in groups} == {group.id for group in made.groups}
    assert USER_NAME not in {user.user_name for user in made.users}
    assert made.notes == []
    assert all(isinstance(group, GroupRow) for group in made.groups)


def test_a_profile_is_laid_over_the_one_that_is_stored(tmp_path):
    users = [{"usr_username": "anna", "usr_city": "Tromsø", "usr_resume": "one\ntwo", "usr_fax": ""}]

    rows = merged(tmp_path, {"users": users}, [a_user("anna", 1, profile={"city": "Oslo", "phone": "1"})]).users

    assert [row.profile for row in rows] == [{"city": "Tromsø", "phone": "1", "resume": "one\ntwo", "fax": ""}]
    assert merged(tmp_path, {"users": [{"usr_username": "anna", "usr_city": None}]}).users[0].profile is None


@pytest.mark.parametrize(
    ("member", "value", "reason"),
    [
        ("usr_zip_code", 9008, "9008 is not text; put it in quotes"),
        ("usr_city", "a\x00b", "has a control character in it"),
        ("usr_resume", "x" * 2001, "has 2001 characters; at most 2,000 are kept"),
        ("dep_uid", ["HR"], "is not text"),
    ],
)
def test_a_profile_that_cannot_be_kept_is_told_with_its_place(tmp_path, member, value, reason):
    fault = fault_of_user(tmp_path, **{member: value})

    assert fault.startswith(f"people.json, users, entry 1 (anna), {member}: ")
    assert reason in fault
