import gc
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from placet.clock import ManualClock
from placet.core.defaults import ADMINISTRATOR_ROLE, OPERATOR_ROLE
from placet.core.names import dn_guid, user_dn
from placet.core.people import ADMINISTRATOR, Group, Person
from placet.core.permissions import EVERY_PERMISSION, SYSTEM_ROLES
from placet.directory.administrator import ensure_administrator
from placet.directory.collecting import without_full_collections
from placet.directory.load import load_directory_file
from placet.directory.passwords import verify_password
from placet.errors import Conflict, InvalidDirectory, InvalidInput
from placet.store import audit, directory, groups, people
from placet.store import roles as roles_store
from placet.store.groups import GroupRow
from placet.store.people import UserRow
from placet.store.world import MuchHasChanged, World

CASES = Path(__file__).parent.parent / "data" / "processmaker_basic.json"
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
UIDS = [f"{number:032x}" for number in range(10)]


def a_user(name, number, **values):
    return UserRow(id=UIDS[number], dn=user_dn(name), user_name=name, **{"role": OPERATOR_ROLE} | values)


def a_group(title, number, **values):
    return GroupRow(id=UIDS[number], dn=f"cn={title},ou=groups,o=placet", title=title, **values)


def load(tx):
    return directory.load(tx, NINE)


def written(folder, **lists):
    path = folder / "people.json"
    path.write_text(json.dumps(lists))
    return path


@pytest.fixture
async def company(transactions):
    """Ben, his colleague Ünal, and a group of both."""

    def add(tx):
        people.upsert_users(tx, [a_user("ben", 1, password_hash="of ben"), a_user("Ünal", 2, manager=user_dn("ben"))])
        groups.upsert_groups(tx, [a_group("HR", 3)])
        groups.set_members(tx, {UIDS[1]: [UIDS[3]], UIDS[2]: [UIDS[3]]})

    await transactions.write(add)
    return transactions


async def test_an_empty_directory_has_the_roles_from_the_start(transactions):
    loaded = await transactions.read(load)

    assert (loaded.version, loaded.people, loaded.groups) == (1, {}, {})
    assert [role.code for role in loaded.roles.values()] == list(SYSTEM_ROLES)


async def test_what_was_stored_is_loaded(company):
    loaded = await company.read(load)

    assert loaded.version == await company.read(directory.version) > 0
    operator = loaded.roles[OPERATOR_ROLE]
    assert operator.permissions >= {"PM_LOGIN", "PM_CASES"}
    held = {"role": OPERATOR_ROLE, "permissions": operator.permissions}
    assert loaded.person("ben") == Person(user_dn("ben"), "ben", id=UIDS[1], **held)
    assert loaded.person("ünal") == Person(user_dn("Ünal"), "Ünal", manager=user_dn("ben"), id=UIDS[2], **held)
    assert loaded.group("cn=hr, ou=groups, o=placet") == Group(
        "cn=HR,ou=groups,o=placet", "HR", frozenset({user_dn("ben"), user_dn("ünal")})
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda tx: people.upsert_users(tx, [a_user("carl", 4)]),
        lambda tx: groups.upsert_groups(tx, [a_group("Board", 5)]),
        lambda tx: groups.set_members(tx, {UIDS[1]: []}),
        lambda tx: people.set_password(tx, UIDS[1], "new"),
        lambda tx: people.replace_password(tx, UIDS[1], "of ben", "new"),
        lambda tx: people.set_status(tx, UIDS[1], "INACTIVE"),
        lambda tx: people.add_user(tx, a_user("carl", 4)),
        directory.bump,
    ],
)
async def test_every_change_moves_the_version_on(company, change):
    before = await company.read(directory.version)

    await company.write(change)

    assert await company.read(directory.version) == before + 1


@pytest.mark.parametrize(
    "no_change",
    [
        lambda tx: people.upsert_users(tx, []),
        lambda tx: groups.set_members(tx, {UIDS[1]: [UIDS[3]]}),
        lambda tx: people.set_password(tx, UIDS[9], "new"),
        lambda tx: people.replace_password(tx, UIDS[1], None, "new"),
        lambda tx: people.replace_password(tx, UIDS[2], "", "new"),
        lambda tx: people.set_status(tx, UIDS[9], "INACTIVE"),
        lambda tx: people.add_user(tx, a_user("carl", 1)),
        lambda tx: people.add_user(tx, a_user("BEN", 4)),
    ],
)
async def test_what_changes_nothing_leaves_the_version(company, no_change):
    before = await company.read(directory.version), await company.read(people.users)

    assert not await company.write(no_change)

    assert (await company.read(directory.version), await company.read(people.users)) == before


