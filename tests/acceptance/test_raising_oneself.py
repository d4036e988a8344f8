"""Nobody raises himself: not by groups, managers or names, not by changing stronger roles, not as a stand-in."""

from __future__ import annotations

import pytest

from placet.core.names import dn_guid, user_dn
from placet.directory import groups, users
from placet.directory.caller import Caller
from placet.directory.refusals import Beyond, Clash
from placet.directory.users import UserValues
from tests.acceptance.officers import BASE, EVERYDAY, a_role, an_officer, by_system, give_role, permission

BOARD = dn_guid("cn=Board,ou=groups,o=placet")

pytestmark = pytest.mark.usefixtures("without_jobs")


def told(answer):
    return answer.status_code, answer.json()["error"]["message"]


def uid(server, name):
    return server.engine.directory.person(name).id


@pytest.fixture
async def mallory(server):
    """Somebody who may change people and nothing else."""
    await an_officer(server.engine, "mallory", "PM_USERS")
    return server("mallory")


async def a_user(server, name, **members):
    values = UserValues(user_name=name, first_name=name, last_name="B", role="OF_MALLORY", **members)
    return (await users.add(server.engine.store, by_system(server.engine), values))[0]


# -- groups, manager, last day, status, name -------------------------------------------------------


async def test_nobody_puts_himself_into_a_group_or_takes_himself_out(server, mallory):
    me = uid(server, "mallory")

    joined = await mallory.post(f"{BASE}/group/{BOARD}/user", json={"usr_uid": me})
    assert told(joined) == (401, "Unauthorized: Nobody changes his own groups.")
    await groups.join(server.engine.store, by_system(server.engine), BOARD, me)
    assert told(await mallory.delete(f"{BASE}/group/{BOARD}/user/{me}"))[0] == 401

    assert (await server("admin").delete(f"{BASE}/group/{BOARD}/user/{me}")).status_code == 200


async def test_who_holds_everything_changes_his_own(server):
    me = uid(server, "admin")

    assert (await server("admin").post(f"{BASE}/group/{BOARD}/user", json={"usr_uid": me})).status_code == 201
    change = {"usr_reports_to": uid(server, "anna")}
    assert (await server("admin").put(f"{BASE}/user/{me}", json=change)).status_code == 200


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"usr_reports_to": "anna"}, "manager"),
        ({"usr_due_date": "2035-01-01"}, "last day"),
        ({"usr_status": "VACATION"}, "status"),
        ({"usr_username": "other"}, "user name"),
    ],
)
async def test_nobody_changes_of_himself_what_decides_who_is_asked(server, mallory, change, what):
    sent = {name: uid(server, text) if name == "usr_reports_to" else text for name, text in change.items()}

    answer = await mallory.put(f"{BASE}/user/{uid(server, 'mallory')}", json=sent)

    assert told(answer) == (401, f"Unauthorized: Nobody changes his own {what}.")
    assert (await mallory.put(f"{BASE}/user/{uid(server, 'mallory')}", json={"usr_city": "Graz"})).status_code == 200


async def test_nobody_names_himself_as_the_manager_of_others(server, mallory):
    other, me = await a_user(server, "other"), uid(server, "mallory")
    new = {
        "usr_firstname": "N", "usr_lastname": "N", "usr_username": "new", "usr_email": "n@example.org",
        "usr_due_date": "2030-12-31", "usr_status": "ACTIVE", "usr_role": "OF_MALLORY", "usr_new_pass": "long enough",
        "usr_reports_to": me,
    }  # fmt: skip

    refused = (401, "Unauthorized: Nobody names himself as the manager of others.")
    assert told(await mallory.put(f"{BASE}/user/{other.id}", json={"usr_reports_to": me})) == refused
    assert told(await mallory.post(f"{BASE}/user", json=new)) == refused

    assert (await server("admin").put(f"{BASE}/user/{other.id}", json={"usr_reports_to": me})).status_code == 200
    assert (await mallory.put(f"{BASE}/user/{other.id}", json={"usr_reports_to": me})).status_code == 200  # as it is


async def test_the_library_refuses_the_same(server, mallory):
    engine = server.engine
    me = Caller(engine.directory.person("mallory"), engine.directory, engine.clock.now())

    with pytest.raises(Beyond, match="his own groups"):
        await groups.join(engine.store, me, BOARD, me.actor.id)
    with pytest.raises(Beyond, match="his own status"):
        await users.change(engine.store, me, me.actor.id, UserValues(status="INACTIVE"))


# -- names never change hands ----------------------------------------------------------------------


