import json

import pytest

from placet.core.names import dn_guid, user_dn
from placet.core.people import ADMINISTRATOR, Group, Person
from placet.directory.administrator import ensure_administrator
from placet.directory.load import load_directory_file
from placet.directory.passwords import verify_password
from placet.errors import Conflict, InvalidDirectory, InvalidInput
from placet.store import directory
from placet.store.directory import GroupRow, UserRow

UIDS = [f"{number:032x}" for number in range(10)]


def a_user(name, number, **values):
    return UserRow(id=UIDS[number], dn=user_dn(name), user_name=name, **values)


def a_group(title, number, **values):
    return GroupRow(id=UIDS[number], dn=f"cn={title},ou=groups,o=placet", title=title, **values)


def written(folder, **lists):
    path = folder / "people.json"
    path.write_text(json.dumps(lists))
    return path


@pytest.fixture
async def people(transactions):
    """Ben, his colleague Ünal, and a group of both."""

    def add(tx):
        directory.upsert_users(
            tx, [a_user("ben", 1, password_hash="of ben"), a_user("Ünal", 2, manager=user_dn("ben"))]
        )
        directory.upsert_groups(tx, [a_group("HR", 3)])
        directory.set_members(tx, {UIDS[1]: [UIDS[3]], UIDS[2]: [UIDS[3]]})

    await transactions.write(add)
    return transactions


async def test_an_empty_directory_has_version_0(transactions):
    loaded = await transactions.read(directory.load)

    assert (loaded.version, loaded.people, loaded.groups) == (0, {}, {})


async def test_what_was_stored_is_loaded(people):
    loaded = await people.read(directory.load)

    assert loaded.version == await people.read(directory.version) > 0
    assert loaded.person("ben") == Person(user_dn("ben"), "ben")
    assert loaded.person("ünal") == Person(user_dn("Ünal"), "Ünal", manager=user_dn("ben"))
    assert loaded.group("cn=hr, ou=groups, o=placet") == Group(
        "cn=HR,ou=groups,o=placet", "HR", frozenset({user_dn("ben"), user_dn("ünal")})
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda tx: directory.upsert_users(tx, [a_user("carl", 4)]),
        lambda tx: directory.upsert_groups(tx, [a_group("Board", 5)]),
        lambda tx: directory.set_members(tx, {UIDS[1]: []}),
        lambda tx: directory.set_password(tx, UIDS[1], "new"),
        lambda tx: directory.replace_password(tx, UIDS[1], "of ben", "new"),
        lambda tx: directory.set_status(tx, UIDS[1], "INACTIVE"),
        lambda tx: directory.add_user(tx, a_user("carl", 4)),
        directory.bump,
    ],
)
async def test_every_change_moves_the_version_on(people, change):
    before = await people.read(directory.version)

    await people.write(change)

    assert await people.read(directory.version) == before + 1


@pytest.mark.parametrize(
    "no_change",
    [
        lambda tx: directory.upsert_users(tx, []),
        lambda tx: directory.set_members(tx, {UIDS[1]: [UIDS[3]]}),
        lambda tx: directory.set_password(tx, UIDS[9], "new"),
        lambda tx: directory.replace_password(tx, UIDS[1], None, "new"),
        lambda tx: directory.replace_password(tx, UIDS[2], "", "new"),
        lambda tx: directory.set_status(tx, UIDS[9], "INACTIVE"),
        lambda tx: directory.add_user(tx, a_user("carl", 1)),
        lambda tx: directory.add_user(tx, a_user("BEN", 4)),
    ],
)
async def test_what_changes_nothing_leaves_the_version(people, no_change):
    before = await people.read(directory.version), await people.read(directory.users)

    assert not await people.write(no_change)

    assert (await people.read(directory.version), await people.read(directory.users)) == before


async def test_an_upsert_changes_everything_but_a_password_that_it_does_not_bring(people):
    changed = a_user("benjamin", 1, first_name="Ben", email="b@example.org", status="INACTIVE")

    await people.write(lambda tx: directory.upsert_users(tx, [a_user("carl", 4), changed]))

    found = await people.read(lambda tx: directory.find_user(tx, "Benjamin"))
    assert found == a_user(
        "benjamin", 1, first_name="Ben", email="b@example.org", status="INACTIVE", password_hash="of ben"
    )
    assert not found.person.active


@pytest.mark.parametrize("status", ["INACTIVE", "VACATION"])
async def test_only_active_people_are_active(people, status):
    await people.write(lambda tx: directory.set_status(tx, UIDS[1], status))

    assert not (await people.read(directory.load)).person("ben").active


async def test_an_inactive_group_is_loaded_as_one(people):
    await people.write(lambda tx: directory.upsert_groups(tx, [a_group("HR", 3, status="INACTIVE")]))

    assert (await people.read(directory.load)).groups_of(user_dn("ben")) == []


async def test_members_are_set_for_the_named_users_only(people):
    def change(tx):
        directory.upsert_groups(tx, [a_group("Board", 5)])
        directory.set_members(tx, {UIDS[1]: [UIDS[5], UIDS[5]]})

    await people.write(change)

    assert await people.read(directory.memberships) == {(UIDS[5], UIDS[1]), (UIDS[3], UIDS[2])}