async def test_an_upsert_changes_everything_but_a_password_that_it_does_not_bring(company):
    changed = a_user("benjamin", 1, first_name="Ben", email="b@example.org", status="INACTIVE")

    await company.write(lambda tx: people.upsert_users(tx, [a_user("carl", 4), changed]))

    found = await company.read(lambda tx: people.find_user(tx, "Benjamin"))
    assert found == a_user(
        "benjamin", 1, first_name="Ben", email="b@example.org", status="INACTIVE", password_hash="of ben"
    )
    assert not (await company.read(load)).person("benjamin").active


@pytest.mark.parametrize("status", ["INACTIVE", "VACATION"])
async def test_only_active_people_are_active(company, status):
    await company.write(lambda tx: people.set_status(tx, UIDS[1], status))

    assert not (await company.read(load)).person("ben").active


async def test_an_inactive_group_is_loaded_as_one(company):
    await company.write(lambda tx: groups.upsert_groups(tx, [a_group("HR", 3, status="INACTIVE")]))

    assert (await company.read(load)).groups_of(user_dn("ben")) == []


async def test_members_are_set_for_the_named_users_only(company):
    def change(tx):
        groups.upsert_groups(tx, [a_group("Board", 5)])
        groups.set_members(tx, {UIDS[1]: [UIDS[5], UIDS[5]]})

    await company.write(change)

    assert await company.read(groups.memberships) == {(UIDS[5], UIDS[1]), (UIDS[3], UIDS[2])}


@pytest.mark.parametrize("name", ["Ünal", "üNAL", "cn=Ünal,ou=users,o=placet", " CN = ünal , OU=users, O=placet"])
async def test_a_user_is_found_by_name_and_dn_in_any_case(company, name):
    assert (await company.read(lambda tx: people.find_user(tx, name))).id == UIDS[2]


@pytest.mark.parametrize("name", ["", "nobody", "cn=ben", "' OR 1=1 --", "b%"])
async def test_nobody_is_found_by_another_name(company, name):
    assert await company.read(lambda tx: people.find_user(tx, name)) is None


async def test_a_file_is_loaded_and_loaded_again(transactions, tmp_path):
    path = written(
        tmp_path,
        users=[
            {"usr_username": "anna", "usr_uid": UIDS[1], "manager": "ben", "groups": ["HR"], "password": "demo"},
            {"usr_username": "ben", "password": "demo"},
        ],
        groups=[{"grp_title": "HR"}],
        roles=[{"rol_code": "OPERATOR"}],
    )

    first = await load_directory_file(transactions, path)
    stored = await transactions.read(people.users)
    again = await load_directory_file(transactions, path, keep_passwords=True)

    assert (first.users_added, first.users_changed, first.groups_added, first.groups_changed) == (2, 0, 1, 0)
    assert (again.users_added, again.users_changed, again.groups_added, again.groups_changed) == (0, 0, 0, 0)
    assert (first.roles_added, first.roles_changed, again.roles_added, again.roles_changed) == (1, 0, 0, 0)
    assert await transactions.read(people.users) == stored
    loaded = await transactions.read(load)
    assert loaded.person("anna").manager == user_dn("ben")
    assert [group.title for group in loaded.groups_of(user_dn("anna"))] == ["HR"]
    for user in stored:
        assert await verify_password(user.password_hash, "demo")


async def test_a_repeated_load_that_keeps_passwords_writes_nothing(transactions, tmp_path):
    path = written(tmp_path, users=[{"usr_username": "anna", "password": "demo", "groups": []}])
    await load_directory_file(transactions, path)
    before = await transactions.read(directory.version)

    await load_directory_file(transactions, path, keep_passwords=True)

    assert await transactions.read(directory.version) == before


async def test_a_password_in_a_file_replaces_the_stored_one_unless_passwords_are_kept(company, tmp_path):
    path = written(tmp_path, users=[{"usr_username": "ben", "password": "new"}])

    await load_directory_file(company, path, keep_passwords=True)
    kept = await company.read(lambda tx: people.find_user(tx, "ben"))
    summary = await load_directory_file(company, path)
    replaced = await company.read(lambda tx: people.find_user(tx, "ben"))

    assert kept.password_hash == "of ben"
    assert await verify_password(replaced.password_hash, "new")
    assert (summary.users_added, summary.users_changed) == (0, 1)


