"""Rights and passwords that another node has just taken: nothing is stored by what this node still believes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placet.core.defaults import OPERATOR_ROLE
from placet.core.names import dn_guid, user_dn
from placet.directory.passwords import hash_password
from placet.errors import NotAllowed
from placet.store import people, roles
from tests.acceptance.conftest import DEFINITIONS, PASSWORD
from tests.acceptance.officers import BASE, a_role, an_officer, on_another_node, permission

BOARD = dn_guid("cn=Board,ou=groups,o=placet")
NEW = {
    "usr_firstname": "B", "usr_lastname": "D", "usr_username": "backdoor", "usr_email": "b@example.org",
    "usr_due_date": "2030-12-31", "usr_status": "ACTIVE", "usr_role": "PROCESSMAKER_OPERATOR",
    "usr_new_pass": "long enough",
}  # fmt: skip

pytestmark = pytest.mark.usefixtures("without_jobs")


async def _demote(engine, name):
    uid = engine.directory.person(name).id
    await on_another_node(engine, lambda tx: roles.set_role(tx, uid, OPERATOR_ROLE))


async def _disable(engine, name):
    uid = engine.directory.person(name).id
    await on_another_node(engine, lambda tx: people.set_status(tx, uid, "INACTIVE"))


async def _switch_role_off(engine, name):
    role = engine.directory.person(name).role

    def work(tx):
        roles.change_role(tx, replace(roles.find_role(tx, role), status="INACTIVE"))

    await on_another_node(engine, work)


async def _store_password(engine, name, password):
    uid, hashed = engine.directory.person(name).id, await hash_password(password)
    await on_another_node(engine, lambda tx: people.set_password(tx, uid, hashed))


# -- people, roles, groups, stand-ins, applications, definitions -----------------------------------


@pytest.fixture
async def mal(server):
    """Somebody who may change people, register applications, stand in, change definitions and what calls others."""
    held = ("PM_USERS", "PM_REST_API_APPLICATIONS", "PM_SUPERVISOR", "PM_ALLCASES", "PM_FACTORY", "PM_SETUP_ADVANCE")
    await an_officer(server.engine, "mal", *held)
    await a_role(server.engine, "EMPTY")
    assert (await server("mal").get(f"{BASE}/users")).status_code == 200
    return server("mal")


def _writes(server):
    dora, clara = (server.engine.directory.person(name).id for name in ("dora", "clara"))
    empty = _role(server, "EMPTY")
    return {
        "add user": ("POST", f"{BASE}/user", NEW),
        "change user": ("PUT", f"{BASE}/user/{dora}", {"usr_new_pass": "long enough"}),
        "remove user": ("DELETE", f"{BASE}/user/{dora}", None),
        "add role": ("POST", f"{BASE}/role", {"rol_code": "MINE", "rol_name": "Mine"}),
        "change role": ("PUT", f"{BASE}/role/{empty}", {"rol_name": "Other"}),
        "remove role": ("DELETE", f"{BASE}/role/{empty}", None),
        "assign": ("POST", f"{BASE}/role/{empty}/user", {"usr_uid": dora}),
        "unassign": ("DELETE", f"{BASE}/role/{OPERATOR_ROLE}/user/{clara}", None),
        "give": ("POST", f"{BASE}/role/{empty}/permission", {"per_uid": permission("PM_USERS")}),
        "take": ("DELETE", f"{BASE}/role/{OPERATOR_ROLE}/permission/{permission('PM_LOGIN')}", None),
        "add group": ("POST", f"{BASE}/group", {"grp_title": "Mine"}),
        "change group": ("PUT", f"{BASE}/group/{BOARD}", {"grp_title": "Bored"}),
        "remove group": ("DELETE", f"{BASE}/group/{BOARD}", None),
        "join": ("POST", f"{BASE}/group/{BOARD}/user", {"usr_uid": dora}),
        "leave": ("DELETE", f"{BASE}/group/{BOARD}/user/{server.engine.directory.person('ben').id}", None),
        "absence": ("POST", "/v1/absences", {"Person": "dora", "Delegate": "anna"}),
        "proxy": ("POST", "/v1/proxies", {"Person": "dora", "Proxy": "anna"}),
        "application": ("POST", "/v1/applications", {"Name": "Mine"}),
        "webhook": ("POST", "/v1/webhooks", {"Name": "Mine", "URL": "https://hook.example.org/", "Events": []}),
        "service": ("POST", "/v1/connectors/services", {"Name": "Mine"}),
    }


def _role(server, code):
    return next(role.id for role in server.engine.directory.roles.values() if role.code == code)


@pytest.mark.parametrize("lose", [_demote, _disable, _switch_role_off])
async def test_who_has_lost_his_rights_elsewhere_changes_nothing(server, mal, lose, monkeypatch):
    await lose(server.engine, "mal")
    monkeypatch.setattr(server.engine._world, "refresh", lambda tx, **_: None)  # this node has not heard of it yet

    before = await server.engine.store.read(people.all_users)
    for name, (method, path, body) in _writes(server).items():
        answer = await mal.request(method, path, json=body)
        assert answer.status_code == (403 if path.startswith("/v1") else 401), (name, answer.text)

    assert await server.engine.store.read(people.all_users) == before


async def test_who_may_still_do_it_does_it(server, mal):
    for name, (method, path, body) in _writes(server).items():
        if name.startswith("remove") or name == "take":  # what others need
            continue
        answer = await mal.request(method, path, json=body)
        assert answer.status_code < 300, (name, answer.text)


async def test_definitions_are_deployed_and_retired_by_rights_of_now(server, mal, monkeypatch):
    engine, text = server.engine, (DEFINITIONS / "leave_request.yaml").read_text()
    await _demote(engine, "mal")
    monkeypatch.setattr(engine._world, "refresh", lambda tx, **_: None)

    with pytest.raises(NotAllowed, match="PM_FACTORY"):
        await engine.deploy(text.replace("Leave request", "Leave it"), actor="mal")
    with pytest.raises(NotAllowed, match="PM_FACTORY"):
        await engine.retire("Leave request", actor="mal")


async def test_ones_own_absence_takes_somebody_active(server, monkeypatch):
    assert (await server("anna").get("/v1/absences")).status_code == 200
    await _disable(server.engine, "anna")
    monkeypatch.setattr(server.engine._world, "refresh", lambda tx, **_: None)

    assert (await server("anna").post("/v1/absences", json={"Delegate": "dora"})).status_code == 403


# -- sessions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_password_that_was_changed_elsewhere_begins_no_session(server, by_header):
    async def begin(password):
        if by_header:
            return await server("").post("/v1/session", auth=("anna", password))
        return await server("").post("/v1/session", json={"User": "anna", "Password": password})

    assert (await begin(PASSWORD)).status_code == 201  # so that this node knows the old one
    await _store_password(server.engine, "anna", "another password")

    assert (await begin(PASSWORD)).status_code == 401
    assert (await begin("another password")).status_code == 201


async def test_a_password_that_was_only_hashed_anew_begins_one(server):
    assert (await server("").post("/v1/session", auth=("anna", PASSWORD))).status_code == 201
    await _store_password(server.engine, "anna", PASSWORD)

    assert (await server("").post("/v1/session", auth=("anna", PASSWORD))).status_code == 201


@pytest.mark.parametrize("lose", [_disable, _switch_role_off])
async def test_who_was_kept_out_elsewhere_begins_no_session(server, lose):
    await an_officer(server.engine, "ina")
    assert (await server("").post("/v1/session", auth=("ina", PASSWORD))).status_code == 201
    await lose(server.engine, "ina")

    assert (await server("").post("/v1/session", auth=("ina", PASSWORD))).status_code == 401
    assert server.engine.directory.person(user_dn("ina")).active is False


# -- who reads the stream of events ----------------------------------------------------------------


async def test_who_may_not_see_everything_any_more_gets_no_more_events(server):
    await an_officer(server.engine, "spy", "PM_ALLCASES")
    await server.start("anna")
    stream = server.engine.events("0-0", actor="spy")
    first = await anext(stream)
    await _disable(server.engine, "spy")
    await server.start("anna")

    async def read_on():
        async for _, event in stream:
            assert event.process_id == first[1].process_id  # what had been read before he was kept out

    with pytest.raises(NotAllowed, match="inactive"):
        await read_on()


# -- what leaves the house ---------------------------------------------------------------------------


async def test_who_has_lost_his_rights_elsewhere_tests_and_exports_nothing(server, mal, monkeypatch):
    await server("mal").post("/v1/connectors/services", json={"Name": "S"})
    connector = {"Name": "C", "Service": "S", "URL": "http://127.0.0.1:1/"}
    basic = {"Name": "B", "Kind": "basic", "Fields": {"username": "u"}}
    links = [
        (await mal.post(path, json=body)).json()["Link"]
        for path, body in (("/v1/connectors", connector), ("/v1/connectors/configurations", basic))
    ]
    asked = [
        ("GET", "/v1/connectors/export", None),
        *(("POST", f"{link}/test", {}) for link in links),
        ("POST", "/v1/connectors/test", connector),
        ("POST", "/v1/connectors/configurations/test", basic),
    ]
    assert [(await mal.request(way, path, json=body)).status_code for way, path, body in asked] == [200] * 5
    await _disable(server.engine, "mal")
    monkeypatch.setattr(server.engine._world, "refresh", lambda tx, **_: None)

    assert [(await mal.request(way, path, json=body)).status_code for way, path, body in asked] == [403] * 5