@pytest.mark.parametrize("name", ["Ünal", "üNAL", "cn=Ünal,ou=users,o=placet", " CN = ünal , OU=users, O=placet"])
async def test_a_user_is_found_by_name_and_dn_in_any_case(people, name):
    assert (await people.read(lambda tx: directory.find_user(tx, name))).id == UIDS[2]


@pytest.mark.parametrize("name", ["", "nobody", "cn=ben", "' OR 1=1 --", "b%"])
async def test_nobody_is_found_by_another_name(people, name):
    assert await people.read(lambda tx: directory.find_user(tx, name)) is None


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
    stored = await transactions.read(directory.users)
    again = await load_directory_file(transactions, path, keep_passwords=True)

    assert (first.users_added, first.users_changed, first.groups_added, first.groups_changed) == (2, 0, 1, 0)
    assert (again.users_added, again.users_changed, again.groups_added, again.groups_changed) == (0, 0, 0, 0)
    assert first.notes == ("people.json: roles were checked and not stored: there are no roles yet",)
    assert await transactions.read(directory.users) == stored
    loaded = await transactions.read(directory.load)
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


async def test_a_password_in_a_file_replaces_the_stored_one_unless_passwords_are_kept(people, tmp_path):
    path = written(tmp_path, users=[{"usr_username": "ben", "password": "new"}])

    await load_directory_file(people, path, keep_passwords=True)
    kept = await people.read(lambda tx: directory.find_user(tx, "ben"))
    summary = await load_directory_file(people, path)
    replaced = await people.read(lambda tx: directory.find_user(tx, "ben"))

    assert kept.password_hash == "of ben"
    assert await verify_password(replaced.password_hash, "new")
    assert (summary.users_added, summary.users_changed) == (0, 1)


async def test_people_who_are_not_in_a_file_stay_with_their_groups(people, tmp_path):
    await load_directory_file(people, written(tmp_path, users=[{"usr_username": "ben", "groups": []}]))

    loaded = await people.read(directory.load)
    assert loaded.group("cn=HR,ou=groups,o=placet").members == {user_dn("ünal")}


async def test_a_file_with_a_fault_changes_nothing(people, tmp_path):
    before = await people.read(directory.version)
    path = written(tmp_path, users=[{"usr_username": "carl"}, {"usr_username": "dora", "manager": "nobody"}])

    with pytest.raises(InvalidDirectory, match=r"people.json, users, entry 2 \(dora\), manager: 'nobody'"):
        await load_directory_file(people, path)

    assert await people.read(directory.version) == before


async def test_the_administrator_is_made_with_a_password_that_is_told_once(transactions):
    made = await ensure_administrator(transactions, None)

    administrator = await transactions.read(lambda tx: directory.find_user(tx, "admin"))
    assert len(made) == 16
    assert await verify_password(administrator.password_hash, made)
    assert await ensure_administrator(transactions, None) is None
    assert await ensure_administrator(transactions, "another") is None
    loaded = await transactions.read(directory.load)
    assert loaded.is_administrator(ADMINISTRATOR)
    assert loaded.display_name(ADMINISTRATOR) == "Administrator"
    assert await transactions.read(lambda tx: directory.find_user(tx, "admin")) == administrator


async def test_the_administrator_gets_the_given_password(transactions):
    assert await ensure_administrator(transactions, "chosen") is None

    administrator = await transactions.read(lambda tx: directory.find_user(tx, ADMINISTRATOR))
    assert await verify_password(administrator.password_hash, "chosen")


async def test_an_empty_password_is_no_password_for_the_administrator(transactions):
    with pytest.raises(InvalidInput, match="is empty"):
        await ensure_administrator(transactions, "")


async def test_an_administrator_from_a_file_is_the_same_person(transactions, tmp_path):
    await ensure_administrator(transactions, "chosen")
    await load_directory_file(
        transactions, written(tmp_path, users=[{"usr_username": "admin", "usr_uid": UIDS[1], "usr_lastname": "X"}])
    )

    [administrator] = await transactions.read(directory.users)
    assert (administrator.dn, administrator.last_name) == (ADMINISTRATOR, "X")
    assert await verify_password(administrator.password_hash, "chosen")


async def test_an_administrator_without_a_password_gets_one(transactions, tmp_path):
    await load_directory_file(transactions, written(tmp_path, users=[{"usr_username": "admin", "usr_lastname": "X"}]))

    made = await ensure_administrator(transactions, None)

    [administrator] = await transactions.read(directory.users)
    assert administrator.last_name == "X"
    assert await verify_password(administrator.password_hash, made)


async def test_somebody_else_with_the_administrators_uid_is_left_alone(transactions):
    await transactions.write(lambda tx: directory.add_user(tx, a_user("root", 1)))

    await ensure_administrator(transactions, "chosen")

    users = {user.user_name: user.id for user in await transactions.read(directory.users)}
    assert users == {"root": UIDS[1], "admin": dn_guid(ADMINISTRATOR)}


async def test_a_user_name_that_the_administrator_needs_is_told(transactions):
    other = UserRow(id=UIDS[5], dn="cn=root,o=x", user_name="Admin")
    await transactions.write(lambda tx: directory.add_user(tx, other))

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

    [administrator] = await transactions.read(directory.users)
    assert await verify_password(administrator.password_hash, "of the other node")