async def test_people_who_are_not_in_a_file_stay_with_their_groups(company, tmp_path):
    await load_directory_file(company, written(tmp_path, users=[{"usr_username": "ben", "groups": []}]))

    loaded = await company.read(load)
    assert loaded.group("cn=HR,ou=groups,o=placet").members == {user_dn("ünal")}


async def test_a_file_with_a_fault_changes_nothing(company, tmp_path):
    before = await company.read(directory.version)
    path = written(tmp_path, users=[{"usr_username": "carl"}, {"usr_username": "dora", "manager": "nobody"}])

    with pytest.raises(InvalidDirectory, match=r"people.json, users, entry 2 \(dora\), manager: 'nobody'"):
        await load_directory_file(company, path)

    assert await company.read(directory.version) == before


async def test_the_administrator_is_made_with_a_password_that_is_told_once(transactions):
    made = await ensure_administrator(transactions, None)

    administrator = await transactions.read(lambda tx: people.find_user(tx, "admin"))
    assert len(made) == 16
    assert await verify_password(administrator.password_hash, made)
    assert await ensure_administrator(transactions, None) is None
    assert await ensure_administrator(transactions, "another") is None
    loaded = await transactions.read(load)
    assert loaded.is_administrator(ADMINISTRATOR)
    assert loaded.display_name(ADMINISTRATOR) == "Administrator"
    assert await transactions.read(lambda tx: people.find_user(tx, "admin")) == administrator


async def test_the_administrator_gets_the_given_password(transactions):
    assert await ensure_administrator(transactions, "chosen") is None

    administrator = await transactions.read(lambda tx: people.find_user(tx, ADMINISTRATOR))
    assert await verify_password(administrator.password_hash, "chosen")


async def test_an_empty_password_is_no_password_for_the_administrator(transactions):
    with pytest.raises(InvalidInput, match="is empty"):
        await ensure_administrator(transactions, "")


async def test_an_administrator_from_a_file_is_the_same_person(transactions, tmp_path):
    await ensure_administrator(transactions, "chosen")
    await load_directory_file(
        transactions, written(tmp_path, users=[{"usr_username": "admin", "usr_uid": UIDS[1], "usr_lastname": "X"}])
    )

    [administrator] = await transactions.read(people.users)
    assert (administrator.dn, administrator.last_name) == (ADMINISTRATOR, "X")
    assert await verify_password(administrator.password_hash, "chosen")


async def test_an_administrator_without_a_password_gets_one(transactions, tmp_path):
    await load_directory_file(transactions, written(tmp_path, users=[{"usr_username": "admin", "usr_lastname": "X"}]))

    made = await ensure_administrator(transactions, None)

    [administrator] = await transactions.read(people.users)
    assert administrator.last_name == "X"
    assert await verify_password(administrator.password_hash, made)


async def test_somebody_else_with_the_administrators_uid_is_left_alone(transactions):
    await transactions.write(lambda tx: people.add_user(tx, a_user("root", 1)))

    await ensure_administrator(transactions, "chosen")

    users = {user.user_name: user.id for user in await transactions.read(people.users)}
    assert users == {"root": UIDS[1], "admin": dn_guid(ADMINISTRATOR)}


async def test_a_user_name_that_the_administrator_needs_is_told(transactions):
    other = UserRow(id=UIDS[5], dn="cn=root,o=x", user_name="Admin")
    await transactions.write(lambda tx: people.add_user(tx, other))

    with pytest.raises(Conflict, match="The user name admin belongs to somebody else; rename him"):
        await ensure_administrator(transactions, "chosen")


async def test_two_nodes_that_start_at_once_make_one_administrator(transactions):
    class Late:
        """A database that answers a first read before the other node's write."""

        def __init__(self):
            self.write = transactions.write

        async def read(self, function):
            found = await transactions.read(function)
            await ensure_administrator(transactions, "of the other node")
            return found

    assert await ensure_administrator(Late(), None) is None

    [administrator] = await transactions.read(people.users)
    assert await verify_password(administrator.password_hash, "of the other node")


@pytest.fixture
def fixture_file(tmp_path):
    """The people and roles that the acceptance cases of the roles service assume."""
    return written(tmp_path, **json.loads(CASES.read_text("utf-8"))["fixture"])