async def test_a_name_that_somebody_gave_up_stays_his(server, mallory):
    vera, admin = await a_user(server, "vera"), server("admin")
    path = f"{BASE}/user/{vera.id}"
    for name in ("verena", "vroni"):  # the first is in her DN, the second nowhere but here
        assert (await admin.put(path, json={"usr_username": name})).status_code == 200
    other = await a_user(server, "other")

    for name in ("vera", "VERENA", "ｖerena"):
        answer = await mallory.put(f"{BASE}/user/{other.id}", json={"usr_username": name})
        assert told(answer) == (400, f"Bad Request: The User Name '{name}' already exists.")
        with pytest.raises(Clash, match=f"'{name}' was the name of another user"):
            await a_user(server, name)
    assert (await admin.put(path, json={"usr_username": "verena"})).status_code == 200  # she may have it back


async def test_a_name_in_the_dn_of_another_is_his(server, mallory):
    other = await a_user(server, "other")
    engine = server.engine
    path = f"{BASE}/user/{other.id}"
    stored = await users.read(engine.store, uid(server, "dora"))
    assert stored[0].dn == user_dn("dora")
    assert (await server("admin").put(f"{BASE}/user/{stored[0].id}", json={"usr_username": "theo"})).status_code == 200

    assert told(await mallory.put(path, json={"usr_username": "dora"}))[0] == 400


async def test_the_name_of_who_was_deleted_stays_his(server, mallory):
    gone = await a_user(server, "leaver")
    assert (await server("admin").delete(f"{BASE}/user/{gone.id}")).status_code == 200

    with pytest.raises(Clash, match="'leaver' was the name of another user and stays his"):
        await a_user(server, "leaver")


# -- stronger roles --------------------------------------------------------------------------------


async def test_a_stronger_role_is_out_of_reach(server, mallory):
    strong = await a_role(server.engine, "STRONG", *EVERYDAY, "PM_USERS", "PM_FACTORY")
    refused = (401, "Unauthorized: This role holds PM_FACTORY, which yours does not.")
    path = f"{BASE}/role/{strong}"

    assert told(await mallory.delete(f"{path}/permission/{permission('PM_USERS')}")) == refused
    assert told(await mallory.post(f"{path}/permission", json={"per_uid": permission("PM_DASHBOARD")})) == refused
    assert told(await mallory.put(path, json={"rol_name": "Weak"})) == refused
    assert told(await mallory.put(path, json={"rol_status": "INACTIVE"})) == refused
    assert told(await mallory.delete(path)) == refused

    weak = await a_role(server.engine, "WEAK", "PM_USERS")
    path = f"{BASE}/role/{weak}"
    assert (await mallory.delete(f"{path}/permission/{permission('PM_USERS')}")).status_code == 200
    assert (await mallory.delete(path)).status_code == 200


async def test_each_way_to_give_a_role_is_told_as_that(server, mallory):
    role = server.engine.directory.person("mallory").role
    await a_user(server, "other")
    other = uid(server, "other")
    plain = await a_role(server.engine, "PLAIN", *EVERYDAY)
    await server("admin").put(f"{BASE}/user/{other}", json={"usr_role": "PLAIN"})
    await give_role(server.engine, "other", role)

    entries = (await server("admin").get(f"/v1/audit?kind=role.assigned&target={user_dn('other')}")).json()
    given = [(entry["Before"]["role"], entry["After"]["role"]) for entry in entries]
    assert given == [(plain, role), (role, plain), (None, role)]


# -- stand-ins -------------------------------------------------------------------------------------


@pytest.fixture(params=[("absences", "Delegate"), ("proxies", "Proxy")], ids=["absence", "proxy"])
def kind(request):
    return request.param


async def test_a_supervisor_does_not_make_himself_the_stand_in_of_others(server, kind):
    await an_officer(server.engine, "sue", "PM_SUPERVISOR")
    await an_officer(server.engine, "stan", "PM_SUPERVISOR", "PM_ALLCASES")
    await an_officer(server.engine, "weak")
    path, other = f"/v1/{kind[0]}", kind[1]

    answer = await server("sue").post(path, json={"Person": "weak", other: "sue"})
    assert answer.status_code == 403
    assert "takes PM_ALLCASES" in answer.text

    assert (await server("stan").post(path, json={"Person": "weak", other: "stan"})).status_code == 201
    assert (
        await server("sue").post(path, json={"Person": "weak", other: "sue", "To": "2030-01-01"})
    ).status_code == 403


async def test_a_supervisor_arranges_nothing_for_who_holds_more(server, kind):
    await an_officer(server.engine, "sue", "PM_SUPERVISOR")
    await an_officer(server.engine, "weak")
    await an_officer(server.engine, "strong", "PM_FACTORY")
    path, other = f"/v1/{kind[0]}", kind[1]

    for strong in ("admin", "strong"):
        answer = await server("sue").post(path, json={"Person": strong, other: "weak"})
        assert answer.status_code == 403, strong
        assert "which yours does not" in answer.text
    assert (await server("sue").post(path, json={"Person": "weak", other: "dora"})).status_code == 201