async def test_the_people_of_the_acceptance_cases_are_loaded_as_they_are(transactions, fixture_file):
    await ensure_administrator(transactions, "chosen")

    summary = await load_directory_file(transactions, fixture_file)

    loaded = await transactions.read(load)
    roles = Counter(loaded.roles[person.role].code for person in loaded.people.values() if person.role)
    assert (summary.users_added, summary.roles_added) == (62, 0)
    assert roles == {"PROCESSMAKER_ADMIN": 1, "PROCESSMAKER_OPERATOR": 61}
    assert [person.active for person in loaded.people.values() if person.role is None] == [False]
    assert loaded.roles[OPERATOR_ROLE].permissions == {"PM_LOGIN", "PM_CASES", "PM_EDITPERSONALINFO"}
    assert loaded.roles[ADMINISTRATOR_ROLE].permissions >= EVERY_PERMISSION
    held = await transactions.read(lambda tx: roles_store.permissions_of(tx, ADMINISTRATOR_ROLE))
    assert len(held) == 19
    assert await verify_password((await _user(transactions, "admin")).password_hash, "chosen")


async def test_a_second_load_of_the_same_file_changes_nothing(transactions, fixture_file):
    await load_directory_file(transactions, fixture_file)
    before = await transactions.read(_everything)

    again = await load_directory_file(transactions, fixture_file)

    assert (again.users_changed, again.roles_changed, again.groups_changed) == (0, 0, 0)
    assert await transactions.read(_everything) == before


async def test_a_second_load_of_a_profile_changes_nothing(company, tmp_path):
    path = written(tmp_path, users=[{"usr_username": "ben", "usr_city": "Tromsø", "usr_phone": "+47 1"}])
    await load_directory_file(company, path)
    before = await company.read(_everything)

    again = await load_directory_file(company, path)

    assert again.users_changed == 0
    assert await company.read(_everything) == before
    [changed] = [row for row in before[1] if row.kind == "user.changed"]
    assert (changed.before, changed.after) == ({"profile": None}, {"profile": {"city": "Tromsø", "phone": "+47 1"}})


async def test_a_password_that_is_already_his_changes_nothing(company, tmp_path):
    path = written(tmp_path, users=[{"usr_username": "ben", "password": "new"}])
    await load_directory_file(company, path)
    before = await company.read(_everything)

    again = await load_directory_file(company, path)

    assert again.users_changed == 0
    assert await company.read(_everything) == before


def _everything(tx):
    """The version, and every row of the audit trail."""
    return directory.version(tx), audit.page(tx, limit=None)


async def _user(transactions, name):
    return await transactions.read(lambda tx: people.find_user(tx, name))


async def test_a_load_is_told_in_the_audit_trail_without_secrets(company, tmp_path):
    path = written(
        tmp_path,
        users=[{"usr_username": "ben", "usr_lastname": "X", "role": None, "password": "hunter2"}],
        groups=[{"grp_title": "Board"}],
        roles=[{"rol_code": "AUDITOR"}],
        role_permissions={"AUDITOR": ["PM_LOGIN"]},
    )

    await load_directory_file(company, path, actor="cn=somebody")

    rows = await company.read(lambda tx: audit.page(tx))
    assert sorted(row.kind for row in rows) == [
        "directory.loaded",
        "group.created",
        "password.changed",
        "permission.given",
        "role.created",
        "role.unassigned",
        "user.changed",
    ]
    assert {row.actor for row in rows} == {"cn=somebody"}
    [changed] = [row for row in rows if row.kind == "user.changed"]
    assert (changed.target, changed.before, changed.after) == (user_dn("ben"), {"last_name": ""}, {"last_name": "X"})
    assert "hunter2" not in str(rows)
    assert "argon2" not in str(rows)


async def test_people_who_change_while_a_file_is_compared_are_compared_again(company, tmp_path):
    path = written(tmp_path, users=[{"usr_username": "ben", "usr_firstname": "Ben"}])

    class Busy:
        """A database in which another changes Ben between a look at him and the write."""

        def __init__(self):
            self.write, self.looks = company.write, 0

        async def read(self, function):
            found = await company.read(function)
            self.looks += 1
            if self.looks == 1:
                changed = replace(await _user(company, "ben"), last_name="Berg")
                await company.write(lambda tx: people.change_user(tx, changed))
            return found

    busy = Busy()
    await load_directory_file(busy, path)

    ben = await _user(company, "ben")
    assert (ben.first_name, ben.last_name, busy.looks) == ("Ben", "Berg", 2)


@pytest.mark.parametrize("name", ["ｂen", "BEN", "Ｂｅｎ"])
async def test_look_alikes_are_the_same_user(company, name):
    assert (await _user(company, name)).id == UIDS[1]
    assert (await company.read(load)).person(name).id == UIDS[1]
    assert not await company.write(lambda tx: people.add_user(tx, a_user(name, 7)))


async def test_whose_role_is_inactive_or_missing_is_inactive(company):
    operator = await company.read(lambda tx: roles_store.find_role(tx, OPERATOR_ROLE))
    await company.write(lambda tx: roles_store.change_role(tx, replace(operator, status="INACTIVE")))

    loaded = await company.read(load)
    assert [person.active for person in loaded.people.values()] == [False, False]

    await company.write(lambda tx: roles_store.change_role(tx, operator))
    await company.write(lambda tx: roles_store.set_role(tx, UIDS[1], None))
    loaded = await company.read(load)
    assert (loaded.person("ben").active, loaded.person("ben").permissions) == (False, frozenset())
    assert loaded.person("ünal").active


async def test_who_is_past_his_last_day_is_inactive_from_midnight(company):
    ben = replace(await _user(company, "ben"), due_on="2026-03-02")
    await company.write(lambda tx: people.change_user(tx, ben))
    clock = ManualClock(NINE)
    world = World(clock)
    await company.read(world.refresh)

    assert world.directory.person("ben").active
    clock.move_to(NINE.replace(day=3, hour=0))

    assert not world.directory.person("ben").active
    assert world.directory.person("ünal").active
    assert world.directory.ends_at is None
    assert not (await company.read(lambda tx: directory.load(tx, clock.now()))).person("ben").active


async def test_many_changes_are_read_off_the_loop(company):
    world = World(ManualClock(NINE))
    await company.read(world.refresh)
    many = [UserRow(id=f"{n:032x}", dn=f"cn={n}", user_name=str(n), role=OPERATOR_ROLE) for n in range(100, 700)]
    await company.write(lambda tx: people.upsert_users(tx, many))

    with pytest.raises(MuchHasChanged) as caught:
        await company.read(lambda tx: world.refresh(tx, in_a_batch=True))
    await company.read(caught.value.read)

    assert len(world.directory.people) == 602
    await company.read(lambda tx: world.refresh(tx, in_a_batch=True))


async def test_what_a_role_of_many_may_is_read_off_the_loop(company):
    world = await _with_many(company)
    await company.write(lambda tx: roles_store.give_permission(tx, OPERATOR_ROLE, f"{3:032}"))

    with pytest.raises(MuchHasChanged) as caught:
        await company.read(lambda tx: world.refresh(tx, in_a_batch=True))
    await company.read(caught.value.read)

    loaded = await company.read(load)
    assert world.directory.person("500").permissions == loaded.roles[OPERATOR_ROLE].permissions
    assert world.directory.people == loaded.people


async def test_a_group_of_many_is_read_off_the_loop(company):
    world = await _with_many(company)
    await company.write(lambda tx: groups.set_members(tx, {f"{n:032x}": [UIDS[3]] for n in range(100, 700)}))

    with pytest.raises(MuchHasChanged) as caught:
        await company.read(lambda tx: world.refresh(tx, in_a_batch=True))
    await company.read(caught.value.read)

    assert [group.title for group in world.directory.groups_of("cn=500")] == ["HR"]
    await company.write(lambda tx: groups.leave(tx, UIDS[3], f"{500:032x}"))
    await company.read(world.refresh)
    assert (world.directory.groups_of("cn=500"), len(world.directory.groups_of("cn=501"))) == ([], 1)


async def _with_many(company):
    """A world that has read six hundred operators."""
    many = [UserRow(id=f"{n:032x}", dn=f"cn={n}", user_name=str(n), role=OPERATOR_ROLE) for n in range(100, 700)]
    await company.write(lambda tx: people.upsert_users(tx, many))
    world = World(ManualClock(NINE))
    await company.read(world.refresh)
    return world


async def test_a_load_leaves_the_search_for_garbage_as_it_was(company, tmp_path):
    usual, during = gc.get_threshold(), []
    path = written(tmp_path, users=[{"usr_username": "carl"}])

    def progress(doing, done, of):
        during.append(gc.get_threshold())

    with without_full_collections():
        await load_directory_file(company, path, progress=progress)
        assert gc.get_threshold() == during[0] != usual

    assert gc.get_threshold() == usual
    assert {each[:2] for each in during} == {usual[:2]}
